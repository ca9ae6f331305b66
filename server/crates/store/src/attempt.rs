//! How often somebody tried something that may be tried a few times only.

use diesel::QueryableByName;
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

/// What one subject did since its window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// This one included.
    pub count: u64,
    /// When counting begins anew.
    pub until: Timestamp,
}

#[derive(QueryableByName)]
struct AttemptsRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    expires_at: Time,
}

impl TenantStore<'_> {
    /// Counts one attempt of the subject, a hash of who and what, in a window that ends at `until` if it
    /// begins with this attempt.
    #[compiled_here]
    pub async fn count_attempt(
        &self,
        subject: SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Attempts, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let window = Window { at: now, until, moves: false };
            let row = add(&mut conn, tenant, subject, window, None).await?;
            let row = row.ok_or(diesel::result::Error::NotFound)?;
            Ok(Attempts { count: row.count.unsigned_abs(), until: row.expires_at.into() })
        };
        self.store.write_statement(work).await
    }

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
    let window = Window { at, until: expires_at, moves: true };
    let row = add(conn, tenant.into(), subject, window, Some(most)).await?;
    guarded(row.iter().len())
}

/// When an attempt is made, and when the attempts are forgotten.
struct Window {
    at: Timestamp,
    until: Timestamp,
    /// Whether each attempt moves the end of the window, and not the first one alone.
    moves: bool,
}

/// One more attempt; None where there were `most` in the window already.
async fn add(
    conn: &mut Conn<'_>,
    tenant: Bytes<16>,
    subject: SecretHash,
    window: Window,
    most: Option<u32>,
) -> Result<Option<AttemptsRow>, Error> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = "INSERT INTO attempts (tenant_id, subject, count, expires_at) VALUES ($1, $2, 1, $3) \
               ON CONFLICT (tenant_id, subject) DO UPDATE SET \
               count = CASE WHEN attempts.expires_at <= $4 THEN 1 ELSE attempts.count + 1 END, \
               expires_at = CASE WHEN attempts.expires_at <= $4 OR $5 = 1 THEN $3 ELSE attempts.expires_at END \
               WHERE attempts.expires_at <= $4 OR attempts.count < $6 \
               RETURNING count, expires_at";
    let upsert = diesel::sql_query(sql)
        .bind::<Binary, _>(tenant)
        .bind::<Binary, _>(Bytes::from(subject))
        .bind::<BigInt, _>(Time::from(window.until))
        .bind::<BigInt, _>(Time::from(window.at))
        .bind::<BigInt, _>(i64::from(window.moves))
        .bind::<BigInt, _>(most.map_or(i64::MAX, i64::from));
    Ok(dual!(conn, c => upsert.get_result(c).await.optional())?)
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
