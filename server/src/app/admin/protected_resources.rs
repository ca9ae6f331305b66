use grantor_api as api;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, AuditKind, ProtectedResource, ResourceSettings, ScopeDescription};
use grantor_protocol::registration::check_name;
use grantor_protocol::resource::{MAX_RESOURCES, check_identifier};
use grantor_store::{ChangeKind, Page, TenantStore, WriteError};

use super::noun::{Noun, keep_key};
use super::tenant_document::{access_token_format_document, access_token_format_model};
use super::tenants::check_scopes;
use super::{Action, AdminFault, Caller, FieldFault, Resource, as_page};
use crate::app::{App, TenantContext};

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_protected_resources(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::ProtectedResource>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Read).await?;
        let resources = self.store.tenant(context.tenant.id).list_protected_resources(page).await?;
        Ok(as_page(resources, |resource| resource.document()))
    }
}

/// Of a resource that is deleted no token is issued any more.
impl Noun for ProtectedResource {
    type Document = api::ProtectedResource;

    const RESOURCE: Resource = Resource::ProtectedResource;
    const CHANGED: AuditKind = AuditKind::ResourceChanged;
    const CACHED: Option<ChangeKind> = Some(ChangeKind::Tenant);
    const KEY: &'static str = "identifier";

    fn key(&self) -> &str {
        &self.identifier
    }

    fn document(&self) -> api::ProtectedResource {
        let ResourceSettings { name, scopes, access_token_format } = self.settings.clone();
        let scope =
            |held: ScopeDescription| api::ScopeDescription { name: held.name, description: held.description };
        api::ProtectedResource {
            identifier: self.identifier.clone(),
            name,
            scopes: scopes.into_iter().map(scope).collect(),
            access_token_format: access_token_format_document(access_token_format),
            version: self.version,
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
        }
    }

    fn version(&self) -> (i64, Timestamp) {
        (self.version, self.created_at)
    }

    /// What no resource can be named is not looked for: PostgreSQL answers some text with an error
    /// instead of no rows.
    async fn find(app: &App, context: &TenantContext, identifier: &str) -> Result<Option<Self>, AdminFault> {
        if check_identifier(identifier).is_err() {
            return Ok(None);
        }
        Ok(app.store.tenant(context.tenant.id).protected_resource(identifier).await?)
    }

    async fn make(
        app: &App,
        context: &TenantContext,
        identifier: Option<&str>,
        mut wanted: api::ProtectedResource,
    ) -> Result<Self, AdminFault> {
        if let Some(identifier) = identifier {
            keep_key(Self::KEY, &wanted.identifier, identifier)?;
            identifier.clone_into(&mut wanted.identifier);
        }
        if let Err(detail) = check_identifier(&wanted.identifier) {
            return Err(AdminFault::invalid("/identifier", detail));
        }
        // Tokens for one of these would open more than an API of the tenant's. Its issuer may come back to the
        // server's own address.
        let (home, admin_api) = (app.addresses.issuer(&context.tenant.slug), app.addresses.admin_api());
        if [&context.policy.issuer, &home, &admin_api].contains(&&wanted.identifier) {
            return Err(AdminFault::invalid("/identifier", "is an address of this server"));
        }
        let settings = settings(&wanted)?;
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if app.store.tenant(context.tenant.id).protected_resources().await?.len() >= MAX_RESOURCES {
            let detail = format!("the tenant has {MAX_RESOURCES} protected resources, and cannot have more");
            return Err(AdminFault::invalid("/identifier", detail));
        }
        let now = app.now();
        Ok(Self {
            tenant_id: context.tenant.id,
            identifier: wanted.identifier,
            settings,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn changed(
        &self,
        _: &App,
        _: &TenantContext,
        wanted: api::ProtectedResource,
    ) -> Result<Self, AdminFault> {
        keep_key(Self::KEY, &wanted.identifier, &self.identifier)?;
        Ok(Self { settings: settings(&wanted)?, ..self.clone() })
    }

    fn set_updated_at(&mut self, at: Timestamp) {
        self.updated_at = at;
    }

    async fn insert(&self, store: &TenantStore<'_>, event: AuditEvent) -> Result<(), WriteError> {
        store.create_protected_resource(self, vec![event]).await
    }

    async fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<Self, WriteError> {
        store.replace_protected_resource(self, Some(expected_version), vec![event]).await
    }

    async fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<(), WriteError> {
        store.delete_protected_resource(&self.identifier, Some(expected_version), vec![event]).await
    }
}

/// The settings that a document asks for.
///
/// # Errors
/// [`AdminFault::Invalid`] with everything that is wrong.
fn settings(wanted: &api::ProtectedResource) -> Result<ResourceSettings, AdminFault> {
    let mut faults = vec![];
    if let Err(detail) = check_name(&wanted.name) {
        faults.push(FieldFault::new("/name", detail));
    }
    check_scopes("/scopes", &wanted.scopes, &mut faults);
    if !faults.is_empty() {
        return Err(AdminFault::Invalid(faults));
    }
    let scope = |held: &api::ScopeDescription| ScopeDescription {
        name: held.name.clone(),
        description: held.description.clone(),
    };
    Ok(ResourceSettings {
        name: wanted.name.clone(),
        scopes: wanted.scopes.iter().map(scope).collect(),
        access_token_format: access_token_format_model(wanted.access_token_format),
    })
}
