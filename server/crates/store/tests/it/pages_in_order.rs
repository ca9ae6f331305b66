//! Pages in every order, while rows come and go.

use std::collections::{BTreeMap, BTreeSet};

use grantor_protocol::model::SignInIdentifier;
use grantor_store::{
    ClientFilter, Cursor, NewTenant, Page, Sort, SortKey, Store, TenantFilter, UserFilter, on_both_databases,
};

use crate::fixture::{World, at, client, tenant, user};
use crate::jobs::delete_tenant;

/// Numbers that are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 29)) % bound
    }
}

fn every_order() -> Vec<Page> {
    let mut pages = vec![];
    for by in [SortKey::CreatedAt, SortKey::Key, SortKey::Name] {
        for descending in [false, true] {
            pages.push(Page { limit: 3, sort: Sort { by, descending }, ..Page::default() });
        }
    }
    pages.push(Page { limit: 3, q: Some("s".to_owned()), ..Page::default() });
    pages
}

/// One kind of row, as a listing of it sees it.
enum Kind {
    Users,
    Clients,
    Tenants,
}

impl Kind {
    /// Makes a row with this name. Times and display names are few, so that many rows have the same.
    async fn add(&self, world: &World, name: &str, numbers: &mut Numbers) {
        let (seconds, other) = (at(numbers.below(5).cast_signed()), format!("S{}", numbers.below(3)));
        let rows = world.rows();
        match self {
            Self::Users => {
                let mut made = user(world.tenant.id, name);
                (made.created_at, made.profile.name) = (seconds, Some(other));
                // Some are found by their address, some by their name alone, some have neither.
                made.email = (numbers.below(2) == 0).then(|| format!("s{name}@mail.example"));
                rows.create_user(&made, vec![]).await.unwrap();
            }
            Self::Clients => {
                let mut made = client(world.tenant.id, name);
                (made.created_at, made.metadata.client_name) = (seconds, other);
                rows.create_client(&made, vec![]).await.unwrap();
            }
            Self::Tenants => {
                let mut made = tenant(name);
                (made.created_at, made.name) = (seconds, other);
                let new = NewTenant { tenant: made, keys: vec![], audit: vec![] };
                world.store.tenants().create(new).await.unwrap();
            }
        }
    }

    async fn remove(&self, world: &World, name: &str) {
        match self {
            Self::Users => {
                let held = world
                    .rows()
                    .user_by_login(name, SignInIdentifier::UsernameOrEmail)
                    .await
                    .unwrap()
                    .unwrap();
                world.rows().delete_user(held.id, None, vec![]).await.unwrap();
            }
            Self::Clients => {
                let client_id = client(world.tenant.id, name).client_id;
                world.rows().delete_client(&client_id, None, vec![]).await.unwrap();
            }
            Self::Tenants => {
                let held = world.store.tenants().by_slug(name).await.unwrap().unwrap();
                delete_tenant(&world.store, &held).await;
            }
        }
    }

    async fn page(&self, world: &World, page: &Page) -> (Vec<String>, Option<Cursor>) {
        match self {
            Self::Users => {
                let listing = world.rows().list_users(page, &UserFilter::default()).await.unwrap();
                (listing.items.into_iter().map(|user| user.username).collect(), listing.next)
            }
            Self::Clients => {
                let listing = world.rows().list_clients(page, ClientFilter::default()).await.unwrap();
                let ids = listing.items.into_iter().map(|client| client.client_id.to_string());
                (ids.collect(), listing.next)
            }
            Self::Tenants => {
                let listing = world.store.tenants().list(page, TenantFilter::default()).await.unwrap();
                (listing.items.into_iter().map(|tenant| tenant.slug).collect(), listing.next)
            }
        }
    }
}

/// Every row that was there all along comes exactly once, whatever came and went between the pages.
async fn nothing_is_lost_or_repeated(store: &Store, kind: Kind) {
    let world = World::new(store, "home").await;
    let mut numbers = Numbers(7);
    let mut there = BTreeSet::new();
    let mut made = 0;
    for mut page in every_order() {
        let name = |number: u64| format!("{}{number}", if number.is_multiple_of(3) { "s" } else { "t" });
        while there.len() < 14 {
            made += 1;
            kind.add(&world, &name(made), &mut numbers).await;
            there.insert(name(made));
        }
        let mut all_along = there.clone();
        let mut seen = BTreeMap::<String, usize>::new();
        loop {
            let (names, next) = kind.page(&world, &page).await;
            assert!(names.len() <= 3);
            for name in names {
                *seen.entry(name).or_default() += 1;
            }
            let Some(next) = next else { break };
            // A cursor goes through its text, as it does over HTTP.
            page.cursor = Some(next.to_string().parse().unwrap());
            made += 1;
            kind.add(&world, &name(made), &mut numbers).await;
            let gone = there.iter().nth(usize::try_from(numbers.below(14)).unwrap()).unwrap().clone();
            kind.remove(&world, &gone).await;
            there.remove(&gone);
            all_along.remove(&gone);
            there.insert(name(made));
        }
        for name in &all_along {
            assert_eq!(seen.get(name), Some(&1), "{name} in {page:?}");
        }
        assert!(seen.values().all(|times| *times == 1), "{page:?}: {seen:?}");
    }
}

on_both_databases! {
    async fn users_are_neither_lost_nor_repeated(database: TestDatabase) {
        nothing_is_lost_or_repeated(database.store(), Kind::Users).await;
    }

    async fn clients_are_neither_lost_nor_repeated(database: TestDatabase) {
        nothing_is_lost_or_repeated(database.store(), Kind::Clients).await;
    }

    async fn tenants_are_neither_lost_nor_repeated(database: TestDatabase) {
        nothing_is_lost_or_repeated(database.store(), Kind::Tenants).await;
    }

    async fn lists_come_in_the_order_asked_for(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        rows.delete_client(&world.client.client_id, None, vec![]).await.unwrap();
        for (client_id, name, seconds) in [("b", "X", 3), ("a", "y", 2), ("C", "Z", 1), ("_", "x", 2)] {
            let mut made = client(world.tenant.id, client_id);
            (made.metadata.client_name, made.created_at) = (name.to_owned(), at(seconds));
            rows.create_client(&made, vec![]).await.unwrap();
        }
        for (by, expected) in [
            (SortKey::CreatedAt, ["C", "_", "a", "b"]),
            (SortKey::Key, ["_", "a", "b", "C"]),
            (SortKey::Name, ["_", "b", "a", "C"]),
        ] {
            let page = |descending| Page { limit: 9, sort: Sort { by, descending }, ..Page::default() };
            assert_eq!(Kind::Clients.page(&world, &page(false)).await.0, expected);
            let backwards: Vec<_> = expected.iter().rev().copied().collect();
            assert_eq!(Kind::Clients.page(&world, &page(true)).await.0, backwards);
        }
    }
}
