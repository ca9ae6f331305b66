//! Signing in with a link in a mail. It works in the browser in which somebody asked for it and nowhere else, so
//! that nobody can be made to sign somebody else in.

use std::sync::Arc;

use grantor_protocol::Secret;
use grantor_protocol::model::{AskedIn, Factor, MessageKind, RateKind};

use super::authorize::Browser;
use super::interaction::Opened;
use super::recovery::{LINK_OVER, OpenLink, offered};
use super::sign_in::SignInOutcome;
use super::{App, Fault, TenantContext};

/// The longest name that is looked for, in bytes.
const LONGEST_NAME: usize = 254;

/// What a link means in a browser.
pub enum MagicLink {
    /// It signs in here; with the hidden field of the form that does it.
    Here(String),
    /// It was asked for elsewhere.
    Elsewhere,
}

impl App {
    /// Sends a link that signs in to whoever signs in with this name, if anybody does. Neither the answer nor how
    /// long it takes tells.
    ///
    /// # Errors
    /// [`Fault::NotOffered`]; [`Fault::TooMany`] from one network.
    pub async fn ask_for_magic_link(
        &self,
        context: &TenantContext,
        opened: &Opened,
        browser: &Browser,
        name: &str,
    ) -> Result<(), Fault> {
        offered(context.tenant.settings.sign_in.magic_link)?;
        let Some(cookie) = &browser.browser else { return Err(LINK_OVER) };
        let _counted = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        let name = name.trim();
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Ok(());
        }
        let asked_in = AskedIn { interaction: opened.interaction.id, browser: cookie.hash() };
        self.wish_for_link(context, MessageKind::MagicLink, name, Some(asked_in)).await
    }

    /// Looks at a link without using it.
    ///
    /// # Errors
    /// [`Fault::NotOffered`], [`Fault::Expired`].
    pub async fn look_at_magic_link(
        &self,
        context: &TenantContext,
        browser: &Browser,
        secret: &Secret,
    ) -> Result<MagicLink, Fault> {
        offered(context.tenant.settings.sign_in.magic_link)?;
        let OpenLink { link, .. } = self.open_link(context, MessageKind::MagicLink, secret).await?;
        let asked_in = link.asked_in.ok_or(LINK_OVER)?;
        if !browser.browser.as_ref().is_some_and(|cookie| asked_in.browser.matches(cookie)) {
            return Ok(MagicLink::Elsewhere);
        }
        let opened = self.open_interaction(context, asked_in.interaction, browser).await?;
        Ok(MagicLink::Here(opened.form_token))
    }

    /// Signs in with a link, in the browser that asked for it.
    ///
    /// # Errors
    /// [`Fault::NotOffered`]; [`Fault::ForgedForm`] in another browser; [`Fault::Expired`].
    pub async fn sign_in_with_link(
        &self,
        context: &Arc<TenantContext>,
        browser: &Browser,
        secret: &Secret,
    ) -> Result<SignInOutcome, Fault> {
        offered(context.tenant.settings.sign_in.magic_link)?;
        let OpenLink { link, .. } = self.open_link(context, MessageKind::MagicLink, secret).await?;
        let asked_in = link.asked_in.ok_or(LINK_OVER)?;
        if !browser.browser.as_ref().is_some_and(|cookie| asked_in.browser.matches(cookie)) {
            return Err(Fault::ForgedForm("the link was asked for in another browser"));
        }
        // Before the link is spent: it is no use without the interaction.
        let opened = self.open_interaction(context, asked_in.interaction, browser).await?;
        let user = self.spend_link(context, MessageKind::MagicLink, secret).await?;
        self.proven(context, &opened, browser, (user, Factor::MagicLink)).await
    }
}
