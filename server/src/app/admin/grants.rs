use grantor_api as api;
use grantor_protocol::Effect;
use grantor_protocol::model::{AuditKind, ClientId, Grant, GrantId, RevocationReason};
use grantor_store::{GrantFilter, NamedGrant, Page};
use serde_json::json;

use super::{Action, AdminFault, Caller, Resource, as_page};
use crate::app::{App, Fault, TenantContext};

/// Grants of a client revoked in one transaction, so that nobody waits long behind it.
const BATCH: u32 = 500;

/// Which grants a request asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct WantedGrants<'a> {
    pub user: Option<&'a str>,
    pub client_id: Option<&'a str>,
    pub active: Option<bool>,
}

impl WantedGrants<'_> {
    /// None where a filter is nothing that a grant can have.
    fn filter(self) -> Option<GrantFilter> {
        let user = self.user.map(str::parse).transpose().ok()?;
        let client_id = match self.client_id {
            None => None,
            Some(client_id) => Some(ClientId::parse(client_id)?),
        };
        Some(GrantFilter { user, client_id, active: self.active })
    }
}

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_grants(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        wanted: WantedGrants<'_>,
    ) -> Result<api::Page<api::Grant>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Grant, Action::Read).await?;
        let Some(filter) = wanted.filter() else { return Ok(api::Page { items: vec![], next: None }) };
        let grants = self.store.tenant(context.tenant.id).list_grants(page, &filter).await?;
        Ok(as_page(grants, document))
    }

    /// # Errors
    /// As [`Self::list_grants`].
    pub async fn read_grant(
        &self,
        caller: &Caller,
        tenant: &str,
        grant: &str,
    ) -> Result<api::Grant, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Grant, Action::Read).await?;
        let grant = self.grant(&context, grant).await?;
        let store = self.store.tenant(context.tenant.id);
        let user = store.user(grant.user_id).await?.ok_or(AdminFault::NotFound)?;
        let client = self.stored_client(context.tenant.id, &grant.client_id).await?;
        let client = client.ok_or(AdminFault::NotFound)?;
        let (username, client_name) = (user.username, client.metadata.client_name);
        Ok(document(NamedGrant { grant, username, client_name }))
    }

    /// Ends a grant with its codes and tokens. One that is revoked already stays as it is.
    ///
    /// # Errors
    /// As [`Self::list_grants`].
    pub async fn delete_grant(&self, caller: &Caller, tenant: &str, grant: &str) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::Grant, Action::Delete).await?;
        let Grant { id, client_id, user_id, revoked_at, .. } = self.grant(&context, grant).await?;
        if revoked_at.is_some() {
            return Ok(());
        }
        let (reason, at) = (RevocationReason::RevokedByAdministrator, self.now());
        let detail = json!({ "client_id": client_id, "user_id": user_id, "reason": reason });
        let event = self.admin_event(caller, AuditKind::GrantRevoked, &id.to_string(), detail);
        let effects =
            vec![Effect::RevokeGrant { grant: id, reason, at }, Effect::RecordAudit(Box::new(event))];
        Ok(self.apply(context.tenant.id, effects).await.map_err(Fault::from)?)
    }

    /// What people let a client have.
    ///
    /// # Errors
    /// As [`Self::list_grants`]; a client that is not there.
    pub async fn list_client_grants(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
        page: &Page,
        wanted: WantedGrants<'_>,
    ) -> Result<api::Page<api::Grant>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Grant, Action::Read).await?;
        self.client_with_grants(&context, client_id).await?;
        let wanted = WantedGrants { client_id: Some(client_id), ..wanted };
        let Some(filter) = wanted.filter() else { return Ok(api::Page { items: vec![], next: None }) };
        let grants = self.store.tenant(context.tenant.id).list_grants(page, &filter).await?;
        Ok(as_page(grants, document))
    }

    /// Ends every grant of a client, batch by batch.
    ///
    /// # Errors
    /// As [`Self::list_client_grants`].
    pub async fn delete_client_grants(
        &self,
        caller: &Caller,
        tenant: &str,
        client_id: &str,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::Grant, Action::Delete).await?;
        let client_id = self.client_with_grants(&context, client_id).await?;
        let reason = RevocationReason::RevokedByAdministrator;
        let detail = json!({ "every_grant_of": "client", "reason": reason });
        let event = self.admin_event(caller, AuditKind::GrantRevoked, client_id.as_str(), detail);
        let store = self.store.tenant(context.tenant.id);
        let (mut after, mut audit) = (None, vec![event]);
        loop {
            let ended = (reason, self.now());
            let told = std::mem::take(&mut audit);
            after = store.revoke_grants_of_client(&client_id, after, BATCH, ended, told).await?;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn client_with_grants(
        &self,
        context: &TenantContext,
        client_id: &str,
    ) -> Result<ClientId, AdminFault> {
        let client_id = ClientId::parse(client_id).ok_or(AdminFault::NotFound)?;
        let client = self.stored_client(context.tenant.id, &client_id).await?;
        Ok(client.ok_or(AdminFault::NotFound)?.client_id)
    }

    async fn grant(&self, context: &TenantContext, grant: &str) -> Result<Grant, AdminFault> {
        let id: GrantId = grant.parse().map_err(|_| AdminFault::NotFound)?;
        self.store.tenant(context.tenant.id).grant(id).await?.ok_or(AdminFault::NotFound)
    }
}

const fn reason_document(reason: RevocationReason) -> api::RevocationReason {
    match reason {
        RevocationReason::AuthorizationCodeReplayed => api::RevocationReason::AuthorizationCodeReplayed,
        RevocationReason::DeviceCodeReplayed => api::RevocationReason::DeviceCodeReplayed,
        RevocationReason::RefreshTokenReplayed => api::RevocationReason::RefreshTokenReplayed,
        RevocationReason::RevokedByClient => api::RevocationReason::RevokedByClient,
        RevocationReason::RevokedByUser => api::RevocationReason::RevokedByUser,
        RevocationReason::RevokedByAdministrator => api::RevocationReason::RevokedByAdministrator,
        RevocationReason::SignedOut => api::RevocationReason::SignedOut,
    }
}

fn document(NamedGrant { grant, username, client_name }: NamedGrant) -> api::Grant {
    api::Grant {
        id: grant.id.to_string(),
        client_id: grant.client_id.to_string(),
        client_name,
        user_id: grant.user_id.to_string(),
        username,
        scope: grant.scope.to_string(),
        resources: grant.resources,
        session_id: grant.authentication.session_id.to_string(),
        authenticated_at: grant.authentication.authenticated_at.to_string(),
        created_at: grant.created_at.to_string(),
        revoked_at: grant.revoked_at.map(|at| at.to_string()),
        revocation_reason: grant.revocation_reason.map(reason_document),
    }
}
