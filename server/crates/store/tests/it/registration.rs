//! Clients that register themselves.

use grantor_protocol::model::{
    AuditKind, Client, ClientId, ClientOrigin, InitialAccessToken, InitialAccessTokenSettings,
    RegistrationBounds, RevocationReason,
};
use grantor_protocol::{Effect, SecretHash};
use grantor_store::{ClientFilter, Page, WriteError, on_both_databases};
use tokio::task::JoinSet;

use crate::fixture::{World, at, audit, client, hash, id, is_foreign, scope, taken};

impl World {
    /// A client of this name that registered itself, not stored.
    pub fn self_made(&self, client_id: &str, fingerprint: Option<SecretHash>) -> Client {
        let bounds = Some(Box::new(RegistrationBounds { scope: Some(scope("a")), ..Default::default() }));
        let origin =
            ClientOrigin::Registration { token: Some(hash()), fingerprint, bounds, software_statement: None };
        Client { origin, ..client(self.tenant.id, client_id) }
    }

    pub fn initial_access_token(&self, uses_left: Option<u32>) -> InitialAccessToken {
        let bounds = RegistrationBounds { grant_types: Some(vec![]), ..RegistrationBounds::default() };
        InitialAccessToken {
            tenant_id: self.tenant.id,
            id: id(),
            hash: hash(),
            settings: InitialAccessTokenSettings { name: "for the shop".to_owned(), bounds },
            uses_left,
            created_at: at(0),
            expires_at: at(100),
        }
    }

    async fn register(&self, client: &Client, token: Option<&InitialAccessToken>) -> Result<(), WriteError> {
        let audit = vec![audit(AuditKind::ClientRegistered)];
        self.rows().register_client(client, at(1000), token.map(|token| token.id), audit).await
    }

    async fn is_there(&self, client_id: &ClientId) -> bool {
        self.rows().client(client_id).await.unwrap().is_some()
    }
}

fn is_over(result: &Result<(), WriteError>) -> bool {
    matches!(result, Err(WriteError::VersionMismatch))
}

on_both_databases! {
    /// RFC 7591 §3: as often and as long as the token says, and not once more.
    async fn an_initial_access_token_is_used_up(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let token = world.initial_access_token(Some(2));
        world.rows().create_initial_access_token(&token, vec![]).await.unwrap();
        assert_eq!(world.rows().initial_access_token_by_hash(&token.hash).await.unwrap(), Some(token.clone()));
        for name in ["one", "two"] {
            world.register(&world.self_made(name, None), Some(&token)).await.unwrap();
        }
        let third = world.self_made("three", None);
        assert!(is_over(&world.register(&third, Some(&token)).await));
        assert!(!world.is_there(&third.client_id).await);
        assert_eq!(world.rows().initial_access_token(token.id).await.unwrap().unwrap().uses_left, Some(0));

        let unlimited = world.initial_access_token(None);
        world.rows().create_initial_access_token(&unlimited, vec![]).await.unwrap();
        world.register(&third, Some(&unlimited)).await.unwrap();
        assert_eq!(world.rows().client(&third.client_id).await.unwrap(), Some(third));
        let late = Client { created_at: at(100), ..world.self_made("late", None) };
        assert!(is_over(&world.register(&late, Some(&unlimited)).await));
        world.rows().delete_initial_access_token(unlimited.id, vec![]).await.unwrap();
        assert!(is_over(&world.register(&world.self_made("deleted", None), Some(&unlimited)).await));
        let again = world.rows().delete_initial_access_token(unlimited.id, vec![]).await;
        assert!(matches!(again, Err(WriteError::NotFound)));
    }

    async fn many_race_for_the_last_use(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let token = world.initial_access_token(Some(3));
        world.rows().create_initial_access_token(&token, vec![]).await.unwrap();
        let mut attempts = JoinSet::new();
        for number in 0..100 {
            let (store, token, tenant) = (world.store.clone(), token.id, world.tenant.id);
            let client = world.self_made(&format!("c{number}"), None);
            attempts.spawn(async move {
                store.tenant(tenant).register_client(&client, at(1000), Some(token), vec![]).await
            });
        }
        let results = attempts.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
        assert!(results.iter().all(|result| result.is_ok() || is_over(result)));
        let page = Page { limit: 200, ..Page::default() };
        assert_eq!(world.rows().list_clients(&page, ClientFilter::default()).await.unwrap().items.len(), 1 + 3);
    }

    async fn the_same_registration_is_found_and_not_made_twice(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let other = World::new(database.store(), "other").await;
        let fingerprint = hash();
        let first = world.self_made("first", Some(fingerprint));
        world.register(&first, None).await.unwrap();
        let second = world.self_made("second", Some(fingerprint));
        assert_eq!(taken(world.register(&second, None).await), "registration");
        assert_eq!(world.rows().client_by_registration(&fingerprint).await.unwrap(), Some(first.clone()));
        assert_eq!(other.rows().client_by_registration(&fingerprint).await.unwrap(), None);
        other.register(&other.self_made("first", Some(fingerprint)), None).await.unwrap();
        // One that is not to be found collides with nothing.
        for name in ["third", "fourth"] {
            world.register(&world.self_made(name, None), None).await.unwrap();
        }
        assert!(is_foreign(&other.register(&first, None).await));
        let token = world.initial_access_token(None);
        world.rows().create_initial_access_token(&token, vec![]).await.unwrap();
        assert!(is_over(&other.register(&other.self_made("thief", None), Some(&token)).await));
        assert_eq!(other.rows().initial_access_token(token.id).await.unwrap(), None);
        assert_eq!(other.rows().initial_access_token_by_hash(&token.hash).await.unwrap(), None);
        assert!(is_foreign(&other.rows().create_initial_access_token(&token, vec![]).await));
        assert!(other.rows().delete_initial_access_token(token.id, vec![]).await.is_err());
    }

    async fn the_unused_leave_and_the_living_stay(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let names = ["unused", "used", "refreshing", "redeeming", "revoked", "spent"];
        for name in names {
            world.register(&world.self_made(name, None), None).await.unwrap();
            if ["unused", "used"].contains(&name) {
                continue;
            }
            let mut grant = world.grant();
            grant.client_id = ClientId::parse(name).unwrap();
            let (mut code, mut token) = (world.code(&grant), world.refresh_token(&grant));
            code.expires_at = if name == "redeeming" { at(2000) } else { at(64) };
            token.expires_at = if name == "redeeming" || name == "spent" { at(64) } else { at(2000) };
            let mut effects = vec![
                Effect::StoreGrant(Box::new(grant.clone())),
                Effect::StoreAuthorizationCode(Box::new(code)),
                Effect::StoreRefreshToken(Box::new(token)),
            ];
            if name == "revoked" {
                let reason = RevocationReason::RevokedByUser;
                effects.push(Effect::RevokeGrant { grant: grant.id, reason, at: at(9) });
            }
            world.apply(effects).await.unwrap();
        }
        let id = |name: &str| ClientId::parse(name).unwrap();
        let extend = |name: &str| Effect::ExtendClientLife { client_id: id(name), until: at(1001) };
        world.apply([extend("used"), extend("app")]).await.unwrap();
        // An earlier end is no extension.
        world.apply([Effect::ExtendClientLife { client_id: id("used"), until: at(5) }]).await.unwrap();

        assert_eq!(world.store.unused_clients(at(999), 10).await.unwrap(), []);
        let due = world.store.unused_clients(at(1000), 10).await.unwrap();
        let mut due: Vec<_> = due.into_iter().map(|unused| unused.client_id.to_string()).collect();
        due.sort();
        assert_eq!(due, ["redeeming", "refreshing", "revoked", "spent", "unused"]);
        assert_eq!(world.store.unused_clients(at(1000), 2).await.unwrap().len(), 2);
        for name in names.into_iter().chain(["app"]) {
            let event = vec![audit(AuditKind::ClientExpired)];
            let deleted = world.rows().delete_unused_client(&id(name), at(1000), event).await;
            let expected = ["unused", "revoked", "spent"].contains(&name);
            assert_eq!(deleted.is_ok(), expected, "{name}");
            assert_eq!(world.is_there(&id(name)).await, !expected, "{name}");
        }
        let expired = world.rows().audit_events(100).await.unwrap();
        assert_eq!(expired.iter().filter(|event| event.kind == AuditKind::ClientExpired).count(), 3);
    }

    async fn a_consent_to_what_a_client_was_is_none_to_what_it_is(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut consent = world.consent("openid email", &["https://a.example"]);
        world.apply([Effect::StoreConsent(Box::new(consent.clone()))]).await.unwrap();
        consent.scope = scope("openid");
        consent.resources.clear();
        consent.client_fingerprint = Some(hash());
        world.apply([Effect::StoreConsent(Box::new(consent.clone()))]).await.unwrap();
        let stored = world.rows().consent(world.user.id, &world.client.client_id).await.unwrap();
        assert_eq!(stored, Some(consent));
    }
}
