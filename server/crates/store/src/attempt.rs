//! How often somebody tried something that may be tried a few times only.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::TenantId;
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::attempts;
use crate::statement::Kept;
use crate::value::{Bytes, Time};
use crate::{ApplyError, Error, TenantStore};

impl TenantStore<'_> {
    /// When the attempts of the last of these subjects are forgotten; None if none of them made `most`.
    #[compiled_here]
    pub async fn attempts_exhausted_until(
        &self,
        subjects: &[SecretHash],
        most: u32,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let (tenant, subjects) =
            (Bytes::from(self.id), subjects.iter().map(|subject| Bytes::from(*subject)).collect::<Vec<_>>());
        let work = async move |mut conn: Conn<'_>| {
            let until: Option<Time> = dual!(&mut conn, c => attempts::table
                .filter(attempts::tenant_id.eq(tenant))
                .filter(attempts::subject.eq_any(subjects))
                .filter(attempts::count.ge(i64::from(most)))
                .filter(attempts::expires_at.gt(Time::from(now)))
                .select(diesel::dsl::max(attempts::expires_at)).get_result(c).await)?;
            Ok(until.map(Timestamp::from))
        };
        self.store.read(work).await
    }
}

/// Counting comes before trying: however many try at a time, only `most` get to it.
pub(crate) async fn count(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    subject: SecretHash,
    most: u32,
    (at, expires_at): (Timestamp, Timestamp),
) -> Result<(), ApplyError> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = "INSERT INTO attempts (tenant_id, subject, count, expires_at) VALUES ($1, $2, 1, $3) \
               ON CONFLICT (tenant_id, subject) DO UPDATE SET \
               count = CASE WHEN attempts.expires_at <= $4 THEN 1 ELSE attempts.count + 1 END, expires_at = $3 \
               WHERE attempts.expires_at <= $4 OR attempts.count < $5";
    let upsert = diesel::sql_query(sql)
        .bind::<Binary, _>(Bytes::from(tenant))
        .bind::<Binary, _>(Bytes::from(subject))
        .bind::<BigInt, _>(Time::from(expires_at))
        .bind::<BigInt, _>(Time::from(at))
        .bind::<BigInt, _>(i64::from(most));
    guarded(dual!(conn, c => upsert.execute(c).await)?)
}

pub(crate) async fn uncount(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    subject: SecretHash,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(subject));
    dual!(conn, c => Kept(diesel::update(attempts::table.find(key))
        .filter(attempts::count.gt(0))
        .set(attempts::count.eq(attempts::count - 1))).execute(c).await)?;
    Ok(())
}
