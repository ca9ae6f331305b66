//! Waiting for conditions.

use anyhow::{Context, bail};
use std::time::{Duration, Instant};

/// How long anything on this machine may take before it counts as broken.
pub const PATIENCE: Duration = Duration::from_secs(30);

const INTERVAL: Duration = Duration::from_millis(20);

/// Asks again and again until there is an answer, and gives it.
///
/// # Errors
/// The first error of `probe`, or that `what` did not come within [`PATIENCE`].
pub async fn until<T>(
    what: &str,
    mut probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        if let Some(answer) = probe().await.with_context(|| format!("while waiting for {what}"))? {
            return Ok(answer);
        }
        if started.elapsed() > PATIENCE {
            bail!("{what} did not come within {} s", PATIENCE.as_secs());
        }
    }
}

/// Waits for a future, but not for ever.
///
/// # Errors
/// That `what` did not come within [`PATIENCE`].
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> anyhow::Result<T> {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.with_context(|| format!("{what} did not come within {} s", PATIENCE.as_secs()))
}
