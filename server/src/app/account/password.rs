//! A person changes their own password.

use grantor_protocol::model::{AuditKind, Metric, RateKind, Session};
use grantor_protocol::password::{self, Weakness};
use grantor_protocol::{Effect, Secret, SecretKind};
use grantor_store::ApplyError;
use serde_json::json;

use crate::app::authorize::{Browser, SignedIn};
use crate::app::{App, Fault, TenantContext};

/// The password is another now: what the session goes on with.
pub struct PasswordChanged {
    pub cookie: Secret,
    pub expires_in: i64,
}

/// Why a password stays as it is, for the person to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRefused {
    /// The present one was not what was typed.
    WrongCurrent,
    Weak(Weakness),
    /// It was typed in two ways.
    NotAlike,
}

impl App {
    /// Changes the person's password and ends their other sessions; this one goes on under a new cookie. Who
    /// has a password has to say it, and wrong ones count as those of sign-ins do; who has none needs a fresh
    /// sign-in.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a sign-in that is not fresh, or a session that ended meanwhile; [`Fault::TooMany`] after
    /// many wrong passwords from one network; [`Fault::Busy`].
    pub async fn change_own_password(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        browser: &Browser,
        (current, new, again): (&str, &str, &str),
    ) -> Result<Result<PasswordChanged, PasswordRefused>, Fault> {
        let SignedIn { session, user } = signed_in;
        match &user.password {
            None => self.require_fresh(signed_in)?,
            Some(_) if self.proves_password(context, signed_in, browser, current).await? => {}
            Some(_) => return Ok(Err(PasswordRefused::WrongCurrent)),
        }
        let own = [Some(user.username.as_str()), user.email.as_deref()];
        let policy = &context.tenant.settings.password_policy;
        if let Err(weakness) = password::check(new, policy, own.into_iter().flatten()) {
            return Ok(Err(PasswordRefused::Weak(weakness)));
        }
        if new != again {
            return Ok(Err(PasswordRefused::NotAlike));
        }
        let (tenant, entropy, at) = (context.tenant.id, self.entropy.as_ref(), self.now());
        let to = self.passwords.hash(tenant, new, entropy).await?;
        let cookie = Secret::generate(SecretKind::Session, entropy);
        let renewed = Session { secret: cookie.hash(), ..session.clone() };
        let mut event = self.event(AuditKind::UserChanged, signed_in.actor(), user.id.to_string());
        event.detail = json!({ "password_changed": true });
        let revokes = context.policy.sign_out_revokes;
        let effects = vec![
            Effect::ChangePassword { user: user.id, from: user.password.clone(), to, at },
            Effect::RenewSession(Box::new(renewed)),
            Effect::EndOtherSessions { user: user.id, session: session.id, revokes, at },
            Effect::RecordAudit(Box::new(event)),
        ];
        match self.apply(tenant, effects).await {
            Err(ApplyError::Conflict) => Err(Fault::Expired("the password or the session is another by now")),
            other => {
                other?;
                let expires_in = session.expires_at.seconds_since(at);
                Ok(Ok(PasswordChanged { cookie, expires_in }))
            }
        }
    }

    /// Counted before it is tried, as a sign-in is: whoever has the session must not guess the password here.
    async fn proves_password(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        browser: &Browser,
        password: &str,
    ) -> Result<bool, Fault> {
        let (tenant, user) = (context.tenant.id, &signed_in.user);
        let attempt = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        let attempt = self.limit_account(context, (&user.username, Some(user.id)), browser, attempt).await?;
        match self.passwords.verify(tenant, password, user.password.as_ref()).await {
            Ok(false) => {
                self.count(tenant, Metric::FailedSignIns);
                self.record_failed_sign_in(context, Some(user.id)).await?;
                Ok(false)
            }
            other => {
                attempt.give_back();
                other
            }
        }
    }
}
