//! Jobs that outlive the request that asked for them, worked on in small steps by whichever node has
//! time: what is left of a tenant is deleted.

use grantor_protocol::{Id, Lifetime};
use grantor_store::{Claim, Deleting, DeletionStep, WriteError};

use super::{App, Fault};

/// Rows deleted in one transaction.
const BATCH: u32 = 500;

/// A job that failed is tried again after so long.
const RETRY: Lifetime = Lifetime::from_seconds(60);

impl App {
    /// Works on jobs until none is due, or `stopped` says so; then others go on where this one stopped.
    ///
    /// # Errors
    /// A fault of the store while looking for work. One of the work itself is noted at its job.
    pub async fn run_jobs(&self, stopped: impl Fn() -> bool + Sync) -> Result<(), Fault> {
        while !stopped() {
            let now = self.now();
            let holder = Id::generate(now, self.entropy.as_ref());
            let Some(claim) = self.store.claim_job(holder, now).await? else { return Ok(()) };
            tracing::info!(job = %claim.job.id, kind = claim.job.kind.as_str(), tenant = claim.job.tenant_slug, "working");
            match self.delete_rows_of(&claim, &stopped).await {
                Ok(true) => tracing::info!(job = %claim.job.id, "done"),
                Ok(false) => self.store.release_job(&claim, None, now).await?,
                // Somebody else has it now.
                Err(WriteError::VersionMismatch) => {}
                Err(error) => {
                    tracing::error!(%error, job = %claim.job.id, "a job did not get on");
                    self.store.release_job(&claim, Some(error.to_string()), self.now() + RETRY).await?;
                }
            }
        }
        Ok(())
    }

    /// Whether all rows are gone.
    pub(super) async fn delete_rows_of(
        &self,
        claim: &Claim,
        stopped: impl Fn() -> bool,
    ) -> Result<bool, WriteError> {
        let mut step = DeletionStep::default();
        while !stopped() {
            match self.store.delete_batch(claim, step, BATCH, self.now()).await? {
                Deleting::More(next) => step = next,
                Deleting::Finished => return Ok(true),
            }
        }
        Ok(false)
    }
}
