use std::fmt;

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, ClientId, TenantId, UserId, UserStatus};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{clients, role_assignments, tenants, users};
use crate::value::{Bytes, Time};
use crate::{Change, ChangeKind, Cursor, Error, Listing, Page, Role, Store, TenantStore, WriteError};
use crate::{audit, role};

/// The role that may do everything in all of the platform. Somebody has it, always.
pub const PLATFORM_ADMIN: &str = "platform-admin";

/// Who may administer what. It is kept with the tenant of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    pub subject: Subject,
    pub role: String,
    /// The tenant that the role is for; `None` is the whole platform.
    pub scope: Option<TenantId>,
}

/// An assignment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentRecord {
    /// The tenant of the subject.
    pub home: TenantId,
    pub assignment: RoleAssignment,
    pub created_at: Timestamp,
}

/// Which assignments are wanted.
#[derive(Clone, Debug, Default)]
pub struct AssignmentFilter {
    /// A user's identifier or a client_id.
    pub subject: Option<String>,
    pub role: Option<String>,
}

/// Whoever can have a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    User(UserId),
    /// A client for itself: a service account.
    Client(ClientId),
}

impl fmt::Display for Subject {
    /// `user:<id>` or `client:<client_id>`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(formatter, "user:{id}"),
            Self::Client(client_id) => write!(formatter, "client:{client_id}"),
        }
    }
}

const PLATFORM: &str = "*";

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = role_assignments)]
pub(crate) struct RoleAssignmentRow {
    tenant_id: Bytes<16>,
    subject: String,
    role: String,
    scope: String,
    created_at: Time,
}

/// What an assignment is found by.
type Key = (Bytes<16>, String, String, String);

fn scope_text(scope: Option<TenantId>) -> String {
    scope.map_or_else(|| PLATFORM.to_owned(), |tenant| tenant.to_string())
}

fn key(tenant: TenantId, assignment: &RoleAssignment) -> Key {
    let RoleAssignment { subject, role, scope } = assignment;
    (tenant.into(), subject.to_string(), role.clone(), scope_text(*scope))
}

impl RoleAssignmentRow {
    fn new(tenant: TenantId, assignment: &RoleAssignment, at: Timestamp) -> Self {
        let (tenant_id, subject, role, scope) = key(tenant, assignment);
        Self { tenant_id, subject, role, scope, created_at: at.into() }
    }

    fn into_record(self) -> Result<AssignmentRecord, Error> {
        let (home, created_at) = (self.tenant_id.into(), self.created_at.into());
        Ok(AssignmentRecord { home, created_at, assignment: self.into_assignment()? })
    }

    pub(crate) fn into_assignment(self) -> Result<RoleAssignment, Error> {
        let subject = match self.subject.split_once(':') {
            Some(("user", id)) => id.parse().ok().map(Subject::User),
            Some(("client", client_id)) => ClientId::parse(client_id).map(Subject::Client),
            _ => None,
        };
        let subject = subject
            .ok_or_else(|| Error::corrupt("role_assignments.subject", "neither a user nor a client"))?;
        let scope = match self.scope.as_str() {
            PLATFORM => None,
            tenant => Some(tenant.parse().map_err(|error| Error::corrupt("role_assignments.scope", error))?),
        };
        Ok(RoleAssignment { subject, role: self.role, scope })
    }
}

impl Store {
    /// A page of the roles that subjects of these tenants have in one tenant, or in all of the platform.
    /// Who administers a tenant may belong to it or to the system tenant.
    #[compiled_here]
    pub async fn list_assignments(
        &self,
        homes: [TenantId; 2],
        scope: Option<TenantId>,
        filter: &AssignmentFilter,
        page: &Page,
    ) -> Result<Listing<AssignmentRecord>, Error> {
        let (homes, scope) = (homes.map(Bytes::from), scope_text(scope));
        let (filter, wanted) = (filter.clone(), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => {
                let mut query = role_assignments::table
                    .filter(role_assignments::tenant_id.eq(homes[0]).or(role_assignments::tenant_id.eq(homes[1])))
                    .filter(role_assignments::scope.eq(scope))
                    .select(RoleAssignmentRow::as_select()).into_boxed();
                if let Some(subject) = filter.subject {
                    query = query.filter(role_assignments::subject.eq(format!("user:{subject}"))
                        .or(role_assignments::subject.eq(format!("client:{subject}"))));
                }
                if let Some(role) = filter.role {
                    query = query.filter(role_assignments::role.eq(role));
                }
                if let Some(cursor) = &wanted.cursor {
                    let (at, (home, text)) = (cursor.time(), cursor.id_and_text());
                    let (role, subject) = text.split_once(' ').unwrap_or_default();
                    let (role, subject) = (role.to_owned(), subject.to_owned());
                    query = query.filter(role_assignments::created_at.gt(at)
                        .or(role_assignments::created_at.eq(at).and(role_assignments::tenant_id.gt(home)
                            .or(role_assignments::tenant_id.eq(home).and(
                                role_assignments::role.gt(role.clone())
                                    .or(role_assignments::role.eq(role).and(role_assignments::subject.gt(subject))))))));
                }
                query.order((role_assignments::created_at, role_assignments::tenant_id, role_assignments::role,
                        role_assignments::subject))
                    .limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(RoleAssignmentRow::into_record).collect()
        };
        let records = self.read(work).await?;
        Ok(page.listing(records, |record: &AssignmentRecord| {
            let text = format!("{} {}", record.assignment.role, record.assignment.subject);
            Cursor::new(record.created_at, &[record.home.as_bytes(), text.as_bytes()].concat())
        }))
    }
}

impl TenantStore<'_> {
    /// Every role that somebody of this tenant has.
    #[compiled_here]
    pub async fn assignments(&self) -> Result<Vec<RoleAssignment>, Error> {
        self.load_assignments(None, None).await
    }

    /// The roles of one user or client of this tenant.
    #[compiled_here]
    pub async fn assignments_of(&self, subject: &Subject) -> Result<Vec<RoleAssignment>, Error> {
        self.load_assignments(Some(subject.to_string()), None).await
    }

    /// The roles that subjects of this tenant have in all of the platform, and in `tenant` if one is given.
    #[compiled_here]
    pub async fn assignments_for(&self, tenant: Option<TenantId>) -> Result<Vec<RoleAssignment>, Error> {
        self.load_assignments(None, Some(scope_text(tenant))).await
    }

    async fn load_assignments(
        &self,
        subject: Option<String>,
        scope: Option<String>,
    ) -> Result<Vec<RoleAssignment>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => {
                let mut query = role_assignments::table.filter(role_assignments::tenant_id.eq(tenant))
                    .select(RoleAssignmentRow::as_select()).into_boxed();
                if let Some(subject) = subject {
                    query = query.filter(role_assignments::subject.eq(subject));
                }
                if let Some(scope) = scope {
                    query = query.filter(role_assignments::scope.eq(PLATFORM).or(role_assignments::scope.eq(scope)));
                }
                query.order((role_assignments::subject, role_assignments::role, role_assignments::scope))
                    .load(c).await
            })?;
            rows.into_iter().map(RoleAssignmentRow::into_assignment).collect()
        };
        self.store.read(work).await
    }

    /// One assignment, if it was made.
    #[compiled_here]
    pub async fn assignment(&self, wanted: &RoleAssignment) -> Result<Option<AssignmentRecord>, Error> {
        let key = key(self.id, wanted);
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => role_assignments::table.find(key)
                .select(RoleAssignmentRow::as_select()).get_result(c).await.optional())?;
            row.map(RoleAssignmentRow::into_record).transpose()
        };
        self.store.read(work).await
    }

    /// Gives a role, and says whether that was new; to give it again changes nothing. A role that
    /// administrators made is given as it was `seen`. The trail is that of the tenant which the role is for.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such subject; [`WriteError::VersionMismatch`] if the role has
    /// changed or is gone.
    #[compiled_here]
    pub async fn assign(
        &self,
        assignment: &RoleAssignment,
        seen: Option<&Role>,
        at: Timestamp,
        audit: Vec<AuditEvent>,
    ) -> Result<bool, WriteError> {
        let (home, row) = (self.id, RoleAssignmentRow::new(self.id, assignment, at));
        let (subject, seen) = (assignment.subject.clone(), seen.cloned());
        let (place, changes) = self.place(assignment);
        self.store
            .across_tenants()
            .write_change(changes, async move |conn: &mut Conn<'_>| {
                if let Some(seen) = seen {
                    match role::hold(conn, seen.tenant_id, seen.platform, &seen.name, seen.version).await {
                        Err(WriteError::NotFound) => return Err(WriteError::VersionMismatch),
                        held => held?,
                    }
                }
                hold_subject(conn, home, &subject).await?;
                let inserted = dual!(conn, c => diesel::insert_into(role_assignments::table).values(row)
                    .on_conflict_do_nothing().execute(c).await)?;
                if inserted > 0 {
                    audit::record(conn, place, audit).await?;
                }
                Ok(inserted > 0)
            })
            .await
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if it was not given; [`WriteError::Protected`] for the last administrator of
    /// the platform.
    #[compiled_here]
    pub async fn unassign(
        &self,
        assignment: &RoleAssignment,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (home, key) = (self.id, key(self.id, assignment));
        let (place, changes) = self.place(assignment);
        self.store
            .across_tenants()
            .write_change(changes, async move |conn: &mut Conn<'_>| {
                let administers = (key.2.as_str(), key.3.as_str()) == (PLATFORM_ADMIN, PLATFORM);
                let deleted = dual!(conn, c => diesel::delete(role_assignments::table.find(key))
                    .execute(c).await)?;
                if deleted == 0 {
                    return Err(WriteError::NotFound);
                }
                if administers {
                    keep_administrator(conn, home).await?;
                }
                Ok(audit::record(conn, place, audit).await?)
            })
            .await
    }

    /// The tenant that an assignment is for, and the change that it makes there.
    fn place(&self, assignment: &RoleAssignment) -> (TenantId, Vec<Change>) {
        let tenant_id = assignment.scope.unwrap_or(self.id);
        (tenant_id, vec![Change::In { tenant_id, kind: ChangeKind::RoleAssignments }])
    }
}

/// Whether somebody of these tenants has a role that the first of them made.
pub(crate) async fn is_given(
    conn: &mut Conn<'_>,
    homes: [TenantId; 2],
    platform: bool,
    role: &str,
) -> QueryResult<bool> {
    let scope = scope_text((!platform).then_some(homes[0]));
    let homes = homes.map(Bytes::from);
    let given = role_assignments::table
        .filter(role_assignments::tenant_id.eq(homes[0]).or(role_assignments::tenant_id.eq(homes[1])))
        .filter(role_assignments::scope.eq(scope))
        .filter(role_assignments::role.eq(role));
    dual!(conn, c => select(exists(given)).get_result(c).await)
}

/// Keeps a user or client from being deleted until the transaction ends: what is given to somebody who
/// is gone would be found by whoever comes under the same name.
async fn hold_subject(conn: &mut Conn<'_>, tenant: TenantId, subject: &Subject) -> Result<(), WriteError> {
    let tenant = Bytes::from(tenant);
    let touched = match subject {
        Subject::User(id) => dual!(conn, c => diesel::update(users::table.find((tenant, Bytes::from(*id))))
                .set(users::version.eq(users::version)).execute(c).await)?,
        Subject::Client(client_id) => {
            dual!(conn, c => diesel::update(clients::table.find((tenant, client_id.as_str())))
                .set(clients::version.eq(clients::version)).execute(c).await)?
        }
    };
    if touched == 0 { Err(WriteError::NotFound) } else { Ok(()) }
}

/// Takes every role from a subject that is deleted in the same transaction.
///
/// # Errors
/// [`WriteError::Protected`] for the last administrator of the platform.
pub(crate) async fn unassign_all(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    subject: &Subject,
) -> Result<(), WriteError> {
    let taken: Vec<(String, String)> = dual!(conn, c => diesel::delete(role_assignments::table)
        .filter(role_assignments::tenant_id.eq(Bytes::from(tenant)))
        .filter(role_assignments::subject.eq(subject.to_string()))
        .returning((role_assignments::role, role_assignments::scope)).get_results(c).await)?;
    if taken.iter().any(|(role, scope)| role == PLATFORM_ADMIN && scope == PLATFORM) {
        keep_administrator(conn, tenant).await?;
    }
    Ok(())
}

/// Refuses to shut out, in the same transaction, the last administrator of the platform.
///
/// # Errors
/// [`WriteError::Protected`].
pub(crate) async fn keep_administrator_besides(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    subject: &Subject,
) -> Result<(), WriteError> {
    let held = RoleAssignment { subject: subject.clone(), role: PLATFORM_ADMIN.to_owned(), scope: None };
    let administers = exists(role_assignments::table.find(key(tenant, &held)));
    match dual!(conn, c => select(administers).get_result(c).await)? {
        true => keep_administrator(conn, tenant).await,
        false => Ok(()),
    }
}

/// Refuses what leaves nobody who can act as an administrator of the platform. It comes after what it
/// judges: of two removals at once the second waits for the first, and then counts without both.
async fn keep_administrator(conn: &mut Conn<'_>, tenant: TenantId) -> Result<(), WriteError> {
    let tenant = Bytes::from(tenant);
    dual!(conn, c => diesel::update(tenants::table.find(tenant))
        .set(tenants::version.eq(tenants::version)).execute(c).await)?;
    let rows = dual!(conn, c => role_assignments::table.filter(role_assignments::tenant_id.eq(tenant))
        .filter(role_assignments::scope.eq(PLATFORM)).filter(role_assignments::role.eq(PLATFORM_ADMIN))
        .select(RoleAssignmentRow::as_select()).load(c).await)?;
    for row in rows {
        if can_act(conn, tenant, row.into_assignment()?.subject).await? {
            return Ok(());
        }
    }
    Err(WriteError::Protected("nobody else could administer the platform"))
}

async fn can_act(conn: &mut Conn<'_>, tenant: Bytes<16>, subject: Subject) -> QueryResult<bool> {
    match subject {
        Subject::User(id) => {
            let active = users::table
                .find((tenant, Bytes::from(id)))
                .filter(users::status.eq(UserStatus::Active.as_str()));
            dual!(conn, c => select(exists(active)).get_result(c).await)
        }
        Subject::Client(client_id) => {
            let enabled =
                clients::table.find((tenant, client_id.to_string())).filter(clients::enabled.eq(true));
            dual!(conn, c => select(exists(enabled)).get_result(c).await)
        }
    }
}
