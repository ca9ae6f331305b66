use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{ClientId, Consent, TenantId, UserId};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::grant::client_id;
use crate::schema::{clients, consents};
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document, scope};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = consents)]
pub(crate) struct ConsentRow {
    tenant_id: Bytes<16>,
    user_id: Bytes<16>,
    client_id: String,
    scope: String,
    resources: serde_json::Value,
    given_at: Time,
    /// Counts changes, so that two that come at a time do not undo each other.
    version: i64,
    client_fingerprint: Option<Bytes<32>>,
}

impl ConsentRow {
    fn new(consent: &Consent) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: consent.tenant_id.into(),
            user_id: consent.user_id.into(),
            client_id: consent.client_id.to_string(),
            scope: consent.scope.to_string(),
            resources: document("consents.resources", &consent.resources)?,
            given_at: consent.given_at.into(),
            version: 1,
            client_fingerprint: consent.client_fingerprint.map(Into::into),
        })
    }

    pub(crate) fn into_consent(self) -> Result<Consent, Error> {
        Ok(Consent {
            tenant_id: self.tenant_id.into(),
            user_id: self.user_id.into(),
            client_id: client_id("consents.client_id", &self.client_id)?,
            scope: scope("consents.scope", &self.scope)?,
            resources: from_document("consents.resources", self.resources)?,
            client_fingerprint: self.client_fingerprint.map(Into::into),
            given_at: self.given_at.into(),
        })
    }
}

impl TenantStore<'_> {
    /// What the user lets the client have without being asked again.
    #[compiled_here]
    pub async fn consent(&self, user: UserId, client_id: &ClientId) -> Result<Option<Consent>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(user), client_id.to_string());
        let work = async move |mut conn: Conn<'_>| {
            load(&mut conn, key).await?.map(ConsentRow::into_consent).transpose()
        };
        self.store.read(work).await
    }

    /// All consents of a user, the newest first, each with its client's name.
    #[compiled_here]
    pub async fn consents_of(&self, user: UserId) -> Result<Vec<(Consent, Option<String>)>, Error> {
        let (tenant, user) = (Bytes::from(self.id), Bytes::from(user));
        let work = async move |mut conn: Conn<'_>| {
            let client =
                (clients::tenant_id.eq(consents::tenant_id)).and(clients::client_id.eq(consents::client_id));
            let rows: Vec<(ConsentRow, Option<String>)> = dual!(&mut conn, c => consents::table
                .left_join(clients::table.on(client))
                .filter(consents::tenant_id.eq(tenant)).filter(consents::user_id.eq(user))
                .order((consents::given_at.desc(), consents::client_id.asc()))
                .select((ConsentRow::as_select(), clients::client_name.nullable())).load(c).await)?;
            rows.into_iter().map(|(consent, name)| Ok((consent.into_consent()?, name))).collect()
        };
        self.store.read(work).await
    }
}

async fn load(
    conn: &mut Conn<'_>,
    key: (Bytes<16>, Bytes<16>, String),
) -> Result<Option<ConsentRow>, diesel::result::Error> {
    dual!(conn, c => consents::table.find(key).select(ConsentRow::as_select()).get_result(c).await.optional())
}

/// Adds to what is there. Both databases lack a union of scopes, so it is made here, and written only
/// over what was read: another addition at the same time is a conflict.
pub(crate) async fn add(conn: &mut Conn<'_>, consent: &Consent) -> Result<(), ApplyError> {
    let row = ConsentRow::new(consent)?;
    let key = (row.tenant_id, row.user_id, row.client_id.clone());
    let Some(before) = load(conn, key.clone()).await? else {
        return guarded(dual!(conn, c => diesel::insert_into(consents::table).values(row)
            .on_conflict_do_nothing().execute(c).await)?);
    };
    let version = before.version;
    // What was allowed to a self-made client before it changed was not allowed to what it is now.
    if before.client_fingerprint != row.client_fingerprint {
        let changes = (
            consents::scope.eq(row.scope),
            consents::resources.eq(row.resources),
            consents::given_at.eq(row.given_at),
            consents::client_fingerprint.eq(row.client_fingerprint),
            consents::version.eq(version + 1),
        );
        return guarded(dual!(conn, c => Kept(diesel::update(consents::table.find(key))
            .filter(consents::version.eq(version)).set(changes)).execute(c).await)?);
    }
    let mut after = before.into_consent()?;
    after.scope = after.scope.union(&consent.scope);
    for resource in &consent.resources {
        if !after.resources.contains(resource) {
            after.resources.push(resource.clone());
        }
    }
    let changes = (
        consents::scope.eq(after.scope.to_string()),
        consents::resources.eq(document("consents.resources", &after.resources)?),
        consents::given_at.eq(row.given_at),
        consents::version.eq(version + 1),
    );
    guarded(dual!(conn, c => Kept(diesel::update(consents::table.find(key))
        .filter(consents::version.eq(version)).set(changes)).execute(c).await)?)
}

pub(crate) async fn forget(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    user: UserId,
    client_id: &ClientId,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(user), client_id.as_str());
    dual!(conn, c => diesel::delete(consents::table.find(key)).execute(c).await)?;
    Ok(())
}
