//! How users sign in through other providers.

use grantor_api as api;
use grantor_protocol::model::{AuditKind, IdentityLink, UserId};
use grantor_store::{Page, Subject};
use serde_json::json;

use super::{Action, AdminFault, Caller, Resource, as_page};
use crate::app::{App, TenantContext};

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; a user that is not there.
    pub async fn list_identity_links(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        page: &Page,
    ) -> Result<api::Page<api::IdentityLink>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Read).await?;
        let user = self.present_user(&context, user).await?;
        let links = self.store.tenant(context.tenant.id).identity_links_of(user).await?;
        let listing = page.cut(links, |link| (link.created_at, link.provider.as_str()));
        Ok(as_page(listing, document))
    }

    /// Takes a user's link to a provider away, even if it is their only way to sign in.
    ///
    /// # Errors
    /// As [`Self::list_identity_links`]; somebody who may do more than the caller.
    pub async fn delete_identity_link(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        provider: &str,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let user = self.present_user(&context, user).await?;
        self.authorize_over(caller, context.tenant.id, &Subject::User(user)).await?;
        let store = self.store.tenant(context.tenant.id);
        let links = store.identity_links_of(user).await?;
        let link = links.iter().find(|link| link.provider == provider).ok_or(AdminFault::NotFound)?;
        let detail = json!({ "provider": provider, "subject": link.subject });
        let event = self.admin_event(caller, AuditKind::IdentityUnlinked, &user.to_string(), detail);
        Ok(store.delete_identity_link(user, &link.provider, true, vec![event]).await?)
    }

    async fn present_user(&self, context: &TenantContext, user: &str) -> Result<UserId, AdminFault> {
        let id: UserId = user.parse().map_err(|_| AdminFault::NotFound)?;
        let user = self.store.tenant(context.tenant.id).user(id).await?;
        Ok(user.ok_or(AdminFault::NotFound)?.id)
    }
}

fn document(link: IdentityLink) -> api::IdentityLink {
    api::IdentityLink {
        provider: link.provider,
        subject: link.subject,
        created_at: link.created_at.to_string(),
        last_used_at: link.last_used_at.map(|at| at.to_string()),
    }
}
