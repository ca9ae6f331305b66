//! What only SQLite has: the writer that commits in groups, and files.

use std::os::unix::fs::PermissionsExt;

use grantor_protocol::Effect;
use grantor_protocol::model::AuditKind;
use grantor_store::testing::TestDatabase;
use grantor_store::{ApplyError, Error, Options, Store};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::fixture::{World, audit, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_at_the_same_time_share_commits() {
    let database = TestDatabase::sqlite().await;
    let world = World::new(database.store(), "acme").await;
    let before = database.store().write_statistics();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (store, tenant) = (world.store.clone(), world.tenant.id);
        tasks.spawn(async move {
            for _ in 0..20 {
                let event = audit(AuditKind::SignInFailed);
                store.tenant(tenant).apply(vec![Effect::RecordAudit(Box::new(event))]).await.unwrap();
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let after = database.store().write_statistics();
    let (jobs, commits) = (after.jobs - before.jobs, after.commits - before.commits);
    assert_eq!(jobs, 64 * 20);
    assert!(jobs >= commits * 4, "{jobs} jobs took {commits} commits");
    assert_eq!(world.rows().audit_events(10_000).await.unwrap().len(), 64 * 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_is_busy() {
    let database = TestDatabase::sqlite().await;
    let world = World::new(database.store(), "acme").await;
    let narrow = Options { write_queue: 1, ..Options::new(database.url()) };
    let store = Store::open(narrow).await.unwrap();

    // Another process has the database: the writer waits with one job, the queue holds another.
    let (locked, is_locked) = oneshot::channel();
    let (unlock, may_unlock) = oneshot::channel::<()>();
    let path = database.url().trim_start_matches("sqlite://").to_owned();
    let other_process = tokio::task::spawn_blocking(move || {
        use diesel::{Connection, connection::SimpleConnection};
        let mut connection = diesel::SqliteConnection::establish(&path).unwrap();
        connection.batch_execute("BEGIN IMMEDIATE").unwrap();
        locked.send(()).unwrap();
        may_unlock.blocking_recv().unwrap();
        connection.batch_execute("COMMIT").unwrap();
    });
    is_locked.await.unwrap();

    let mut attempts = JoinSet::new();
    for _ in 0..8 {
        let (store, tenant) = (store.clone(), world.tenant.id);
        attempts.spawn(async move {
            let event = audit(AuditKind::SignInFailed);
            store.tenant(tenant).apply(vec![Effect::RecordAudit(Box::new(event))]).await
        });
    }
    let refused = attempts.join_next().await.unwrap().unwrap();
    assert!(matches!(refused, Err(ApplyError::Store(Error::Busy))), "{refused:?}");
    unlock.send(()).unwrap();
    other_process.await.unwrap();

    let mut done = 0;
    while let Some(attempt) = attempts.join_next().await {
        match attempt.unwrap() {
            Ok(()) => done += 1,
            Err(ApplyError::Store(Error::Busy)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!((1..=2).contains(&done), "{done} were accepted");
    assert_eq!(world.rows().audit_events(10).await.unwrap().len(), done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_conflict_in_a_group_is_nobody_elses() {
    let database = TestDatabase::sqlite().await;
    let world = World::new(database.store(), "acme").await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let (store, tenant) = (world.store.clone(), world.tenant.id);
        tasks.spawn(async move {
            let mut effects = vec![Effect::RecordAudit(Box::new(audit(AuditKind::SignInFailed)))];
            if number % 2 == 0 {
                effects.push(Effect::TouchGrant { grant: id() });
            }
            store.tenant(tenant).apply(effects).await.is_ok()
        });
    }
    let mut done = 0;
    while let Some(task) = tasks.join_next().await {
        done += usize::from(task.unwrap());
    }
    assert_eq!(done, 100);
    assert_eq!(world.rows().audit_events(1000).await.unwrap().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_their_owners_only() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("new/data");
    let store = Store::open(Options::new(format!("sqlite://{}/grantor.db", home.display()))).await.unwrap();
    store.migrate().await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    let files: Vec<_> = std::fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 1, "a journal beside the database: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
