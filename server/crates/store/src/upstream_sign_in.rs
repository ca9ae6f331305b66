use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{TenantId, UpstreamSignIn};
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::upstream_sign_ins;
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = upstream_sign_ins, treat_none_as_default_value = false)]
struct UpstreamSignInRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    browser: Bytes<32>,
    provider: String,
    purpose: serde_json::Value,
    created_at: Time,
    expires_at: Time,
    consumed_at: Option<Time>,
}

const PURPOSE: &str = "upstream_sign_ins.purpose";

impl UpstreamSignInRow {
    fn new(begun: &UpstreamSignIn) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: begun.tenant_id.into(),
            hash: begun.hash.into(),
            browser: begun.browser.into(),
            provider: begun.provider.clone(),
            purpose: document(PURPOSE, &begun.purpose)?,
            created_at: begun.created_at.into(),
            expires_at: begun.expires_at.into(),
            consumed_at: begun.consumed_at.map(Time::from),
        })
    }

    fn into_upstream_sign_in(self) -> Result<UpstreamSignIn, Error> {
        Ok(UpstreamSignIn {
            tenant_id: self.tenant_id.into(),
            hash: self.hash.into(),
            browser: self.browser.into(),
            provider: self.provider,
            purpose: from_document(PURPOSE, self.purpose)?,
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
            consumed_at: self.consumed_at.map(Timestamp::from),
        })
    }
}

impl TenantStore<'_> {
    /// The trip to a provider whose `state` has this hash; those that came back and that expired included.
    #[compiled_here]
    pub async fn upstream_sign_in(&self, hash: &SecretHash) -> Result<Option<UpstreamSignIn>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => upstream_sign_ins::table.find(key)
                .select(UpstreamSignInRow::as_select()).get_result(c).await.optional())?;
            row.map(UpstreamSignInRow::into_upstream_sign_in).transpose()
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store(conn: &mut Conn<'_>, begun: &UpstreamSignIn) -> Result<(), ApplyError> {
    let row = UpstreamSignInRow::new(begun)?;
    dual!(conn, c => diesel::insert_into(upstream_sign_ins::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn consume(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(upstream_sign_ins::table.find(key))
        .filter(upstream_sign_ins::consumed_at.is_null())
        .set(upstream_sign_ins::consumed_at.eq(Time::from(at))))
        .execute(c).await)?)
}
