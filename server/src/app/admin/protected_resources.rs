use grantor_api as api;
use grantor_protocol::model::{AuditKind, ProtectedResource, ResourceSettings, ScopeDescription};
use grantor_protocol::registration::check_name;
use grantor_protocol::resource::{MAX_RESOURCES, check_identifier};
use grantor_store::{ChangeKind, Page, WriteError};
use serde_json::Value;

use super::document::{changes, read};
use super::tenant_document::{access_token_format_document, access_token_format_model};
use super::tenants::check_scopes;
use super::version::etag;
use super::{
    Action, AdminFault, Caller, FieldFault, Precondition, Resource, Saved, Versioned, Write, as_page,
    contended,
};
use crate::app::{ATTEMPTS, App, TenantContext};

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
        Ok(as_page(resources, |resource| document(&resource)))
    }

    /// # Errors
    /// As [`Self::list_protected_resources`].
    pub async fn read_protected_resource(
        &self,
        caller: &Caller,
        tenant: &str,
        identifier: &str,
    ) -> Result<Versioned<api::ProtectedResource>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Read).await?;
        Ok(versioned(&self.protected_resource(&context, identifier).await?.ok_or(AdminFault::NotFound)?))
    }

    /// # Errors
    /// A document that cannot be taken, an identifier that is taken.
    pub async fn create_protected_resource(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<api::ProtectedResource>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Create).await?;
        let wanted: api::ProtectedResource = read(wanted)?;
        self.make_protected_resource(caller, &context, &wanted).await
    }

    /// Makes the protected resource, or makes it what the document says.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn put_protected_resource(
        &self,
        caller: &Caller,
        tenant: &str,
        identifier: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::ProtectedResource>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Update).await?;
        for _ in 0..ATTEMPTS {
            if let Some(current) = self.protected_resource(&context, identifier).await? {
                let write = Write::Replace(wanted.clone());
                match self.change_protected_resource(caller, current, write, precondition).await? {
                    Some(saved) => return Ok(saved),
                    None => continue,
                }
            }
            self.administered(caller, tenant, Resource::ProtectedResource, Action::Create).await?;
            precondition.check(None)?;
            let mut wanted: api::ProtectedResource = read(wanted.clone())?;
            keep_identifier(&wanted, identifier)?;
            wanted.identifier = identifier.to_owned();
            match self.make_protected_resource(caller, &context, &wanted).await {
                Err(AdminFault::Taken("identifier")) => {}
                other => return other,
            }
        }
        Err(contended())
    }

    /// Changes members of the protected resource (RFC 7396).
    ///
    /// # Errors
    /// As [`Self::put_protected_resource`].
    pub async fn patch_protected_resource(
        &self,
        caller: &Caller,
        tenant: &str,
        identifier: &str,
        patch: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::ProtectedResource>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Update).await?;
        for _ in 0..ATTEMPTS {
            let current = self.protected_resource(&context, identifier).await?.ok_or(AdminFault::NotFound)?;
            let write = Write::Merge(patch.clone());
            if let Some(saved) = self.change_protected_resource(caller, current, write, precondition).await? {
                return Ok(saved);
            }
        }
        Err(contended())
    }

    /// Deletes a protected resource: no token is issued for it any more.
    ///
    /// # Errors
    /// A precondition that does not hold.
    pub async fn delete_protected_resource(
        &self,
        caller: &Caller,
        tenant: &str,
        identifier: &str,
        precondition: &Precondition,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::ProtectedResource, Action::Delete).await?;
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let current = self.protected_resource(&context, identifier).await?.ok_or(AdminFault::NotFound)?;
            let before = versioned(&current);
            precondition.check(Some(&before.etag))?;
            let detail = changes(Some(&before.document), None::<&api::ProtectedResource>);
            let event = self.admin_event(caller, AuditKind::ResourceChanged, identifier, detail);
            match store.delete_protected_resource(identifier, Some(current.version), vec![event]).await {
                Ok(()) => {
                    self.forget(context.tenant.id, ChangeKind::Tenant);
                    return Ok(());
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// The protected resource as it is stored. What no resource can be named is not looked for:
    /// PostgreSQL answers some text with an error instead of no rows.
    async fn protected_resource(
        &self,
        context: &TenantContext,
        identifier: &str,
    ) -> Result<Option<ProtectedResource>, AdminFault> {
        if check_identifier(identifier).is_err() {
            return Ok(None);
        }
        Ok(self.store.tenant(context.tenant.id).protected_resource(identifier).await?)
    }

    async fn make_protected_resource(
        &self,
        caller: &Caller,
        context: &TenantContext,
        wanted: &api::ProtectedResource,
    ) -> Result<Saved<api::ProtectedResource>, AdminFault> {
        if let Err(detail) = check_identifier(&wanted.identifier) {
            return Err(AdminFault::invalid("/identifier", detail));
        }
        // Tokens for either would open more than an API of the tenant's.
        if [&context.policy.issuer, &self.addresses.admin_api()].contains(&&wanted.identifier) {
            return Err(AdminFault::invalid("/identifier", "is an address of this server"));
        }
        let settings = settings(wanted)?;
        let store = self.store.tenant(context.tenant.id);
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if store.protected_resources().await?.len() >= MAX_RESOURCES {
            let detail = format!("the tenant has {MAX_RESOURCES} protected resources, and cannot have more");
            return Err(AdminFault::invalid("/identifier", detail));
        }
        let now = self.now();
        let resource = ProtectedResource {
            tenant_id: context.tenant.id,
            identifier: wanted.identifier.clone(),
            settings,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let saved = versioned(&resource);
        let detail = changes(None::<&api::ProtectedResource>, Some(&saved.document));
        let event = self.admin_event(caller, AuditKind::ResourceChanged, &resource.identifier, detail);
        store.create_protected_resource(&resource, vec![event]).await?;
        self.forget(context.tenant.id, ChangeKind::Tenant);
        Ok(Saved { now: saved, created: true })
    }

    /// None if somebody else was faster.
    async fn change_protected_resource(
        &self,
        caller: &Caller,
        current: ProtectedResource,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Option<Saved<api::ProtectedResource>>, AdminFault> {
        let before = versioned(&current);
        precondition.check(Some(&before.etag))?;
        let wanted: api::ProtectedResource = write.onto(Some(&before.document), &[])?;
        keep_identifier(&wanted, &current.identifier)?;
        let mut resource = ProtectedResource { settings: settings(&wanted)?, ..current.clone() };
        if resource == current {
            return Ok(Some(Saved { now: before, created: false }));
        }
        resource.updated_at = self.now();
        let detail = changes(Some(&before.document), Some(&document(&resource)));
        let event = self.admin_event(caller, AuditKind::ResourceChanged, &resource.identifier, detail);
        let store = self.store.tenant(resource.tenant_id);
        match store.replace_protected_resource(&resource, Some(current.version), vec![event]).await {
            Ok(resource) => {
                self.forget(resource.tenant_id, ChangeKind::Tenant);
                Ok(Some(Saved { now: versioned(&resource), created: false }))
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn keep_identifier(wanted: &api::ProtectedResource, identifier: &str) -> Result<(), AdminFault> {
    if wanted.identifier.is_empty() || wanted.identifier == identifier {
        Ok(())
    } else {
        Err(AdminFault::invalid("/identifier", "is not the identifier in the path, and cannot be changed"))
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

fn document(resource: &ProtectedResource) -> api::ProtectedResource {
    let ResourceSettings { name, scopes, access_token_format } = resource.settings.clone();
    let scope =
        |held: ScopeDescription| api::ScopeDescription { name: held.name, description: held.description };
    api::ProtectedResource {
        identifier: resource.identifier.clone(),
        name,
        scopes: scopes.into_iter().map(scope).collect(),
        access_token_format: access_token_format_document(access_token_format),
        version: resource.version,
        created_at: resource.created_at.to_string(),
        updated_at: resource.updated_at.to_string(),
    }
}

fn versioned(resource: &ProtectedResource) -> Versioned<api::ProtectedResource> {
    Versioned { document: document(resource), etag: etag(resource.version, resource.created_at) }
}
