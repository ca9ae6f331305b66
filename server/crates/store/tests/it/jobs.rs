//! Deleting a tenant: visible, in small batches, resumable by whoever comes after.

use grantor_protocol::model::{AuditKind, KeyState, Tenant, TenantId, TenantStatus};
use grantor_store::{
    Claim, Deleting, DeletionStep, Job, JobKind, JobState, NewTenant, Page, Store, TenantFilter, WriteError,
    on_both_databases,
};

use crate::fixture::{World, at, audit, id, key};
use crate::tenancy::{everything, possessions};

const BATCH: u32 = 500;

impl World {
    /// Takes the tenant out of service.
    pub async fn begin_deletion(&self, trail: &World) -> Job {
        let job = Job::new(id(), JobKind::TenantDeletion, (self.tenant.id, &self.tenant.slug), at(0));
        let event = audit(AuditKind::TenantChanged);
        let begun = self.store.tenants().begin_deletion(&job, 1, trail.tenant.id, vec![event]).await;
        begun.unwrap();
        job
    }

    pub async fn delete(&self) {
        let tenant = self.store.tenants().by_id(self.tenant.id).await.unwrap().unwrap();
        delete_tenant(&self.store, &tenant).await;
    }
}

/// Deletes a tenant from the first to the last step.
pub async fn delete_tenant(store: &Store, tenant: &Tenant) {
    let job = Job::new(id(), JobKind::TenantDeletion, (tenant.id, &tenant.slug), at(0));
    store.tenants().begin_deletion(&job, tenant.version, tenant.id, vec![]).await.unwrap();
    let claim = store.claim_job(id(), at(0)).await.unwrap().unwrap();
    assert_eq!(work(store, &claim, u32::MAX).await, Deleting::Finished);
}

/// Takes so many steps at most.
async fn work(store: &Store, claim: &Claim, steps: u32) -> Deleting {
    let mut deleting = Deleting::More(DeletionStep::default());
    for _ in 0..steps {
        let Deleting::More(step) = deleting else { break };
        deleting = store.delete_batch(claim, step, BATCH, at(0)).await.unwrap();
    }
    deleting
}

on_both_databases! {
    async fn ten_thousand_rows_go_in_batches_and_survive_a_crash(database: TestDatabase) {
        let store = database.store();
        let (owner, neighbour) = (World::new(store, "acme").await, World::new(store, "neighbour").await);
        let (had, kept) = (possessions(&owner).await, possessions(&neighbour).await);
        let before = everything(&neighbour.rows(), &neighbour, &kept).await;
        database
            .execute(
                "INSERT INTO spent_assertions (tenant_id, client_id, jti, expires_at) \
                 WITH RECURSIVE numbers (number) AS \
                    (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 10000) \
                 SELECT id, 'client ' || number, id, 0 FROM tenants, numbers WHERE slug = 'acme'",
            )
            .await;
        let job = owner.begin_deletion(&neighbour).await;
        assert_eq!(store.job(job.id).await.unwrap().unwrap(), job);

        let first = store.claim_job(id(), at(0)).await.unwrap().unwrap();
        assert!(matches!(work(store, &first, 5).await, Deleting::More(_)));
        let seen = store.job(job.id).await.unwrap().unwrap();
        assert_eq!((seen.state, seen.started_at), (JobState::Running, Some(at(0))));
        assert_eq!(seen.row_count, i64::from(5 * BATCH));
        // The first one has died. Nobody takes its work from it before its time is over.
        assert!(store.claim_job(id(), at(59)).await.unwrap().is_none());
        let second = store.claim_job(id(), at(61)).await.unwrap().unwrap();
        assert_eq!((second.job.id, second.job.row_count), (job.id, seen.row_count));
        let late = store.delete_batch(&first, DeletionStep::default(), BATCH, at(61)).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");

        assert_eq!(work(store, &second, u32::MAX).await, Deleting::Finished);
        let done = store.job(job.id).await.unwrap().unwrap();
        assert_eq!((done.state, done.error), (JobState::Done, None));
        assert!(done.row_count > 10_000 && done.finished_at.is_some(), "{}", done.row_count);
        assert!(store.claim_job(id(), at(10_000)).await.unwrap().is_none());
        for line in everything(&owner.rows(), &owner, &had).await {
            assert!(["None", "[]", "false"].contains(&line.as_str()), "{line}");
        }
        let after = everything(&neighbour.rows(), &neighbour, &kept).await;
        // But for the trail's new entry.
        assert_eq!(after[..after.len() - 1], before[..before.len() - 1]);
        assert_ne!(after.last(), before.last());
        // Ninety days later the job is forgotten.
        for (days, kept) in [(89, true), (91, false)] {
            store.sweep(at(days * 86_400), 1000).await.unwrap();
            assert_eq!(store.job(job.id).await.unwrap().is_some(), kept, "after {days} days");
        }
    }

    async fn a_tenant_that_is_going_is_not_there(database: TestDatabase) {
        let store = database.store();
        let (owner, other) = (World::new(store, "acme").await, World::new(store, "other").await);
        let tenants = store.tenants();
        let wrong = Job::new(id(), JobKind::TenantDeletion, (owner.tenant.id, "acme"), at(0));
        let begun = tenants.begin_deletion(&wrong, 2, other.tenant.id, vec![]).await;
        assert!(matches!(begun, Err(WriteError::VersionMismatch)), "{begun:?}");
        assert_eq!(store.job(wrong.id).await.unwrap(), None);
        owner.begin_deletion(&other).await;
        let again = tenants.begin_deletion(&wrong, 2, other.tenant.id, vec![]).await;
        assert!(matches!(again, Err(WriteError::NotFound)), "{again:?}");

        assert_eq!(tenants.by_id(owner.tenant.id).await.unwrap(), None);
        assert_eq!(tenants.by_slug("acme").await.unwrap(), None);
        let page = Page { limit: 10, ..Page::default() };
        let listed = tenants.list(&page, TenantFilter::default()).await.unwrap().items;
        assert_eq!(listed.into_iter().map(|tenant| tenant.slug).collect::<Vec<_>>(), ["other"]);
        // Nobody brings it back by changing it.
        for version in [None, Some(1), Some(2)] {
            let revived = Tenant { status: TenantStatus::Active, ..owner.tenant.clone() };
            let updated = tenants.update(&revived, version, vec![]).await;
            assert!(matches!(updated, Err(WriteError::NotFound)), "{updated:?}");
        }
        let same = NewTenant { tenant: crate::fixture::tenant("acme"), keys: vec![], audit: vec![] };
        let taken = tenants.create(same.clone()).await;
        assert!(matches!(taken, Err(WriteError::Conflict { .. })), "{taken:?}");
        let claim = store.claim_job(id(), at(0)).await.unwrap().unwrap();
        assert_eq!(work(store, &claim, u32::MAX).await, Deleting::Finished);
        tenants.create(same).await.unwrap();
    }

    /// What the platform does for all tenants by itself, it does for those in service.
    async fn nothing_is_due_of_a_tenant_that_is_going_or_coming(database: TestDatabase) {
        let store = database.store();
        let (owner, other) = (World::new(store, "acme").await, World::new(store, "other").await);
        for world in [&owner, &other] {
            let mut due = key(world.tenant.id, KeyState::Published);
            due.changes_at = Some(at(5));
            world.rows().insert_key(&due, vec![audit(AuditKind::KeyChanged)]).await.unwrap();
            let unused = world.self_made("unused", None);
            world.rows().register_client(&unused, at(5), None, vec![]).await.unwrap();
        }
        let due = async || {
            let keys = store.keys_due(at(10), 10).await.unwrap();
            let clients = store.unused_clients(at(10), 10).await.unwrap();
            let trails = store.tenants_with_old_audit_events(at(10), 10).await.unwrap();
            let keys = keys.into_iter().map(|key| key.tenant_id).collect();
            let clients = clients.into_iter().map(|client| client.tenant_id).collect();
            let mut due: [Vec<TenantId>; 3] = [keys, clients, trails];
            due.iter_mut().for_each(|tenants| tenants.sort());
            due
        };
        let (both, others) = (vec![owner.tenant.id, other.tenant.id], vec![other.tenant.id]);
        assert_eq!(due().await, [both.clone(), both.clone(), both]);
        owner.begin_deletion(&other).await;
        assert_eq!(due().await, [others.clone(), others.clone(), others.clone()]);
        database.execute("UPDATE tenants SET status = 'importing' WHERE slug = 'acme'").await;
        assert_eq!(due().await, [others.clone(), others.clone(), others]);
    }

    async fn jobs_are_listed_and_tried_again(database: TestDatabase) {
        let store = database.store();
        let (one, two) = (World::new(store, "one").await, World::new(store, "two").await);
        let jobs = [one.begin_deletion(&two).await, two.begin_deletion(&two).await];
        let mut page = Page { limit: 1, ..Page::default() };
        for job in &jobs {
            let listing = store.list_jobs(&page).await.unwrap();
            assert_eq!(listing.items, std::slice::from_ref(job));
            page.cursor = listing.next;
        }
        assert_eq!(page.cursor, None);
        // One that fails keeps no other from its turn.
        let first = store.claim_job(id(), at(0)).await.unwrap().unwrap();
        store.release_job(&first, Some("the disk is full".to_owned()), at(60)).await.unwrap();
        let second = store.claim_job(id(), at(1)).await.unwrap().unwrap();
        assert_ne!(first.job.id, second.job.id);
        assert!(store.claim_job(id(), at(1)).await.unwrap().is_none());
        let waiting = store.job(first.job.id).await.unwrap().unwrap();
        assert_eq!((waiting.state, waiting.error.as_deref()), (JobState::Waiting, Some("the disk is full")));
        let again = store.claim_job(id(), at(60)).await.unwrap().unwrap();
        assert_eq!(again.job.id, first.job.id);
    }
}
