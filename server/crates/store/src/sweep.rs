use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::{Error, Store};

/// What one sweep deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    pub tables: Vec<Swept>,
}

/// How many rows left one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    pub table: &'static str,
    pub deleted: u64,
    /// The batch was full: there may be more.
    pub more: bool,
}

impl SweepReport {
    /// Rows deleted in all tables.
    pub fn deleted(&self) -> u64 {
        self.tables.iter().map(|swept| swept.deleted).sum()
    }

    /// Whether another sweep would find something.
    pub fn more(&self) -> bool {
        self.tables.iter().any(|swept| swept.more)
    }
}

/// Tables whose rows expire, each with its primary key. No row of another table belongs to theirs.
const EXPIRING: [(&str, &str); 21] = [
    ("interactions", "tenant_id, id"),
    ("sessions", "tenant_id, id"),
    ("authorization_codes", "tenant_id, hash"),
    ("refresh_tokens", "tenant_id, hash"),
    ("access_token_revocations", "tenant_id, id"),
    ("spent_assertions", "tenant_id, client_id, jti"),
    ("console_sessions", "tenant_id, hash"),
    ("access_tokens", "tenant_id, hash"),
    ("pushed_authorization_requests", "tenant_id, hash"),
    ("device_authorizations", "tenant_id, id"),
    ("initial_access_tokens", "tenant_id, id"),
    ("attempts", "tenant_id, subject"),
    ("known_browsers", "tenant_id, user_id, hash"),
    ("ceremonies", "tenant_id, id"),
    ("one_time_links", "tenant_id, hash"),
    ("idempotency_keys", "tenant_id, hash"),
    ("stats", "tenant_id, hour, metric"),
    ("platform_stats", "hour, metric"),
    ("webhook_deliveries", "tenant_id, webhook_id, event_id"),
    ("upstream_sign_ins", "tenant_id, hash"),
    ("jobs", "id"),
];

impl Store {
    /// Deletes rows of all tenants that expired before `before`, at most `batch` from each table and
    /// each table in a transaction of its own, so that nobody waits long behind it. Whoever wants to
    /// recognise a replayed code or token some time longer gives an earlier `before`.
    #[compiled_here]
    pub async fn sweep(&self, before: Timestamp, batch: u32) -> Result<SweepReport, Error> {
        let mut report = SweepReport::default();
        for (table, key) in EXPIRING {
            let work = async move |mut conn: Conn<'_>| {
                // SQLite takes $1 as well, and numbers by first appearance.
                let sql = format!(
                    "DELETE FROM {table} WHERE ({key}) IN \
                         (SELECT {key} FROM {table} WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
                );
                let delete = diesel::sql_query(sql)
                    .bind::<BigInt, _>(before.unix_microseconds())
                    .bind::<BigInt, _>(i64::from(batch));
                Ok(dual!(&mut conn, c => delete.execute(c).await)?)
            };
            let rows: Result<usize, Error> = self.write_statement(work).await;
            let deleted = rows? as u64;
            report.tables.push(Swept { table, deleted, more: deleted >= u64::from(batch.max(1)) });
        }
        Ok(report)
    }
}
