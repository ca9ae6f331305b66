use grantor_protocol::model::KeyState;
use grantor_store::testing::TestDatabase;
use grantor_store::{Change, ChangeKind, Changes, Options, Store, Subject, on_both_databases};

use crate::fixture::{World, at, key};

/// Waits for this change, whatever else comes before it.
async fn wait_for(changes: &mut Changes, expected: &Change) {
    while &changes.next().await.unwrap() != expected {}
}

/// What a test does to make each kind of change, and the change that it makes.
async fn change_everything(world: &World) -> Vec<Change> {
    let (store, tenant_id) = (&world.store, world.tenant.id);
    let rows = world.rows();
    store.tenants().update(&world.tenant, None, vec![]).await.unwrap();
    rows.replace_client(&world.client, None, vec![]).await.unwrap();
    rows.insert_key(&key(tenant_id, KeyState::Active), vec![]).await.unwrap();
    let subject = Subject::User(world.user.id);
    let role = grantor_store::RoleAssignment { subject, role: "auditor".to_owned(), scope: None };
    rows.assign(&role, None, at(1), vec![]).await.unwrap();
    let made = crate::fixture::role(tenant_id, "clerk");
    rows.create_role(&made, vec![]).await.unwrap();
    rows.replace_role(&made, 1, vec![]).await.unwrap();
    rows.delete_role(&made, 2, tenant_id, vec![]).await.unwrap();
    // A protected resource is part of what its tenant is.
    let resource = crate::fixture::resource(tenant_id, "https://api.example");
    rows.create_protected_resource(&resource, vec![]).await.unwrap();
    rows.replace_protected_resource(&resource, None, vec![]).await.unwrap();
    rows.delete_protected_resource(&resource.identifier, None, vec![]).await.unwrap();
    let client = ChangeKind::Client(world.client.client_id.clone());
    let of_resource = [ChangeKind::Tenant, ChangeKind::Tenant, ChangeKind::Tenant];
    [ChangeKind::Tenant, client, ChangeKind::Keys]
        .into_iter()
        .chain(std::iter::repeat_n(ChangeKind::RoleAssignments, 4))
        .chain(of_resource)
        .map(|kind| Change::In { tenant_id, kind })
        .collect()
}

on_both_databases! {
    async fn a_committed_change_is_told(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut changes = database.store().changes();
        for expected in change_everything(&world).await {
            wait_for(&mut changes, &expected).await;
        }
    }

    async fn with_a_client_its_roles_go(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut changes = database.store().changes();
        world.rows().delete_client(&world.client.client_id, None, vec![]).await.unwrap();
        let client = ChangeKind::Client(world.client.client_id.clone());
        for kind in [client, ChangeKind::RoleAssignments] {
            wait_for(&mut changes, &Change::In { tenant_id: world.tenant.id, kind }).await;
        }
    }

    async fn a_change_that_fails_is_not_told(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut changes = database.store().changes();
        world.rows().create_client(&world.client, vec![]).await.unwrap_err();
        world.rows().insert_key(&key(world.tenant.id, KeyState::Active), vec![]).await.unwrap();
        loop {
            match changes.next().await.unwrap() {
                Change::Everything => {}
                Change::In { kind, .. } => {
                    assert_eq!(kind, ChangeKind::Keys);
                    break;
                }
            }
        }
    }

    async fn who_falls_behind_forgets_everything(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut changes = database.store().changes();
        let keys = key(world.tenant.id, KeyState::Published);
        world.rows().insert_key(&keys, vec![]).await.unwrap();
        let (from, to) = (KeyState::Published, KeyState::Published);
        let step = grantor_store::KeyChange { id: keys.id, from, to, changes_at: None, at: at(1), revoked: false };
        for _ in 0..1100 {
            world.rows().change_keys(vec![step], None, vec![]).await.unwrap();
        }
        assert_eq!(changes.next().await, Some(Change::Everything));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_is_told_through_postgres() {
    let database = TestDatabase::postgres().await;
    let world = World::new(database.store(), "acme").await;
    let node = Store::open(Options::new(database.url())).await.unwrap();
    let mut changes = node.changes();
    assert_eq!(changes.next().await, Some(Change::Everything), "it may have missed something");
    for expected in change_everything(&world).await {
        assert_eq!(changes.next().await, Some(expected));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_connection_is_made_again() {
    let database = TestDatabase::postgres().await;
    let world = World::new(database.store(), "acme").await;
    let node = Store::open(Options::new(database.url())).await.unwrap();
    let mut changes = node.changes();
    assert_eq!(changes.next().await, Some(Change::Everything));
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .await;
    assert_eq!(changes.next().await, Some(Change::Everything), "nobody tells of changes now");
    assert_eq!(changes.next().await, Some(Change::Everything), "somebody does again");
    let expected = change_everything(&world).await;
    assert_eq!(changes.next().await.as_ref(), expected.first());
}

/// A command beside the server writes to the same file.
#[tokio::test]
async fn another_process_is_noticed_through_the_file() {
    let database = TestDatabase::sqlite().await;
    let mut changes = database.store().changes();
    let beside = Store::open(Options::new(database.url())).await.unwrap();
    let mut told_itself = beside.changes();
    let world = World::new(&beside, "acme").await;
    wait_for(&mut changes, &Change::Everything).await;
    beside.tenants().update(&world.tenant, None, vec![]).await.unwrap();
    wait_for(&mut changes, &Change::Everything).await;
    let tenant_id = world.tenant.id;
    wait_for(&mut told_itself, &Change::In { tenant_id, kind: ChangeKind::Tenant }).await;
}
