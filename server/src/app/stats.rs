//! Counting what tenants do. Counts are kept in memory and written down together every few seconds: a
//! crash loses the last of them, and no request waits for them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use grantor_protocol::model::{Metric, TenantId};
use grantor_protocol::{Lifetime, Timestamp};
use grantor_store::{CountedHour, Error as StoreError, Present};

use super::{App, Fault};

/// How long an hour's counts are kept.
pub const KEPT: Lifetime = Lifetime::from_seconds(90 * 86_400);

/// What a key's next step within is soon.
const SOON: Lifetime = Lifetime::from_seconds(7 * 86_400);

const HOUR: i64 = 3600;

const SHARDS: usize = 16;

/// Different counts that a shard holds until they are written down; while the database does not take
/// them, further ones are lost rather than piled up.
const MOST: usize = 10_000;

/// Counts written down in one transaction.
const BATCH: usize = 500;

type Counts = HashMap<(TenantId, i64, Metric), u64>;

/// What was counted and not yet written down, and the platform's figures.
#[derive(Default)]
pub struct Counters {
    shards: [Mutex<Counts>; SHARDS],
    hasher: RandomState,
    platform: Mutex<Option<(Timestamp, Present)>>,
}

impl Counters {
    fn add(&self, key: (TenantId, i64, Metric), count: u64) {
        let number = usize::try_from(self.hasher.hash_one(key.0) % SHARDS as u64).unwrap_or_default();
        let mut shard = self.shards[number].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = shard.get_mut(&key) {
            *held = held.saturating_add(count);
        } else if shard.len() < MOST {
            shard.insert(key, count);
        }
    }

    fn drain(&self) -> Vec<CountedHour> {
        let taken = self
            .shards
            .iter()
            .flat_map(|shard| std::mem::take(&mut *shard.lock().unwrap_or_else(PoisonError::into_inner)));
        taken
            .map(|((tenant_id, hour, metric), count)| {
                let hour = Timestamp::from_unix_seconds(hour * HOUR);
                CountedHour { tenant_id, hour, metric, count, expires_at: hour + KEPT }
            })
            .collect()
    }
}

impl App {
    /// Counts one of what the tenant does.
    pub(super) fn count(&self, tenant_id: TenantId, metric: Metric) {
        self.counters.add((tenant_id, self.now().unix_seconds().div_euclid(HOUR), metric), 1);
    }

    /// Writes down what was counted.
    ///
    /// # Errors
    /// A fault of the store. What it had no room for is tried again next time; what may have been
    /// written is not.
    pub async fn write_counts(&self) -> Result<(), Fault> {
        let mut counted = self.counters.drain();
        while !counted.is_empty() {
            let batch = counted.split_off(counted.len().saturating_sub(BATCH));
            if let Err(error) = self.store.add_stats(batch.clone()).await {
                let kept = if matches!(error, StoreError::Busy) { batch } else { vec![] };
                for row in kept.into_iter().chain(counted) {
                    let hour = row.hour.unix_seconds().div_euclid(HOUR);
                    self.counters.add((row.tenant_id, hour, row.metric), row.count);
                }
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// Counts what there is in all tenants together, for [`Self::platform_present`] to tell: work for a job.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn count_platform(&self) -> Result<(Timestamp, Present), Fault> {
        let now = self.now();
        let counted = (now, self.store.platform_present(now, now + SOON).await?);
        *self.counters.platform.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        Ok(counted)
    }

    /// What there was in all tenants when it was counted last; it is counted now only if it never was.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn platform_present(&self) -> Result<(Timestamp, Present), Fault> {
        let held = *self.counters.platform.lock().unwrap_or_else(PoisonError::into_inner);
        match held {
            Some(counted) => Ok(counted),
            None => self.count_platform().await,
        }
    }

    /// What there is of one tenant's.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn tenant_present(&self, tenant_id: TenantId) -> Result<(Timestamp, Present), Fault> {
        let now = self.now();
        Ok((now, self.store.tenant(tenant_id).present(now, now + SOON).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_do_not_pile_up() {
        let counters = Counters::default();
        let tenant = TenantId::from_bytes([1; 16]);
        for hour in 0..i64::try_from(MOST).unwrap() + 10 {
            counters.add((tenant, hour, Metric::SignIns), 1);
            counters.add((tenant, 0, Metric::SignIns), 1);
        }
        let counted = counters.drain();
        assert_eq!(counted.len(), MOST);
        let first = counted.iter().find(|row| row.hour == Timestamp::default()).unwrap();
        assert_eq!(first.count, u64::try_from(MOST).unwrap() + 11);
        assert!(counters.drain().is_empty());
    }
}
