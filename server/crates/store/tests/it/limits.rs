//! How much a tenant may have, and what it did.

use futures_util::future::join_all;
use grantor_protocol::model::{ClientId, ClientOrigin, GrantType, KeyState, Metric, Quotas, User};
use grantor_protocol::{Effect, Timestamp};
use grantor_store::{CountedHour, HourlyCount, TenantCounts, WriteError, on_both_databases};

use crate::fixture::{World, at, audit, client, hash, key, user};

impl World {
    async fn set_quotas(&mut self, quotas: Quotas) {
        self.tenant.settings.quotas = quotas;
        self.tenant = self.store.tenants().update(&self.tenant, None, vec![]).await.unwrap();
    }

    async fn counts(&self) -> (u64, u64) {
        let TenantCounts { users, clients, .. } = self.rows().counts(at(0)).await.unwrap();
        (users, clients)
    }

    fn somebody(&self, number: usize) -> User {
        User { email: None, ..user(self.tenant.id, &format!("somebody {number}")) }
    }

    async fn register_at(&self, name: &str, now: Timestamp) -> Result<(), WriteError> {
        let origin = ClientOrigin::Registration {
            token: None,
            fingerprint: Some(hash()),
            bounds: None,
            software_statement: None,
        };
        let mut client = client(self.tenant.id, name);
        (client.origin, client.created_at) = (origin, now);
        self.rows().register_client(&client, at(0), None, vec![]).await
    }
}

fn exceeded(quota: &'static str) -> impl Fn(Result<(), WriteError>) {
    move |outcome| match outcome {
        Err(WriteError::QuotaExceeded { quota: found }) => assert_eq!(found, quota),
        other => panic!("{other:?}"),
    }
}

on_both_databases! {
    async fn a_crowd_gets_no_more_than_the_quota(database: TestDatabase) {
        let mut world = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        world.set_quotas(Quotas { users: Some(11), clients: Some(11), ..Quotas::default() }).await;
        let users: Vec<_> = (0..100).map(|number| world.somebody(number)).collect();
        let rows = world.rows();
        let created = join_all(users.iter().map(async |user| rows.create_user(user, vec![]).await)).await;
        assert_eq!(created.iter().filter(|outcome| outcome.is_ok()).count(), 10);
        created.into_iter().filter(Result::is_err).for_each(exceeded("users"));
        let clients: Vec<_> = (0..100).map(|number| client(world.tenant.id, &format!("c{number}"))).collect();
        let created = join_all(clients.iter().map(async |it| rows.create_client(it, vec![]).await)).await;
        assert_eq!(created.iter().filter(|outcome| outcome.is_ok()).count(), 10);
        created.into_iter().filter(Result::is_err).for_each(exceeded("clients"));
        assert_eq!(world.counts().await, (11, 11));
        // Another tenant has its own.
        other.rows().create_user(&other.somebody(1), vec![]).await.unwrap();
        assert_eq!(other.counts().await, (2, 1));
    }

    async fn what_is_refused_leaves_nothing(database: TestDatabase) {
        let mut world = World::new(database.store(), "acme").await;
        world.set_quotas(Quotas { users: Some(1), clients: Some(0), registrations_per_day: None }).await;
        let refused = world.somebody(1);
        let event = vec![audit(grantor_protocol::model::AuditKind::UserChanged)];
        exceeded("users")(world.rows().create_user(&refused, event).await);
        assert_eq!(world.rows().user(refused.id).await.unwrap(), None);
        assert_eq!(world.rows().audit_events(9).await.unwrap(), vec![]);
        exceeded("clients")(world.register_at("mine", at(0)).await);
        // Fewer than there are already takes nothing away, and room comes only below the quota.
        assert_eq!(world.counts().await, (1, 1));
        // A conflict counts nothing either.
        world.set_quotas(Quotas::default()).await;
        let again = world.rows().create_user(&world.user, vec![]).await;
        assert!(matches!(again, Err(WriteError::Conflict { .. })), "{again:?}");
        assert_eq!(world.counts().await, (1, 1));
    }

    async fn whatever_leaves_makes_room(database: TestDatabase) {
        let mut world = World::new(database.store(), "acme").await;
        world.set_quotas(Quotas { users: Some(1), clients: Some(2), ..Quotas::default() }).await;
        world.rows().delete_user(world.user.id, None, vec![]).await.unwrap();
        let gone = world.rows().delete_user(world.user.id, None, vec![]).await;
        assert!(matches!(gone, Err(WriteError::NotFound)), "{gone:?}");
        world.rows().create_user(&world.somebody(1), vec![]).await.unwrap();
        world.register_at("mine", at(1)).await.unwrap();
        exceeded("clients")(world.register_at("another", at(1)).await);
        world.rows().delete_unused_client(&ClientId::parse("mine").unwrap(), at(2), vec![]).await.unwrap();
        world.register_at("another", at(1)).await.unwrap();
        world.rows().delete_client(&world.client.client_id, None, vec![]).await.unwrap();
        assert_eq!(world.counts().await, (1, 1));
        // A tenant takes its counts with it.
        world.delete().await;
        assert_eq!(world.counts().await, (0, 0));
        assert_eq!(world.store.platform_present(at(0), at(0)).await.unwrap().tenants, 0);
    }

    async fn registrations_are_counted_by_day(database: TestDatabase) {
        const DAY: i64 = 86_400;
        let mut world = World::new(database.store(), "acme").await;
        world.set_quotas(Quotas { registrations_per_day: Some(2), ..Quotas::default() }).await;
        let day = |days: i64| Timestamp::from_unix_seconds((20_000 + days) * DAY);
        let refused = exceeded("registrations_per_day");
        world.register_at("a", day(0)).await.unwrap();
        world.register_at("b", day(0)).await.unwrap();
        refused(world.register_at("c", day(0)).await);
        assert_eq!(world.rows().counts(day(0)).await.unwrap().registrations_today, 2);
        assert_eq!(world.rows().counts(day(1)).await.unwrap().registrations_today, 0);
        world.register_at("c", day(1)).await.unwrap();
        // A clock that goes back finds the same day.
        world.register_at("d", day(0)).await.unwrap();
        refused(world.register_at("e", day(0)).await);
        refused(world.register_at("e", day(1)).await);
        world.set_quotas(Quotas { registrations_per_day: Some(0), ..Quotas::default() }).await;
        refused(world.register_at("e", day(2)).await);
        world.set_quotas(Quotas::default()).await;
        world.register_at("e", day(2)).await.unwrap();
    }

    async fn the_migration_counts_what_is_there(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        other.rows().create_user(&other.somebody(1), vec![]).await.unwrap();
        database
            .execute(
                "DROP TABLE tenant_counts; DROP TABLE stats; DROP TABLE platform_stats; \
                 DELETE FROM schema_migrations WHERE name = '0006_limits'",
            )
            .await;
        assert_eq!(world.store.migrate().await.unwrap(), ["0006_limits"]);
        assert_eq!((world.counts().await, other.counts().await), ((1, 1), (2, 1)));
        let present = world.store.platform_present(at(0), at(0)).await.unwrap();
        assert_eq!((present.tenants, present.users, present.clients), (2, 3, 2));
    }

    async fn nodes_add_up_what_they_counted(database: TestDatabase) {
        let worlds = [World::new(database.store(), "acme").await, World::new(database.store(), "other").await];
        let tokens = Metric::Tokens(GrantType::DeviceCode);
        let counted = |world: &World, hour: i64, metric, count| CountedHour {
            tenant_id: world.tenant.id,
            hour: at(hour * 3600),
            metric,
            count,
            expires_at: at(1_000_000),
        };
        let node = async |store: &grantor_store::Store| {
            for _ in 0..20 {
                let rows = worlds.iter().flat_map(|world| {
                    [
                        counted(world, 1, Metric::SignIns, 1),
                        counted(world, 0, tokens, 2),
                        counted(world, 1, Metric::Limited, 3),
                    ]
                });
                store.add_stats(rows.collect()).await.unwrap();
            }
        };
        let beside = grantor_store::Store::open(grantor_store::Options::new(database.url())).await.unwrap();
        tokio::join!(node(database.store()), node(&beside));
        let expected = |factor: u64| {
            vec![
                HourlyCount { hour: at(0), metric: tokens, count: 80 * factor },
                HourlyCount { hour: at(3600), metric: Metric::Limited, count: 120 * factor },
                HourlyCount { hour: at(3600), metric: Metric::SignIns, count: 40 * factor },
            ]
        };
        for world in &worlds {
            assert_eq!(world.rows().stats(at(0), at(7200)).await.unwrap(), expected(1));
            assert_eq!(world.rows().stats(at(1), at(3600)).await.unwrap(), vec![]);
        }
        assert_eq!(database.store().platform_stats(at(0), at(7200)).await.unwrap(), expected(2));
        // What a newer version counts is no concern of this one.
        database.execute("UPDATE stats SET metric = 'moons' WHERE metric = 'limited'").await;
        assert_eq!(worlds[0].rows().stats(at(0), at(7200)).await.unwrap().len(), 2);
        // A tenant's leave with it; what the platform did stays done.
        worlds[0].delete().await;
        assert_eq!(worlds[0].rows().stats(at(0), at(7200)).await.unwrap(), vec![]);
        assert_eq!(database.store().platform_stats(at(0), at(7200)).await.unwrap(), expected(2));
    }

    async fn what_waits_and_what_is_due_is_counted(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        World::new(database.store(), "other").await;
        let mut over = world.device();
        over.expires_at = at(5);
        for device in [world.device(), over] {
            world.apply([Effect::StoreDeviceAuthorization(Box::new(device))]).await.unwrap();
        }
        for state in [KeyState::Active, KeyState::Published] {
            world.rows().insert_key(&key(world.tenant.id, state), vec![]).await.unwrap();
        }
        let present = world.rows().present(at(5), at(9)).await.unwrap();
        assert_eq!((present.devices_waiting, present.keys_rotating_soon), (1, 0));
        let present = world.rows().present(at(5), at(10)).await.unwrap();
        assert_eq!((present.devices_waiting, present.keys_rotating_soon), (1, 1));
        let platform = world.store.platform_present(at(4), at(10)).await.unwrap();
        assert_eq!((platform.devices_waiting, platform.keys_rotating_soon, platform.tenants), (2, 1, 2));
    }
}
