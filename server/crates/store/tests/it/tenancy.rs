//! A tenant's handle sees nothing of another tenant and changes nothing there.

use grantor_protocol::Effect;
use grantor_protocol::model::{
    KeyState, MessageKind, PasswordHash, RevocationReason, SignInIdentifier, SignOutRevokes,
};
use grantor_store::{
    ApplyError, ClientFilter, ConsoleSession, Error, GrantFilter, KeyChange, KeyFilter, Page, RoleAssignment,
    SessionFilter, Subject, TenantStore, UserFilter, WriteError, on_both_databases,
};

use crate::fixture::{
    World, at, delivery, hash, id, identity_provider, is_conflict, is_foreign, key, message,
    upstream_sign_in, webhook,
};

/// One row of every kind, and what names them.
pub struct Possessions {
    interaction: grantor_protocol::model::Interaction,
    session: grantor_protocol::model::Session,
    grant: grantor_protocol::model::Grant,
    code: grantor_protocol::model::AuthorizationCode,
    token: grantor_protocol::model::RefreshToken,
    access_token: grantor_protocol::model::TokenId,
    jti: grantor_protocol::SecretHash,
    pushed: grantor_protocol::model::PushedAuthorizationRequest,
    key: grantor_protocol::model::SigningKeyRecord,
    console: ConsoleSession,
    role: RoleAssignment,
    resource: grantor_protocol::model::ProtectedResource,
    opaque: grantor_protocol::SecretHash,
    delivery: grantor_protocol::model::WebhookDelivery,
    link: grantor_protocol::model::OneTimeLink,
    message: grantor_protocol::model::Message,
    provider: grantor_protocol::model::IdentityProvider,
    identity: grantor_protocol::model::IdentityLink,
    upstream: grantor_protocol::model::UpstreamSignIn,
}

pub async fn possessions(world: &World) -> Possessions {
    let (grant, code, token) = world.issued().await;
    let (interaction, session) = (world.interaction(), world.session());
    let (access_token, jti) = (id(), hash());
    let opaque = world.access_token();
    let pushed = world.pushed_request();
    let link = world.link(MessageKind::Invitation);
    let message = message(world.tenant.id, 5);
    world
        .apply([
            Effect::StoreInteraction(Box::new(interaction.clone())),
            Effect::StoreSession(Box::new(session.clone())),
            Effect::StorePushedAuthorizationRequest(Box::new(pushed.clone())),
            Effect::StoreConsent(Box::new(world.consent("openid", &[]))),
            Effect::RevokeAccessToken { id: access_token, expires_at: at(600) },
            Effect::StoreAccessToken(Box::new(opaque.clone())),
            Effect::StoreOneTimeLink(Box::new(link.clone())),
            Effect::QueueMessage(Box::new(message.clone())),
            Effect::SpendAssertion { client_id: world.client.client_id.clone(), jti, expires_at: at(60) },
            Effect::RecordAudit(Box::new(crate::fixture::audit(
                grantor_protocol::model::AuditKind::SignInFailed,
            ))),
        ])
        .await
        .unwrap();
    let key = key(world.tenant.id, KeyState::Active);
    world.rows().insert_key(&key, vec![]).await.unwrap();
    let console = world.console_session(&session);
    world.rows().store_console_session(console.clone()).await.unwrap();
    let subject = Subject::User(world.user.id);
    let role = RoleAssignment { subject, role: "auditor".to_owned(), scope: None };
    world.rows().assign(&role, None, at(1), vec![]).await.unwrap();
    world.rows().create_role(&crate::fixture::role(world.tenant.id, "clerk"), vec![]).await.unwrap();
    let resource = crate::fixture::resource(world.tenant.id, "https://api.example");
    world.rows().create_protected_resource(&resource, vec![]).await.unwrap();
    let webhook = webhook(world.tenant.id);
    world.rows().create_webhook(&webhook, vec![]).await.unwrap();
    let delivery = delivery(&webhook);
    world.rows().test_webhook(&delivery, vec![]).await.unwrap();
    let provider = identity_provider(world.tenant.id, "corp");
    world.rows().create_identity_provider(&provider, vec![]).await.unwrap();
    let (identity, upstream) = (world.identity_link(&provider, "1"), upstream_sign_in(&provider));
    world
        .apply([
            Effect::StoreIdentityLink(Box::new(identity.clone())),
            Effect::StoreUpstreamSignIn(Box::new(upstream.clone())),
        ])
        .await
        .unwrap();
    let opaque = opaque.hash;
    Possessions {
        interaction,
        session,
        grant,
        code,
        token,
        access_token,
        jti,
        pushed,
        key,
        console,
        role,
        resource,
        opaque,
        delivery,
        link,
        message,
        provider,
        identity,
        upstream,
    }
}

/// Everything that a handle can read of these rows, as text: one line for every read.
pub async fn everything(rows: &TenantStore<'_>, world: &World, had: &Possessions) -> Vec<String> {
    let page = Page { limit: 100, ..Page::default() };
    let (user, client_id) = (world.user.id, &world.client.client_id);
    let state = rows.access_token_state(had.access_token, Some(had.grant.id)).await.unwrap();
    vec![
        format!("{:?}", rows.interaction(had.interaction.id).await.unwrap()),
        format!("{:?}", rows.session(had.session.id).await.unwrap()),
        format!("{:?}", rows.session_by_secret(&had.session.secret).await.unwrap()),
        format!("{:?}", rows.grant(had.grant.id).await.unwrap()),
        format!("{:?}", rows.code_with_grant(&had.code.hash).await.unwrap()),
        format!("{:?}", rows.refresh_token_with_grant(&had.token.hash).await.unwrap()),
        format!("{:?}", rows.pushed_authorization_request(&had.pushed.hash).await.unwrap()),
        format!("{:?}", rows.client(client_id).await.unwrap()),
        format!("{:?}", rows.user(user).await.unwrap()),
        format!("{:?}", rows.user_by_login("alice", SignInIdentifier::UsernameOrEmail).await.unwrap()),
        format!(
            "{:?}",
            rows.user_by_login("alice@mail.example", SignInIdentifier::UsernameOrEmail).await.unwrap()
        ),
        format!("{:?}", rows.consent(user, client_id).await.unwrap()),
        format!("{:?}", rows.consents_of(user).await.unwrap()),
        format!("{:?}", rows.signing_keys().await.unwrap()),
        format!("{:?}", rows.is_access_token_revoked(had.access_token).await.unwrap()),
        format!("{:?}", state.revoked),
        format!("{:?}", !state.grant_revoked),
        format!("{:?}", rows.is_assertion_spent(client_id, &had.jti).await.unwrap()),
        format!("{:?}", rows.list_clients(&page, ClientFilter::default()).await.unwrap().items),
        format!("{:?}", rows.list_users(&page, &UserFilter::default()).await.unwrap().items),
        format!("{:?}", rows.list_keys(&page, KeyFilter::default()).await.unwrap().items),
        format!("{:?}", rows.list_sessions(&page, SessionFilter::default(), at(0)).await.unwrap().items),
        format!("{:?}", rows.list_grants(&page, &GrantFilter::default()).await.unwrap().items),
        format!("{:?}", rows.protected_resource(&had.resource.identifier).await.unwrap()),
        format!("{:?}", rows.protected_resources().await.unwrap()),
        format!("{:?}", rows.list_protected_resources(&page).await.unwrap().items),
        format!("{:?}", rows.opaque_access_token(&had.opaque).await.unwrap()),
        format!("{:?}", rows.console_session(&had.console.hash).await.unwrap()),
        format!("{:?}", rows.assignments().await.unwrap()),
        format!("{:?}", rows.assignments_for(None).await.unwrap()),
        format!("{:?}", rows.assignment(&had.role).await.unwrap()),
        format!("{:?}", rows.role(false, "clerk").await.unwrap()),
        format!("{:?}", rows.roles(false).await.unwrap()),
        format!("{:?}", rows.assignments_of(&had.role.subject).await.unwrap()),
        format!("{:?}", rows.webhooks().await.unwrap()),
        format!("{:?}", rows.webhook(had.delivery.webhook_id).await.unwrap()),
        format!("{:?}", rows.webhook_work(had.delivery.webhook_id).await.unwrap()),
        format!("{:?}", rows.webhook_delivery(had.delivery.webhook_id, had.delivery.event_id).await.unwrap()),
        format!(
            "{:?}",
            rows.list_webhook_deliveries(had.delivery.webhook_id, &page, None).await.unwrap().items
        ),
        format!("{:?}", rows.has_pending_webhook_deliveries(had.delivery.webhook_id, 1).await.unwrap()),
        format!("{:?}", rows.one_time_link(had.link.hash).await.unwrap()),
        format!("{:?}", rows.identity_provider(&had.provider.name).await.unwrap()),
        format!("{:?}", rows.identity_providers().await.unwrap()),
        format!("{:?}", rows.identity_link(&had.identity.provider, &had.identity.subject).await.unwrap()),
        format!("{:?}", rows.identity_links_of(user).await.unwrap()),
        format!("{:?}", rows.upstream_sign_in(&had.upstream.hash).await.unwrap()),
        format!("{:?}", rows.audit_events(100).await.unwrap()),
    ]
}

/// Effects that name another tenant's rows by identifier only. The guarded ones are conflicts, the
/// others find nothing to do.
fn effects_by_identifier(world: &World, had: &Possessions) -> Vec<(bool, Effect)> {
    let (user, client_id) = (world.user.id, world.client.client_id.clone());
    let (reason, at) = (RevocationReason::RevokedByAdministrator, at(50));
    vec![
        (true, Effect::RecordSignIn { interaction: had.interaction.id, session: id() }),
        (true, Effect::CompleteInteraction { interaction: had.interaction.id, at }),
        (true, Effect::ConsumePushedAuthorizationRequest { hash: had.pushed.hash, at }),
        (true, Effect::ConsumeOneTimeLink { hash: had.link.hash, at }),
        (false, Effect::EndOneTimeLinks { user, kind: None, at }),
        (true, Effect::ProveAddress { user, address: had.link.address.clone(), at }),
        (true, Effect::SetPassword { user, password: PasswordHash::from_phc("stolen"), at }),
        (true, Effect::ConsumeUpstreamSignIn { hash: had.upstream.hash, at }),
        (true, Effect::TouchGrant { grant: had.grant.id }),
        (true, Effect::ConsumeAuthorizationCode { hash: had.code.hash, at }),
        (true, Effect::RotateRefreshToken { hash: had.token.hash, at }),
        (false, Effect::TouchSession { session: had.session.id }),
        (false, Effect::EndSession { session: had.session.id, revokes: SignOutRevokes::All, at }),
        (false, Effect::RevokeGrant { grant: had.grant.id, reason, at }),
        (false, Effect::RevokeGrantsOf { user, client_id: client_id.clone(), reason, at }),
        (false, Effect::SignOutEverywhere { user, reason, at }),
        (false, Effect::ForgetConsent { user, client_id }),
    ]
}

/// Effects whose value names its own tenant.
fn effects_by_value(world: &World, had: &Possessions) -> Vec<Effect> {
    vec![
        Effect::StoreInteraction(Box::new(world.interaction())),
        Effect::StoreSession(Box::new(world.session())),
        Effect::RenewSession(Box::new(had.session.clone())),
        Effect::StorePushedAuthorizationRequest(Box::new(world.pushed_request())),
        Effect::StoreGrant(Box::new(world.grant())),
        Effect::StoreAuthorizationCode(Box::new(world.code(&had.grant))),
        Effect::StoreRefreshToken(Box::new(world.refresh_token(&had.grant))),
        Effect::StoreConsent(Box::new(world.consent("email", &[]))),
        Effect::StoreAccessToken(Box::new(world.access_token())),
        Effect::StoreOneTimeLink(Box::new(world.link(MessageKind::Verification))),
        Effect::QueueMessage(Box::new(message(world.tenant.id, 5))),
    ]
}

fn is_missing<T>(result: &Result<T, WriteError>) -> bool {
    matches!(result, Err(WriteError::NotFound))
}

on_both_databases! {
    async fn a_foreign_handle_sees_nothing(database: TestDatabase) {
        let (owner, stranger) =
            (World::new(database.store(), "acme").await, crate::fixture::tenant("stranger"));
        let had = possessions(&owner).await;
        let nothing = ["None", "[]", "false"];
        for line in everything(&owner.rows(), &owner, &had).await {
            assert!(!nothing.contains(&line.as_str()), "the owner sees it: {line}");
        }
        let rows = database.store().tenant(stranger.id);
        for (number, line) in everything(&rows, &owner, &had).await.into_iter().enumerate() {
            assert!(nothing.contains(&line.as_str()), "read {number} gave {line}");
        }
    }

    async fn a_foreign_handle_changes_nothing(database: TestDatabase) {
        let owner = World::new(database.store(), "acme").await;
        let stranger = World::new(database.store(), "stranger").await;
        let had = possessions(&owner).await;
        let before = everything(&owner.rows(), &owner, &had).await;
        let rows = stranger.rows();

        for (guarded, effect) in effects_by_identifier(&owner, &had) {
            let name = format!("{effect:?}");
            let applied = rows.apply(vec![effect]).await;
            assert!(if guarded { is_conflict(&applied) } else { applied.is_ok() }, "{name}: {applied:?}");
        }
        for effect in effects_by_value(&owner, &had) {
            let name = format!("{effect:?}");
            let applied = rows.apply(vec![effect]).await;
            assert!(matches!(applied, Err(ApplyError::Store(Error::ForeignTenant))), "{name}");
        }
        // Rows of the stranger's own that would belong to the owner's.
        let of_owners_grant = stranger.code(&had.grant);
        let of_owners_user = grantor_protocol::model::Session { user_id: owner.user.id, ..stranger.session() };
        for effect in [
            Effect::StoreAuthorizationCode(Box::new(of_owners_grant)),
            Effect::StoreSession(Box::new(of_owners_user)),
        ] {
            let name = format!("{effect:?}");
            assert!(is_conflict(&rows.apply(vec![effect]).await), "{name}");
        }

        assert!(is_foreign(&rows.create_client(&owner.client, vec![]).await));
        assert!(is_foreign(&rows.replace_client(&owner.client, None, vec![]).await));
        assert!(is_foreign(&rows.create_user(&owner.user, vec![]).await));
        assert!(is_foreign(&rows.replace_user(&owner.user, None, None, vec![]).await));
        assert!(is_foreign(&rows.insert_key(&had.key, vec![]).await));
        assert!(is_foreign(&rows.create_protected_resource(&had.resource, vec![]).await));
        assert!(is_foreign(&rows.replace_protected_resource(&had.resource, None, vec![]).await));
        assert!(is_missing(&rows.delete_protected_resource(&had.resource.identifier, None, vec![]).await));
        // The stranger has a client of the same name: its grants end and it goes, the owner's stay.
        let ended = (RevocationReason::RevokedByAdministrator, at(50));
        rows.revoke_grants_of_client(&owner.client.client_id, None, 100, ended, vec![]).await.unwrap();
        rows.delete_client(&owner.client.client_id, None, vec![]).await.unwrap();
        assert!(is_missing(&rows.delete_user(owner.user.id, None, vec![]).await));
        let password = PasswordHash::from_phc("stolen");
        assert!(is_missing(&rows.set_user_password(owner.user.id, password, at(50), vec![]).await));
        let step = KeyChange {
            id: had.key.id,
            from: KeyState::Active,
            to: KeyState::Removed,
            changes_at: None,
            at: at(50),
            revoked: true,
        };
        assert!(is_missing(&rows.change_keys(vec![step], None, vec![]).await));
        assert!(is_missing(&rows.store_console_session(ConsoleSession { hash: hash(), ..had.console.clone() }).await));
        rows.end_console_session(&had.console.hash).await.unwrap();
        assert!(is_missing(&rows.unassign(&had.role, vec![]).await));
        let (hook, event) = (had.delivery.webhook_id, had.delivery.event_id);
        let stored = owner.rows().webhook(hook).await.unwrap().unwrap();
        assert!(is_foreign(&rows.create_webhook(&stored, vec![]).await));
        assert!(is_foreign(&rows.replace_webhook(&stored, 1, vec![]).await));
        assert!(is_foreign(&rows.test_webhook(&had.delivery, vec![]).await));
        assert!(is_missing(&rows.delete_webhook(hook, 1, vec![]).await));
        assert!(is_missing(&rows.replay_webhook(hook, (at(0), at(9)), vec![]).await));
        assert!(is_missing(&rows.retry_webhook_delivery(hook, event, at(9), vec![]).await));
        assert_eq!(rows.claim_webhook_deliveries(hook, at(9), 9).await.unwrap(), vec![]);
        assert_eq!(rows.claim_messages(at(9), 9).await.unwrap(), []);
        assert!(rows.finish_message(&had.message, vec![]).await.is_err());
        assert!(rows.put_off_message(&had.message, at(9)).await.is_err());
        let due = owner.store.tenants_with_messages_due(at(9), 9).await.unwrap();
        assert_eq!(due, [owner.tenant.id]);
        let (provider, link) = (&had.provider, &had.identity);
        assert!(is_foreign(&rows.create_identity_provider(provider, vec![]).await));
        assert!(is_foreign(&rows.replace_identity_provider(provider, 1, vec![]).await));
        assert!(is_missing(&rows.delete_identity_provider(&provider.name, 1, vec![]).await));
        assert!(is_foreign(&rows.create_linked_user(&owner.user, link, vec![]).await));
        assert!(is_missing(&rows.delete_identity_link(owner.user.id, &link.provider, true, vec![]).await));

        assert_eq!(everything(&owner.rows(), &owner, &had).await, before);
    }

    async fn a_deleted_tenant_leaves_no_row(database: TestDatabase) {
        let owner = World::new(database.store(), "acme").await;
        let neighbour = World::new(database.store(), "neighbour").await;
        let (had, kept) = (possessions(&owner).await, possessions(&neighbour).await);
        let before = everything(&neighbour.rows(), &neighbour, &kept).await;
        owner.delete().await;

        for line in everything(&owner.rows(), &owner, &had).await {
            assert!(["None", "[]", "false"].contains(&line.as_str()), "{line}");
        }
        assert_eq!(everything(&neighbour.rows(), &neighbour, &kept).await, before);
        assert!(is_missing(&owner.rows().create_client(&owner.client, vec![]).await));
    }
}
