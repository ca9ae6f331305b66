use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, TenantId};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::role_assignment;
use crate::schema::roles;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ChangeKind, Error, TenantStore, WriteError};

/// A role that administrators made. The whole platform's belong to the system tenant, beside that
/// tenant's own, and may have the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub tenant_id: TenantId,
    /// Whether it is held in all of the platform, or else in its tenant.
    pub platform: bool,
    pub name: String,
    pub description: String,
    pub permissions: Vec<Permission>,
    /// Counts changes, from 1.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// One thing that a role allows; `*` is every noun, or whatever can be done to one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    pub resource: String,
    pub action: String,
}

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = roles)]
pub(crate) struct RoleRow {
    tenant_id: Bytes<16>,
    platform: bool,
    name: String,
    description: String,
    permissions: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

/// What a role is found by.
type Key = (Bytes<16>, bool, String);

impl RoleRow {
    fn new(role: &Role) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: role.tenant_id.into(),
            platform: role.platform,
            name: role.name.clone(),
            description: role.description.clone(),
            permissions: document("roles.permissions", &role.permissions)?,
            version: role.version,
            created_at: role.created_at.into(),
            updated_at: role.updated_at.into(),
        })
    }

    pub(crate) fn into_role(self) -> Result<Role, Error> {
        Ok(Role {
            tenant_id: self.tenant_id.into(),
            platform: self.platform,
            name: self.name,
            description: self.description,
            permissions: from_document("roles.permissions", self.permissions)?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// Every role of the tenant's own, or every role of the platform's, the oldest first. They are few:
    /// all of them are looked at to decide what somebody may do.
    #[compiled_here]
    pub async fn roles(&self, platform: bool) -> Result<Vec<Role>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => roles::table.filter(roles::tenant_id.eq(tenant))
                .filter(roles::platform.eq(platform))
                .order((roles::created_at.asc(), roles::name.asc()))
                .select(RoleRow::as_select()).load(c).await)?;
            rows.into_iter().map(RoleRow::into_role).collect()
        };
        self.store.read(work).await
    }

    /// One role.
    #[compiled_here]
    pub async fn role(&self, platform: bool, name: &str) -> Result<Option<Role>, Error> {
        let key = (Bytes::from(self.id), platform, name.to_owned());
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => roles::table.find(key)
                .select(RoleRow::as_select()).get_result(c).await.optional())?;
            row.map(RoleRow::into_role).transpose()
        };
        self.store.read(work).await
    }

    /// Adds a role with the version and times that it has.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `name`; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_role(&self, role: &Role, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(role.tenant_id)?;
        let (tenant, row) = (self.id, RoleRow::new(role)?);
        self.store
            .write_change(self.change(ChangeKind::RoleAssignments), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(roles::table).values(row).execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Replaces description and permissions of a role and counts its version up. Gives the role as it is
    /// now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if the role has another version than was expected.
    #[compiled_here]
    pub async fn replace_role(
        &self,
        role: &Role,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<Role, WriteError> {
        self.own(role.tenant_id)?;
        let (tenant, row) = (self.id, RoleRow::new(role)?);
        self.store
            .write_change(self.change(ChangeKind::RoleAssignments), async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.platform, row.name);
                let changes = (
                    roles::description.eq(row.description),
                    roles::permissions.eq(row.permissions),
                    roles::updated_at.eq(row.updated_at),
                    roles::version.eq(roles::version + 1),
                );
                let replaced = dual!(conn, c => diesel::update(roles::table.find(key.clone()))
                    .filter(roles::version.eq(expected_version)).set(changes)
                    .returning(RoleRow::as_returning()).get_result(c).await.optional())?;
                let Some(replaced) = replaced else { return Err(why_missed(conn, key).await) };
                audit::record(conn, tenant, audit).await?;
                Ok(replaced.into_role()?)
            })
            .await
    }

    /// Deletes a role that nobody has. `system` is the other tenant whose subjects may have it.
    ///
    /// # Errors
    /// As [`replace_role`](Self::replace_role); [`WriteError::Protected`] if somebody has it.
    #[compiled_here]
    pub async fn delete_role(
        &self,
        role: &Role,
        expected_version: i64,
        system: TenantId,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(role.tenant_id)?;
        let (tenant, platform, name) = (self.id, role.platform, role.name.clone());
        self.store
            .across_tenants()
            .write_change(self.change(ChangeKind::RoleAssignments), async move |conn: &mut Conn<'_>| {
                // Whoever gives the role touches it as well, so that one of the two waits for the other.
                hold(conn, tenant, platform, &name, expected_version).await?;
                if role_assignment::is_given(conn, [tenant, system], platform, &name).await? {
                    return Err(WriteError::Protected(
                        "somebody has this role: take it away from them first",
                    ));
                }
                let key = (Bytes::from(tenant), platform, name);
                dual!(conn, c => diesel::delete(roles::table.find(key)).execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

/// Keeps a role in this version until the transaction ends.
///
/// # Errors
/// [`WriteError::VersionMismatch`], [`WriteError::NotFound`].
pub(crate) async fn hold(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    platform: bool,
    name: &str,
    version: i64,
) -> Result<(), WriteError> {
    let key = (Bytes::from(tenant), platform, name.to_owned());
    let touched = dual!(conn, c => diesel::update(roles::table.find(key.clone()))
        .filter(roles::version.eq(version)).set(roles::version.eq(roles::version)).execute(c).await)?;
    if touched == 0 { Err(why_missed(conn, key).await) } else { Ok(()) }
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: Key) -> WriteError {
    match dual!(conn, c => select(exists(roles::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
