//! Every effect does what it says, and what was stored is what is read.

use grantor_protocol::Effect;
use grantor_protocol::model::{AuditKind, KnownBrowser, RevocationReason, Session, SignOutRevokes};
use grantor_store::{AccessTokenState, ApplyError, Error, on_both_databases};

use crate::fixture::{World, at, audit, hash, id, scope};

on_both_databases! {
    async fn an_interaction_is_stored_signed_in_and_completed(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut interaction = world.interaction();
        world.apply([Effect::StoreInteraction(Box::new(interaction.clone()))]).await.unwrap();
        assert_eq!(world.rows().interaction(interaction.id).await.unwrap(), Some(interaction.clone()));

        let session = id();
        world.apply([Effect::RecordSignIn { interaction: interaction.id, session }]).await.unwrap();
        world.apply([Effect::CompleteInteraction { interaction: interaction.id, at: at(9) }]).await.unwrap();
        interaction.signed_in = Some(session);
        interaction.completed_at = Some(at(9));
        assert_eq!(world.rows().interaction(interaction.id).await.unwrap(), Some(interaction));
    }

    async fn a_pushed_request_is_stored_and_consumed(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut pushed = world.pushed_request();
        world.apply([Effect::StorePushedAuthorizationRequest(Box::new(pushed.clone()))]).await.unwrap();
        let found = world.rows().pushed_authorization_request(&pushed.hash).await.unwrap();
        assert_eq!(found, Some(pushed.clone()));
        world
            .apply([Effect::ConsumePushedAuthorizationRequest { hash: pushed.hash, at: at(9) }])
            .await
            .unwrap();
        pushed.consumed_at = Some(at(9));
        assert_eq!(world.rows().pushed_authorization_request(&pushed.hash).await.unwrap(), Some(pushed));
        assert_eq!(world.rows().pushed_authorization_request(&hash()).await.unwrap(), None);
    }

    async fn a_session_is_stored_and_ends_once(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut session = world.session();
        world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        let found = world.rows().session_by_secret(&session.secret).await.unwrap();
        assert_eq!(found, Some((session.clone(), world.user.clone())));

        for seconds in [20, 30] {
            let (session, revokes) = (session.id, SignOutRevokes::None);
            world.apply([Effect::EndSession { session, revokes, at: at(seconds) }]).await.unwrap();
        }
        session.ended_at = Some(at(20));
        assert_eq!(world.rows().session(session.id).await.unwrap(), Some(session));
        assert_eq!(world.rows().session_by_secret(&hash()).await.unwrap(), None);
    }

    async fn a_session_is_renewed(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let session = world.session();
        world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        let renewed = Session {
            secret: hash(),
            authenticated_at: at(40),
            amr: vec!["pwd".to_owned()],
            expires_at: at(4000),
            ..session.clone()
        };
        world.apply([Effect::RenewSession(Box::new(renewed.clone()))]).await.unwrap();
        let rows = world.rows();
        assert_eq!(rows.session_by_secret(&session.secret).await.unwrap(), None, "the old cookie");
        let found = rows.session_by_secret(&renewed.secret).await.unwrap();
        assert_eq!(found, Some((renewed, world.user.clone())));
    }

    /// OpenID Connect Core §11: grants for the time after the session outlive it, unless the tenant says otherwise.
    async fn a_session_takes_its_grants_along(database: TestDatabase) {
        use SignOutRevokes::{All, None, Online};
        for (revokes, online_ends, offline_ends) in
            [(None, false, false), (Online, true, false), (All, true, true)]
        {
            let world = World::new(database.store(), &format!("acme-{revokes:?}").to_lowercase()).await;
            let (ended, other) = (world.session(), world.session());
            for session in [&ended, &other] {
                world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
            }
            let mut grants = vec![];
            for (session, text, ends) in [
                (&ended, "openid", online_ends),
                (&ended, "openid my_offline_access", online_ends),
                (&ended, "openid offline_access", offline_ends),
                (&other, "openid", false),
            ] {
                let mut grant = world.grant();
                grant.scope = scope(text);
                grant.authentication.session_id = session.id;
                world.apply([Effect::StoreGrant(Box::new(grant.clone()))]).await.unwrap();
                grants.push((grant, ends));
            }
            let session = ended.id;
            world.apply([Effect::EndSession { session, revokes, at: at(20) }]).await.unwrap();
            for (grant, ends) in &grants {
                let found = world.rows().grant(grant.id).await.unwrap().unwrap();
                let expected = ends.then_some((at(20), RevocationReason::SignedOut));
                assert_eq!(found.revoked_at.zip(found.revocation_reason), expected, "{revokes:?} {}", grant.scope);
            }
            // Whoever was still deciding when the session ended decides once more.
            let mut late = world.grant();
            late.authentication.session_id = session;
            let store = Effect::StoreGrant(Box::new(late.clone()));
            let refused = world.apply([store.clone(), Effect::TouchSession { session }]).await;
            assert!(matches!(refused, Err(ApplyError::Conflict)), "{refused:?}");
            assert_eq!(world.rows().grant(late.id).await.unwrap(), Option::None);
            let session = other.id;
            world.apply([store, Effect::TouchSession { session }]).await.unwrap();
        }
    }

    async fn codes_and_refresh_tokens_come_with_their_grant(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (grant, mut code, mut token) = world.issued().await;
        assert_eq!(world.rows().grant(grant.id).await.unwrap(), Some(grant.clone()));
        assert_eq!(world.rows().code_with_grant(&code.hash).await.unwrap(), Some((code.clone(), grant.clone())));

        let successor = world.refresh_token(&grant);
        world
            .apply([
                Effect::TouchGrant { grant: grant.id },
                Effect::ConsumeAuthorizationCode { hash: code.hash, at: at(7) },
                Effect::RotateRefreshToken { hash: token.hash, at: at(8) },
                Effect::StoreRefreshToken(Box::new(successor.clone())),
            ])
            .await
            .unwrap();
        code.consumed_at = Some(at(7));
        token.rotated_at = Some(at(8));
        let rows = world.rows();
        assert_eq!(rows.code_with_grant(&code.hash).await.unwrap(), Some((code, grant.clone())));
        assert_eq!(
            rows.refresh_token_with_grant(&token.hash).await.unwrap(),
            Some((token.clone(), grant.clone()))
        );
        assert_eq!(
            rows.refresh_token_with_grant(&successor.hash).await.unwrap(),
            Some((successor.clone(), grant))
        );
        assert_eq!(rows.code_with_grant(&hash()).await.unwrap(), None);
        assert_eq!(rows.refresh_token_with_grant(&hash()).await.unwrap(), None);
    }

    async fn the_first_revocation_of_a_grant_counts(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let ((first, ..), (second, ..)) = (world.issued().await, world.issued().await);
        let reason = RevocationReason::RefreshTokenReplayed;
        world.apply([Effect::RevokeGrant { grant: first.id, reason, at: at(10) }]).await.unwrap();
        world
            .apply([Effect::RevokeGrantsOf {
                user: world.user.id,
                client_id: world.client.client_id.clone(),
                reason: RevocationReason::RevokedByUser,
                at: at(11),
            }])
            .await
            .unwrap();
        let revocation = async |id| {
            let grant = world.rows().grant(id).await.unwrap().unwrap();
            (grant.revoked_at.unwrap(), grant.revocation_reason.unwrap())
        };
        assert_eq!(revocation(first.id).await, (at(10), reason));
        assert_eq!(revocation(second.id).await, (at(11), RevocationReason::RevokedByUser));
    }

    async fn signing_out_everywhere_ends_sessions_and_grants(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (grant, ..) = world.issued().await;
        let session = world.session();
        let browser = world.known_browser();
        let effects = [
            Effect::StoreSession(Box::new(session.clone())),
            Effect::StoreKnownBrowser(Box::new(browser.clone())),
        ];
        world.apply(effects).await.unwrap();
        let (user, reason) = (world.user.id, RevocationReason::RevokedByAdministrator);
        world.apply([Effect::SignOutEverywhere { user, reason, at: at(9) }]).await.unwrap();
        let session = world.rows().session(session.id).await.unwrap().unwrap();
        let grant = world.rows().grant(grant.id).await.unwrap().unwrap();
        assert_eq!(session.ended_at, Some(at(9)));
        assert_eq!((grant.revoked_at, grant.revocation_reason), (Some(at(9)), Some(reason)));
        let held = world.rows().authenticators(user, Some(&browser.hash), at(10)).await.unwrap();
        assert_eq!(held.browser, Some(KnownBrowser { trusted_until: None, ..browser }));
    }

    async fn a_locked_user_gives_no_grant(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut user = world.user.clone();
        user.status = grantor_protocol::model::UserStatus::Locked;
        world.rows().replace_user(&user, None, None, vec![]).await.unwrap();
        let grant = world.grant();
        let refused = world.apply([Effect::StoreGrant(Box::new(grant.clone()))]).await;
        assert!(matches!(refused, Err(grantor_store::ApplyError::Conflict)));
        assert_eq!(world.rows().grant(grant.id).await.unwrap(), None);
    }

    async fn introspection_learns_of_a_token_and_its_grant(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (grant, ..) = world.issued().await;
        let token = id();
        let state = async |grant| world.rows().access_token_state(token, grant).await.unwrap();
        assert_eq!(state(Some(grant.id)).await, AccessTokenState { revoked: false, grant_revoked: false });
        assert_eq!(state(None).await, AccessTokenState { revoked: false, grant_revoked: false });
        assert!(state(Some(id())).await.grant_revoked, "a grant that is gone gives nothing");

        // Twice, for a revocation may be asked for again.
        for _ in 0..2 {
            world.apply([Effect::RevokeAccessToken { id: token, expires_at: at(600) }]).await.unwrap();
        }
        assert_eq!(state(Some(grant.id)).await, AccessTokenState { revoked: true, grant_revoked: false });
        assert!(world.rows().is_access_token_revoked(token).await.unwrap());
        assert!(!world.rows().is_access_token_revoked(id()).await.unwrap());

        let reason = RevocationReason::RevokedByClient;
        world.apply([Effect::RevokeGrant { grant: grant.id, reason, at: at(10) }]).await.unwrap();
        assert_eq!(state(Some(grant.id)).await, AccessTokenState { revoked: true, grant_revoked: true });
    }

    async fn an_opaque_access_token_is_its_claims(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let token = world.access_token();
        world.apply([Effect::StoreAccessToken(Box::new(token.clone()))]).await.unwrap();
        assert_eq!(world.rows().opaque_access_token(&token.hash).await.unwrap(), Some(token.claims));
        assert_eq!(world.rows().opaque_access_token(&hash()).await.unwrap(), None);
    }

    async fn consents_add_up_until_they_are_forgotten(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        for (scopes, resources) in [("openid", &["https://a.example"][..]), ("email openid", &["https://b.example"])] {
            world.apply([Effect::StoreConsent(Box::new(world.consent(scopes, resources)))]).await.unwrap();
        }
        let expected = world.consent("openid email", &["https://a.example", "https://b.example"]);
        let (user, client_id) = (world.user.id, world.client.client_id.clone());
        assert_eq!(world.rows().consent(user, &client_id).await.unwrap(), Some(expected.clone()));
        let name = Some(world.client.metadata.client_name.clone());
        assert_eq!(world.rows().consents_of(user).await.unwrap(), [(expected, name)]);

        world.apply([Effect::ForgetConsent { user, client_id: client_id.clone() }]).await.unwrap();
        assert_eq!(world.rows().consent(user, &client_id).await.unwrap(), None);
    }

    async fn two_consents_at_a_time_lose_nothing(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let give = async |token: &str| {
            let effect = || [Effect::StoreConsent(Box::new(world.consent(token, &[])))];
            while crate::fixture::is_conflict(&world.apply(effect()).await) {}
        };
        tokio::join!(give("a"), give("b"), give("c"), give("d"), give("e"), give("f"));
        let consent = world.rows().consent(world.user.id, &world.client.client_id).await.unwrap().unwrap();
        assert!(scope("a b c d e f").is_subset(&consent.scope), "{}", consent.scope);
    }

    async fn an_assertion_is_spent_for_its_client_only(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (client_id, jti) = (world.client.client_id.clone(), hash());
        assert!(!world.rows().is_assertion_spent(&client_id, &jti).await.unwrap());
        let spend = Effect::SpendAssertion { client_id: client_id.clone(), jti, expires_at: at(60) };
        world.apply([spend]).await.unwrap();
        assert!(world.rows().is_assertion_spent(&client_id, &jti).await.unwrap());
        assert!(!world.rows().is_assertion_spent(&client_id, &hash()).await.unwrap());
        let other = crate::fixture::client(world.tenant.id, "other").client_id;
        let spend = Effect::SpendAssertion { client_id: other, jti, expires_at: at(60) };
        world.apply([spend]).await.unwrap();
    }

    /// RFC 9449 §11.1: a key is no client, also when a client has its thumbprint for a name.
    async fn a_proof_is_spent_for_its_key_only(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (key, jti) = ("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", hash());
        let spend = || Effect::SpendProof { key: key.to_owned(), jti, expires_at: at(60) };
        assert!(!world.rows().is_proof_spent(key, &jti).await.unwrap());
        world.apply([spend()]).await.unwrap();
        assert!(world.rows().is_proof_spent(key, &jti).await.unwrap());
        assert!(!world.rows().is_proof_spent("other", &jti).await.unwrap());
        assert!(!world.rows().is_proof_spent(key, &hash()).await.unwrap());
        assert!(matches!(world.apply([spend()]).await, Err(grantor_store::ApplyError::Conflict)));
        let named_so = crate::fixture::client(world.tenant.id, key).client_id;
        assert!(!world.rows().is_assertion_spent(&named_so, &jti).await.unwrap());
        world.apply([Effect::SpendAssertion { client_id: named_so, jti, expires_at: at(60) }]).await.unwrap();
    }

    async fn audit_events_are_read_newest_first(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut events = [AuditKind::SignInSucceeded, AuditKind::GrantRevoked, AuditKind::SignedOut].map(audit);
        events[1].at = at(50);
        world.apply(events.clone().map(|event| Effect::RecordAudit(Box::new(event)))).await.unwrap();
        let expected = [events[1].clone(), events[2].clone()];
        assert_eq!(world.rows().audit_events(2).await.unwrap(), expected);
    }

    async fn no_effects_are_no_work(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let before = database.store().write_statistics();
        world.apply([]).await.unwrap();
        assert_eq!(database.store().write_statistics(), before);
    }

    async fn a_value_that_cannot_be_read_names_its_column(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        database.execute("UPDATE users SET status = 'lost'").await;
        match world.rows().user(world.user.id).await {
            Err(Error::Corrupt { column, .. }) => assert_eq!(column, "users.status"),
            other => panic!("{other:?}"),
        }
    }
}
