use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, ProtectedResource};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::protected_resources;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ChangeKind, Cursor, Error, Listing, Page, TenantStore, WriteError};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = protected_resources)]
pub(crate) struct ProtectedResourceRow {
    tenant_id: Bytes<16>,
    identifier: String,
    settings: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl ProtectedResourceRow {
    fn new(resource: &ProtectedResource) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: resource.tenant_id.into(),
            identifier: resource.identifier.clone(),
            settings: document("protected_resources.settings", &resource.settings)?,
            version: resource.version,
            created_at: resource.created_at.into(),
            updated_at: resource.updated_at.into(),
        })
    }

    pub(crate) fn into_protected_resource(self) -> Result<ProtectedResource, Error> {
        Ok(ProtectedResource {
            tenant_id: self.tenant_id.into(),
            identifier: self.identifier,
            settings: from_document("protected_resources.settings", self.settings)?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// All protected resources of the tenant, the oldest first. A tenant has few: each is part of its
    /// policy.
    #[compiled_here]
    pub async fn protected_resources(&self) -> Result<Vec<ProtectedResource>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => protected_resources::table
                .filter(protected_resources::tenant_id.eq(tenant))
                .order((protected_resources::created_at.asc(), protected_resources::identifier.asc()))
                .select(ProtectedResourceRow::as_select()).load(c).await)?;
            rows.into_iter().map(ProtectedResourceRow::into_protected_resource).collect()
        };
        self.store.read(work).await
    }

    /// One protected resource.
    #[compiled_here]
    pub async fn protected_resource(&self, identifier: &str) -> Result<Option<ProtectedResource>, Error> {
        let key = (Bytes::from(self.id), identifier.to_owned());
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => protected_resources::table.find(key)
                .select(ProtectedResourceRow::as_select()).get_result(c).await.optional())?;
            row.map(ProtectedResourceRow::into_protected_resource).transpose()
        };
        self.store.read(work).await
    }

    /// A page of the tenant's protected resources; `q` is searched in identifiers and names. They are
    /// few, so that the page is cut here.
    #[compiled_here]
    pub async fn list_protected_resources(&self, page: &Page) -> Result<Listing<ProtectedResource>, Error> {
        let mut resources = self.protected_resources().await?;
        if let Some(cursor) = &page.cursor {
            let (at, key) = (cursor.created_at(), cursor.text());
            resources.retain(|held| (held.created_at, held.identifier.as_str()) > (at, key.as_str()));
        }
        if let Some(q) = page.q.as_deref().map(str::to_lowercase) {
            let begins = |text: &str| text.to_lowercase().starts_with(&q);
            resources.retain(|held| begins(&held.identifier) || begins(&held.settings.name));
        }
        Ok(page.listing(resources, |resource: &ProtectedResource| {
            Cursor::new(resource.created_at, resource.identifier.as_bytes())
        }))
    }

    /// Adds a protected resource with the version and times that it has.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `identifier`; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_protected_resource(
        &self,
        resource: &ProtectedResource,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(resource.tenant_id)?;
        let (tenant, row) = (self.id, ProtectedResourceRow::new(resource)?);
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(protected_resources::table)
                    .values(row).execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Replaces the settings of a protected resource and counts its version up. Gives the resource as
    /// it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if a version is expected and the resource has another.
    #[compiled_here]
    pub async fn replace_protected_resource(
        &self,
        resource: &ProtectedResource,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<ProtectedResource, WriteError> {
        self.own(resource.tenant_id)?;
        let (tenant, row) = (self.id, ProtectedResourceRow::new(resource)?);
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.identifier);
                let changes = (
                    protected_resources::settings.eq(row.settings),
                    protected_resources::updated_at.eq(row.updated_at),
                    protected_resources::version.eq(protected_resources::version + 1),
                );
                let replaced = dual!(conn, c => diesel::update(protected_resources::table.find(key.clone()))
                    .filter(is_expected(expected_version)).set(changes)
                    .returning(ProtectedResourceRow::as_returning()).get_result(c).await.optional())?;
                let Some(replaced) = replaced else { return Err(why_missed(conn, key).await) };
                audit::record(conn, tenant, audit).await?;
                Ok(replaced.into_protected_resource()?)
            })
            .await
    }

    /// Deletes a protected resource. Tokens that are for it already live on until they expire.
    ///
    /// # Errors
    /// As [`replace_protected_resource`](Self::replace_protected_resource).
    #[compiled_here]
    pub async fn delete_protected_resource(
        &self,
        identifier: &str,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, key) = (self.id, (Bytes::from(self.id), identifier.to_owned()));
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let deleted = dual!(conn, c => diesel::delete(protected_resources::table.find(key.clone()))
                    .filter(is_expected(expected_version)).execute(c).await)?;
                if deleted == 0 {
                    return Err(why_missed(conn, key).await);
                }
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

/// The row has the expected version, or none is expected.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_expected(version: Option<i64>) -> _ {
    let any: bool = version.is_none();
    let expected: i64 = version.unwrap_or_default();
    protected_resources::version.eq(expected).or(any.into_sql::<Bool>())
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: (Bytes<16>, String)) -> WriteError {
    match dual!(conn, c => select(exists(protected_resources::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
