//! How many of a noun each tenant has, and may have.
//!
//! The row of a count is the last that a transaction locks before it writes to the trail: whoever waits
//! for it holds what it inserts or deletes, and whoever has it waits for nobody.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{Quotas, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::tenant_counts;
use crate::statement::Kept;
use crate::value::Bytes;
use crate::{Error, TenantStore, WriteError};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Users,
    Clients,
    /// Of one day.
    Registrations,
}

/// How many there are, however many there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantCounts {
    pub users: u64,
    pub clients: u64,
    /// Clients that registered themselves on the present day of UTC, deleted ones included.
    pub registrations_today: u64,
}

impl Noun {
    const ALL: [Self; 3] = [Self::Users, Self::Clients, Self::Registrations];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Clients => "clients",
            Self::Registrations => "registrations",
        }
    }

    /// The member of [`Quotas`] that bounds it.
    const fn quota(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Clients => "clients",
            Self::Registrations => "registrations_per_day",
        }
    }

    fn most(self, quotas: &Quotas) -> Option<i64> {
        let most = match self {
            Self::Users => quotas.users,
            Self::Clients => quotas.clients,
            Self::Registrations => quotas.registrations_per_day,
        };
        most.map(i64::from)
    }
}

impl TenantStore<'_> {
    /// What the tenant has at present, without counting rows.
    #[compiled_here]
    pub async fn counts(&self, now: Timestamp) -> Result<TenantCounts, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<(String, i64, i64)> = dual!(&mut conn, c => tenant_counts::table
                .filter(tenant_counts::tenant_id.eq(tenant))
                .select((tenant_counts::noun, tenant_counts::count, tenant_counts::day)).load(c).await)?;
            let of = |noun: Noun| {
                let row = rows.iter().find(|(held, ..)| held == noun.as_str());
                row.map_or((0, 0), |(_, count, day)| (count.unsigned_abs(), *day))
            };
            let (registrations, day) = of(Noun::Registrations);
            Ok(TenantCounts {
                users: of(Noun::Users).0,
                clients: of(Noun::Clients).0,
                registrations_today: if day >= day_of(now) { registrations } else { 0 },
            })
        };
        self.store.read(work).await
    }
}

/// Counts of a tenant that has nothing yet.
pub(crate) async fn begin(conn: &mut Conn<'_>, tenant: TenantId, quotas: &Quotas) -> QueryResult<()> {
    for noun in Noun::ALL {
        let row = (
            tenant_counts::tenant_id.eq(Bytes::from(tenant)),
            tenant_counts::noun.eq(noun.as_str()),
            tenant_counts::count.eq(0_i64),
            tenant_counts::most.eq(noun.most(quotas)),
            tenant_counts::day.eq(0_i64),
        );
        dual!(conn, c => diesel::insert_into(tenant_counts::table).values(row).execute(c).await)?;
    }
    Ok(())
}

/// Bounds what comes from now on.
pub(crate) async fn limit(conn: &mut Conn<'_>, tenant: TenantId, quotas: &Quotas) -> QueryResult<()> {
    for noun in Noun::ALL {
        let key = (Bytes::from(tenant), noun.as_str());
        let most = tenant_counts::most.eq(noun.most(quotas));
        dual!(conn, c => Kept(diesel::update(tenant_counts::table.find(key)).set(most)).execute(c).await)?;
    }
    Ok(())
}

/// Counts one more of what was just inserted, if there may be one more.
pub(crate) async fn add(conn: &mut Conn<'_>, tenant: TenantId, noun: Noun) -> Result<(), WriteError> {
    let key = (Bytes::from(tenant), noun.as_str());
    let added = dual!(conn, c => Kept(diesel::update(tenant_counts::table.find(key))
        .filter(tenant_counts::most.is_null()
            .or(tenant_counts::count.nullable().lt(tenant_counts::most)))
        .set(tenant_counts::count.eq(tenant_counts::count + 1))).execute(c).await)?;
    guarded(added, noun)
}

/// Counts one fewer.
pub(crate) async fn remove(conn: &mut Conn<'_>, tenant: TenantId, noun: Noun) -> Result<(), WriteError> {
    let key = (Bytes::from(tenant), noun.as_str());
    dual!(conn, c => Kept(diesel::update(tenant_counts::table.find(key))
        .set(tenant_counts::count.eq(tenant_counts::count - 1))).execute(c).await)?;
    Ok(())
}

/// Counts one more registration of the day. A clock that goes back does not begin a day anew.
pub(crate) async fn add_registration(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    at: Timestamp,
) -> Result<(), WriteError> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = "UPDATE tenant_counts SET count = CASE WHEN day < $1 THEN 1 ELSE count + 1 END, \
               day = CASE WHEN day < $1 THEN $1 ELSE day END \
               WHERE tenant_id = $2 AND noun = $3 \
               AND (most IS NULL OR CASE WHEN day < $1 THEN 0 ELSE count END < most)";
    let update = diesel::sql_query(sql)
        .bind::<BigInt, _>(day_of(at))
        .bind::<Binary, _>(Bytes::from(tenant))
        .bind::<Text, _>(Noun::Registrations.as_str());
    guarded(dual!(conn, c => update.execute(c).await)?, Noun::Registrations)
}

fn guarded(rows: usize, noun: Noun) -> Result<(), WriteError> {
    match rows {
        0 => Err(WriteError::QuotaExceeded { quota: noun.quota() }),
        _ => Ok(()),
    }
}

/// Days of UTC since 1970.
const fn day_of(at: Timestamp) -> i64 {
    at.unix_seconds().div_euclid(86_400)
}
