//! What happens without a request: caches hear of changes, keys rotate, expired rows leave, tenants
//! are deleted.

mod keys;

use std::sync::Arc;
use std::time::Duration;

use grantor_protocol::Lifetime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::app::App;

/// How often due work is looked for.
const PERIOD: Duration = Duration::from_secs(60);

/// Rows deleted in one transaction.
const BATCH: u32 = 500;

/// Expired rows stay a while, so that what comes late is told what happened to it.
const KEPT: Lifetime = Lifetime::from_seconds(3600);

/// The jobs of a server.
pub struct Jobs(JoinSet<()>);

/// Starts the jobs; they end when `stopped` says so.
pub fn start(app: &Arc<App>, stopped: &watch::Receiver<bool>) -> Jobs {
    let mut jobs = JoinSet::new();
    jobs.spawn(hear_of_changes(Arc::clone(app), stopped.clone()));
    jobs.spawn(every_period(Arc::clone(app), stopped.clone()));
    jobs.spawn(work_on_jobs(Arc::clone(app), stopped.clone()));
    Jobs(jobs)
}

impl Jobs {
    /// Waits until every job has come to its end.
    pub async fn finish(mut self) {
        while let Some(ended) = self.0.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a job failed");
            }
        }
    }
}

async fn hear_of_changes(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut changes = app.store.changes();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            change = changes.next() => match change {
                Some(change) => app.changed(&change),
                None => return,
            },
        }
    }
}

async fn every_period(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = period.tick() => {}
        }
        if let Err(fault) = keys::change_due(&app).await {
            tracing::error!(%fault, "signing keys could not be changed");
        }
        sweep(&app, &stopped).await;
        delete_unused_clients(&app, &stopped).await;
    }
}

/// Works on what administrators started, at once where they did it and else when it is looked for.
async fn work_on_jobs(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let stopping = stopped.clone();
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = app.jobs_due.notified() => {}
            _ = period.tick() => {}
        }
        if let Err(fault) = app.run_jobs(|| *stopping.borrow()).await {
            tracing::error!(%fault, "jobs could not be worked on");
        }
    }
}

/// Deletes self-made clients that nobody uses, batch by batch, until none is left or the server stops.
async fn delete_unused_clients(app: &App, stopped: &watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match app.delete_unused_clients(BATCH).await {
            Ok(looked_at) if looked_at >= BATCH as usize => {}
            Ok(_) => return,
            Err(fault) => {
                tracing::error!(%fault, "unused clients could not be deleted");
                return;
            }
        }
    }
}

/// Deletes what expired, batch by batch, until nothing is left or the server stops.
async fn sweep(app: &App, stopped: &watch::Receiver<bool>) {
    let before = app.clock.now() - KEPT;
    while !*stopped.borrow() {
        match app.store.sweep(before, BATCH).await {
            Ok(report) => {
                if !report.more() {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(%error, "expired rows could not be deleted");
                return;
            }
        }
    }
}
