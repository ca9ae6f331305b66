use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{PushedAuthorizationRequest, TenantId};
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::pushed_authorization_requests;
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = pushed_authorization_requests, treat_none_as_default_value = false)]
struct PushedRequestRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    client_id: String,
    request: serde_json::Value,
    expires_at: Time,
    consumed_at: Option<Time>,
}

const REQUEST: &str = "pushed_authorization_requests.request";

impl PushedRequestRow {
    fn new(pushed: &PushedAuthorizationRequest) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: pushed.tenant_id.into(),
            hash: pushed.hash.into(),
            client_id: pushed.request.client_id.to_string(),
            request: document(REQUEST, &pushed.request)?,
            expires_at: pushed.expires_at.into(),
            consumed_at: pushed.consumed_at.map(Into::into),
        })
    }

    fn into_pushed_request(self) -> Result<PushedAuthorizationRequest, Error> {
        Ok(PushedAuthorizationRequest {
            tenant_id: self.tenant_id.into(),
            hash: self.hash.into(),
            request: from_document(REQUEST, self.request)?,
            expires_at: self.expires_at.into(),
            consumed_at: self.consumed_at.map(Into::into),
        })
    }
}

impl TenantStore<'_> {
    /// A pushed authorization request, consumed and expired ones included.
    #[compiled_here]
    pub async fn pushed_authorization_request(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<PushedAuthorizationRequest>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => pushed_authorization_requests::table.find(key)
                .select(PushedRequestRow::as_select()).get_result(c).await.optional())?;
            row.map(PushedRequestRow::into_pushed_request).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(
    conn: &mut Conn<'_>,
    pushed: &PushedAuthorizationRequest,
) -> Result<(), ApplyError> {
    let row = PushedRequestRow::new(pushed)?;
    dual!(conn, c => diesel::insert_into(pushed_authorization_requests::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn consume(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(pushed_authorization_requests::table.find(key))
        .filter(pushed_authorization_requests::consumed_at.is_null())
        .set(pushed_authorization_requests::consumed_at.eq(Time::from(at))))
        .execute(c).await)?)
}
