use diesel_async::AsyncPgConnection;
use futures_util::future::join_all;
use grantor_protocol::Effect;
use grantor_protocol::model::{AuditEvent, TenantId};

use crate::compiled_here;
use crate::conn::Conn;
use crate::{ApplyError, Error, TenantStore};
use crate::{
    attempt, audit, authenticator, ceremony, consent, device, grant, identity_link, interaction, message,
    one_time_link, pushed_request, registration, session, token, upstream_sign_in, user,
};

impl TenantStore<'_> {
    /// Writes what a decision decided, in order, in one durable transaction. Once the database has
    /// it, it runs to its end even if the caller is gone.
    ///
    /// # Errors
    /// [`ApplyError::Conflict`] if a guarded effect finds its guard broken, a key is taken or what a
    /// row belongs to is gone. After any error nothing of the decision stands; only after
    /// [`Error::Unavailable`] that is not known.
    #[compiled_here]
    pub async fn apply(&self, effects: Vec<Effect>) -> Result<(), ApplyError> {
        if effects.iter().any(|effect| tenant_of(effect).is_some_and(|tenant| tenant != self.id)) {
            return Err(Error::ForeignTenant.into());
        }
        let tenant = self.id;
        let (effects, events) = with_events_apart(effects);
        match effects.as_slice() {
            [] if events.is_empty() => Ok(()),
            [effect] if events.is_empty() && is_one_statement(effect) => {
                self.store
                    .write_statement(async move |mut conn: Conn<'_>| {
                        apply_all(&mut conn, tenant, effects).await
                    })
                    .await
            }
            _ => {
                self.store
                    .write(async move |mut conn: Conn<'_>| {
                        apply_all(&mut conn, tenant, effects).await?;
                        Ok(audit::record(&mut conn, tenant, events).await?)
                    })
                    .await
            }
        }
    }
}

/// The audit events come last: they wait for each other, and must not make others wait longer.
fn with_events_apart(effects: Vec<Effect>) -> (Vec<Effect>, Vec<AuditEvent>) {
    let mut events = vec![];
    let mut others = Vec::with_capacity(effects.len());
    for effect in effects {
        match effect {
            Effect::RecordAudit(event) => events.push(*event),
            other => others.push(other),
        }
    }
    (others, events)
}

async fn apply_all(conn: &mut Conn<'_>, tenant: TenantId, effects: Vec<Effect>) -> Result<(), ApplyError> {
    match conn {
        // All are sent before the first is answered, and PostgreSQL runs them in the order in which
        // they were sent. If one fails, those behind it do, and the first error is the one to tell.
        Conn::Postgres(connection) if effects.iter().all(is_one_statement) => {
            let connection: &AsyncPgConnection = connection;
            let sent = effects
                .into_iter()
                .map(async |effect| apply_one(&mut Conn::Postgres(connection), tenant, effect).await);
            join_all(sent).await.into_iter().collect()
        }
        _ => {
            for effect in effects {
                apply_one(conn, tenant, effect).await?;
            }
            Ok(())
        }
    }
}

async fn apply_one(conn: &mut Conn<'_>, tenant: TenantId, effect: Effect) -> Result<(), ApplyError> {
    match effect {
        Effect::StoreInteraction(interaction) => interaction::store(conn, &interaction).await,
        Effect::RecordSignIn { interaction, session } => {
            interaction::record_sign_in(conn, tenant, interaction, session).await
        }
        Effect::RecordProven { interaction, proven } => {
            interaction::record_proven(conn, tenant, interaction, &proven).await
        }
        Effect::CompleteInteraction { interaction, at } => {
            interaction::complete(conn, tenant, interaction, at).await
        }
        Effect::StorePushedAuthorizationRequest(pushed) => pushed_request::store(conn, &pushed).await,
        Effect::ConsumePushedAuthorizationRequest { hash, at } => {
            pushed_request::consume(conn, tenant, hash, at).await
        }
        Effect::StoreSession(session) => session::store(conn, &session).await,
        Effect::RenewSession(session) => session::renew(conn, &session).await,
        Effect::EndSession { session, revokes, at } => {
            session::end(conn, tenant, session, at).await?;
            grant::revoke_given_in(conn, tenant, session, revokes, at).await
        }
        Effect::EndOtherSessions { user, session, revokes, at } => {
            for other in session::end_others_of(conn, tenant, user, session, at).await? {
                grant::revoke_given_in(conn, tenant, other, revokes, at).await?;
            }
            Ok(())
        }
        Effect::ChangePassword { user, from, to, at } => {
            user::change_password(conn, tenant, user, (from.as_ref(), &to), at).await
        }
        Effect::TouchSession { session } => session::touch(conn, tenant, session).await,
        Effect::StoreGrant(grant) => grant::store(conn, &grant).await,
        Effect::TouchGrant { grant } => grant::touch(conn, tenant, grant).await,
        Effect::RevokeGrant { grant, reason, at } => grant::revoke(conn, tenant, grant, reason, at).await,
        Effect::RevokeGrantsOf { user, client_id, reason, at } => {
            grant::revoke_given_to(conn, tenant, user, &client_id, reason, at).await
        }
        Effect::SignOutEverywhere { user, reason, at } => {
            session::end_all_of(conn, tenant, user, at).await?;
            authenticator::distrust_browsers(conn, tenant, user).await?;
            grant::revoke_all_of(conn, tenant, user, reason, at).await
        }
        Effect::StoreAuthorizationCode(code) => token::store_code(conn, &code).await,
        Effect::ConsumeAuthorizationCode { hash, at } => token::consume_code(conn, tenant, hash, at).await,
        Effect::StoreRefreshToken(token) => token::store_refresh_token(conn, &token).await,
        Effect::RotateRefreshToken { hash, at } => token::rotate_refresh_token(conn, tenant, hash, at).await,
        Effect::StoreAccessToken(token) => token::store_access_token(conn, &token).await,
        Effect::RevokeAccessToken { id, expires_at } => {
            token::revoke_access_token(conn, tenant, id, expires_at).await
        }
        Effect::StoreConsent(consent) => consent::add(conn, &consent).await,
        Effect::ForgetConsent { user, client_id } => consent::forget(conn, tenant, user, &client_id).await,
        Effect::SpendAssertion { client_id, jti, expires_at } => {
            token::spend_assertion(conn, tenant, &client_id, jti, expires_at).await
        }
        Effect::ExtendClientLife { client_id, until } => {
            registration::extend_life(conn, tenant, &client_id, until).await
        }
        Effect::SpendProof { key, jti, expires_at } => {
            token::spend_proof(conn, tenant, &key, jti, expires_at).await
        }
        Effect::StoreDeviceAuthorization(device) => device::store(conn, &device).await,
        Effect::EnterUserCode { device, most, at } => device::enter(conn, tenant, device, most, at).await,
        Effect::MoveDevice(step) => device::change_state(conn, tenant, &step).await,
        Effect::SlowDownDevice { device, from, to, polled_at } => {
            device::slow_down(conn, tenant, device, (from, to), polled_at).await
        }
        Effect::CountAttempt { subject, most, at, expires_at } => {
            attempt::count(conn, tenant, subject, most, (at, expires_at)).await
        }
        Effect::UncountAttempt { subject } => attempt::uncount(conn, tenant, subject).await,
        Effect::StoreCeremony(ceremony) => ceremony::store(conn, &ceremony).await,
        Effect::SpendCeremony { ceremony } => ceremony::spend(conn, tenant, ceremony).await,
        Effect::StorePasskey(passkey) => authenticator::store_passkey(conn, &passkey).await,
        Effect::UsePasskey { passkey, credential, counter, at } => {
            authenticator::use_passkey(conn, tenant, (passkey, credential), counter, at).await
        }
        Effect::RemovePasskey { user, passkey } => {
            authenticator::remove_passkey(conn, tenant, user, passkey).await
        }
        Effect::StoreTotp(totp) => authenticator::store_totp(conn, &totp).await,
        Effect::SpendTotpStep { totp, step, at } => {
            authenticator::spend_totp_step(conn, tenant, totp, step, at).await
        }
        Effect::RemoveTotp { user, totp } => authenticator::remove_totp(conn, tenant, user, totp).await,
        Effect::ReplaceRecoveryCodes { user, hashes, at } => {
            authenticator::replace_recovery_codes(conn, tenant, user, &hashes, at).await
        }
        Effect::SpendRecoveryCode { user, hash, at } => {
            authenticator::spend_recovery_code(conn, tenant, user, hash, at).await
        }
        Effect::StoreKnownBrowser(browser) => authenticator::store_known_browser(conn, &browser).await,
        Effect::DistrustBrowsers { user } => authenticator::distrust_browsers(conn, tenant, user).await,
        Effect::QueueMessage(message) => message::queue(conn, &message).await,
        Effect::StoreOneTimeLink(link) => one_time_link::store(conn, &link).await,
        Effect::ConsumeOneTimeLink { hash, at } => one_time_link::consume(conn, tenant, hash, at).await,
        Effect::EndOneTimeLinks { user, kind, at } => {
            Ok(one_time_link::end(conn, tenant, user, kind, at).await?)
        }
        Effect::ProveAddress { user, address, at } => {
            user::prove_address(conn, tenant, user, address, at).await
        }
        Effect::SetPassword { user, password, at } => {
            user::set_password(conn, tenant, user, &password, at).await
        }
        Effect::StoreUpstreamSignIn(begun) => upstream_sign_in::store(conn, &begun).await,
        Effect::ConsumeUpstreamSignIn { hash, at } => upstream_sign_in::consume(conn, tenant, hash, at).await,
        Effect::StoreIdentityLink(link) => identity_link::store(conn, &link).await,
        Effect::UseIdentityLink(link) => identity_link::record_use(conn, &link).await,
        Effect::RecordAudit(event) => Ok(audit::record(conn, tenant, vec![*event]).await?),
    }
}

/// Adding to a consent reads it first, new recovery codes follow the old ones, a grant looks at its user and session, signing out ends more
/// than one kind of thing, and an event continues its tenant's chain.
fn is_one_statement(effect: &Effect) -> bool {
    !matches!(
        effect,
        Effect::StoreConsent(_)
            | Effect::StoreGrant(_)
            | Effect::EndSession { .. }
            | Effect::EndOtherSessions { .. }
            | Effect::SignOutEverywhere { .. }
            | Effect::ReplaceRecoveryCodes { .. }
            | Effect::RecordAudit(_)
    )
}

/// The tenant that an effect's own value names; the others have only the handle's.
fn tenant_of(effect: &Effect) -> Option<TenantId> {
    match effect {
        Effect::StoreInteraction(interaction) => Some(interaction.tenant_id),
        Effect::StorePushedAuthorizationRequest(pushed) => Some(pushed.tenant_id),
        Effect::StoreSession(session) | Effect::RenewSession(session) => Some(session.tenant_id),
        Effect::StoreGrant(grant) => Some(grant.tenant_id),
        Effect::StoreAuthorizationCode(code) => Some(code.tenant_id),
        Effect::StoreRefreshToken(token) => Some(token.tenant_id),
        Effect::StoreAccessToken(token) => Some(token.tenant_id),
        Effect::StoreConsent(consent) => Some(consent.tenant_id),
        Effect::StoreDeviceAuthorization(device) => Some(device.tenant_id),
        Effect::StoreCeremony(ceremony) => Some(ceremony.tenant_id),
        Effect::StorePasskey(passkey) => Some(passkey.tenant_id),
        Effect::StoreTotp(totp) => Some(totp.tenant_id),
        Effect::StoreKnownBrowser(browser) => Some(browser.tenant_id),
        Effect::QueueMessage(message) => Some(message.tenant_id),
        Effect::StoreOneTimeLink(link) => Some(link.tenant_id),
        Effect::StoreUpstreamSignIn(begun) => Some(begun.tenant_id),
        Effect::StoreIdentityLink(link) | Effect::UseIdentityLink(link) => Some(link.tenant_id),
        Effect::RecordSignIn { .. }
        | Effect::RecordProven { .. }
        | Effect::SpendCeremony { .. }
        | Effect::UsePasskey { .. }
        | Effect::RemovePasskey { .. }
        | Effect::SpendTotpStep { .. }
        | Effect::RemoveTotp { .. }
        | Effect::ReplaceRecoveryCodes { .. }
        | Effect::SpendRecoveryCode { .. }
        | Effect::DistrustBrowsers { .. }
        | Effect::ConsumeUpstreamSignIn { .. }
        | Effect::CompleteInteraction { .. }
        | Effect::ConsumePushedAuthorizationRequest { .. }
        | Effect::EndSession { .. }
        | Effect::EndOtherSessions { .. }
        | Effect::ChangePassword { .. }
        | Effect::TouchSession { .. }
        | Effect::TouchGrant { .. }
        | Effect::RevokeGrant { .. }
        | Effect::RevokeGrantsOf { .. }
        | Effect::SignOutEverywhere { .. }
        | Effect::ConsumeAuthorizationCode { .. }
        | Effect::RotateRefreshToken { .. }
        | Effect::RevokeAccessToken { .. }
        | Effect::ForgetConsent { .. }
        | Effect::SpendAssertion { .. }
        | Effect::ExtendClientLife { .. }
        | Effect::SpendProof { .. }
        | Effect::EnterUserCode { .. }
        | Effect::MoveDevice(_)
        | Effect::SlowDownDevice { .. }
        | Effect::CountAttempt { .. }
        | Effect::UncountAttempt { .. }
        | Effect::ConsumeOneTimeLink { .. }
        | Effect::EndOneTimeLinks { .. }
        | Effect::ProveAddress { .. }
        | Effect::SetPassword { .. }
        | Effect::RecordAudit(_) => None,
    }
}

/// A guarded write that touched no row found its guard broken.
pub(crate) fn guarded(rows: usize) -> Result<(), ApplyError> {
    match rows {
        0 => Err(ApplyError::Conflict),
        _ => Ok(()),
    }
}
