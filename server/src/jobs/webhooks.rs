//! Webhooks with something to do: new events of the trail, or deliveries that are due.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use grantor_protocol::model::{TenantId, WebhookId};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::Beat;
use crate::app::App;

/// How often it is looked what there is to do, and so the longest that an event waits for nothing.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Webhooks that are worked on at a time: one whose receiver is slow keeps none of the others waiting.
const WORKERS: usize = 32;

/// Steps for one webhook before others have a turn.
const STEPS: usize = 50;

type Key = (TenantId, WebhookId);

/// Works until the server stops, and then until what is under way has come to its end.
pub async fn work(app: Arc<App>, mut beat: Beat) {
    let mut workers = Workers::default();
    while beat.next_or(workers.one_has_more()).await {
        match app.webhooks_at_work().await {
            Ok(at_work) => workers.start(&app, at_work, &beat.stopped),
            Err(fault) => tracing::error!(%fault, "webhooks could not be looked for"),
        }
    }
    while let Some(ended) = workers.running.join_next_with_id().await {
        workers.forget(ended);
    }
}

#[derive(Default)]
struct Workers {
    running: JoinSet<bool>,
    busy: HashMap<Id, Key>,
    /// Where the next look begins among many.
    turn: usize,
}

impl Workers {
    /// Starts a worker for each webhook that has none, as far as there are places.
    fn start(&mut self, app: &Arc<App>, mut at_work: Vec<Key>, stopped: &watch::Receiver<bool>) {
        at_work.retain(|key| !self.busy.values().any(|busy| busy == key));
        if at_work.is_empty() {
            return;
        }
        let first = self.turn % at_work.len();
        at_work.rotate_left(first);
        let free = WORKERS.saturating_sub(self.busy.len());
        for key in at_work.into_iter().take(free) {
            let worker = self.running.spawn(work_on(Arc::clone(app), key, stopped.clone()));
            self.busy.insert(worker.id(), key);
            self.turn = self.turn.wrapping_add(1);
        }
    }

    /// Waits until a worker has come to its end with more to do.
    async fn one_has_more(&mut self) {
        while let Some(ended) = self.running.join_next_with_id().await {
            if self.forget(ended) {
                return;
            }
        }
        pending().await
    }

    /// Whether the worker that ended has left something to do.
    fn forget(&mut self, ended: Result<(Id, bool), JoinError>) -> bool {
        let (id, more) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, "work on a webhook failed");
            (error.id(), false)
        });
        self.busy.remove(&id);
        more
    }
}

/// Whether there is more to do.
async fn work_on(app: Arc<App>, (tenant_id, webhook): Key, stopped: watch::Receiver<bool>) -> bool {
    for _ in 0..STEPS {
        if *stopped.borrow() {
            return false;
        }
        match app.work_on_webhook(tenant_id, webhook).await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(fault) => {
                tracing::error!(%fault, %tenant_id, %webhook, "a webhook could not be told");
                return false;
            }
        }
    }
    true
}
