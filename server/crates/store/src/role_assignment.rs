use std::fmt;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, ClientId, TenantId, UserId};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::role_assignments;
use crate::value::Bytes;
use crate::{ChangeKind, Error, TenantStore, WriteError};

/// Who may administer what. It is kept with the tenant of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    pub subject: Subject,
    pub role: String,
    /// The tenant that the role is for; `None` is the whole platform.
    pub scope: Option<TenantId>,
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

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = role_assignments)]
struct RoleAssignmentRow {
    tenant_id: Bytes<16>,
    subject: String,
    role: String,
    scope: String,
}

impl RoleAssignmentRow {
    fn new(tenant: TenantId, assignment: &RoleAssignment) -> Self {
        Self {
            tenant_id: tenant.into(),
            subject: assignment.subject.to_string(),
            role: assignment.role.clone(),
            scope: assignment.scope.map_or_else(|| PLATFORM.to_owned(), |tenant| tenant.to_string()),
        }
    }

    fn into_assignment(self) -> Result<RoleAssignment, Error> {
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

impl TenantStore<'_> {
    /// Every role that somebody of this tenant has.
    #[compiled_here]
    pub async fn assignments(&self) -> Result<Vec<RoleAssignment>, Error> {
        self.load_assignments(None).await
    }

    /// The roles of one user or client of this tenant.
    #[compiled_here]
    pub async fn assignments_of(&self, subject: &Subject) -> Result<Vec<RoleAssignment>, Error> {
        self.load_assignments(Some(subject.to_string())).await
    }

    async fn load_assignments(&self, subject: Option<String>) -> Result<Vec<RoleAssignment>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => {
                let mut query = role_assignments::table.filter(role_assignments::tenant_id.eq(tenant))
                    .select(RoleAssignmentRow::as_select()).into_boxed();
                if let Some(subject) = subject {
                    query = query.filter(role_assignments::subject.eq(subject));
                }
                query.order((role_assignments::subject, role_assignments::role, role_assignments::scope))
                    .load(c).await
            })?;
            rows.into_iter().map(RoleAssignmentRow::into_assignment).collect()
        };
        self.store.read(work).await
    }

    /// Gives a role; to give it again changes nothing. Whether there is such a subject is the caller's
    /// to know.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn assign(
        &self,
        assignment: &RoleAssignment,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, row) = (self.id, RoleAssignmentRow::new(self.id, assignment));
        self.store
            .write_change(self.change(ChangeKind::RoleAssignments), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(role_assignments::table).values(row)
                    .on_conflict_do_nothing().execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Takes a role away.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if it was not given.
    #[compiled_here]
    pub async fn unassign(
        &self,
        assignment: &RoleAssignment,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, row) = (self.id, RoleAssignmentRow::new(self.id, assignment));
        self.store
            .write_change(self.change(ChangeKind::RoleAssignments), async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.subject, row.role, row.scope);
                let deleted = dual!(conn, c => diesel::delete(role_assignments::table.find(key))
                    .execute(c).await)?;
                match deleted {
                    0 => Err(WriteError::NotFound),
                    _ => Ok(audit::record(conn, tenant, audit).await?),
                }
            })
            .await
    }
}

/// Takes every role from a subject that is deleted in the same transaction.
pub(crate) async fn unassign_all(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    subject: &Subject,
) -> QueryResult<()> {
    dual!(conn, c => diesel::delete(role_assignments::table)
        .filter(role_assignments::tenant_id.eq(Bytes::from(tenant)))
        .filter(role_assignments::subject.eq(subject.to_string())).execute(c).await)?;
    Ok(())
}
