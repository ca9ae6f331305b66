use grantor_api as api;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, AuditKind, TenantId};
use grantor_store::{ChangeKind, Page, Permission, Role, TenantStore, WriteError};

use super::access::{built_in_permissions, is_platform_role};
use super::noun::{Noun, keep_key};
use super::{Action, AdminFault, BUILT_IN_ROLES, Caller, Domain, FieldFault, Resource, as_page};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::{App, Fault, TenantContext};

/// Most roles that a tenant, or the platform, can have beside the built-in ones: all of them are looked
/// at to decide what somebody may do.
const MAX_ROLES: usize = 100;

const MAX_NAME: usize = 63;

/// A role of a tenant's, or of the platform's, which the system tenant keeps.
#[derive(Clone, PartialEq)]
pub struct AnyRole<const PLATFORM: bool> {
    role: Role,
    built_in: bool,
    /// The tenant whose subjects may hold it beside the tenant's own.
    system: TenantId,
}

/// A role to be held in one tenant.
pub type TenantRole = AnyRole<false>;

/// A role to be held in all of the platform.
pub type PlatformRole = AnyRole<true>;

impl App {
    /// The built-in roles that can be held there, and those that administrators made.
    ///
    /// # Errors
    /// What [`App::administered_in`] refuses; faults of the store.
    pub async fn list_roles<const PLATFORM: bool>(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::Role>, AdminFault> {
        let domain = AnyRole::<PLATFORM>::domain;
        let context = self.administered_in(caller, tenant, domain, Resource::Role, Action::Read).await?;
        let mut roles = vec![];
        for name in BUILT_IN_ROLES {
            roles.extend(AnyRole::<PLATFORM>::built_in(self, name).await?);
        }
        let system = self.system_tenant().await?;
        let made = self.store.tenant(context.tenant.id).roles(PLATFORM).await?;
        roles.extend(made.into_iter().map(|role| AnyRole { role, built_in: false, system }));
        if let Some(q) = page.q.as_deref().map(str::to_lowercase) {
            roles.retain(|held| held.role.name.starts_with(&q));
        }
        let listing = page.cut(roles, |held| (held.role.created_at, held.role.name.as_str()));
        Ok(as_page(listing, |held| held.document()))
    }
}

impl<const PLATFORM: bool> AnyRole<PLATFORM> {
    /// The built-in role of this name, as old as the installation.
    async fn built_in(app: &App, name: &str) -> Result<Option<Self>, Fault> {
        if !BUILT_IN_ROLES.contains(&name) || (!PLATFORM && is_platform_role(name)) {
            return Ok(None);
        }
        let system = app.any_tenant(SYSTEM_TENANT).await?.tenant.clone();
        let role = Role {
            tenant_id: system.id,
            platform: PLATFORM,
            name: name.to_owned(),
            description: description(name).to_owned(),
            permissions: built_in_permissions(name),
            version: 1,
            created_at: system.created_at,
            updated_at: system.created_at,
        };
        Ok(Some(Self { role, built_in: true, system: system.id }))
    }
}

impl<const PLATFORM: bool> Noun for AnyRole<PLATFORM> {
    type Document = api::Role;

    const RESOURCE: Resource = Resource::Role;
    const CHANGED: AuditKind = AuditKind::RoleChanged;
    const CACHED: Option<ChangeKind> = Some(ChangeKind::RoleAssignments);
    const KEY: &'static str = "name";

    fn domain(context: &TenantContext) -> Domain {
        if PLATFORM { Domain::Platform } else { Domain::Tenant(context.tenant.id) }
    }

    fn key(&self) -> &str {
        &self.role.name
    }

    fn document(&self) -> api::Role {
        let permission = |held: &Permission| api::Permission {
            resource: held.resource.clone(),
            action: held.action.clone(),
        };
        api::Role {
            name: self.role.name.clone(),
            description: self.role.description.clone(),
            permissions: self.role.permissions.iter().map(permission).collect(),
            built_in: self.built_in,
            version: self.role.version,
            created_at: self.role.created_at.to_string(),
            updated_at: self.role.updated_at.to_string(),
        }
    }

    fn version(&self) -> (i64, Timestamp) {
        (self.role.version, self.role.created_at)
    }

    async fn find(app: &App, context: &TenantContext, name: &str) -> Result<Option<Self>, AdminFault> {
        if let Some(role) = Self::built_in(app, name).await? {
            return Ok(Some(role));
        }
        if check_name(name).is_err() {
            return Ok(None);
        }
        let role = app.store.tenant(context.tenant.id).role(PLATFORM, name).await?;
        let system = app.system_tenant().await?;
        Ok(role.map(|role| Self { role, built_in: false, system }))
    }

    async fn make(
        app: &App,
        context: &TenantContext,
        name: Option<&str>,
        mut wanted: api::Role,
    ) -> Result<Self, AdminFault> {
        if let Some(name) = name {
            keep_key(Self::KEY, &wanted.name, name)?;
            name.clone_into(&mut wanted.name);
        }
        check_name(&wanted.name).map_err(|detail| AdminFault::invalid("/name", detail))?;
        let permissions = permissions(&wanted)?;
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if app.store.tenant(context.tenant.id).roles(PLATFORM).await?.len() >= MAX_ROLES {
            let detail = format!("there are {MAX_ROLES} roles, and there cannot be more");
            return Err(AdminFault::invalid("/name", detail));
        }
        let now = app.now();
        let role = Role {
            tenant_id: context.tenant.id,
            platform: PLATFORM,
            name: wanted.name,
            description: wanted.description,
            permissions,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(Self { role, built_in: false, system: app.system_tenant().await? })
    }

    fn changed(&self, _: &App, _: &TenantContext, wanted: api::Role) -> Result<Self, AdminFault> {
        keep_key(Self::KEY, &wanted.name, &self.role.name)?;
        let permissions = permissions(&wanted)?;
        Ok(Self {
            role: Role { description: wanted.description, permissions, ..self.role.clone() },
            ..self.clone()
        })
    }

    fn set_updated_at(&mut self, at: Timestamp) {
        self.role.updated_at = at;
    }

    /// Somebody may hold the role: what it allows is given to them, and what it allowed is taken from them.
    async fn permit(
        app: &App,
        caller: &Caller,
        context: &TenantContext,
        before: Option<&Self>,
        after: Option<&Self>,
    ) -> Result<(), AdminFault> {
        for held in before.into_iter().chain(after) {
            if held.built_in {
                return Err(AdminFault::Protected("every installation has this role as it is"));
            }
            app.authorize_holding(caller, Self::domain(context), &held.role.permissions).await?;
        }
        Ok(())
    }

    async fn insert(&self, store: &TenantStore<'_>, event: AuditEvent) -> Result<(), WriteError> {
        store.create_role(&self.role, vec![event]).await
    }

    async fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<Self, WriteError> {
        let role = store.replace_role(&self.role, expected_version, vec![event]).await?;
        Ok(Self { role, ..self.clone() })
    }

    async fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<(), WriteError> {
        store.delete_role(&self.role, expected_version, self.system, vec![event]).await
    }
}

/// Names that a built-in role may have one day are not given away.
fn check_name(name: &str) -> Result<(), String> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    let well_formed = name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit() || byte == b'-');
    if !well_formed {
        return Err(format!(
            "must be 1 to {MAX_NAME} small letters, digits and hyphens, and begin with a letter"
        ));
    }
    if BUILT_IN_ROLES.contains(&name) || is_platform_role(name) {
        return Err("is a built-in role's, or may be one day".to_owned());
    }
    Ok(())
}

/// The permissions that a document asks for.
///
/// # Errors
/// [`AdminFault::Invalid`] with everything that is wrong.
fn permissions(wanted: &api::Role) -> Result<Vec<Permission>, AdminFault> {
    const EVERY: &str = "*";
    const MAX_PERMISSIONS: usize = 200;
    let mut faults = vec![];
    if wanted.description.chars().count() > 1024 || wanted.description.contains('\0') {
        faults.push(FieldFault::new("/description", "must be 1024 characters at most, none of them NUL"));
    }
    if wanted.permissions.len() > MAX_PERMISSIONS {
        faults.push(FieldFault::new("/permissions", format!("must be {MAX_PERMISSIONS} at most")));
    }
    let mut permissions: Vec<Permission> = vec![];
    for (index, held) in wanted.permissions.iter().take(MAX_PERMISSIONS).enumerate() {
        let resource = Resource::ALL.iter().find(|known| known.as_str() == held.resource);
        let action = Action::ALL.iter().find(|known| known.as_str() == held.action);
        let mut fault = |member: &str, detail: &str| {
            faults.push(FieldFault::new(format!("/permissions/{index}{member}"), detail))
        };
        if resource.is_none() && held.resource != EVERY {
            fault("/resource", "is not a noun that rights are about, nor *");
        }
        if action.is_none() && held.action != EVERY {
            fault("/action", "is not an action, nor *");
        }
        if let (Some(resource), Some(action)) = (resource, action)
            && !action.is_done_to(*resource)
        {
            fault("/action", "is not done to this");
        }
        let permission = Permission { resource: held.resource.clone(), action: held.action.clone() };
        if permissions.contains(&permission) {
            fault("", "is there already");
        }
        permissions.push(permission);
    }
    if faults.is_empty() { Ok(permissions) } else { Err(AdminFault::Invalid(faults)) }
}

fn description(built_in: &str) -> &'static str {
    match built_in {
        "platform-admin" => "Does everything, in every tenant.",
        "platform-auditor" => "Sees everything, in every tenant, and changes nothing.",
        "tenant-owner" => "Administers the tenant and says who else may.",
        "tenant-admin" => "Administers the tenant but for who may administer it.",
        "client-manager" => "Registers and changes clients and lets others register theirs.",
        "user-manager" => "Makes and changes users, and ends sessions and grants.",
        "device-approver" => "Lets devices in that wait for an administrator.",
        "auditor" => "Sees everything of the tenant and changes nothing.",
        _ => "",
    }
}
