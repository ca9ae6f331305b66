//! Who may do what: casbin, RBAC with the tenant as domain.
//!
//! casbin looks at every rule in turn, so each domain has a small enforcer of its own, built from the
//! roles below and the assignments that count there, kept until one of them changes.

mod giving;
mod policy;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use casbin::error::AdapterError;
use casbin::{CoreApi, DefaultModel, Enforcer};
use grantor_protocol::model::TenantId;
use grantor_store::{Change, ChangeKind, Permission, RoleAssignment, Store};
use quick_cache::sync::Cache;

use super::{AdminFault, Caller};
use policy::PolicyAdapter;

use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::{App, Fault, TenantContext};

/// Nouns that rights are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Tenant,
    /// Host names that a tenant's issuer can be at.
    Domain,
    Client,
    User,
    /// The keys that sign what the tenant issues.
    Key,
    /// Devices that wait to be let in.
    DeviceAuthorization,
    /// Where people are signed in.
    Session,
    /// What people have let clients do.
    Grant,
    ProtectedResource,
    InitialAccessToken,
    RegistrationPolicy,
    /// What custom roles allow.
    Role,
    /// Who may administer what; also users and clients as far as a change to them could give away
    /// the roles that they hold.
    RoleAssignment,
    AuditEvent,
    Stats,
    Webhook,
    /// Other providers that people sign in through.
    IdentityProvider,
}

impl Resource {
    pub const ALL: &[Self] = &[
        Self::Tenant,
        Self::Domain,
        Self::Client,
        Self::User,
        Self::Key,
        Self::DeviceAuthorization,
        Self::Session,
        Self::Grant,
        Self::ProtectedResource,
        Self::InitialAccessToken,
        Self::RegistrationPolicy,
        Self::Role,
        Self::RoleAssignment,
        Self::AuditEvent,
        Self::Stats,
        Self::Webhook,
        Self::IdentityProvider,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Domain => "domain",
            Self::Client => "client",
            Self::User => "user",
            Self::Key => "key",
            Self::DeviceAuthorization => "device-authorization",
            Self::Session => "session",
            Self::Grant => "grant",
            Self::ProtectedResource => "resource",
            Self::InitialAccessToken => "initial-access-token",
            Self::RegistrationPolicy => "registration-policy",
            Self::Role => "role",
            Self::RoleAssignment => "role-assignment",
            Self::AuditEvent => "audit-event",
            Self::Stats => "stats",
            Self::Webhook => "webhook",
            Self::IdentityProvider => "identity-provider",
        }
    }
}

/// What is done to a noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    /// Suspending and resuming a tenant.
    Suspend,
    /// Taking a tenant with all that it has out of the installation, as a file.
    Export,
    /// Taking such a file in.
    Import,
}

impl Action {
    pub const ALL: &[Self] =
        &[Self::Read, Self::Create, Self::Update, Self::Delete, Self::Suspend, Self::Export, Self::Import];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Suspend => "suspend",
            Self::Export => "export",
            Self::Import => "import",
        }
    }

    /// Whether there is such a thing to do to the noun.
    pub fn is_done_to(self, resource: Resource) -> bool {
        let of_tenants = matches!(self, Self::Suspend | Self::Export | Self::Import);
        !of_tenants || resource == Resource::Tenant
    }
}

/// Where a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// What belongs to no tenant: the collection of them.
    Platform,
    Tenant(TenantId),
}

impl Domain {
    /// The tenant that it is; none is all of the platform.
    pub(super) const fn scope(self) -> Option<TenantId> {
        match self {
            Self::Platform => None,
            Self::Tenant(id) => Some(id),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => formatter.write_str("platform"),
            Self::Tenant(id) => id.fmt(formatter),
        }
    }
}

/// Roles that every installation has. Those of the platform are held in all of it or not at all.
pub const BUILT_IN_ROLES: [&str; 8] = [
    "platform-admin",
    "platform-auditor",
    "tenant-owner",
    "tenant-admin",
    "client-manager",
    "user-manager",
    "device-approver",
    "auditor",
];

/// What the built-in roles allow: role, resource, action; `*` is every one.
const POLICY: &[(&str, &str, &str)] = &[
    ("platform-admin", "*", "*"),
    ("platform-auditor", "*", "read"),
    ("tenant-owner", "*", "read"),
    ("tenant-owner", "tenant", "update"),
    ("tenant-owner", "tenant", "export"),
    ("tenant-owner", "domain", "*"),
    ("tenant-owner", "client", "*"),
    ("tenant-owner", "user", "*"),
    ("tenant-owner", "key", "*"),
    ("tenant-owner", "device-authorization", "*"),
    ("tenant-owner", "session", "*"),
    ("tenant-owner", "grant", "*"),
    ("tenant-owner", "resource", "*"),
    ("tenant-owner", "initial-access-token", "*"),
    ("tenant-owner", "registration-policy", "*"),
    ("tenant-owner", "role", "*"),
    ("tenant-owner", "role-assignment", "*"),
    ("tenant-owner", "webhook", "*"),
    ("tenant-owner", "identity-provider", "*"),
    ("tenant-admin", "*", "read"),
    ("tenant-admin", "tenant", "update"),
    ("tenant-admin", "domain", "*"),
    ("tenant-admin", "client", "*"),
    ("tenant-admin", "user", "*"),
    ("tenant-admin", "key", "*"),
    ("tenant-admin", "device-authorization", "*"),
    ("tenant-admin", "session", "*"),
    ("tenant-admin", "grant", "*"),
    ("tenant-admin", "resource", "*"),
    ("tenant-admin", "initial-access-token", "*"),
    ("tenant-admin", "registration-policy", "*"),
    ("tenant-admin", "webhook", "*"),
    ("tenant-admin", "identity-provider", "*"),
    ("client-manager", "tenant", "read"),
    ("client-manager", "client", "*"),
    ("client-manager", "grant", "read"),
    ("client-manager", "resource", "read"),
    ("client-manager", "initial-access-token", "*"),
    ("client-manager", "registration-policy", "read"),
    ("client-manager", "stats", "read"),
    ("user-manager", "tenant", "read"),
    ("user-manager", "user", "*"),
    ("user-manager", "session", "*"),
    ("user-manager", "grant", "*"),
    ("device-approver", "tenant", "read"),
    ("device-approver", "user", "read"),
    ("device-approver", "device-authorization", "*"),
    ("auditor", "*", "read"),
];

/// `g`, the costly part, comes last.
const MODEL: &str = "
[request_definition]
r = sub, dom, res, act

[policy_definition]
p = role, res, act

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = (p.act == r.act || p.act == \"*\") && (p.res == r.res || p.res == \"*\") && g(r.sub, p.role, r.dom)
";

/// Enforcers kept in memory, one for a domain; the least used ones leave.
const ENFORCERS: usize = 1000;

/// What a built-in role allows; nothing, if there is none of the name.
pub(super) fn built_in_permissions(role: &str) -> Vec<Permission> {
    let of_the_role = POLICY.iter().filter(|(held, _, _)| *held == role);
    of_the_role.map(|(_, resource, action)| permission(resource, action)).collect()
}

fn permission(resource: &str, action: &str) -> Permission {
    Permission { resource: resource.to_owned(), action: action.to_owned() }
}

/// Whether a role is of the whole platform or none, by its name.
pub(super) fn is_platform_role(name: &str) -> bool {
    name.starts_with("platform-")
}

/// Whether an assignment gives anything: roles of the platform only in all of it, roles in all of the
/// platform only for subjects of the system tenant, and everybody else's only in their own tenant.
pub(super) fn counts(held: &RoleAssignment, home: TenantId, system: TenantId) -> bool {
    match held.scope {
        None => home == system,
        Some(scope) => !is_platform_role(&held.role) && (home == system || home == scope),
    }
}

/// The enforcers of the domains in use.
pub struct Enforcers {
    model: DefaultModel,
    loaded: Cache<Domain, Arc<DomainEnforcer>>,
    /// Counts what was forgotten: what was read before a change must not be kept after it.
    generation: AtomicU64,
}

struct DomainEnforcer {
    enforcer: Enforcer,
    /// Tenants whose subjects may hold roles in it.
    homes: Vec<TenantId>,
}

impl Enforcers {
    /// Parses the model.
    ///
    /// # Errors
    /// A model that does not parse.
    pub async fn new() -> Result<Self, Fault> {
        let model = DefaultModel::from_str(MODEL).await.map_err(internal)?;
        Ok(Self { model, loaded: Cache::new(ENFORCERS), generation: AtomicU64::new(0) })
    }

    /// Forgets what a change made wrong. A client that comes again under an old name must not find the
    /// roles of the old one, so a change to a client counts too.
    pub fn forget(&self, change: &Change) {
        match change {
            Change::Everything => {
                self.generation.fetch_add(1, Ordering::SeqCst);
                self.loaded.clear();
            }
            Change::In {
                tenant_id,
                kind: ChangeKind::RoleAssignments | ChangeKind::Client(_) | ChangeKind::Tenant,
            } => {
                self.generation.fetch_add(1, Ordering::SeqCst);
                self.loaded.retain(|_, loaded| !loaded.homes.contains(tenant_id));
            }
            Change::In { kind: ChangeKind::Keys | ChangeKind::AuditTrail, .. } => {}
        }
    }

    /// The enforcer of a domain as the database is now.
    async fn load(&self, store: &Store, system: TenantId, domain: Domain) -> Result<DomainEnforcer, Fault> {
        let adapter = PolicyAdapter::new(store.clone(), system, domain);
        let homes = adapter.homes();
        let enforcer = Enforcer::new(self.model.clone(), adapter).await.map_err(internal)?;
        Ok(DomainEnforcer { enforcer, homes })
    }
}

impl DomainEnforcer {
    fn allows(
        &self,
        caller: &Caller,
        domain: Domain,
        resource: Resource,
        action: Action,
    ) -> Result<bool, Fault> {
        self.holds(caller, domain, &permission(resource.as_str(), action.as_str()))
    }

    /// Whether the caller has all of a permission: `*` is had only by whom a rule gives `*`.
    fn holds(&self, caller: &Caller, domain: Domain, wanted: &Permission) -> Result<bool, Fault> {
        let subject = subject(caller.tenant_id, &caller.subject);
        let request = (subject, domain.to_string(), wanted.resource.as_str(), wanted.action.as_str());
        self.enforcer.enforce(request).map_err(internal)
    }
}

/// Subjects of different tenants may have the same name.
fn subject(home: TenantId, subject: &grantor_store::Subject) -> String {
    format!("{home}/{subject}")
}

/// What the database refused to our adapter is told as what it was.
fn internal(error: casbin::Error) -> Fault {
    match error {
        casbin::Error::AdapterError(AdapterError(cause)) => match cause.downcast::<grantor_store::Error>() {
            Ok(error) => (*error).into(),
            Err(other) => Fault::internal(other),
        },
        other => Fault::internal(other.to_string()),
    }
}

impl App {
    /// Demands a right. What the caller may not even see does not exist for it.
    ///
    /// # Errors
    /// [`AdminFault::NotFound`], [`AdminFault::Forbidden`].
    pub(super) async fn authorize_caller(
        &self,
        caller: &Caller,
        domain: Domain,
        resource: Resource,
        action: Action,
    ) -> Result<(), AdminFault> {
        if self.may(caller, domain, resource, action).await? {
            return Ok(());
        }
        // A command may have given the role: it runs in a process of its own, and an embedded database
        // does not tell of it.
        let enforcer = self.load_enforcer(domain).await?;
        if enforcer.allows(caller, domain, resource, action)? {
            Ok(())
        } else if action != Action::Read && enforcer.allows(caller, domain, resource, Action::Read)? {
            Err(AdminFault::Forbidden)
        } else {
            Err(AdminFault::NotFound)
        }
    }

    /// Whether somebody has a right, as far as this node knows: for what is offered, not for what is done.
    ///
    /// # Errors
    /// A fault of the store.
    pub(in crate::app) async fn may(
        &self,
        caller: &Caller,
        domain: Domain,
        resource: Resource,
        action: Action,
    ) -> Result<bool, Fault> {
        self.enforcer(domain).await?.allows(caller, domain, resource, action)
    }

    /// The tenant with this slug, if the caller has the right in it.
    ///
    /// # Errors
    /// As [`Self::authorize_caller`]; a tenant that is not there is [`AdminFault::NotFound`].
    pub(super) async fn administered(
        &self,
        caller: &Caller,
        slug: &str,
        resource: Resource,
        action: Action,
    ) -> Result<Arc<TenantContext>, AdminFault> {
        let domain = |context: &TenantContext| Domain::Tenant(context.tenant.id);
        self.administered_in(caller, slug, domain, resource, action).await
    }

    /// The tenant with this slug, if the caller has the right in the domain that `domain` says of it.
    ///
    /// # Errors
    /// As [`Self::administered`].
    pub(super) async fn administered_in(
        &self,
        caller: &Caller,
        slug: &str,
        domain: impl FnOnce(&TenantContext) -> Domain + Send,
        resource: Resource,
        action: Action,
    ) -> Result<Arc<TenantContext>, AdminFault> {
        let context = match self.any_tenant(slug).await {
            Ok(context) => context,
            Err(Fault::UnknownTenant) => return Err(AdminFault::NotFound),
            Err(fault) => return Err(fault.into()),
        };
        self.authorize_caller(caller, domain(&context), resource, action).await?;
        Ok(context)
    }

    pub(super) async fn system_tenant(&self) -> Result<TenantId, Fault> {
        Ok(self.any_tenant(SYSTEM_TENANT).await?.tenant.id)
    }

    async fn enforcer(&self, domain: Domain) -> Result<Arc<DomainEnforcer>, Fault> {
        match self.enforcers.loaded.get(&domain) {
            Some(loaded) => Ok(loaded),
            None => self.load_enforcer(domain).await,
        }
    }

    async fn load_enforcer(&self, domain: Domain) -> Result<Arc<DomainEnforcer>, Fault> {
        let generation = self.enforcers.generation.load(Ordering::SeqCst);
        let system = self.system_tenant().await?;
        let loaded = Arc::new(self.enforcers.load(&self.store, system, domain).await?);
        if self.enforcers.generation.load(Ordering::SeqCst) == generation {
            self.enforcers.loaded.insert(domain, Arc::clone(&loaded));
        }
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests;
