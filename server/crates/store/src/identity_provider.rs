use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, IdentityProvider};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::identity_providers;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ChangeKind, Error, TenantStore, WriteError};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = identity_providers, treat_none_as_default_value = false)]
pub(crate) struct IdentityProviderRow {
    tenant_id: Bytes<16>,
    name: String,
    enabled: bool,
    settings: serde_json::Value,
    secret: Option<serde_json::Value>,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

/// What a provider is found by.
type Key = (Bytes<16>, String);

const SECRET: &str = "identity_providers.secret";

impl IdentityProviderRow {
    fn new(provider: &IdentityProvider) -> Result<Self, Error> {
        let secret = provider.client_secret.as_ref().map(|secret| document(SECRET, secret));
        Ok(Self {
            tenant_id: provider.tenant_id.into(),
            name: provider.name.clone(),
            enabled: provider.enabled,
            settings: document("identity_providers.settings", &provider.settings)?,
            secret: secret.transpose()?,
            version: provider.version,
            created_at: provider.created_at.into(),
            updated_at: provider.updated_at.into(),
        })
    }

    pub(crate) fn into_identity_provider(self) -> Result<IdentityProvider, Error> {
        Ok(IdentityProvider {
            tenant_id: self.tenant_id.into(),
            name: self.name,
            enabled: self.enabled,
            settings: from_document("identity_providers.settings", self.settings)?,
            client_secret: self.secret.map(|held| from_document(SECRET, held)).transpose()?,
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// All providers of the tenant, in the order in which people are shown them. There are few.
    #[compiled_here]
    pub async fn identity_providers(&self) -> Result<Vec<IdentityProvider>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<IdentityProviderRow> = dual!(&mut conn, c => identity_providers::table
                .filter(identity_providers::tenant_id.eq(tenant))
                .order(identity_providers::name.asc())
                .select(IdentityProviderRow::as_select()).load(c).await)?;
            rows.into_iter().map(IdentityProviderRow::into_identity_provider).collect()
        };
        let mut providers: Vec<IdentityProvider> = self.store.read(work).await?;
        providers.sort_by_key(|provider| provider.settings.position);
        Ok(providers)
    }

    #[compiled_here]
    pub async fn identity_provider(&self, name: &str) -> Result<Option<IdentityProvider>, Error> {
        let key = (Bytes::from(self.id), name.to_owned());
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => identity_providers::table.find(key)
                .select(IdentityProviderRow::as_select()).get_result(c).await.optional())?;
            row.map(IdentityProviderRow::into_identity_provider).transpose()
        };
        self.store.read(work).await
    }

    /// Adds a provider with the version and times that it has.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `name`; [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_identity_provider(
        &self,
        provider: &IdentityProvider,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        self.own(provider.tenant_id)?;
        let (tenant, row) = (self.id, IdentityProviderRow::new(provider)?);
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(identity_providers::table)
                    .values(row).execute(c).await)?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Replaces what can change of a provider and counts its version up. Gives it as it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`]; [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn replace_identity_provider(
        &self,
        provider: &IdentityProvider,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<IdentityProvider, WriteError> {
        self.own(provider.tenant_id)?;
        let (tenant, row) = (self.id, IdentityProviderRow::new(provider)?);
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.name);
                let changes = (
                    identity_providers::enabled.eq(row.enabled),
                    identity_providers::settings.eq(row.settings),
                    identity_providers::secret.eq(row.secret),
                    identity_providers::updated_at.eq(row.updated_at),
                    identity_providers::version.eq(identity_providers::version + 1),
                );
                let replaced = dual!(conn, c => diesel::update(identity_providers::table.find(key.clone()))
                    .filter(identity_providers::version.eq(expected_version)).set(changes)
                    .returning(IdentityProviderRow::as_returning()).get_result(c).await.optional())?;
                let Some(replaced) = replaced else { return Err(why_missed(conn, key).await) };
                audit::record(conn, tenant, audit).await?;
                Ok(replaced.into_identity_provider()?)
            })
            .await
    }

    /// Deletes a provider with the links of all who sign in through it.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`]; [`WriteError::NotFound`].
    #[compiled_here]
    pub async fn delete_identity_provider(
        &self,
        name: &str,
        expected_version: i64,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, key) = (self.id, (Bytes::from(self.id), name.to_owned()));
        self.store
            .write_change(self.change(ChangeKind::Tenant), async move |conn: &mut Conn<'_>| {
                let deleted = dual!(conn, c => diesel::delete(identity_providers::table.find(key.clone()))
                    .filter(identity_providers::version.eq(expected_version)).execute(c).await)?;
                if deleted == 0 {
                    return Err(why_missed(conn, key).await);
                }
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: Key) -> WriteError {
    match dual!(conn, c => select(exists(identity_providers::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
