//! Domains: any number of tenants want one, one has it verified, and a tenant's issuer is at one at most.

use grantor_protocol::model::{AuditKind, Domain, TenantId};
use grantor_store::{Change, ChangeKind, Page, TenantFilter, WriteError, on_both_databases};
use tokio::task::JoinSet;

use crate::fixture::{World, at, audit, number, resource};

fn domain(tenant_id: TenantId, name: &str) -> Domain {
    Domain {
        tenant_id,
        domain: name.to_owned(),
        challenge: format!("challenge-{}", number()),
        verified_at: None,
        primary: false,
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

impl World {
    async fn add_domain(&self, name: &str) -> Domain {
        let added = domain(self.tenant.id, name);
        self.rows().create_domain(&added, vec![audit(AuditKind::DomainChanged)]).await.unwrap();
        added
    }

    async fn verify_domain(&self, held: &Domain) -> Result<Domain, WriteError> {
        let verified = Domain { verified_at: Some(at(10)), updated_at: at(10), ..held.clone() };
        self.rows().replace_domain(&verified, held.version, vec![audit(AuditKind::DomainChanged)]).await
    }

    async fn set_primary(&self, held: &Domain, primary: bool) -> Result<Domain, WriteError> {
        let changed = Domain { primary, updated_at: at(20), ..held.clone() };
        self.rows().replace_domain(&changed, held.version, vec![audit(AuditKind::DomainChanged)]).await
    }

    async fn issuer(&self) -> String {
        self.store.tenants().by_id(self.tenant.id).await.unwrap().unwrap().issuer
    }
}

fn taken(result: Result<impl std::fmt::Debug, WriteError>) -> &'static str {
    match result {
        Err(WriteError::Conflict { field }) => field,
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    async fn a_domain_is_replaced_in_the_version_that_was_seen(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut changes = world.store.changes();
        let added = world.add_domain("login.acme.example").await;
        let told = Change::In { tenant_id: world.tenant.id, kind: ChangeKind::Tenant };
        while changes.next().await.unwrap() != told {}
        let again = world.rows().create_domain(&added, vec![audit(AuditKind::DomainChanged)]).await;
        assert_eq!(taken(again), "domain");
        assert_eq!(world.rows().domain(&added.domain).await.unwrap(), Some(added.clone()));
        assert_eq!(world.rows().domain("login").await.unwrap(), None);

        let verified = world.verify_domain(&added).await.unwrap();
        assert_eq!(verified, Domain { verified_at: Some(at(10)), updated_at: at(10), version: 2, ..added.clone() });
        let stale = world.verify_domain(&added).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        let stale = world.rows().delete_domain(&added.domain, 1, vec![audit(AuditKind::DomainChanged)]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        world.rows().delete_domain(&added.domain, 2, vec![audit(AuditKind::DomainChanged)]).await.unwrap();
        let missing = world.verify_domain(&added).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        let missing = world.rows().delete_domain(&added.domain, 2, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        assert_eq!(world.rows().audit_events(10).await.unwrap().len(), 3, "only what was written has an event");
    }

    async fn the_issuer_is_at_the_primary_domain(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let tenants = world.store.tenants();
        let (first, second) = (world.add_domain("a.example").await, world.add_domain("b.example").await);
        let unproven = world.set_primary(&first, true).await;
        assert!(matches!(unproven, Err(WriteError::Protected(_))), "{unproven:?}");
        assert_eq!(tenants.by_domain("a.example").await.unwrap(), None);
        let (first, second) = (world.verify_domain(&first).await.unwrap(), world.verify_domain(&second).await.unwrap());
        assert_eq!(tenants.by_domain("a.example").await.unwrap(), None, "verified alone it serves nothing");

        let first = world.set_primary(&first, true).await.unwrap();
        assert!(first.primary);
        let found = tenants.by_domain("a.example").await.unwrap().unwrap();
        assert_eq!((found.id, found.issuer.as_str(), found.version), (world.tenant.id, "https://a.example", 2));
        // What is changed of a tenant meanwhile leaves its issuer where it is.
        let renamed = tenants.update(&found, Some(2), vec![]).await.unwrap();
        assert_eq!(renamed.issuer, "https://a.example");
        assert_eq!(tenants.by_slug("acme").await.unwrap().unwrap(), renamed);
        let page = Page { limit: 10, ..Page::default() };
        let listed = tenants.list(&page, TenantFilter::default()).await.unwrap();
        assert_eq!(listed.items, [renamed]);

        let second = world.set_primary(&second, true).await.unwrap();
        assert_eq!(world.issuer().await, "https://b.example");
        assert_eq!(tenants.by_domain("a.example").await.unwrap(), None);
        let before = world.rows().domain("a.example").await.unwrap().unwrap();
        assert_eq!((before.primary, before.version), (false, first.version + 1));
        assert_eq!(world.rows().domains().await.unwrap(), [before.clone(), second.clone()]);
        // Whoever still thinks that the first one is primary takes nothing away.
        let stale = world.set_primary(&first, false).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        world.rows().delete_domain("a.example", before.version, vec![]).await.unwrap();
        assert_eq!(world.issuer().await, "https://b.example");
        let second = world.set_primary(&second, false).await.unwrap();
        assert_eq!(world.issuer().await, world.tenant.issuer);
        world.set_primary(&second, true).await.unwrap();
        world.rows().delete_domain("b.example", second.version + 1, vec![]).await.unwrap();
        assert_eq!(world.issuer().await, world.tenant.issuer);
        assert_eq!(tenants.by_domain("b.example").await.unwrap(), None);
    }

    async fn no_issuer_is_a_resource(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let api = resource(world.tenant.id, "https://a.example");
        world.rows().create_protected_resource(&api, vec![]).await.unwrap();
        let added = world.add_domain("a.example").await;
        let verified = world.verify_domain(&added).await.unwrap();
        let refused = world.set_primary(&verified, true).await;
        assert!(matches!(refused, Err(WriteError::Protected(_))), "{refused:?}");
        assert_eq!(world.rows().domain("a.example").await.unwrap(), Some(verified), "nothing of it stands");
        assert_eq!(world.issuer().await, world.tenant.issuer);
    }

    async fn one_tenant_has_a_domain_verified(database: TestDatabase) {
        let acme = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        let (ours, theirs) = (acme.add_domain("a.example").await, other.add_domain("a.example").await);
        let ours = acme.verify_domain(&ours).await.unwrap();
        assert_eq!(taken(other.verify_domain(&theirs).await), "domain");
        assert_eq!(other.rows().domain("a.example").await.unwrap(), Some(theirs.clone()));
        assert_eq!(other.rows().audit_events(10).await.unwrap().len(), 1);
        acme.set_primary(&ours, true).await.unwrap();
        // A tenant that goes gives back what it had.
        acme.delete().await;
        assert_eq!(acme.rows().domains().await.unwrap(), []);
        let theirs = other.verify_domain(&theirs).await.unwrap();
        other.set_primary(&theirs, true).await.unwrap();
        assert_eq!(other.store.tenants().by_domain("a.example").await.unwrap().unwrap().id, other.tenant.id);
    }

    async fn of_many_who_verify_at_once_one_does(database: TestDatabase) {
        let mut attempts = JoinSet::new();
        for number in 0..20 {
            let world = World::new(database.store(), &format!("tenant-{number}")).await;
            let wanted = world.add_domain("a.example").await;
            attempts.spawn(async move { world.verify_domain(&wanted).await });
        }
        let mut done = 0;
        while let Some(attempt) = attempts.join_next().await {
            match attempt.unwrap() {
                Ok(_) => done += 1,
                Err(error) => assert_eq!(taken(Err::<(), _>(error)), "domain"),
            }
        }
        assert_eq!(done, 1);
    }

    async fn of_a_tenants_domains_made_primary_at_once_one_is(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut held = vec![];
        for number in 0..10 {
            let added = world.add_domain(&format!("d{number}.example")).await;
            held.push(world.verify_domain(&added).await.unwrap());
        }
        let mut attempts = JoinSet::new();
        for domain in held {
            let (store, tenant) = (world.store.clone(), world.tenant.id);
            let wanted = Domain { primary: true, ..domain.clone() };
            attempts.spawn(async move { store.tenant(tenant).replace_domain(&wanted, domain.version, vec![]).await });
        }
        while let Some(attempt) = attempts.join_next().await {
            let attempt = attempt.unwrap();
            assert!(matches!(attempt, Ok(_) | Err(WriteError::VersionMismatch)), "{attempt:?}");
        }
        let held = world.rows().domains().await.unwrap();
        let primary: Vec<_> = held.iter().filter(|domain| domain.primary).collect();
        assert_eq!(primary.len(), 1);
        assert_eq!(world.issuer().await, format!("https://{}", primary[0].domain));
    }

    async fn a_handle_reaches_no_domain_of_another_tenant(database: TestDatabase) {
        let acme = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        let theirs = other.add_domain("a.example").await;
        let rows = acme.rows();
        assert_eq!(rows.domain("a.example").await.unwrap(), None);
        assert_eq!(rows.domains().await.unwrap(), []);
        assert_eq!(rows.list_domains(&Page { limit: 10, ..Page::default() }).await.unwrap().items, []);
        for refused in [rows.create_domain(&theirs, vec![]).await, rows.replace_domain(&theirs, 1, vec![]).await.map(drop)] {
            assert!(matches!(refused, Err(WriteError::Store(grantor_store::Error::ForeignTenant))), "{refused:?}");
        }
        let missing = rows.delete_domain("a.example", 1, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        assert_eq!(other.rows().domain("a.example").await.unwrap(), Some(theirs));
    }
}
