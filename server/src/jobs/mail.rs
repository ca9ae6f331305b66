//! Messages that are due.

use std::sync::Arc;
use std::time::Duration;

use super::Beat;
use crate::app::App;

/// How often it is looked whether there is a message to send.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Works until the server stops; what is under way then ends.
pub async fn work(app: Arc<App>, mut beat: Beat) {
    while beat.next().await {
        loop {
            match app.deliver_mail().await {
                Ok(more) if more && !*beat.stopped.borrow() => {}
                Ok(_) => break,
                Err(fault) => {
                    tracing::error!(%fault, "messages could not be looked for");
                    break;
                }
            }
        }
    }
}
