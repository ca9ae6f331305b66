use grantor_store::testing::TestDatabase;
use grantor_store::{Backend, SchemaState, Store, on_both_databases};

async fn from_nothing(backend: Backend) {
    let database = TestDatabase::empty(backend).await;
    let store = database.store();
    assert_eq!(store.backend(), backend);
    let behind = store.schema_state().await.unwrap();
    let SchemaState::Behind { pending } = behind else { panic!("{behind:?}") };
    assert!(pending.contains(&"0001_initial".to_owned()));

    // Two nodes that start at a time: one does it all, the other finds it done.
    let other = Store::open(grantor_store::Options::new(database.url())).await.unwrap();
    let (one, two) = tokio::join!(store.migrate(), other.migrate());
    let mut applied = [one.unwrap(), two.unwrap()];
    applied.sort();
    assert_eq!(applied, [vec![], pending]);
    assert_eq!(store.schema_state().await.unwrap(), SchemaState::Current);
    assert_eq!(store.migrate().await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_migrated_once() {
    from_nothing(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_migrated_once() {
    from_nothing(Backend::Postgres).await;
}

on_both_databases! {
    async fn a_newer_schema_is_named(database: TestDatabase) {
        assert_eq!(database.store().schema_state().await.unwrap(), SchemaState::Current);
        database.execute("INSERT INTO schema_migrations (name) VALUES ('9999_from_the_future')").await;
        let unknown = vec!["9999_from_the_future".to_owned()];
        assert_eq!(database.store().schema_state().await.unwrap(), SchemaState::Ahead { unknown });
        database.store().ping().await.unwrap();
    }
}
