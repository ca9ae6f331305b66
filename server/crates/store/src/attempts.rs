//! How often somebody tried something that may be tried a few times only.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::{SecretHash, Timestamp};

use crate::conn::{Conn, dual};
use crate::value::{Bytes, Time};
use crate::{Error, TenantStore};

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
    pub async fn count_attempt(
        &self,
        subject: SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Attempts, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            // SQLite takes $1 as well, and numbers by first appearance.
            let sql = "INSERT INTO attempts (tenant_id, subject, count, expires_at) VALUES ($1, $2, 1, $3) \
                       ON CONFLICT (tenant_id, subject) DO UPDATE SET \
                       count = CASE WHEN attempts.expires_at <= $4 THEN 1 ELSE attempts.count + 1 END, \
                       expires_at = CASE WHEN attempts.expires_at <= $4 THEN $3 ELSE attempts.expires_at END \
                       RETURNING count, expires_at";
            let upsert = diesel::sql_query(sql)
                .bind::<Binary, _>(tenant)
                .bind::<Binary, _>(Bytes::from(subject))
                .bind::<BigInt, _>(Time::from(until))
                .bind::<BigInt, _>(Time::from(now));
            let row: AttemptsRow = dual!(&mut conn, c => upsert.get_result(c).await)?;
            Ok(Attempts { count: row.count.unsigned_abs(), until: row.expires_at.into() })
        };
        self.store.write_statement(work).await
    }
}
