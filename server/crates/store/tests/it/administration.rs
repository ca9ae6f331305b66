//! What administrators write: versions, unique fields, audit events of the same transaction.

use grantor_protocol::model::{
    AuditKind, KeyState, PasswordHash, SignInIdentifier, TenantStatus, UserStatus,
};
use grantor_store::{ConsoleSession, NewTenant, RoleAssignment, Subject, WriteError, on_both_databases};

use crate::fixture::{World, at, audit, client, hash, id, key, resource, taken, tenant, user};

on_both_databases! {
    async fn a_client_is_replaced_in_the_version_that_was_seen(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let mut client = world.client.clone();
        assert_eq!(rows.client(&client.client_id).await.unwrap(), Some(client.clone()));

        client.enabled = false;
        client.metadata.client_name = "Renamed".to_owned();
        client.updated_at = at(50);
        client.created_at = at(49);
        let replaced = rows.replace_client(&client, Some(1), vec![audit(AuditKind::ClientChanged)]).await.unwrap();
        client.version = 2;
        client.created_at = world.client.created_at;
        assert_eq!(replaced, client);
        assert_eq!(rows.client(&client.client_id).await.unwrap(), Some(client.clone()));

        let stale = rows.replace_client(&client, Some(1), vec![audit(AuditKind::ClientChanged)]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 1, "a write that failed left an event");
        assert_eq!(rows.replace_client(&client, None, vec![]).await.unwrap().version, 3);

        let unknown = crate::fixture::client(world.tenant.id, "unknown");
        let missing = rows.replace_client(&unknown, None, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
    }

    async fn a_client_goes_with_all_it_was_given(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let (grant, code, token) = world.issued().await;
        let consent = world.consent("openid", &[]);
        world.apply([grantor_protocol::Effect::StoreConsent(Box::new(consent))]).await.unwrap();
        let client_id = &world.client.client_id;
        let subject = Subject::Client(client_id.clone());
        let role = RoleAssignment { subject: subject.clone(), role: "auditor".to_owned(), scope: None };
        rows.assign(&role, None, at(1), vec![]).await.unwrap();

        let stale = rows.delete_client(client_id, Some(7), vec![]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        rows.delete_client(client_id, Some(1), vec![audit(AuditKind::ClientChanged)]).await.unwrap();
        assert_eq!(rows.client(client_id).await.unwrap(), None);
        assert_eq!(rows.grant(grant.id).await.unwrap(), None);
        assert_eq!(rows.code_with_grant(&code.hash).await.unwrap(), None);
        assert_eq!(rows.refresh_token_with_grant(&token.hash).await.unwrap(), None);
        assert_eq!(rows.consents_of(world.user.id).await.unwrap(), []);
        assert_eq!(rows.assignments_of(&subject).await.unwrap(), []);
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 1);
        let again = rows.delete_client(client_id, None, vec![]).await;
        assert!(matches!(again, Err(WriteError::NotFound)), "{again:?}");
    }

    async fn a_protected_resource_is_replaced_in_the_version_that_was_seen(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let mut held = resource(world.tenant.id, "https://api.example");
        let event = || vec![audit(AuditKind::ResourceChanged)];
        rows.create_protected_resource(&held, event()).await.unwrap();
        assert_eq!(taken(rows.create_protected_resource(&held, event()).await), "identifier");
        assert_eq!(rows.protected_resource(&held.identifier).await.unwrap(), Some(held.clone()));

        held.settings.scopes.clear();
        held.updated_at = at(50);
        held.created_at = at(49);
        let replaced = rows.replace_protected_resource(&held, Some(1), event()).await.unwrap();
        (held.version, held.created_at) = (2, at(1));
        assert_eq!(replaced, held);
        let stale = rows.replace_protected_resource(&held, Some(1), event()).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        let stale = rows.delete_protected_resource(&held.identifier, Some(1), event()).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        rows.delete_protected_resource(&held.identifier, Some(2), event()).await.unwrap();
        assert_eq!(rows.protected_resources().await.unwrap(), []);
        let missing = rows.delete_protected_resource(&held.identifier, None, event()).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        let missing = rows.replace_protected_resource(&held, None, event()).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 3, "only what was written has an event");
    }

    async fn a_user_signs_in_by_name_or_address_in_any_case(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let mut doctors = user(world.tenant.id, "\u{c4}rzte");
        doctors.email = None;
        rows.create_user(&doctors, vec![]).await.unwrap();
        // Another's name is Alice's address: the name counts.
        let mut impostor = user(world.tenant.id, "alice@mail.example");
        impostor.email = None;
        for (login, expected) in [
            ("alice", Some(&world.user)),
            ("ALICE", Some(&world.user)),
            ("alice@MAIL.example", Some(&world.user)),
            ("\u{e4}RZTE", Some(&doctors)),
            ("alic", None),
            ("%", None),
            ("ali\0ce", None),
        ] {
            assert_eq!(rows.user_by_login(login, SignInIdentifier::UsernameOrEmail).await.unwrap().as_ref(), expected, "{login}");
        }
        rows.create_user(&impostor, vec![]).await.unwrap();
        let login = "Alice@mail.example";
        for (identifier, expected) in [
            (SignInIdentifier::UsernameOrEmail, &impostor),
            (SignInIdentifier::Username, &impostor),
            (SignInIdentifier::Email, &world.user),
        ] {
            assert_eq!(rows.user_by_login(login, identifier).await.unwrap().as_ref(), Some(expected));
        }
        assert_eq!(rows.user_by_login("alice", SignInIdentifier::Email).await.unwrap(), None);
    }

    async fn a_user_is_replaced_but_for_the_password(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let mut changed = world.user.clone();
        changed.email = None;
        changed.status = UserStatus::Locked;
        changed.password = None;
        let replaced = rows.replace_user(&changed, Some(1), None, vec![]).await.unwrap();
        changed.version = 2;
        changed.password = world.user.password.clone();
        assert_eq!(replaced, changed);
        let stale = rows.replace_user(&changed, Some(1), None, vec![]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");

        let password = PasswordHash::from_phc("$argon2id$another");
        let event = vec![audit(AuditKind::UserChanged)];
        rows.set_user_password(changed.id, password.clone(), at(70), event.clone()).await.unwrap();
        let found = rows.user(changed.id).await.unwrap().unwrap();
        assert_eq!((found.password, found.version, found.updated_at), (Some(password), 3, at(70)));
        let nobody = rows.set_user_password(id(), PasswordHash::from_phc("x"), at(70), event).await;
        assert!(matches!(nobody, Err(WriteError::NotFound)), "{nobody:?}");
    }

    async fn a_user_goes_with_all_they_have(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let (grant, ..) = world.issued().await;
        let session = world.session();
        world.apply([grantor_protocol::Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        let console = world.console_session(&session);
        rows.store_console_session(console.clone()).await.unwrap();
        let subject = Subject::User(world.user.id);
        let role = RoleAssignment { subject: subject.clone(), role: "auditor".to_owned(), scope: None };
        rows.assign(&role, None, at(1), vec![]).await.unwrap();

        rows.delete_user(world.user.id, None, vec![]).await.unwrap();
        assert_eq!(rows.user(world.user.id).await.unwrap(), None);
        assert_eq!(rows.grant(grant.id).await.unwrap(), None);
        assert_eq!(rows.session(session.id).await.unwrap(), None);
        assert_eq!(rows.console_session(&console.hash).await.unwrap(), None);
        assert_eq!(rows.assignments_of(&subject).await.unwrap(), []);
    }

    async fn a_unique_field_that_is_taken_is_named(database: TestDatabase) {
        let store = database.store();
        let world = World::new(store, "acme").await;
        let rows = world.rows();
        let mut name = user(world.tenant.id, "ALICE");
        name.email = None;
        let mut address = user(world.tenant.id, "bob");
        address.email = Some("alice@mail.EXAMPLE".to_owned());
        let mut same_id = user(world.tenant.id, "carol");
        same_id.id = world.user.id;
        assert_eq!(taken(rows.create_user(&name, vec![]).await), "username");
        assert_eq!(taken(rows.create_user(&address, vec![]).await), "email");
        assert_eq!(taken(rows.create_user(&same_id, vec![]).await), "id");
        let bob = user(world.tenant.id, "bob");
        rows.create_user(&bob, vec![]).await.unwrap();
        let renamed = grantor_protocol::model::User { username: "alice".to_owned(), ..bob };
        assert_eq!(taken(rows.replace_user(&renamed, None, None, vec![]).await), "username");
        assert_eq!(taken(rows.create_client(&client(world.tenant.id, "app"), vec![]).await), "client_id");

        let create = async |tenant| {
                let new = NewTenant { tenant, keys: vec![], audit: vec![] };
                store.tenants().create(new).await
            };
        let mut same_slug = tenant("acme");
        same_slug.issuer = "https://elsewhere.example".to_owned();
        assert_eq!(taken(create(same_slug).await), "slug");
        let mut same_issuer = tenant("globex");
        same_issuer.issuer = world.tenant.issuer.clone();
        assert_eq!(taken(create(same_issuer).await), "issuer");
        // What is unique is so in its tenant.
        World::new(store, "initech").await;
    }

    async fn a_tenant_is_made_with_its_keys_changed_and_found(database: TestDatabase) {
        let tenants = database.store().tenants();
        let mut acme = tenant("acme");
        let keys = vec![key(acme.id, KeyState::Active), key(acme.id, KeyState::Published)];
        let new = NewTenant {
            tenant: acme.clone(),
            keys: keys.clone(),
            audit: vec![audit(AuditKind::TenantChanged)],
        };
        tenants.create(new).await.unwrap();
        assert_eq!(tenants.by_slug("acme").await.unwrap(), Some(acme.clone()));
        assert_eq!(tenants.by_slug("ACME").await.unwrap(), None);
        assert_eq!(tenants.by_id(acme.id).await.unwrap(), Some(acme.clone()));
        assert_eq!(database.store().tenant(acme.id).signing_keys().await.unwrap(), keys);

        acme.status = TenantStatus::Suspended;
        acme.settings.branding.primary_color = Some("#123456".to_owned());
        let updated = tenants.update(&acme, Some(1), vec![audit(AuditKind::TenantChanged)]).await.unwrap();
        acme.version = 2;
        assert_eq!(updated, acme);
        let stale = tenants.update(&acme, Some(1), vec![]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        let missing = tenants.update(&tenant("globex"), None, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        assert_eq!(database.store().tenant(acme.id).audit_events(10).await.unwrap().len(), 2);
    }

    async fn a_tenant_that_cannot_be_made_leaves_nothing(database: TestDatabase) {
        let acme = tenant("acme");
        let twice = key(acme.id, KeyState::Retired);
        let keys = vec![twice.clone(), twice];
        let new = NewTenant { tenant: acme.clone(), keys, audit: vec![] };
        assert_eq!(taken(database.store().tenants().create(new).await), "id");
        assert_eq!(database.store().tenants().by_id(acme.id).await.unwrap(), None);
    }

    async fn console_sessions_end(database: TestDatabase) {
        let world = World::new(database.store(), "system").await;
        let rows = world.rows();
        let session = world.session();
        world.apply([grantor_protocol::Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        let console = world.console_session(&session);
        rows.store_console_session(console.clone()).await.unwrap();
        let expected = Some((console.clone(), session.clone(), world.user.clone()));
        assert_eq!(rows.console_session(&console.hash).await.unwrap(), expected);
        for _ in 0..2 {
            rows.end_console_session(&console.hash).await.unwrap();
        }
        assert_eq!(rows.console_session(&console.hash).await.unwrap(), None);
        // Without the session that it came from it is none.
        let orphan = ConsoleSession { session_id: id(), ..world.console_session(&session) };
        rows.store_console_session(orphan.clone()).await.unwrap();
        assert_eq!(rows.console_session(&orphan.hash).await.unwrap(), None);
        let nobody = ConsoleSession { user_id: id(), ..world.console_session(&session) };
        let refused = rows.store_console_session(nobody).await;
        assert!(matches!(refused, Err(WriteError::NotFound)), "{refused:?}");
    }

    async fn the_master_key_is_recognised(database: TestDatabase) {
        let installation = database.store().installation();
        assert_eq!(installation.master_key_check().await.unwrap(), None);
        assert!(installation.put_master_key_check(vec![1, 2]).await.unwrap());
        assert!(!installation.put_master_key_check(vec![3]).await.unwrap());
        assert_eq!(installation.master_key_check().await.unwrap(), Some(vec![1, 2]));
    }

    async fn one_setup_link_works_once(database: TestDatabase) {
        let installation = database.store().installation();
        assert!(!installation.has_open_setup_token(at(0)).await.unwrap());
        let (used, other) = (hash(), hash());
        for token in [used, other] {
            installation.put_setup_token(token, at(10)).await.unwrap();
        }
        assert!(installation.has_open_setup_token(at(9)).await.unwrap());
        assert!(!installation.has_open_setup_token(at(10)).await.unwrap());
        assert!(!installation.consume_setup_token(used, at(10)).await.unwrap(), "it has expired");
        assert!(!installation.consume_setup_token(hash(), at(1)).await.unwrap(), "it never was");
        let (one, two) = tokio::join!(
            installation.consume_setup_token(used, at(1)),
            installation.consume_setup_token(used, at(1)),
        );
        assert_ne!(one.unwrap(), two.unwrap(), "exactly one is told yes");
        assert!(!installation.consume_setup_token(other, at(1)).await.unwrap(), "the others are closed");
    }
}
