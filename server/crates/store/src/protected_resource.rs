use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::ProtectedResource;

use crate::conn::{Conn, dual};
use crate::schema::protected_resources;
use crate::value::{Bytes, Time, from_document};
use crate::{Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = protected_resources)]
struct ProtectedResourceRow {
    tenant_id: Bytes<16>,
    identifier: String,
    settings: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
}

impl ProtectedResourceRow {
    fn into_protected_resource(self) -> Result<ProtectedResource, Error> {
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
}
