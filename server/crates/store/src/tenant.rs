use diesel::dsl::{And, NotEq, exists, not, select};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use grantor_protocol::domain;
use grantor_protocol::model::{AuditEvent, SigningKeyRecord, Tenant, TenantId, TenantStatus};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::page::{Order, in_order, starts_with};
use crate::schema::tenants;
use crate::value::{Bytes, Time, document, from_document, from_name};
use crate::{Change, ChangeKind, Error, Listing, Page, Sort, SortKey, Store, TenantStore, WriteError};
use crate::{audit, signing_key, tenant_count};

/// The directory of tenants: the one table that is not a tenant's.
pub struct Tenants<'a> {
    pub(crate) store: &'a Store,
}

/// The statuses of tenants whose rows are just going or coming: they are not in service, and but for
/// their slug and issuer, which stay taken, it is as if they were not there.
pub(crate) const DELETING: &str = "deleting";
pub(crate) const IMPORTING: &str = "importing";

/// Tells tenants in service, suspended ones included.
pub(crate) fn in_service() -> And<NotEq<tenants::status, &'static str>, NotEq<tenants::status, &'static str>>
{
    tenants::status.ne(DELETING).and(tenants::status.ne(IMPORTING))
}

/// Which tenants a listing wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct TenantFilter {
    pub status: Option<TenantStatus>,
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
pub(crate) struct TenantRow {
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

    pub(crate) fn into_tenant(self) -> Result<Tenant, Error> {
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
                .filter(in_service()).select(TenantRow::as_select()).get_result(c).await.optional())?;
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
                .filter(in_service()).select(TenantRow::as_select()).get_result(c).await.optional())?;
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
                .filter(in_service()).select(TenantRow::as_select()).get_result(c).await.optional())?;
            row.map(TenantRow::into_tenant).transpose()
        };
        self.store.read(work).await
    }

    /// A page of all tenants; `q` is searched in slugs and names.
    #[compiled_here]
    pub async fn list(&self, page: &Page, filter: TenantFilter) -> Result<Listing<Tenant>, Error> {
        let wanted = page.clone();
        let work = async move |mut conn: Conn<'_>| {
            let mut tenants: Vec<(Order, Tenant)> = vec![];
            for order in wanted.orders(2) {
                let missing = wanted.rows_missing(tenants.len());
                if missing == 0 {
                    break;
                }
                let rows = dual!(&mut conn, c => {
                    let mut query = tenants::table.filter(in_service())
                        .select(TenantRow::as_select()).into_boxed();
                    if let Some(status) = filter.status {
                        query = query.filter(tenants::status.eq(status.as_str()));
                    }
                    let after = wanted.after(order);
                    let by_time = after.map(|cursor| (cursor.time(), cursor.id()));
                    let by_name = after.map(|cursor| (cursor.value(), cursor.id()));
                    let (prefix, seek) = (wanted.prefix().unwrap_or_default(), wanted.seek(order));
                    let query = match order {
                        Order::Sorted(Sort { by: SortKey::CreatedAt, descending }) => {
                            in_order!(query, descending, (tenants::created_at, tenants::id), by_time)
                        }
                        Order::Sorted(Sort { by: SortKey::Key, descending }) => {
                            in_order!(query, descending, (tenants::slug, tenants::id), by_name)
                        }
                        Order::Sorted(Sort { by: SortKey::Name, descending }) => {
                            in_order!(query, descending, (tenants::name_lower, tenants::id), by_name)
                        }
                        Order::Found(0) => {
                            let query = query.filter(starts_with!(tenants::slug, seek));
                            in_order!(query, false, (tenants::slug, tenants::id), by_name)
                        }
                        Order::Found(_) => {
                            let query = query.filter(starts_with!(tenants::name_lower, seek))
                                .filter(not(starts_with!(tenants::slug, prefix)));
                            in_order!(query, false, (tenants::name_lower, tenants::id), by_name)
                        }
                    };
                    query.limit(missing).load(c).await
                })?;
                for row in rows {
                    tenants.push((order, TenantRow::into_tenant(row)?));
                }
            }
            Ok(tenants)
        };
        let tenants = self.store.read(work).await?;
        Ok(page.ordered_listing(tenants, |order, tenant: &Tenant| {
            let key = tenant.id.as_bytes();
            match order {
                Order::Sorted(Sort { by: SortKey::CreatedAt, .. }) => {
                    order.after_time(tenant.created_at, key)
                }
                Order::Sorted(Sort { by: SortKey::Key, .. }) | Order::Found(0) => {
                    order.after(&tenant.slug, key)
                }
                Order::Sorted(_) | Order::Found(_) => order.after(&tenant.name.to_lowercase(), key),
            }
        }))
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
                    .filter(in_service()).filter(expected).set(changes)
                    .returning(TenantRow::as_returning()).get_result(c).await.optional())?;
                let Some(updated) = updated else {
                    let found = exists(tenants::table.find(row.id).filter(in_service()));
                    return Err(match dual!(conn, c => select(found).get_result(c).await)? {
                        true => WriteError::VersionMismatch,
                        false => WriteError::NotFound,
                    });
                };
                // The counts before the chain, as whoever creates something does: neither can then wait for
                // the other.
                tenant_count::limit(conn, id, &quotas).await?;
                audit::look_again(conn, id).await?;
                audit::record(conn, id, audit).await?;
                Ok(updated.into_tenant()?)
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

pub(crate) fn tenant_changed(tenant_id: TenantId) -> Vec<Change> {
    vec![Change::In { tenant_id, kind: ChangeKind::Tenant }]
}
