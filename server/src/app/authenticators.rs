//! What a person signs in with, looked at and changed: by themselves, or while they sign in.

use grantor_protocol::model::{
    Actor, AuditKind, Authenticators, Factor, Passkey, PasskeyId, PasskeyUse, TotpAuthenticator, TotpId, User,
};
use grantor_protocol::password::Weakness;
use grantor_protocol::sign_in::MOST_AUTHENTICATORS;
use grantor_protocol::{Effect, Error, Secret};
use grantor_store::ApplyError;
use serde_json::json;

use super::authorize::{Browser, SignedIn};
use super::interaction::Opened;
use super::second_factor::Halfway;
use super::{App, Fault, TenantContext};

/// Longest name of a passkey or an app, in characters.
const LONGEST_NAME: usize = 60;

/// A passkey or an app that somebody has just made.
pub enum Made {
    Passkey { passkey: Box<Passkey>, user_verified: bool },
    Totp(Box<TotpAuthenticator>),
}

impl Made {
    const fn factor(&self) -> Factor {
        match self {
            Self::Passkey { user_verified, .. } => Factor::Passkey { user_verified: *user_verified },
            Self::Totp(_) => Factor::Totp,
        }
    }

    fn into_effect(self) -> Effect {
        match self {
            Self::Passkey { passkey, .. } => Effect::StorePasskey(passkey),
            Self::Totp(totp) => Effect::StoreTotp(totp),
        }
    }
}

/// What somebody chooses who has nothing to sign in with yet.
#[derive(Clone, Copy, Debug)]
pub enum FirstFactor<'a> {
    Password(&'a str),
    /// A ceremony, the browser's answer to it, and what the passkey is called.
    Passkey(&'a str, &'a str, &'a str),
}

/// Why what they chose cannot be taken; they can choose again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotChosen {
    #[error("{0}")]
    Weak(Weakness),
    #[error("the browser made no passkey that can be signed in with alone")]
    NoPasskey,
}

/// What somebody has added.
pub struct Added {
    /// Shown once: the recovery codes of somebody who had none.
    pub recovery_codes: Option<Vec<String>>,
    /// The cookie of the session that goes on with the new factor.
    pub renewed: Option<(SignedIn, Secret)>,
}

impl App {
    /// Whether people of the tenant can sign in with a passkey alone.
    pub fn passkeys_are_enough(context: &TenantContext) -> bool {
        context.tenant.settings.sign_in.passkeys == PasskeyUse::Passwordless && Self::takes_passkeys(context)
    }

    /// What a signed-in person can sign in with beside their password.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn own_authenticators(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        browser: &Browser,
    ) -> Result<Authenticators, Fault> {
        self.authenticators(context, &signed_in.user, browser).await
    }

    /// Adds what somebody made while they sign in: it is their second factor then.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it is over meanwhile; `invalid_request` for more than anybody has.
    pub async fn add_while_signing_in(
        &self,
        context: &TenantContext,
        opened: &Opened,
        halfway: &Halfway,
        made: Made,
    ) -> Result<Added, Fault> {
        let factor = made.factor();
        let (effects, recovery_codes) = self.adding(&halfway.user, &halfway.authenticators, made)?;
        let renewed = self.note_new_factor(context, opened, halfway, (factor, effects)).await?;
        Ok(Added { recovery_codes, renewed })
    }

    /// Adds what a signed-in person made on their account page. They have proven it by that, so their session goes on
    /// with it.
    ///
    /// # Errors
    /// As [`Self::add_while_signing_in`].
    pub async fn add_authenticator(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        authenticators: &Authenticators,
        made: Made,
    ) -> Result<Added, Fault> {
        let factor = made.factor();
        let (effects, recovery_codes) = self.adding(&signed_in.user, authenticators, made)?;
        let renewed = self.note_in_session(context, signed_in, (factor, effects)).await?;
        Ok(Added { recovery_codes, renewed: Some(renewed) })
    }

    fn adding(
        &self,
        user: &User,
        authenticators: &Authenticators,
        made: Made,
    ) -> Result<(Vec<Effect>, Option<Vec<String>>), Fault> {
        let held = match &made {
            Made::Passkey { .. } => authenticators.passkeys.len(),
            Made::Totp(_) => authenticators.totp.len(),
        };
        if held >= MOST_AUTHENTICATORS {
            return Err(
                Error::invalid_request("there are too many of these already: remove one first").into()
            );
        }
        let event = self.authenticator_event(user, Actor::User { id: user.id }, kind(&made), "added");
        let mut effects = vec![made.into_effect(), event];
        let recovery_codes = (authenticators.recovery_codes_left() == 0).then(|| {
            let (codes, effect) = self.new_recovery_codes(user);
            effects.push(effect);
            codes
        });
        Ok((effects, recovery_codes))
    }

    /// Gives the user new recovery codes in place of those of before; shown once.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn renew_recovery_codes(
        &self,
        context: &TenantContext,
        user: &User,
    ) -> Result<Vec<String>, Fault> {
        let (codes, effect) = self.new_recovery_codes(user);
        let event = self.authenticator_event(user, Actor::User { id: user.id }, "recovery_codes", "added");
        self.apply(context.tenant.id, vec![effect, event]).await?;
        Ok(codes)
    }

    /// Takes a passkey from the user; whether they had it. Browsers that stood for a second factor do not any more.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn remove_passkey(&self, user: &User, passkey: PasskeyId, actor: Actor) -> Result<bool, Fault> {
        let remove = Effect::RemovePasskey { user: user.id, passkey };
        self.remove_authenticator(user, remove, (actor, "passkey")).await
    }

    /// Whether the person would have no way to sign in without this passkey: they keep it.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn is_last_way(
        &self,
        context: &TenantContext,
        user: &User,
        passkey: PasskeyId,
    ) -> Result<bool, Fault> {
        if user.password.is_some() {
            return Ok(false);
        }
        let store = self.store.tenant(context.tenant.id);
        let held = store.authenticators(user.id, None, self.now()).await?.passkeys;
        let has_others = held.iter().any(|held| held.id != passkey);
        Ok(!has_others && store.identity_links_of(user.id).await?.is_empty())
    }

    /// Takes an authenticator app from the user; whether they had it.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn remove_totp(&self, user: &User, totp: TotpId, actor: Actor) -> Result<bool, Fault> {
        let remove = Effect::RemoveTotp { user: user.id, totp };
        self.remove_authenticator(user, remove, (actor, "totp")).await
    }

    /// Takes all recovery codes from the user.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn remove_recovery_codes(&self, user: &User, actor: Actor) -> Result<bool, Fault> {
        let remove = Effect::ReplaceRecoveryCodes { user: user.id, hashes: vec![], at: self.now() };
        self.remove_authenticator(user, remove, (actor, "recovery_codes")).await
    }

    async fn remove_authenticator(
        &self,
        user: &User,
        remove: Effect,
        (actor, kind): (Actor, &'static str),
    ) -> Result<bool, Fault> {
        let event = self.authenticator_event(user, actor, kind, "removed");
        let distrust = Effect::DistrustBrowsers { user: user.id };
        match self.apply(user.tenant_id, vec![remove, distrust, event]).await {
            Err(ApplyError::Conflict) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// The trail's entry for an authenticator of a user's that came or went.
    pub(super) fn authenticator_event(
        &self,
        user: &User,
        actor: Actor,
        kind: &'static str,
        change: &'static str,
    ) -> Effect {
        let mut event = self.event(AuditKind::AuthenticatorChanged, actor, user.id.to_string());
        event.detail = json!({ "authenticator": kind, "change": change });
        Effect::RecordAudit(Box::new(event))
    }
}

const fn kind(made: &Made) -> &'static str {
    match made {
        Made::Passkey { .. } => "passkey",
        Made::Totp(_) => "totp",
    }
}

/// A name as somebody typed it, or the one that it has where nobody typed any.
pub fn authenticator_name(typed: Option<&str>, otherwise: &str) -> String {
    let name: String =
        typed.unwrap_or_default().chars().filter(|character| !character.is_control()).collect();
    match name.trim() {
        "" => otherwise.to_owned(),
        name => name.chars().take(LONGEST_NAME).collect(),
    }
}
