//! How much a tenant may fetch: a stranger's request at no cost to the stranger must not become many of ours.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::{Limits, Refusal};

/// Keys whose use is remembered; the ones that were used least leave. One takes 16 bytes for each fetch of its
/// last minute.
const KEYS: usize = 10_000;

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Budget {
    limits: Limits,
    all: Arc<Semaphore>,
    by_key: Cache<[u8; 16], Arc<Usage>, UnitWeighter, DefaultHashBuilder, KeepRunning>,
}

struct Usage {
    free: Arc<Semaphore>,
    /// When the fetches of the last minute began, oldest first; never more than a minute's worth.
    begun: Mutex<VecDeque<Instant>>,
}

/// The right to one fetch, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _of_all: OwnedSemaphorePermit,
    _of_key: OwnedSemaphorePermit,
}

impl Budget {
    pub fn new(limits: Limits) -> Self {
        let by_key = Cache::with(KEYS, KEYS as u64, UnitWeighter, DefaultHashBuilder::default(), KeepRunning);
        Self { limits, all: Arc::new(Semaphore::new(limits.concurrent.min(Semaphore::MAX_PERMITS))), by_key }
    }

    /// # Errors
    /// [`Refusal::Busy`] where one of the limits is reached; nothing of the budget is used up then.
    pub fn take(&self, key: [u8; 16], now: Instant) -> Result<Permit, Refusal> {
        let usage = self.usage(key);
        let of_all = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        let of_key = Arc::clone(&usage.free).try_acquire_owned().map_err(|_| Refusal::Busy)?;
        usage.begin(now, self.limits.per_minute_by_key)?;
        Ok(Permit { _of_all: of_all, _of_key: of_key })
    }

    fn usage(&self, key: [u8; 16]) -> Arc<Usage> {
        let unused = || {
            let free = Arc::new(Semaphore::new(self.limits.concurrent_by_key.min(Semaphore::MAX_PERMITS)));
            Ok::<_, Infallible>(Arc::new(Usage { free, begun: Mutex::default() }))
        };
        match self.by_key.get_or_insert_with(&key, unused) {
            Ok(usage) => usage,
            Err(never) => match never {},
        }
    }
}

impl Usage {
    fn begin(&self, now: Instant, per_minute: usize) -> Result<(), Refusal> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        while begun.front().is_some_and(|first| now.saturating_duration_since(*first) >= MINUTE) {
            begun.pop_front();
        }
        if begun.len() >= per_minute {
            return Err(Refusal::Busy);
        }
        begun.push_back(now);
        Ok(())
    }
}

/// Whoever has fetches running is not forgotten: it could begin as many again.
#[derive(Clone)]
struct KeepRunning;

impl quick_cache::Lifecycle<[u8; 16], Arc<Usage>> for KeepRunning {
    type RequestState = ();

    fn is_pinned(&self, _: &[u8; 16], usage: &Arc<Usage>) -> bool {
        Arc::strong_count(&usage.free) > 1
    }
}

#[cfg(test)]
mod tests;
