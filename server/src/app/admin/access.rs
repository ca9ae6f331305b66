//! Who may do what: casbin, RBAC with the tenant as domain.
//!
//! casbin looks at every rule in turn, so each domain has a small enforcer of its own, built from the
//! roles below and the assignments that count there, kept until one of them changes.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use casbin::{CoreApi, DefaultModel, Enforcer, NullAdapter};
use grantor_protocol::model::TenantId;
use grantor_store::{Change, ChangeKind, RoleAssignment};
use quick_cache::sync::Cache;

use super::{AdminFault, Caller};
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
}

/// Where a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// What belongs to no tenant: the collection of them.
    Platform,
    Tenant(TenantId),
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
    ("tenant-owner", "tenant", "read"),
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
    ("tenant-owner", "audit-event", "read"),
    ("tenant-owner", "stats", "read"),
    ("tenant-owner", "webhook", "*"),
    ("tenant-admin", "tenant", "read"),
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
    ("tenant-admin", "role", "read"),
    ("tenant-admin", "role-assignment", "read"),
    ("tenant-admin", "audit-event", "read"),
    ("tenant-admin", "stats", "read"),
    ("tenant-admin", "webhook", "*"),
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

/// Whether there is such a role.
pub fn is_role(name: &str) -> bool {
    BUILT_IN_ROLES.contains(&name)
}

fn is_platform_role(name: &str) -> bool {
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
    /// Tenants whose subjects hold the roles in it.
    homes: Vec<TenantId>,
}

impl Enforcers {
    /// Parses the model and the built-in roles.
    ///
    /// # Errors
    /// Definitions that do not parse.
    pub async fn new() -> Result<Self, Fault> {
        let model = DefaultModel::from_str(MODEL).await.map_err(internal)?;
        let enforcers = Self { model, loaded: Cache::new(ENFORCERS), generation: AtomicU64::new(0) };
        enforcers.build(Domain::Platform, vec![]).await?;
        Ok(enforcers)
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
            Change::In { kind: ChangeKind::Keys, .. } => {}
        }
    }

    async fn build(
        &self,
        domain: Domain,
        holders: Vec<(TenantId, Vec<RoleAssignment>)>,
    ) -> Result<DomainEnforcer, Fault> {
        let mut enforcer = Enforcer::new(self.model.clone(), NullAdapter).await.map_err(internal)?;
        let model = enforcer.get_mut_model();
        let rule = |rule: &(&str, &str, &str)| vec![rule.0.into(), rule.1.into(), rule.2.into()];
        model.add_policies("p", "p", POLICY.iter().map(rule).collect());
        let homes = holders.iter().map(|(home, _)| *home).collect();
        for (home, assignments) in holders {
            let groups = assignments
                .into_iter()
                .map(|held| vec![subject(home, &held.subject), held.role, domain.to_string()])
                .collect();
            model.add_policies("g", "g", groups);
        }
        enforcer.build_role_links().map_err(internal)?;
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
        let subject = subject(caller.tenant_id, &caller.subject);
        self.enforcer
            .enforce((subject, domain.to_string(), resource.as_str(), action.as_str()))
            .map_err(internal)
    }
}

/// Subjects of different tenants may have the same name.
fn subject(home: TenantId, subject: &grantor_store::Subject) -> String {
    format!("{home}/{subject}")
}

fn internal(error: casbin::Error) -> Fault {
    Fault::internal(error.to_string())
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
        if self.enforcer(domain).await?.allows(caller, domain, resource, action)? {
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
        let context = match self.any_tenant(slug).await {
            Ok(context) => context,
            Err(Fault::UnknownTenant) => return Err(AdminFault::NotFound),
            Err(fault) => return Err(fault.into()),
        };
        self.authorize_caller(caller, Domain::Tenant(context.tenant.id), resource, action).await?;
        Ok(context)
    }

    /// Demands that the caller could have given `subject` every role that it holds: whoever can change
    /// its credentials can act as it.
    ///
    /// # Errors
    /// [`AdminFault::Forbidden`].
    pub(super) async fn authorize_over(
        &self,
        caller: &Caller,
        home: TenantId,
        subject: &grantor_store::Subject,
    ) -> Result<(), AdminFault> {
        for held in self.store.tenant(home).assignments_of(subject).await? {
            let domain = held.scope.map_or(Domain::Platform, Domain::Tenant);
            self.authorize_giving(caller, domain).await?;
        }
        Ok(())
    }

    /// Demands that the caller could give roles in the domain.
    ///
    /// # Errors
    /// [`AdminFault::Forbidden`].
    pub(super) async fn authorize_giving(&self, caller: &Caller, domain: Domain) -> Result<(), AdminFault> {
        match self.authorize_caller(caller, domain, Resource::RoleAssignment, Action::Update).await {
            Err(AdminFault::NotFound) => Err(AdminFault::Forbidden),
            other => other,
        }
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
        let mut homes = vec![system];
        homes.extend(match domain {
            Domain::Tenant(id) if id != system => Some(id),
            Domain::Tenant(_) | Domain::Platform => None,
        });
        let mut holders = vec![];
        for home in homes {
            let mut assignments = self.store.tenant(home).assignments().await?;
            assignments.retain(|held| {
                counts(held, home, system) && held.scope.is_none_or(|scope| Domain::Tenant(scope) == domain)
            });
            holders.push((home, assignments));
        }
        let loaded = Arc::new(self.enforcers.build(domain, holders).await?);
        if self.enforcers.generation.load(Ordering::SeqCst) == generation {
            self.enforcers.loaded.insert(domain, Arc::clone(&loaded));
        }
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests;
