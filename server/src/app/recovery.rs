//! What people do with the links in messages: choose a password, verify an address.

use std::sync::Arc;

use grantor_protocol::model::{
    AccountPage, Actor, AuditKind, Factor, MessageKind, OneTimeLink, RateKind, User,
};
use grantor_protocol::password::{self, Weakness};
use grantor_protocol::{Decision, Error, Secret, message};

use super::authorize::{Browser, SignedIn};
use super::sign_in::SignInOutcome;
use super::{App, Fault, TenantContext};

/// The longest that is looked for (RFC 5321 §4.5.3.1.3).
const LONGEST_ADDRESS: usize = 254;

pub(super) const LINK_OVER: Fault = Fault::Expired("the link was used already, has expired or was ended");

/// A link that is still good, with its user.
pub struct OpenLink {
    pub link: OneTimeLink,
    pub user: User,
}

/// What came of a new password.
#[derive(Debug)]
pub enum Chosen {
    Done,
    /// It cannot be taken; the person can choose another.
    Refused(Weakness),
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
    /// signed in by it, so that further factors are asked for as ever.
    ///
    /// # Errors
    /// [`Fault::Expired`]; [`Fault::Busy`].
    pub async fn reset_password(
        &self,
        context: &TenantContext,
        secret: &Secret,
        password: &str,
    ) -> Result<Chosen, Fault> {
        let kinds = (MessageKind::PasswordReset, AuditKind::PasswordReset);
        self.choose_password(context, kinds, secret, password).await
    }

    /// Uses an invitation to choose the first password. The user is signed in then, as with the password: what
    /// the tenant demands beside it is still asked for. The second is the cookie for a browser that had none.
    ///
    /// # Errors
    /// [`Fault::Expired`]; [`Fault::Busy`].
    pub async fn accept_invitation(
        &self,
        context: &Arc<TenantContext>,
        browser: &Browser,
        (secret, password): (&Secret, &str),
    ) -> Result<Result<(SignInOutcome, Option<Secret>), Weakness>, Fault> {
        let invited = self.open_link(context, MessageKind::Invitation, secret).await?.user;
        let kinds = (MessageKind::Invitation, AuditKind::InvitationAccepted);
        match self.choose_password(context, kinds, secret, password).await? {
            Chosen::Refused(weakness) => return Ok(Err(weakness)),
            Chosen::Done => {}
        }
        let user = self.store.tenant(context.tenant.id).user(invited.id).await?.ok_or(LINK_OVER)?;
        let (interaction, new_browser) =
            self.begin_account_sign_in(context, browser, AccountPage::Overview).await?;
        let named = new_browser.clone().or_else(|| browser.browser.clone());
        let browser = Browser { browser: named, ..browser.clone() };
        let opened = self.open_interaction(context, interaction, &browser).await?;
        let outcome = self.proven(context, &opened, &browser, (user, Factor::Password)).await?;
        Ok(Ok((outcome, new_browser)))
    }

    async fn choose_password(
        &self,
        context: &TenantContext,
        (kind, event): (MessageKind, AuditKind),
        secret: &Secret,
        chosen: &str,
    ) -> Result<Chosen, Fault> {
        let OpenLink { user, .. } = self.open_link(context, kind, secret).await?;
        let own = [Some(user.username.as_str()), user.email.as_deref()];
        let policy = &context.tenant.settings.password_policy;
        if let Err(weakness) = password::check(chosen, policy, own.into_iter().flatten()) {
            return Ok(Chosen::Refused(weakness));
        }
        let tenant_id = context.tenant.id;
        // Before the link is spent: when hashing is refused the person can try again.
        let hash = self.passwords.hash(tenant_id, chosen, self.entropy.as_ref()).await?;
        self.settle(tenant_id, async || {
            let OpenLink { link, user } = self.open_link(context, kind, secret).await?;
            let event = self.event(event, Actor::User { id: user.id }, user.id.to_string());
            let effects = message::choose_password(&link, hash.clone(), event, self.now());
            Ok(Decision { effects, outcome: Ok::<_, Error>(Chosen::Done) })
        })
        .await
    }

    /// Uses a link to verify the address that it was sent to.
    ///
    /// # Errors
    /// [`Fault::Expired`], also when the address is not the user's any more.
    pub async fn verify_address(&self, context: &TenantContext, secret: &Secret) -> Result<(), Fault> {
        self.spend_link(context, MessageKind::Verification, secret, AuditKind::EmailVerified).await?;
        Ok(())
    }

    /// Uses a link, and gives its user.
    pub(super) async fn spend_link(
        &self,
        context: &TenantContext,
        kind: MessageKind,
        secret: &Secret,
        event: AuditKind,
    ) -> Result<User, Fault> {
        self.settle(context.tenant.id, async || {
            let OpenLink { link, user } = self.open_link(context, kind, secret).await?;
            let event = self.event(event, Actor::User { id: user.id }, user.id.to_string());
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
