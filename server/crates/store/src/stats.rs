//! What tenants did, hour by hour, and what there is at present.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{DeviceState, KeyState, Metric, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{device_authorizations, platform_stats, signing_keys, stats};
use crate::value::{Bytes, Time};
use crate::{Error, Store, TenantStore};

/// How often something happened in an hour of a tenant's, beside what was written down of it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedHour {
    pub tenant_id: TenantId,
    /// When the hour begins.
    pub hour: Timestamp,
    pub metric: Metric,
    pub count: u64,
    pub expires_at: Timestamp,
}

/// How often something happened in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourlyCount {
    /// When the hour begins.
    pub hour: Timestamp,
    pub metric: Metric,
    pub count: u64,
}

/// What there is of a tenant, or of all together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    pub tenants: u64,
    pub users: u64,
    pub clients: u64,
    /// Devices that wait for a person or an administrator.
    pub devices_waiting: u64,
    /// Keys that sign and have their next step soon.
    pub keys_rotating_soon: u64,
}

#[derive(QueryableByName)]
struct NounTotal {
    #[diesel(sql_type = Text)]
    noun: String,
    #[diesel(sql_type = BigInt)]
    tenants: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    total: Option<i64>,
}

const WAITING: [&str; 2] = [DeviceState::Pending.as_str(), DeviceState::AwaitingAdministrator.as_str()];

impl Store {
    /// Adds to the counts of hours, of their tenants and of the platform, in one transaction. Other nodes
    /// may be adding to the same.
    #[compiled_here]
    pub async fn add_stats(&self, mut counted: Vec<CountedHour>) -> Result<(), Error> {
        // In one order everywhere, so that no two nodes wait for each other.
        counted.sort_unstable();
        let mut platform: Vec<CountedHour> = vec![];
        let mut by_hour = counted.clone();
        by_hour.sort_unstable_by_key(|row| (row.hour, row.metric));
        for row in by_hour {
            match platform.last_mut() {
                Some(last) if (last.hour, last.metric) == (row.hour, row.metric) => {
                    last.count = last.count.saturating_add(row.count);
                }
                _ => platform.push(row),
            }
        }
        // The platform's come last: every node wants them.
        let rows: Vec<_> = counted
            .into_iter()
            .map(|row| (Some(row.tenant_id), row))
            .chain(platform.into_iter().map(|row| (None, row)))
            .collect();
        let work = async move |mut conn: Conn<'_>| {
            match &conn {
                // All are sent before the first is answered.
                Conn::Postgres(connection) => {
                    let sent = rows.iter().map(async |row| add(&mut Conn::Postgres(connection), row).await);
                    join_all(sent).await.into_iter().collect()
                }
                Conn::Sqlite(_) => {
                    for row in &rows {
                        add(&mut conn, row).await?;
                    }
                    Ok(())
                }
            }
        };
        self.write(work).await
    }

    /// What all tenants together did in the hours that begin at `from` or later and before `to`, in order.
    #[compiled_here]
    pub async fn platform_stats(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourlyCount>, Error> {
        let (from, to) = (Time::from(from), Time::from(to));
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => platform_stats::table
                .filter(platform_stats::hour.ge(from)).filter(platform_stats::hour.lt(to))
                .order((platform_stats::hour.asc(), platform_stats::metric.asc()))
                .select((platform_stats::hour, platform_stats::metric, platform_stats::count))
                .load(c).await)?;
            Ok(known(rows))
        };
        self.read(work).await
    }

    /// What there is in all tenants; `soon` is until when keys rotate soon. It reads a row of every
    /// tenant, so it is not for requests.
    #[compiled_here]
    pub async fn platform_present(&self, now: Timestamp, soon: Timestamp) -> Result<Present, Error> {
        let (now, soon) = (Time::from(now), Time::from(soon));
        let work = async move |mut conn: Conn<'_>| {
            // A sum of integers is a NUMERIC on PostgreSQL.
            let sql = "SELECT noun, COUNT(*) AS tenants, CAST(SUM(count) AS BIGINT) AS total \
                       FROM tenant_counts GROUP BY noun";
            let totals: Vec<NounTotal> = dual!(&mut conn, c => diesel::sql_query(sql).load(c).await)?;
            let of = |noun: &str| totals.iter().find(|total| total.noun == noun);
            let total = |noun| of(noun).and_then(|it| it.total).unwrap_or_default().unsigned_abs();
            let devices: i64 = dual!(&mut conn, c => device_authorizations::table
                .filter(device_authorizations::expires_at.gt(now))
                .filter(device_authorizations::state.eq_any(WAITING)).count().get_result(c).await)?;
            let keys: i64 = dual!(&mut conn, c => signing_keys::table
                .filter(signing_keys::changes_at.le(soon))
                .filter(signing_keys::state.eq(KeyState::Active.as_str())).count().get_result(c).await)?;
            Ok(Present {
                tenants: of("users").map_or(0, |it| it.tenants.unsigned_abs()),
                users: total("users"),
                clients: total("clients"),
                devices_waiting: devices.unsigned_abs(),
                keys_rotating_soon: keys.unsigned_abs(),
            })
        };
        self.read(work).await
    }
}

impl TenantStore<'_> {
    /// What the tenant did in the hours that begin at `from` or later and before `to`, in order.
    #[compiled_here]
    pub async fn stats(&self, from: Timestamp, to: Timestamp) -> Result<Vec<HourlyCount>, Error> {
        let (tenant, from, to) = (Bytes::from(self.id), Time::from(from), Time::from(to));
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => stats::table
                .filter(stats::tenant_id.eq(tenant))
                .filter(stats::hour.ge(from)).filter(stats::hour.lt(to))
                .order((stats::hour.asc(), stats::metric.asc()))
                .select((stats::hour, stats::metric, stats::count)).load(c).await)?;
            Ok(known(rows))
        };
        self.store.read(work).await
    }

    /// What there is of the tenant's; `soon` is until when keys rotate soon.
    #[compiled_here]
    pub async fn present(&self, now: Timestamp, soon: Timestamp) -> Result<Present, Error> {
        let counts = self.counts(now).await?;
        let (tenant, now, soon) = (Bytes::from(self.id), Time::from(now), Time::from(soon));
        let work = async move |mut conn: Conn<'_>| {
            let devices: i64 = dual!(&mut conn, c => device_authorizations::table
                .filter(device_authorizations::tenant_id.eq(tenant))
                .filter(device_authorizations::state.eq_any(WAITING))
                .filter(device_authorizations::expires_at.gt(now)).count().get_result(c).await)?;
            let keys: i64 = dual!(&mut conn, c => signing_keys::table
                .filter(signing_keys::tenant_id.eq(tenant))
                .filter(signing_keys::changes_at.le(soon))
                .filter(signing_keys::state.eq(KeyState::Active.as_str())).count().get_result(c).await)?;
            Ok(Present {
                tenants: 1,
                users: counts.users,
                clients: counts.clients,
                devices_waiting: devices.unsigned_abs(),
                keys_rotating_soon: keys.unsigned_abs(),
            })
        };
        self.store.read(work).await
    }
}

/// Of a tenant, or of the platform.
async fn add(conn: &mut Conn<'_>, (tenant, row): &(Option<TenantId>, CountedHour)) -> Result<(), Error> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = match tenant {
        Some(_) => {
            "INSERT INTO stats (hour, metric, count, expires_at, tenant_id) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (tenant_id, hour, metric) DO UPDATE SET count = stats.count + excluded.count"
        }
        None => {
            "INSERT INTO platform_stats (hour, metric, count, expires_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (hour, metric) DO UPDATE SET count = platform_stats.count + excluded.count"
        }
    };
    let upsert = diesel::sql_query(sql)
        .bind::<BigInt, _>(Time::from(row.hour))
        .bind::<Text, _>(row.metric.to_string())
        .bind::<BigInt, _>(i64::try_from(row.count).unwrap_or(i64::MAX))
        .bind::<BigInt, _>(Time::from(row.expires_at));
    match tenant {
        Some(tenant) => {
            let upsert = upsert.bind::<Binary, _>(Bytes::from(*tenant));
            dual!(conn, c => upsert.execute(c).await)?;
        }
        None => {
            dual!(conn, c => upsert.execute(c).await)?;
        }
    }
    Ok(())
}

/// A newer version beside this one may count what this one does not know.
fn known(rows: Vec<(Time, String, i64)>) -> Vec<HourlyCount> {
    rows.into_iter()
        .filter_map(|(hour, metric, count)| {
            Some(HourlyCount { hour: hour.into(), metric: metric.parse().ok()?, count: count.unsigned_abs() })
        })
        .collect()
}
