use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::domain::issuer;
use grantor_protocol::model::{AuditEvent, Domain};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{domains, protected_resources, tenants};
use crate::value::{Bytes, Time};
use crate::{ChangeKind, Error, Listing, Page, TenantStore, WriteError};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = domains, treat_none_as_default_value = false)]
pub(crate) struct DomainRow {
    tenant_id: Bytes<16>,
    domain: String,
    challenge: String,
    verified_at: Option<Time>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

type Key = (Bytes<16>, String);

impl DomainRow {
    fn new(domain: &Domain) -> Self {
        Self {
            tenant_id: domain.tenant_id.into(),
            domain: domain.domain.clone(),
            challenge: domain.challenge.clone(),
            verified_at: domain.verified_at.map(Into::into),
            version: domain.version,
            created_at: domain.created_at.into(),
            updated_at: domain.updated_at.into(),
        }
    }

    pub(crate) fn into_domain(self, primary: Option<&str>) -> Domain {
        Domain {
            tenant_id: self.tenant_id.into(),
            primary: primary == Some(self.domain.as_str()),
            domain: self.domain,
            challenge: self.challenge,
            verified_at: self.verified_at.map(Into::into),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        }
    }
}

impl TenantStore<'_> {
    /// All domains of the tenant, the oldest first. A tenant has few.
    #[compiled_here]
    pub async fn domains(&self) -> Result<Vec<Domain>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<(DomainRow, Option<String>)> = dual!(&mut conn, c => domains::table
                .inner_join(tenants::table.on(tenants::id.eq(domains::tenant_id)))
                .filter(domains::tenant_id.eq(tenant))
                .order((domains::created_at.asc(), domains::domain.asc()))
                .select((DomainRow::as_select(), tenants::domain)).load(c).await)?;
            Ok(rows.into_iter().map(|(row, primary)| row.into_domain(primary.as_deref())).collect())
        };
        self.store.read(work).await
    }

    /// One domain.
    #[compiled_here]
    pub async fn domain(&self, domain: &str) -> Result<Option<Domain>, Error> {
        let key = (Bytes::from(self.id), domain.to_owned());
        let work = async move |mut conn: Conn<'_>| Ok(find(&mut conn, key).await?);
        self.store.read(work).await
    }

    /// A page of the tenant's domains; `q` is searched in them. They are few, so that the page is cut here.
    #[compiled_here]
    pub async fn list_domains(&self, page: &Page) -> Result<Listing<Domain>, Error> {
        let mut held = self.domains().await?;
        if let Some(q) = page.q.as_deref().map(str::to_lowercase) {
            held.retain(|domain| domain.domain.starts_with(&q));
        }
        Ok(page.cut(held, |domain| (domain.created_at, domain.domain.as_str())))
    }

    /// Adds a domain with the version and times that it has. It is not primary.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `domain`; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_domain(&self, domain: &Domain, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(domain.tenant_id)?;
        let (tenant, row) = (self.id, DomainRow::new(domain));
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(domains::table).values(row).execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Writes whether a domain is verified and primary, and counts its version up. One that becomes primary
    /// takes the place of the one that was, and the tenant's issuer moves; the tenant's version counts that.
    /// Gives the domain as it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] for a domain of another version; [`WriteError::Conflict`] naming
    /// `domain` if another tenant has it verified; [`WriteError::Protected`] for a primary one that is not
    /// verified or whose issuer would be one of the tenant's protected resources.
    #[compiled_here]
    pub async fn replace_domain(
        &self,
        domain: &Domain,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<Domain, WriteError> {
        self.own(domain.tenant_id)?;
        if domain.primary && domain.verified_at.is_none() {
            return Err(WriteError::Protected("only a verified domain can be primary"));
        }
        let (tenant, row, primary) = (self.id, DomainRow::new(domain), domain.primary);
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.domain);
                move_issuer(conn, &key, primary, row.updated_at).await?;
                let changes = (
                    domains::verified_at.eq(row.verified_at),
                    domains::updated_at.eq(row.updated_at),
                    domains::version.eq(domains::version + 1),
                );
                let replaced = dual!(conn, c => diesel::update(domains::table.find(key.clone()))
                    .filter(domains::version.eq(expected_version)).set(changes).execute(c).await)?;
                if replaced == 0 {
                    return Err(why_missed(conn, key).await);
                }
                audit::record(conn, tenant, audit).await?;
                find(conn, key).await?.ok_or(WriteError::NotFound)
            })
            .await
    }

    /// Deletes a domain. If it was primary, the tenant's issuer is at the server's own address again.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] for a domain of another version.
    #[compiled_here]
    pub async fn delete_domain(
        &self,
        domain: &str,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, key) = (self.id, (Bytes::from(self.id), domain.to_owned()));
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let changes = (tenants::domain.eq(None::<String>), tenants::version.eq(tenants::version + 1));
                dual!(conn, c => diesel::update(tenants::table.find(key.0))
                    .filter(tenants::domain.eq(&key.1)).set(changes).execute(c).await)?;
                let deleted = dual!(conn, c => diesel::delete(domains::table.find(key.clone()))
                    .filter(domains::version.eq(expected_version)).execute(c).await)?;
                if deleted == 0 {
                    return Err(why_missed(conn, key).await);
                }
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

async fn find(conn: &mut Conn<'_>, key: Key) -> QueryResult<Option<Domain>> {
    let row: Option<(DomainRow, Option<String>)> = dual!(conn, c => domains::table
        .inner_join(tenants::table.on(tenants::id.eq(domains::tenant_id)))
        .filter(domains::tenant_id.eq(key.0)).filter(domains::domain.eq(key.1))
        .select((DomainRow::as_select(), tenants::domain)).get_result(c).await.optional())?;
    Ok(row.map(|(row, primary)| row.into_domain(primary.as_deref())))
}

/// Makes the domain the tenant's primary one, or no longer, if that is not so already. Whoever touches the
/// tenant's row and a domain's takes the tenant's first, so that no two wait for each other.
async fn move_issuer(conn: &mut Conn<'_>, key: &Key, primary: bool, at: Time) -> Result<(), WriteError> {
    let (id, domain) = (key.0, key.1.as_str());
    let found: Option<(Option<String>, i64)> = dual!(conn, c => tenants::table.find(id)
        .select((tenants::domain, tenants::version)).get_result(c).await.optional())?;
    let Some((held, version)) = found else { return Err(WriteError::NotFound) };
    let was = held.as_deref() == Some(domain);
    if primary == was {
        return Ok(());
    }
    // A token for the resource would be one for the issuer itself.
    let resource = exists(protected_resources::table.find((id, issuer(domain))));
    if primary && dual!(conn, c => select(resource).get_result(c).await)? {
        return Err(WriteError::Protected("a protected resource has the domain's issuer as its identifier"));
    }
    let changes = (
        tenants::domain.eq(primary.then_some(domain)),
        tenants::updated_at.eq(at),
        tenants::version.eq(tenants::version + 1),
    );
    let moved = dual!(conn, c => diesel::update(tenants::table.find(id))
        .filter(tenants::version.eq(version)).set(changes).execute(c).await)?;
    // Somebody else moves it, or changes the tenant, at this moment.
    if moved == 0 {
        return Err(WriteError::VersionMismatch);
    }
    if let Some(before) = held.filter(|_| primary) {
        let changes = (domains::updated_at.eq(at), domains::version.eq(domains::version + 1));
        dual!(conn, c => diesel::update(domains::table.find((id, before))).set(changes).execute(c).await)?;
    }
    Ok(())
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: Key) -> WriteError {
    match dual!(conn, c => select(exists(domains::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
