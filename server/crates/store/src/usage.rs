//! How much a tenant holds, counted at a bounded price.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;

use crate::conn::{Conn, dual};
use crate::value::Bytes;
use crate::{Error, TenantStore};

/// How many there are, as far as they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub number: u64,
    /// False: there are at least so many.
    pub exact: bool,
}

/// What a tenant holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub users: Count,
    pub clients: Count,
    /// Those that have neither ended nor expired.
    pub sessions: Count,
    /// Those that are not revoked.
    pub grants: Count,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    looked_at: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Which rows of a table are looked at: `$1` is the tenant and `$2` how many. What is counted has `counts`.
const USERS: &str = "SELECT 1 AS counts FROM users WHERE tenant_id = $1 LIMIT $2";
const CLIENTS: &str = "SELECT 1 AS counts FROM clients WHERE tenant_id = $1 LIMIT $2";
/// The newest first, and so with grants.
const SESSIONS: &str = "SELECT CASE WHEN ended_at IS NULL THEN expires_at END AS counts \
                        FROM sessions WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2";
const GRANTS: &str = "SELECT CASE WHEN revoked_at IS NULL THEN 1 END AS counts \
                      FROM grants WHERE tenant_id = $1 ORDER BY id DESC LIMIT $2";

impl TenantStore<'_> {
    /// Counts what the tenant holds, looking at `most` rows of each kind and no more.
    pub async fn usage(&self, now: Timestamp, most: u32) -> Result<Usage, Error> {
        Ok(Usage {
            users: self.count(USERS, 0, most).await?,
            clients: self.count(CLIENTS, 0, most).await?,
            sessions: self.count(SESSIONS, now.unix_microseconds(), most).await?,
            grants: self.count(GRANTS, 0, most).await?,
        })
    }

    /// Counts rows whose `counts` is above `bound`.
    async fn count(&self, rows: &'static str, bound: i64, most: u32) -> Result<Count, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let sql = format!(
                "SELECT count(*) AS looked_at, count(CASE WHEN counts > {bound} THEN 1 END) AS number \
                 FROM ({rows}) AS rows_looked_at"
            );
            // SQLite takes $1 as well, and numbers by first appearance.
            let count =
                diesel::sql_query(sql).bind::<Binary, _>(tenant).bind::<BigInt, _>(i64::from(most) + 1);
            let counted: Counted = dual!(&mut conn, c => count.get_result(c).await)?;
            let exact = counted.looked_at <= i64::from(most);
            let number = u64::try_from(counted.number).unwrap_or_default();
            Ok(Count { number: number.min(u64::from(most)), exact })
        };
        self.store.read(work).await
    }
}
