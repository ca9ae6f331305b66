//! A person's own links to providers.

use grantor_protocol::Lifetime;
use grantor_protocol::model::{AuditKind, IdentityLink, UpstreamPurpose};
use grantor_protocol::upstream::Wanted;
use grantor_store::WriteError;

use super::{Departure, Problem};
use crate::app::authorize::{Browser, SignedIn};
use crate::app::{App, Fault, TenantContext};

/// How long a trip to link may take.
const TRIP: Lifetime = Lifetime::from_seconds(900);

/// A provider as a person's account page shows it.
pub struct ProviderLink {
    pub name: String,
    pub display_name: String,
    pub link: Option<IdentityLink>,
}

/// Where somebody goes who wants to be linked.
pub enum ToLink {
    Leave(Departure),
    /// It is too long ago that they did.
    SignInAgain,
    Stay(Problem),
}

impl App {
    /// The providers that the person can sign in through: those that they are linked to, and those that they can be
    /// linked to.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn provider_links(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<Vec<ProviderLink>, Fault> {
        let mut links = self.store.tenant(context.tenant.id).identity_links_of(signed_in.user.id).await?;
        let shown = context.identity_providers.iter().filter_map(|provider| {
            let held = links.iter().position(|link| link.provider == provider.name);
            let link = held.map(|position| links.swap_remove(position));
            (provider.enabled || link.is_some()).then(|| ProviderLink {
                name: provider.name.clone(),
                display_name: provider.settings.display_name.clone(),
                link,
            })
        });
        Ok(shown.collect())
    }

    /// Sends a signed-in person to a provider, to sign in through it from now on.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn leave_to_link(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        browser: &Browser,
        provider: &str,
    ) -> Result<ToLink, Fault> {
        let now = self.now();
        let Some(cookie) = &browser.session else { return Ok(ToLink::SignInAgain) };
        // Who finds a browser open must not make themselves at home.
        if !signed_in.session.is_fresh(now) {
            return Ok(ToLink::SignInAgain);
        }
        let purpose = UpstreamPurpose::Link { user: signed_in.user.id, session: signed_in.session.id };
        let bound = (cookie.hash(), now + TRIP);
        match self.leave(context, provider, purpose, bound, &Wanted::default()).await? {
            Ok(departure) => Ok(ToLink::Leave(departure)),
            Err(problem) => Ok(ToLink::Stay(problem)),
        }
    }

    /// Takes a person's own link away.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn unlink(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        provider: &str,
    ) -> Result<Result<(), Problem>, Fault> {
        let (user, store) = (signed_in.user.id, self.store.tenant(context.tenant.id));
        let links = store.identity_links_of(user).await?;
        let Some(link) = links.iter().find(|link| link.provider == provider) else {
            return Ok(Err(Problem::Unknown));
        };
        let event = self.link_event(AuditKind::IdentityUnlinked, user, provider, &link.subject);
        match store.delete_identity_link(user, &link.provider, false, vec![event]).await {
            Ok(()) => Ok(Ok(())),
            Err(WriteError::Protected(_)) => Ok(Err(Problem::LastWay)),
            Err(WriteError::NotFound) => Ok(Err(Problem::Unknown)),
            Err(WriteError::Store(error)) => Err(error.into()),
            Err(error) => Err(Fault::internal(error)),
        }
    }
}
