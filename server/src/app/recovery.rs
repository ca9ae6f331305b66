//! What people do with the links in messages: choose a password, verify an address.

use std::sync::Arc;

use grantor_protocol::model::{
    AccountPage, Actor, AuditKind, Authenticators, Factor, MessageKind, OneTimeLink, Passkey, RateKind, User,
};
use grantor_protocol::password::{self, Weakness};
use grantor_protocol::{Decision, Effect, Error, Secret, message};

use super::authenticators::{FirstFactor, NotChosen};
use super::authorize::{Browser, SignedIn};
use super::sign_in::{KnownCookie, SignInOutcome};
use super::webauthn::Challenge;
use super::{App, Fault, TenantContext};

/// The longest that is looked for (RFC 5321 §4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

pub(super) const LINK_OVER: Fault = Fault::Expired("the link was used already, has expired or was ended");

/// A link that is still good, with its user.
pub struct OpenLink {
    pub link: OneTimeLink,
    pub user: User,
}

impl App {
    /// Sends a link to choose a new password to whoever has this address, if anybody does. Neither the answer
    /// nor how long it takes tells. False if it is no address.
    ///
    /// # Errors
    /// [`Fault::NotOffered`]; [`Fault::TooMany`] from one network.
    pub async fn ask_for_password_reset(
        &self,
        context: &TenantContext,
        browser: &Browser,
        address: &str,
    ) -> Result<bool, Fault> {
        offered(context.tenant.settings.sign_in.password_reset)?;
        let address = address.trim();
        if !address.contains('@') || address.len() > LONGEST_ADDRESS || address.contains(char::is_control) {
            return Ok(false);
        }
        let _counted = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        self.wish_for_link(context, MessageKind::PasswordReset, address, None).await?;
        Ok(true)
    }

    /// Looks at a link without using it: programs that look at mail open links, too.
    ///
    /// # Errors
    /// [`Fault::Expired`], whatever is wrong with it.
    pub async fn open_link(
        &self,
        context: &TenantContext,
        kind: MessageKind,
        secret: &Secret,
    ) -> Result<OpenLink, Fault> {
        let store = self.store.tenant(context.tenant.id);
        let link = store.one_time_link(secret.hash()).await?.ok_or(LINK_OVER)?;
        let user = store.user(link.user_id).await?.ok_or(LINK_OVER)?;
        if message::is_open(&link, kind, &user, self.now()) {
            Ok(OpenLink { link, user })
        } else {
            Err(LINK_OVER)
        }
    }

    /// Uses a link to choose a new password. It signs out everywhere and ends the user's other links; nobody is
    /// signed in by it, so that further factors are asked for as ever. The browser is known to its user from then on:
    /// who tries passwords elsewhere does not keep them out. The cookie is for a browser that had none.
    ///
    /// # Errors
    /// [`Fault::Expired`]; [`Fault::Busy`].
    pub async fn reset_password(
        &self,
        context: &TenantContext,
        browser: &Browser,
        (secret, password): (&Secret, &str),
    ) -> Result<Result<Option<KnownCookie>, Weakness>, Fault> {
        let user = self.open_link(context, MessageKind::PasswordReset, secret).await?.user;
        let (known, cookie) = self.known_browser(context, user.id, browser);
        let known = Effect::StoreKnownBrowser(Box::new(known));
        let kinds = (MessageKind::PasswordReset, AuditKind::PasswordReset);
        let chosen = self.choose_password(context, kinds, (secret, password), vec![known]).await?;
        Ok(chosen.map(|()| cookie))
    }

    /// Asks the browser of somebody who is invited to make a passkey.
    ///
    /// # Errors
    /// [`Fault::Expired`]; [`Fault::NotOffered`] where a passkey alone is not enough.
    pub async fn begin_invited_passkey(
        &self,
        context: &TenantContext,
        secret: &Secret,
    ) -> Result<Challenge, Fault> {
        offered(Self::passkeys_are_enough(context))?;
        let user = self.open_link(context, MessageKind::Invitation, secret).await?.user;
        self.begin_passkey_registration(context, (&user, &Authenticators::default())).await
    }

    /// Uses an invitation to choose what to sign in with. The user is signed in then, as with that: what the tenant
    /// demands beside it is still asked for. The second is the cookie for a browser that had none.
    ///
    /// # Errors
    /// [`Fault::Expired`]; [`Fault::Busy`].
    pub async fn accept_invitation(
        &self,
        context: &Arc<TenantContext>,
        browser: &Browser,
        (secret, first): (&Secret, FirstFactor<'_>),
    ) -> Result<Result<(SignInOutcome, Option<Secret>), NotChosen>, Fault> {
        let invited = self.open_link(context, MessageKind::Invitation, secret).await?.user;
        let kinds = (MessageKind::Invitation, AuditKind::InvitationAccepted);
        let factor = match first {
            FirstFactor::Password(password) => {
                let chosen = self.choose_password(context, kinds, (secret, password), vec![]).await?;
                if let Err(weakness) = chosen {
                    return Ok(Err(NotChosen::Weak(weakness)));
                }
                Factor::Password
            }
            FirstFactor::Passkey(ceremony, answer, name) => {
                let made =
                    self.finish_passkey_registration(context, &invited, (ceremony, answer, name)).await?;
                let Some((passkey, true)) = made.filter(|_| Self::passkeys_are_enough(context)) else {
                    return Ok(Err(NotChosen::NoPasskey));
                };
                self.choose_passkey(context, secret, passkey).await?;
                Factor::Passkey { user_verified: true }
            }
        };
        let user = self.store.tenant(context.tenant.id).user(invited.id).await?.ok_or(LINK_OVER)?;
        let (interaction, new_browser) =
            self.begin_account_sign_in(context, AccountPage::Overview, browser).await?;
        let named = new_browser.clone().or_else(|| browser.browser.clone());
        let browser = Browser { browser: named, ..browser.clone() };
        let opened = self.open_interaction(context, interaction, &browser).await?;
        let outcome = self.proven(context, &opened, &browser, (user, factor)).await?;
        Ok(Ok((outcome, new_browser)))
    }

    async fn choose_passkey(
        &self,
        context: &TenantContext,
        secret: &Secret,
        passkey: Passkey,
    ) -> Result<(), Fault> {
        self.settle(context.tenant.id, async || {
            let OpenLink { link, user } = self.open_link(context, MessageKind::Invitation, secret).await?;
            let actor = Actor::User { id: user.id };
            let event = self.event(AuditKind::InvitationAccepted, actor.clone(), user.id.to_string());
            let mut effects = message::choose_passkey(&link, passkey.clone(), event, self.now());
            effects.push(self.authenticator_event(&user, actor, "passkey", "added"));
            Ok(Decision { effects, outcome: Ok::<_, Error>(()) })
        })
        .await
    }

    async fn choose_password(
        &self,
        context: &TenantContext,
        (kind, event): (MessageKind, AuditKind),
        (secret, chosen): (&Secret, &str),
        more: Vec<Effect>,
    ) -> Result<Result<(), Weakness>, Fault> {
        let OpenLink { user, .. } = self.open_link(context, kind, secret).await?;
        let own = [Some(user.username.as_str()), user.email.as_deref()];
        let policy = &context.tenant.settings.password_policy;
        if let Err(weakness) = password::check(chosen, policy, own.into_iter().flatten()) {
            return Ok(Err(weakness));
        }
        let tenant_id = context.tenant.id;
        // Before the link is spent: when hashing is refused the person can try again.
        let hash = self.passwords.hash(tenant_id, chosen, self.entropy.as_ref()).await?;
        self.settle(tenant_id, async || {
            let OpenLink { link, user } = self.open_link(context, kind, secret).await?;
            let event = self.event(event, Actor::User { id: user.id }, user.id.to_string());
            let mut effects = message::choose_password(&link, hash.clone(), event, self.now());
            effects.extend(more.iter().cloned());
            Ok(Decision { effects, outcome: Ok::<_, Error>(Ok(())) })
        })
        .await
    }

    /// Uses a link to verify the address that it was sent to.
    ///
    /// # Errors
    /// [`Fault::Expired`], also when the address is not the user's any more.
    pub async fn verify_address(&self, context: &TenantContext, secret: &Secret) -> Result<(), Fault> {
        self.spend_link(context, MessageKind::Verification, secret).await?;
        Ok(())
    }

    /// Uses a link, which verifies the address if that was not known before, and gives its user.
    pub(super) async fn spend_link(
        &self,
        context: &TenantContext,
        kind: MessageKind,
        secret: &Secret,
    ) -> Result<User, Fault> {
        self.settle(context.tenant.id, async || {
            let OpenLink { link, user } = self.open_link(context, kind, secret).await?;
            let verifies = !user.email_verified;
            let event = verifies.then(|| {
                self.event(AuditKind::EmailVerified, Actor::User { id: user.id }, user.id.to_string())
            });
            let effects = message::spend(&link, event, self.now());
            Ok(Decision { effects, outcome: Ok::<_, Error>(user) })
        })
        .await
    }

    /// Sends the signed-in person a link that verifies their address, if there is something to verify.
    ///
    /// # Errors
    /// [`Fault::TooMany`].
    pub async fn verify_own_address(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<(), Fault> {
        let user = self.store.tenant(context.tenant.id).user(signed_in.user.id).await?;
        let Some(user) = user.filter(|user| !user.email_verified) else { return Ok(()) };
        let Some(address) = &user.email else { return Ok(()) };
        let event = self.event(AuditKind::MessageRequested, Actor::User { id: user.id }, user.id.to_string());
        self.send_link(MessageKind::Verification, (&user, address), event).await
    }
}

/// Goes on if the tenant wants it.
pub(super) fn offered(wanted: bool) -> Result<(), Fault> {
    if wanted { Ok(()) } else { Err(Fault::NotOffered("the tenant's settings say so")) }
}
