//! Signing keys whose next step is due.

use crate::app::{App, Fault};

/// Keys looked at in one go.
const BATCH: u32 = 100;

/// Takes every step that is due. A key that fails is left for the next time, and keeps no other
/// from its step.
pub async fn change_due(app: &App) -> Result<(), Fault> {
    loop {
        let due = app.store.keys_due(app.clock.now(), BATCH).await?;
        let mut failed = None;
        for key in &due {
            if let Err(fault) = app.take_key_step(key).await {
                tracing::error!(%fault, kid = %key.id, "a signing key could not take its step");
                failed = Some(fault);
            }
        }
        match failed {
            Some(fault) => return Err(fault),
            None if due.is_empty() => return Ok(()),
            None => {}
        }
    }
}
