//! Webhooks with something to do: new events of the trail, or deliveries that are due.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use grantor_protocol::model::{TenantId, WebhookId};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::Beat;
use crate::app::App;

/// How often it is looked what there is to do, and so the longest that an event waits for nothing.
pub const PERIOD: Duration = Duration::from_secs(1);

/// Webhooks that are worked on at a time: one whose receiver is slow keeps none of the others waiting.
const WORKERS: usize = 32;

/// How long one webhook is worked on before others have a turn; what is under way then ends.
const TURN: Duration = Duration::from_secs(5);

/// Webhooks of one tenant that are worked on at a time.
const WORKERS_OF_A_TENANT: usize = 4;

type Key = (TenantId, WebhookId);

/// Works until the server stops, and then until what is under way has come to its end.
pub async fn work(app: Arc<App>, mut beat: Beat) {
    let mut workers = Workers::new(app, beat.stopped.clone());
    while beat.next_or(workers.one_has_more()).await {
        match workers.app.webhooks_at_work().await {
            Ok(at_work) => workers.take(at_work),
            Err(fault) => tracing::error!(%fault, "webhooks could not be looked for"),
        }
    }
    while let Some(ended) = workers.running.join_next_with_id().await {
        workers.forget(ended);
    }
}

struct Workers {
    app: Arc<App>,
    stopped: watch::Receiver<bool>,
    running: JoinSet<bool>,
    busy: HashMap<Id, Key>,
    /// Webhooks of the last look that had no place yet.
    waiting: Vec<Key>,
    /// Where the next look begins among many.
    turn: usize,
}

impl Workers {
    fn new(app: Arc<App>, stopped: watch::Receiver<bool>) -> Self {
        let (running, busy) = (JoinSet::new(), HashMap::new());
        Self { app, stopped, running, busy, waiting: vec![], turn: 0 }
    }

    /// Has each of these webhooks worked on, as soon as there is a place.
    fn take(&mut self, mut at_work: Vec<Key>) {
        at_work.retain(|key| !self.busy.values().any(|busy| busy == key));
        let first = self.turn.checked_rem(at_work.len()).unwrap_or_default();
        at_work.rotate_left(first);
        self.waiting = at_work;
        self.fill();
    }

    /// Starts workers, as far as there are places.
    fn fill(&mut self) {
        for key in std::mem::take(&mut self.waiting) {
            let of_the_tenant = self.busy.values().filter(|busy| busy.0 == key.0).count();
            if self.busy.len() >= WORKERS || of_the_tenant >= WORKERS_OF_A_TENANT {
                self.waiting.push(key);
                continue;
            }
            let worker = self.running.spawn(work_on(Arc::clone(&self.app), key, self.stopped.clone()));
            self.busy.insert(worker.id(), key);
            self.turn = self.turn.wrapping_add(1);
        }
    }

    /// Gives the places of workers that end to webhooks that wait, until one ends with more to do.
    async fn one_has_more(&mut self) {
        while let Some(ended) = self.running.join_next_with_id().await {
            let more = self.forget(ended);
            self.fill();
            if more {
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
    let begun = Instant::now();
    while begun.elapsed() < TURN {
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
