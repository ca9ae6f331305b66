use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use grantor_protocol::domain;
use grantor_protocol::model::{AuditEvent, SigningKeyRecord, Tenant, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{
    access_token_revocations, access_tokens, attempts, audit_events, spent_assertions, stats, tenants,
};
use crate::value::{Bytes, Time, document, from_document, from_name};
use crate::{Change, ChangeKind, Cursor, Error, Listing, Page, Store, TenantStore, WriteError};
use crate::{audit, signing_key, tenant_count};

/// The directory of tenants: the one table that is not a tenant's.
pub struct Tenants<'a> {
    store: &'a Store,
}

/// What a tenant begins with.
#[derive(Clone, Debug)]
pub struct NewTenant {
    pub tenant: Tenant,
    /// Its first keys, so that it can sign as soon as it exists.
    pub keys: Vec<SigningKeyRecord>,
    pub audit: Vec<AuditEvent>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = tenants, treat_none_as_default_value = false)]
struct TenantRow {
    id: Bytes<16>,
    slug: String,
    name: String,
    name_lower: String,
    /// The one at the server's own address; see [`Self::domain`].
    issuer: String,
    /// Where the issuer is instead. Written where domains are.
    domain: Option<String>,
    status: String,
    settings: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl TenantRow {
    fn new(tenant: &Tenant) -> Result<Self, Error> {
        Ok(Self {
            id: tenant.id.into(),
            slug: tenant.slug.clone(),
            name: tenant.name.clone(),
            name_lower: tenant.name.to_lowercase(),
            issuer: tenant.issuer.clone(),
            domain: None,
            status: tenant.status.as_str().to_owned(),
            settings: document("tenants.settings", &tenant.settings)?,
            version: tenant.version,
            created_at: tenant.created_at.into(),
            updated_at: tenant.updated_at.into(),
        })
    }

    fn into_tenant(self) -> Result<Tenant, Error> {
        Ok(Tenant {
            id: self.id.into(),
            slug: self.slug,
            name: self.name,
            issuer: self.domain.map_or(self.issuer, |domain| domain::issuer(&domain)),
            status: from_name("tenants.status", &self.status)?,
            settings: from_document("tenants.settings", self.settings)?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl<'a> Tenants<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store }
    }

    #[compiled_here]
    pub async fn by_id(&self, id: TenantId) -> Result<Option<Tenant>, Error> {
        let id = Bytes::from(id);
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => tenants::table.find(id)
                .select(TenantRow::as_select()).get_result(c).await.optional())?;
            row.map(TenantRow::into_tenant).transpose()
        };
        self.store.read(work).await
    }

    /// The tenant of this name, compared byte for byte.
    #[compiled_here]
    pub async fn by_slug(&self, slug: &str) -> Result<Option<Tenant>, Error> {
        let slug = slug.to_owned();
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => tenants::table.filter(tenants::slug.eq(slug))
                .select(TenantRow::as_select()).get_result(c).await.optional())?;
            row.map(TenantRow::into_tenant).transpose()
        };
        self.store.read(work).await
    }

    /// The tenant whose issuer is at this domain, compared byte for byte.
    #[compiled_here]
    pub async fn by_domain(&self, domain: &str) -> Result<Option<Tenant>, Error> {
        let domain = domain.to_owned();
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => tenants::table.filter(tenants::domain.eq(domain))
                .select(TenantRow::as_select()).get_result(c).await.optional())?;
            row.map(TenantRow::into_tenant).transpose()
        };
        self.store.read(work).await
    }

    /// A page of all tenants; `q` is searched in slugs and names.
    #[compiled_here]
    pub async fn list(&self, page: &Page) -> Result<Listing<Tenant>, Error> {
        let wanted = page.clone();
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => {
                let mut query = tenants::table.select(TenantRow::as_select()).into_boxed();
                if let Some(cursor) = &wanted.cursor {
                    let (at, key) = (cursor.time(), cursor.id());
                    query = query.filter(tenants::created_at.gt(at)
                        .or(tenants::created_at.eq(at).and(tenants::id.gt(key))));
                }
                if let Some(pattern) = wanted.pattern() {
                    query = query.filter(tenants::slug.like(pattern.clone()).escape('\\')
                        .or(tenants::name_lower.like(pattern).escape('\\')));
                }
                query.order((tenants::created_at.asc(), tenants::id.asc()))
                    .limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(TenantRow::into_tenant).collect()
        };
        let tenants = self.store.read(work).await?;
        Ok(page.listing(tenants, |tenant: &Tenant| Cursor::new(tenant.created_at, tenant.id.as_bytes())))
    }

    /// Adds a tenant with its first keys.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `slug`, `issuer` or `id`.
    #[compiled_here]
    pub async fn create(&self, new: NewTenant) -> Result<(), WriteError> {
        let NewTenant { tenant, keys, audit } = new;
        if keys.iter().any(|key| key.tenant_id != tenant.id) {
            return Err(Error::ForeignTenant.into());
        }
        let (id, row) = (tenant.id, TenantRow::new(&tenant)?);
        self.store
            .write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(tenants::table).values(row).execute(c).await)?;
                for key in &keys {
                    signing_key::insert(conn, key).await?;
                }
                tenant_count::begin(conn, id, &tenant.settings.quotas).await?;
                Ok(audit::record(conn, id, audit).await?)
            })
            .await
    }

    /// Replaces what can change of a tenant, which is all but its identifier, issuer and creation time,
    /// and counts its version up. Gives the tenant as it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if a version is expected and the tenant has another;
    /// [`WriteError::Conflict`] naming `slug`.
    #[compiled_here]
    pub async fn update(
        &self,
        tenant: &Tenant,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<Tenant, WriteError> {
        let (id, row, quotas) = (tenant.id, TenantRow::new(tenant)?, tenant.settings.quotas);
        self.store
            .write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
                let changes = (
                    tenants::slug.eq(row.slug),
                    tenants::name.eq(row.name),
                    tenants::name_lower.eq(row.name_lower),
                    tenants::status.eq(row.status),
                    tenants::settings.eq(row.settings),
                    tenants::updated_at.eq(row.updated_at),
                    tenants::version.eq(tenants::version + 1),
                );
                let any = expected_version.is_none().into_sql::<Bool>();
                let expected = tenants::version.eq(expected_version.unwrap_or_default()).or(any);
                let updated = dual!(conn, c => diesel::update(tenants::table.find(row.id))
                    .filter(expected).set(changes)
                    .returning(TenantRow::as_returning()).get_result(c).await.optional())?;
                let Some(updated) = updated else {
                    let found = exists(tenants::table.find(row.id));
                    return Err(match dual!(conn, c => select(found).get_result(c).await)? {
                        true => WriteError::VersionMismatch,
                        false => WriteError::NotFound,
                    });
                };
                audit::look_again(conn, id).await?;
                tenant_count::limit(conn, id, &quotas).await?;
                audit::record(conn, id, audit).await?;
                Ok(updated.into_tenant()?)
            })
            .await
    }

    /// Deletes a tenant and all its rows, its audit trail included, in one transaction: for a large
    /// tenant that is a long one. Role assignments of other tenants' subjects over this tenant stay;
    /// they give nothing, for its identifier never comes again.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn delete(&self, id: TenantId) -> Result<(), WriteError> {
        self.store
            .write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
                let key = Bytes::from(id);
                let deleted = dual!(conn, c => diesel::delete(tenants::table.find(key)).execute(c).await)?;
                if deleted == 0 {
                    return Err(WriteError::NotFound);
                }
                dual!(conn, c => {
                    diesel::delete(access_token_revocations::table)
                        .filter(access_token_revocations::tenant_id.eq(key)).execute(c).await?;
                    diesel::delete(spent_assertions::table)
                        .filter(spent_assertions::tenant_id.eq(key)).execute(c).await?;
                    diesel::delete(access_tokens::table)
                        .filter(access_tokens::tenant_id.eq(key)).execute(c).await?;
                    diesel::delete(attempts::table)
                        .filter(attempts::tenant_id.eq(key)).execute(c).await?;
                    diesel::delete(stats::table)
                        .filter(stats::tenant_id.eq(key)).execute(c).await?;
                    diesel::delete(audit_events::table)
                        .filter(audit_events::tenant_id.eq(key)).execute(c).await?;
                });
                Ok(())
            })
            .await
    }
}

impl TenantStore<'_> {
    /// Refuses a value that names another tenant.
    pub(crate) fn own(&self, tenant: TenantId) -> Result<(), Error> {
        match tenant == self.id {
            true => Ok(()),
            false => Err(Error::ForeignTenant),
        }
    }

    pub(crate) fn change(&self, kind: ChangeKind) -> Vec<Change> {
        vec![Change::In { tenant_id: self.id, kind }]
    }
}

fn tenant_changed(tenant_id: TenantId) -> Vec<Change> {
    vec![Change::In { tenant_id, kind: ChangeKind::Tenant }]
}
