//! Tenants move from one database to another.

use std::collections::BTreeSet;

use grantor_protocol::model::{AuditKind, Metric, TenantId};
use grantor_store::testing::TestDatabase;
use grantor_store::{
    Cell, CountedHour, Deleting, DeletionStep, Error, Job, JobId, JobKind, JobState, NewImport, PortableRow,
    Store, WriteError, on_both_databases,
};
use tokio::sync::mpsc;

use crate::fixture::{World, at, audit, id};
use crate::tenancy::{everything, possessions};

async fn exported(store: &Store, tenant: TenantId) -> Vec<PortableRow> {
    let (pages, mut received) = mpsc::channel(1);
    let rows = store.tenant(tenant);
    let taking = async {
        let mut rows = vec![];
        while let Some(page) = received.recv().await {
            rows.extend(page);
        }
        rows
    };
    let (sent, rows) = tokio::join!(rows.export(pages), taking);
    sent.unwrap();
    rows
}

/// Writes rows as they came.
async fn import(store: &Store, rows: Vec<PortableRow>, trail: TenantId) -> Result<(), WriteError> {
    let mut rows = rows.into_iter();
    let first = rows.next().unwrap();
    let tenant = match first.cell("id") {
        Some(Cell::Bytes(bytes)) => TenantId::from_bytes(bytes.as_slice().try_into().unwrap()),
        other => panic!("{other:?}"),
    };
    let job = Job::new(id(), JobKind::TenantImport, (tenant, "acme"), at(0));
    let claim = store.begin_import(NewImport { job, tenant: first }, id(), at(0)).await?;
    assert_eq!(store.tenants().by_id(tenant).await.unwrap(), None, "it is not in service yet");
    let rows: Vec<_> = rows.collect();
    for batch in rows.chunks(7) {
        store.import_rows(&claim, batch.to_vec(), at(0)).await?;
    }
    let event = audit(AuditKind::TenantChanged);
    store.finish_import(&claim, "active", (trail, vec![event]), at(0)).await?;
    let job = store.job(claim.job.id).await.unwrap().unwrap();
    assert_eq!((job.state, job.row_count), (JobState::Done, i64::try_from(rows.len()).unwrap()));
    Ok(())
}

/// Deletes what is left of an import that nobody goes on with.
async fn clean_up(store: &Store) -> JobId {
    let claim = store.claim_job(id(), at(61)).await.unwrap().unwrap();
    let mut deleting = Deleting::More(DeletionStep::default());
    while let Deleting::More(step) = deleting {
        deleting = store.delete_batch(&claim, step, 100, at(61)).await.unwrap();
    }
    claim.job.id
}

/// Values that their columns hold and that no reader of theirs takes; where to put them, and the column
/// that is named.
fn unreadable() -> Vec<(&'static str, &'static str, Cell)> {
    let (text, json) = (|text: &str| Cell::Text(text.to_owned()), Cell::Json);
    vec![
        ("tenants", "settings", json(5.into())),
        ("signing_keys", "state", text("x")),
        ("signing_keys", "algorithm", text("x")),
        ("users", "status", text("x")),
        ("users", "profile", json(5.into())),
        ("clients", "metadata", json("x".into())),
        ("clients", "secrets", json(5.into())),
        ("clients", "origin", json(5.into())),
        ("protected_resources", "settings", json(5.into())),
        ("initial_access_tokens", "settings", json(5.into())),
        ("initial_access_tokens", "uses_left", Cell::Integer(-1)),
        ("roles", "permissions", json(5.into())),
        ("role_assignments", "subject", text("x")),
        ("role_assignments", "scope", text("x")),
        ("sessions", "amr", json(5.into())),
        ("sessions", "secret", Cell::Bytes(vec![1])),
        ("grants", "authentication", json(5.into())),
        ("grants", "revocation_reason", text("x")),
        ("consents", "resources", json(5.into())),
        ("refresh_tokens", "confirmation", json(5.into())),
        ("access_tokens", "claims", json(5.into())),
        ("tenant_counts", "count", Cell::Integer(i64::MAX)),
        ("tenant_counts", "count", Cell::Integer(-1)),
        ("stats", "count", Cell::Integer(1_000_000_000_001)),
        ("identity_providers", "settings", json(5.into())),
        ("identity_providers", "secret", json(5.into())),
        ("webhooks", "settings", json(5.into())),
        ("webhook_deliveries", "state", text("x")),
        ("webhook_deliveries", "attempts", Cell::Integer(-1)),
        ("audit_events", "kind", text("x")),
        ("audit_events", "actor", json(5.into())),
    ]
}

async fn system(database: &TestDatabase) -> World {
    World::new(database.store(), "system").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sqlite_to_postgres_and_back() {
    let databases =
        [TestDatabase::sqlite().await, TestDatabase::postgres().await, TestDatabase::sqlite().await];
    let owner = World::new(databases[0].store(), "acme").await;
    let had = possessions(&owner).await;
    // The interaction, the code, the pushed request, the console's session, the link and the way to a provider.
    let left_behind = [0, 4, 6, 27, 40, 45];
    let before = everything(&owner.rows(), &owner, &had).await;
    let rows = exported(databases[0].store(), owner.tenant.id).await;
    let tables: BTreeSet<_> = rows.iter().map(PortableRow::table).collect();
    assert!(tables.len() > 13, "{tables:?}");
    assert_eq!(rows[0].table(), "tenants");
    for database in &databases[1..] {
        let store = database.store();
        let system = system(database).await;
        import(store, rows.clone(), system.tenant.id).await.unwrap();
        let again = exported(store, owner.tenant.id).await;
        let documents =
            |rows: &[PortableRow]| rows.iter().map(|row| (row.table(), row.document())).collect::<Vec<_>>();
        assert_eq!(documents(&again), documents(&rows));
        let after = everything(&store.tenant(owner.tenant.id), &owner, &had).await;
        assert_eq!(after.len(), before.len());
        for (number, (after, before)) in after.iter().zip(&before).enumerate() {
            let expected = if left_behind.contains(&number) { "None" } else { before };
            assert_eq!(after, expected, "{number}");
        }
        let trail = store.tenant(owner.tenant.id).verify_audit_trail().await.unwrap();
        assert!(trail.events > 0 && trail.broken.is_none(), "{trail:?}");
        // Here it is already.
        let taken = import(store, rows.clone(), system.tenant.id).await;
        assert!(matches!(taken, Err(WriteError::Conflict { .. })), "{taken:?}");
    }
}

on_both_databases! {
    /// Whatever is in the file was there at one moment.
    async fn an_export_is_of_one_moment(database: TestDatabase) {
        let store = database.store();
        let owner = World::new(store, "acme").await;
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let (wrote, mut writing) = tokio::sync::watch::channel(0);
        let writers = async {
            let writers = (0..50).map(|_| async {
                while !*stopped.borrow() {
                    owner.issued().await;
                    wrote.send_modify(|count| *count += 1);
                }
            });
            futures_util::future::join_all(writers).await;
        };
        let exports = async {
            let mut sizes = vec![];
            for round in 1..=3 {
                writing.wait_for(|count| *count >= round * 100).await.unwrap();
                let rows = exported(store, owner.tenant.id).await;
                let ids = |table: &str, column: &str| -> BTreeSet<Vec<u8>> {
                    rows.iter()
                        .filter(|row| row.table() == table)
                        .filter_map(|row| match row.cell(column) {
                            Some(Cell::Bytes(bytes)) => Some(bytes.clone()),
                            _ => None,
                        })
                        .collect()
                };
                let (grants, tokens) = (ids("grants", "id"), ids("refresh_tokens", "grant_id"));
                // A grant and its token are written in one transaction.
                assert_eq!(grants, tokens);
                sizes.push(grants.len());
            }
            stop.send_replace(true);
            sizes
        };
        let ((), sizes) = tokio::join!(writers, exports);
        assert!(sizes[0] >= 100 && sizes.is_sorted(), "{sizes:?}");
    }

    /// Nothing stays of an import that does not come to its end.
    async fn an_import_that_fails_is_deleted(database: TestDatabase) {
        let store = database.store();
        let origin = TestDatabase::sqlite().await;
        let owner = World::new(origin.store(), "acme").await;
        possessions(&owner).await;
        let rows = exported(origin.store(), owner.tenant.id).await;
        let system = system(&database).await;

        // Without the users, whoever belongs to them belongs to nothing.
        let without = rows.iter().filter(|row| row.table() != "users").cloned().collect();
        let failed = import(store, without, system.tenant.id).await;
        assert!(matches!(failed, Err(WriteError::NotFound)), "{failed:?}");
        assert_eq!(store.tenants().by_slug("acme").await.unwrap(), None);
        // Whoever began it is gone; another one cleans up.
        assert!(store.claim_job(id(), at(59)).await.unwrap().is_none());
        let job = store.job(clean_up(store).await).await.unwrap().unwrap();
        assert_eq!((job.state, job.error.as_deref()), (JobState::Failed, Some("it was interrupted")));
        assert_eq!(exported(store, owner.tenant.id).await.len(), 0);
        import(store, rows, system.tenant.id).await.unwrap();
    }

    /// What nobody could read afterwards comes into no service: whoever reads rows of all tenants would
    /// stop at it.
    async fn what_cannot_be_read_is_not_imported(database: TestDatabase) {
        let store = database.store();
        let origin = TestDatabase::sqlite().await;
        let owner = World::new(origin.store(), "acme").await;
        possessions(&owner).await;
        owner.rows().create_initial_access_token(&owner.initial_access_token(Some(1)), vec![]).await.unwrap();
        let hour = CountedHour {
            tenant_id: owner.tenant.id, hour: at(0), metric: Metric::SignIns, count: 1, expires_at: at(10),
        };
        origin.store().add_stats(vec![hour]).await.unwrap();
        let rows = exported(origin.store(), owner.tenant.id).await;
        let system = system(&database).await;
        for (table, column, value) in unreadable() {
            let mut altered = rows.clone();
            let row = altered.iter_mut().find(|row| row.table() == table).unwrap_or_else(|| panic!("no {table}"));
            *row.cell_mut(column).unwrap() = value;
            let refused = import(store, altered, system.tenant.id).await;
            match &refused {
                Err(WriteError::Store(Error::Corrupt { column: named, .. })) => {
                    assert!(named.starts_with(table), "{table}.{column}: {named}");
                }
                other => panic!("{table}.{column}: {other:?}"),
            }
            assert_eq!(store.tenants().by_id(owner.tenant.id).await.unwrap(), None, "{table}.{column}");
            clean_up(store).await;
        }
        import(store, rows, system.tenant.id).await.unwrap();
    }

    /// An importer that was slow finds its work taken and writes nothing more.
    async fn a_slow_import_does_not_write_into_its_own_deletion(database: TestDatabase) {
        let store = database.store();
        let origin = TestDatabase::sqlite().await;
        let owner = World::new(origin.store(), "acme").await;
        let rows = exported(origin.store(), owner.tenant.id).await;
        let system = system(&database).await;
        let job = Job::new(id(), JobKind::TenantImport, (owner.tenant.id, "acme"), at(0));
        let import = NewImport { job, tenant: rows[0].clone() };
        let claim = store.begin_import(import, id(), at(0)).await.unwrap();
        assert!(store.claim_job(id(), at(61)).await.unwrap().is_some());
        let late = store.import_rows(&claim, rows[1..].to_vec(), at(61)).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");
        let late = store.finish_import(&claim, "active", (system.tenant.id, vec![]), at(61)).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");
        assert_eq!(exported(store, owner.tenant.id).await.len(), 1);
    }
}
