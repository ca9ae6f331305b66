use grantor_protocol::model::{Client, ClientId};
use grantor_store::{
    ClientFilter, Listing, NewTenant, Page, TenantFilter, TenantStore, UserFilter, on_both_databases,
};

use crate::fixture::{World, at, client, tenant, user};

async fn client_page(rows: &TenantStore<'_>, page: &Page) -> (Vec<String>, Page) {
    let Listing { items, next } = rows.list_clients(page, ClientFilter::default()).await.unwrap();
    let ids = items.iter().map(|client: &Client| client.client_id.to_string()).collect();
    // A cursor goes through its text, as it does over HTTP.
    let cursor = next.map(|cursor| cursor.to_string().parse().unwrap());
    (ids, Page { cursor, ..page.clone() })
}

fn search(q: &str) -> Page {
    Page { limit: 10, q: Some(q.to_owned()), ..Page::default() }
}

on_both_databases! {
    async fn a_cursor_stays_right_while_rows_come_and_go(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        rows.delete_client(&world.client.client_id, None, vec![]).await.unwrap();
        let add = async |client_id: &str, seconds| {
            let mut client = client(world.tenant.id, client_id);
            client.created_at = at(seconds);
            rows.create_client(&client, vec![]).await.unwrap();
        };
        // b, c and d were made at the same time.
        for (client_id, seconds) in [("a", 1), ("d", 2), ("c", 2), ("b", 2), ("e", 3)] {
            add(client_id, seconds).await;
        }
        let (items, next) = client_page(&rows, &Page { limit: 2, ..Page::default() }).await;
        assert_eq!(items, ["a", "b"]);
        // The last one shown goes, one comes before it and one after it.
        rows.delete_client(&ClientId::parse("b").unwrap(), None, vec![]).await.unwrap();
        add("aa", 1).await;
        add("bb", 2).await;
        let (items, next) = client_page(&rows, &next).await;
        assert_eq!(items, ["bb", "c"]);
        rows.delete_client(&ClientId::parse("d").unwrap(), None, vec![]).await.unwrap();
        let (items, next) = client_page(&rows, &next).await;
        assert_eq!(items, ["e"]);
        assert_eq!(next.cursor, None);
        let all = client_page(&rows, &Page { limit: 5, ..Page::default() }).await;
        assert_eq!((all.0.len(), all.1.cursor), (5, None), "a page that is just full is the last");
    }

    async fn a_search_is_a_prefix_in_any_case_taken_literally(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        for client_id in ["Web_One", "webXone", "50%"] {
            rows.create_client(&client(world.tenant.id, client_id), vec![]).await.unwrap();
        }
        for (q, expected) in [
            ("WEB", &["Web_One", "webXone"][..]),
            ("web_", &["Web_One"]),
            ("50%", &["50%"]),
            ("%", &[]),
            ("application WEB", &["Web_One", "webXone"]),
            ("one", &[]),
            ("", &["50%", "Web_One", "app", "webXone"]),
        ] {
            let mut found = client_page(&rows, &search(q)).await.0;
            found.sort();
            assert_eq!(found, expected, "{q}");
        }
    }

    async fn users_are_paged_and_searched(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let mut bare = user(world.tenant.id, "bob");
        (bare.email, bare.profile.name) = (None, None);
        rows.create_user(&bare, vec![]).await.unwrap();
        let first = rows.list_users(&Page { limit: 1, ..Page::default() }, &UserFilter::default()).await.unwrap();
        assert_eq!(first.items, std::slice::from_ref(&world.user));
        let rest = rows.list_users(&Page { limit: 1, cursor: first.next, ..Page::default() }, &UserFilter::default()).await.unwrap();
        assert_eq!(rest, Listing { items: vec![bare.clone()], next: None });
        for (q, expected) in [
            ("ali", vec![world.user.clone()]),
            ("alice@mail", vec![world.user.clone()]),
            ("name OF a", vec![world.user.clone()]),
            ("BOB", vec![bare]),
            ("mail", vec![]),
        ] {
            assert_eq!(rows.list_users(&search(q), &UserFilter::default()).await.unwrap().items, expected, "{q}");
        }
    }

    async fn tenants_are_paged_and_searched(database: TestDatabase) {
        let (tenants, all) = (database.store().tenants(), TenantFilter::default());
        let made = [tenant("acme"), tenant("globex"), tenant("initech")];
        for tenant in made.clone() {
            tenants.create(NewTenant { tenant, keys: vec![], audit: vec![] }).await.unwrap();
        }
        let first = tenants.list(&Page { limit: 2, ..Page::default() }, all).await.unwrap();
        assert_eq!(first.items, made[..2]);
        let rest = tenants.list(&Page { limit: 2, cursor: first.next, ..Page::default() }, all).await.unwrap();
        assert_eq!(rest, Listing { items: made[2..].to_vec(), next: None });
        assert_eq!(tenants.list(&search("GLO"), all).await.unwrap().items, made[1..2]);
        assert_eq!(tenants.list(&search("the initech"), all).await.unwrap().items, made[2..]);
    }

    async fn protected_resources_in_pages(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        for (identifier, seconds) in [("urn:b:1", 2), ("urn:a:1", 2), ("urn:c:1", 1), ("urn:d:1", 3)] {
            let mut resource = crate::fixture::resource(world.tenant.id, identifier);
            resource.created_at = at(seconds);
            rows.create_protected_resource(&resource, vec![]).await.unwrap();
        }
        let mut page = Page { limit: 2, ..Page::default() };
        let mut pages = vec![];
        loop {
            let Listing { items, next } = rows.list_protected_resources(&page).await.unwrap();
            pages.push(items.into_iter().map(|held| held.identifier).collect::<Vec<_>>());
            // The one that the cursor names goes.
            let Some(cursor) = next else { break };
            rows.delete_protected_resource(&pages[0][1], None, vec![]).await.unwrap();
            page.cursor = Some(cursor.to_string().parse().unwrap());
        }
        assert_eq!(pages, [vec!["urn:c:1", "urn:a:1"], vec!["urn:b:1", "urn:d:1"]]);
        for (q, expected) in [("URN:B", 1), ("name OF urn:d", 1), ("urn", 3), ("%", 0), ("1", 0)] {
            let found = rows.list_protected_resources(&search(q)).await.unwrap().items.len();
            assert_eq!(found, expected, "{q}");
        }
    }
}
