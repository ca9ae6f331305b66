//! Signing in: what proves who somebody is, and the session that they get for it.

use std::sync::Arc;

use grantor_protocol::authorize;
use grantor_protocol::model::{
    self, Actor, AuditKind, Factor, Idle, Interaction, Metric, RateKind, Session, User, UserId, UserStatus,
};
use grantor_protocol::{Decision, Effect, Id, Secret, SecretKind};

use super::authorize::{Browser, Progress, SignedIn};
use super::interaction::{OVER, Opened};
use super::{App, Fault, TenantContext};

/// A successful sign-in: the session's cookie, and where to go.
pub struct SessionStarted {
    pub cookie: Secret,
    pub expires_in: i64,
    pub progress: Progress,
}

/// What came of a sign-in form.
pub enum SignInOutcome {
    Started(Box<SessionStarted>),
    /// Wrong name or password: which of them is not said.
    Refused,
}

impl App {
    /// Checks name and password, starts a session and goes on with the interaction. It takes as long
    /// for a name that does not exist.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`], [`Fault::Expired`], [`Fault::Busy`]; [`Fault::TooMany`] after many wrong
    /// passwords from one network.
    pub async fn sign_in(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        (username, password): (&str, &str),
    ) -> Result<SignInOutcome, Fault> {
        // Counted before it is tried, so that no crowd gets past the limit; only a wrong one stays counted.
        let attempt = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        let store = self.store.tenant(context.tenant.id);
        let identifier = context.tenant.settings.sign_in.identifier;
        let user = store.user_by_login(username.trim(), identifier).await?;
        let known = user.as_ref().map(|user| user.id);
        let hash = user.as_ref().and_then(|user| user.password.as_ref());
        let matches = match self.passwords.verify(context.tenant.id, password, hash).await {
            Ok(matches) => matches,
            Err(fault) => {
                attempt.give_back();
                return Err(fault);
            }
        };
        let Some(user) = user.filter(|user| matches && user.status == UserStatus::Active) else {
            self.count(context.tenant.id, Metric::FailedSignIns);
            self.record_failed_sign_in(context, known).await?;
            return Ok(SignInOutcome::Refused);
        };
        attempt.give_back();
        self.proven(context, opened, browser, (user, Factor::Password)).await
    }

    /// Somebody proved with one factor, during an interaction, to be this user: starts their session and
    /// goes on with the interaction. Whatever proves it ends here.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub(super) async fn proven(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        (user, factor): (User, Factor),
    ) -> Result<SignInOutcome, Fault> {
        let interaction = Some(&opened.interaction);
        let (session, cookie) = self.start_session(context, (&user, &[factor]), browser, interaction).await?;
        let expires_in = session.expires_at.seconds_since(self.now());
        let mut interaction = opened.interaction.clone();
        interaction.signed_in = Some(session.id);
        let (client, device) = (opened.client.clone(), opened.device.clone());
        let opened = Opened { interaction, client, device, form_token: String::new() };
        let progress = self.advance(context, &opened, &SignedIn { session, user }, false).await?;
        Ok(SignInOutcome::Started(Box::new(SessionStarted { cookie, expires_in, progress })))
    }

    /// Starts the session of somebody who has just proven who they are, during an interaction or without one.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub(super) async fn start_session(
        &self,
        context: &TenantContext,
        (user, factors): (&User, &[Factor]),
        browser: &Browser,
        interaction: Option<&Interaction>,
    ) -> Result<(Session, Secret), Fault> {
        let (session, cookie) = self.new_session(context, (user, factors), browser);
        let previous = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let previous = previous.as_ref().map(|previous| &previous.session);
        let revokes = context.policy.sign_out_revokes;
        let Decision { mut effects, outcome } = authorize::sign_in(session, previous, interaction, revokes);
        let session = outcome?;
        let event =
            self.event(AuditKind::SignInSucceeded, Actor::User { id: user.id }, session.id.to_string());
        effects.push(Effect::RecordAudit(Box::new(event)));
        match self.apply(context.tenant.id, effects).await {
            Err(grantor_store::ApplyError::Conflict) => return Err(OVER),
            other => other?,
        }
        self.count(context.tenant.id, Metric::SignIns);
        Ok((session, cookie))
    }

    fn new_session(
        &self,
        context: &TenantContext,
        (user, factors): (&User, &[Factor]),
        browser: &Browser,
    ) -> (Session, Secret) {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let cookie = Secret::generate(SecretKind::Session, entropy);
        let idle = context.policy.lifetimes.session_idle;
        let session = Session {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            secret: cookie.hash(),
            user_id: user.id,
            authenticated_at: now,
            amr: model::amr(factors),
            created_at: now,
            expires_at: now + context.policy.lifetimes.session,
            ended_at: None,
            origin: browser.origin(),
            idle: Some(Idle { lifetime: idle, expires_at: now + idle }),
        };
        (session, cookie)
    }

    /// What was typed as the name is not kept: people type passwords there.
    pub(super) async fn record_failed_sign_in(
        &self,
        context: &TenantContext,
        known: Option<UserId>,
    ) -> Result<(), Fault> {
        let target = known.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
        let event = self.event(AuditKind::SignInFailed, Actor::Anonymous, target);
        Ok(self.apply(context.tenant.id, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }
}
