use std::sync::Arc;

use grantor_api as api;
use grantor_protocol::model::{AuditKind, ClientId, TenantId};
use grantor_store::{
    AssignmentFilter, AssignmentRecord, ChangeKind, Page, RoleAssignment, Subject, WriteError,
};
use serde_json::Value;

use super::document::{changes, document, read};
use super::version::etag;
use super::{
    Action, AdminFault, Caller, Domain, Precondition, Resource, Saved, Versioned, as_page, contended,
};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::{ATTEMPTS, App, TenantContext};

/// What is administered by those whose roles an operation is about.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// All of it.
    Platform,
    /// The tenant with this slug.
    Tenant(&'a str),
}

/// A place as it was found, by a caller with the right to what was asked.
struct Administration {
    /// The tenant that it is; the system tenant for all of the platform.
    context: Arc<TenantContext>,
    domain: Domain,
    system: TenantId,
}

/// Who has which role there. The identifier of an assignment says just that:
/// `<role>:<user|client>:<tenant of the subject>:<user's id or client_id>`.
struct Wanted {
    home: TenantId,
    assignment: RoleAssignment,
}

impl Administration {
    /// The slug of a tenant whose subjects may have roles there.
    fn slug_of(&self, home: TenantId) -> &str {
        if home == self.context.tenant.id { &self.context.tenant.slug } else { SYSTEM_TENANT }
    }

    /// What an identifier names. Nothing is known of subjects that cannot have roles there.
    fn parse(&self, id: &str) -> Option<Wanted> {
        let mut parts = id.splitn(4, ':');
        let (role, kind, slug, name) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kind = match kind {
            "user" => api::SubjectType::User,
            "client" => api::SubjectType::Client,
            _ => return None,
        };
        self.wanted(role, kind, slug, name)
    }

    fn wanted(&self, role: &str, kind: api::SubjectType, slug: &str, name: &str) -> Option<Wanted> {
        let home = match slug {
            _ if slug == self.context.tenant.slug => self.context.tenant.id,
            SYSTEM_TENANT => self.system,
            _ => return None,
        };
        let subject = match kind {
            api::SubjectType::User => Subject::User(name.parse().ok()?),
            api::SubjectType::Client => Subject::Client(ClientId::parse(name)?),
        };
        let role = Some(role.to_owned()).filter(|role| !role.contains('\0'))?;
        Some(Wanted { home, assignment: RoleAssignment { subject, role, scope: self.domain.scope() } })
    }

    fn document(&self, record: &AssignmentRecord) -> api::RoleAssignment {
        let RoleAssignment { subject, role, .. } = &record.assignment;
        let (subject_type, subject) = match subject {
            Subject::User(id) => (api::SubjectType::User, id.to_string()),
            Subject::Client(client_id) => (api::SubjectType::Client, client_id.to_string()),
        };
        let subject_tenant = self.slug_of(record.home).to_owned();
        api::RoleAssignment {
            id: identifier(role, subject_type, &subject_tenant, &subject),
            role: role.clone(),
            subject_type,
            subject,
            subject_tenant,
            created_at: record.created_at.to_string(),
        }
    }

    fn versioned(&self, record: &AssignmentRecord) -> Versioned<api::RoleAssignment> {
        Versioned { document: self.document(record), etag: etag(1, record.created_at) }
    }
}

fn identifier(role: &str, kind: api::SubjectType, tenant: &str, subject: &str) -> String {
    let kind = match kind {
        api::SubjectType::User => "user",
        api::SubjectType::Client => "client",
    };
    format!("{role}:{kind}:{tenant}:{subject}")
}

fn nobody() -> AdminFault {
    AdminFault::invalid("/subject", "there is no such user or client that could have a role here")
}

/// Demands that a document does not name another assignment than the path.
fn keep_name(wanted: &Value, named: &api::RoleAssignment) -> Result<(), AdminFault> {
    let named = document(named);
    for member in ["role", "subject_type", "subject", "subject_tenant"] {
        if wanted.get(member).is_some_and(|given| Some(given) != named.get(member)) {
            return Err(AdminFault::invalid(format!("/{member}"), "is not what the path says"));
        }
    }
    Ok(())
}

impl App {
    /// Who may administer what: the roles that are held there, by subjects of the tenant and of the
    /// system tenant.
    ///
    /// # Errors
    /// What [`App::administered_in`] refuses; faults of the store.
    pub async fn list_role_assignments(
        &self,
        caller: &Caller,
        place: Place<'_>,
        filter: &AssignmentFilter,
        page: &Page,
    ) -> Result<api::Page<api::RoleAssignment>, AdminFault> {
        let there = self.administration(caller, place, Action::Read).await?;
        if [&filter.subject, &filter.role].into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(api::Page { items: vec![], next: None });
        }
        let homes = [there.context.tenant.id, there.system];
        let records = self.store.list_assignments(homes, there.domain.scope(), filter, page).await?;
        Ok(as_page(records, |record| there.document(&record)))
    }

    /// # Errors
    /// As [`Self::list_role_assignments`].
    pub async fn read_role_assignment(
        &self,
        caller: &Caller,
        place: Place<'_>,
        id: &str,
    ) -> Result<Versioned<api::RoleAssignment>, AdminFault> {
        let there = self.administration(caller, place, Action::Read).await?;
        let wanted = there.parse(id).ok_or(AdminFault::NotFound)?;
        Ok(there.versioned(&self.made(&wanted).await?.ok_or(AdminFault::NotFound)?))
    }

    /// Gives a role; to give it again changes nothing.
    ///
    /// # Errors
    /// A document that cannot be taken; nobody gives what they do not hold.
    pub async fn create_role_assignment(
        &self,
        caller: &Caller,
        place: Place<'_>,
        wanted: Value,
    ) -> Result<Saved<api::RoleAssignment>, AdminFault> {
        let there = self.administration(caller, place, Action::Create).await?;
        let wanted: api::RoleAssignment = read(wanted)?;
        let slug = match wanted.subject_tenant.as_str() {
            "" => &there.context.tenant.slug,
            given => given,
        };
        let named = there.wanted(&wanted.role, wanted.subject_type, slug, &wanted.subject);
        self.give(caller, &there, named.ok_or_else(nobody)?).await
    }

    /// Gives the role that the identifier names to whom it names.
    ///
    /// # Errors
    /// As [`Self::create_role_assignment`]; a precondition that does not hold.
    pub async fn put_role_assignment(
        &self,
        caller: &Caller,
        place: Place<'_>,
        id: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::RoleAssignment>, AdminFault> {
        let there = self.administration(caller, place, Action::Update).await?;
        read::<api::RoleAssignment>(wanted.clone())?;
        let named = there.parse(id).ok_or_else(nobody)?;
        let record = AssignmentRecord {
            home: named.home,
            assignment: named.assignment.clone(),
            created_at: self.now(),
        };
        keep_name(&wanted, &there.document(&record))?;
        if let Some(record) = self.made(&named).await? {
            let now = there.versioned(&record);
            precondition.check(Some(&now.etag))?;
            return Ok(Saved { now, created: false });
        }
        precondition.check(None)?;
        self.administration(caller, place, Action::Create).await?;
        self.give(caller, &there, named).await
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// Nobody takes what they do not hold; the last administrator of the platform stays; a precondition
    /// that does not hold.
    pub async fn delete_role_assignment(
        &self,
        caller: &Caller,
        place: Place<'_>,
        id: &str,
        precondition: &Precondition,
    ) -> Result<(), AdminFault> {
        let there = self.administration(caller, place, Action::Delete).await?;
        let wanted = there.parse(id).ok_or(AdminFault::NotFound)?;
        let now = there.versioned(&self.made(&wanted).await?.ok_or(AdminFault::NotFound)?);
        precondition.check(Some(&now.etag))?;
        let Wanted { home, assignment } = wanted;
        let role = self.known_role(assignment.scope, &assignment.role).await?;
        let permissions = role.map(|role| role.permissions).unwrap_or_default();
        self.authorize_holding(caller, there.domain, &permissions).await?;
        let detail = changes(Some(&now.document), None::<&api::RoleAssignment>);
        let event = self.admin_event(caller, AuditKind::RoleAssignmentChanged, id, detail);
        self.store.tenant(home).unassign(&assignment, vec![event]).await?;
        self.forget(there.context.tenant.id, ChangeKind::RoleAssignments);
        Ok(())
    }

    async fn give(
        &self,
        caller: &Caller,
        there: &Administration,
        named: Wanted,
    ) -> Result<Saved<api::RoleAssignment>, AdminFault> {
        let Wanted { home, assignment } = named;
        // A tenant's own administrators learn nothing of who there is in the system tenant.
        if home != there.context.tenant.id && caller.tenant_id != home {
            return Err(nobody());
        }
        for _ in 0..ATTEMPTS {
            let role = self.known_role(assignment.scope, &assignment.role).await?;
            let role = role.ok_or_else(|| AdminFault::invalid("/role", "there is no such role here"))?;
            self.authorize_holding(caller, there.domain, &role.permissions).await?;
            let record = AssignmentRecord { home, assignment: assignment.clone(), created_at: self.now() };
            let now = there.versioned(&record);
            let detail = changes(None::<&api::RoleAssignment>, Some(&now.document));
            let kind = AuditKind::RoleAssignmentChanged;
            let event = self.admin_event(caller, kind, &now.document.id, detail);
            let rows = self.store.tenant(home);
            match rows.assign(&assignment, role.custom.as_ref(), record.created_at, vec![event]).await {
                Ok(true) => {
                    self.forget(there.context.tenant.id, ChangeKind::RoleAssignments);
                    return Ok(Saved { now, created: true });
                }
                Ok(false) => {
                    if let Some(record) = rows.assignment(&assignment).await? {
                        return Ok(Saved { now: there.versioned(&record), created: false });
                    }
                }
                Err(WriteError::NotFound) => return Err(nobody()),
                // The role is not what it was a moment ago.
                Err(WriteError::VersionMismatch) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    async fn made(&self, wanted: &Wanted) -> Result<Option<AssignmentRecord>, AdminFault> {
        Ok(self.store.tenant(wanted.home).assignment(&wanted.assignment).await?)
    }

    async fn administration(
        &self,
        caller: &Caller,
        place: Place<'_>,
        action: Action,
    ) -> Result<Administration, AdminFault> {
        let resource = Resource::RoleAssignment;
        let (context, domain) = match place {
            Place::Platform => {
                let domain = |_: &TenantContext| Domain::Platform;
                let context = self.administered_in(caller, SYSTEM_TENANT, domain, resource, action).await?;
                (context, Domain::Platform)
            }
            Place::Tenant(slug) => {
                let context = self.administered(caller, slug, resource, action).await?;
                let domain = Domain::Tenant(context.tenant.id);
                (context, domain)
            }
        };
        Ok(Administration { context, domain, system: self.system_tenant().await? })
    }
}
