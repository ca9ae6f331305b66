//! What happens without a request: caches hear of changes, keys rotate, expired rows leave, tenants
//! are deleted, webhooks are told, messages are sent.

mod keys;
mod mail;
mod webhooks;

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use grantor_protocol::Lifetime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::App;

/// How often due work is looked for.
const PERIOD: Duration = Duration::from_secs(60);

/// The most of the audit trail's token issues that a crash may take.
const TOKEN_ISSUES_PERIOD: Duration = Duration::from_secs(1);

/// Rows deleted in one transaction.
const BATCH: u32 = 500;

/// Expired rows stay a while, so that what comes late is told what happened to it.
const KEPT: Lifetime = Lifetime::from_seconds(3600);

/// How often what was counted is written down.
const COUNTS_PERIOD: Duration = Duration::from_secs(5);

/// How often what there is in all tenants is counted.
const PLATFORM_PERIOD: Duration = Duration::from_secs(600);

/// The jobs of a server.
pub struct Jobs {
    app: Arc<App>,
    running: JoinSet<()>,
}

/// Starts the jobs; they end when `stopped` says so.
pub fn start(app: &Arc<App>, stopped: &watch::Receiver<bool>) -> Jobs {
    let beat = |period| Beat::new(period, stopped.clone());
    let mut jobs = JoinSet::new();
    jobs.spawn(hear_of_changes(Arc::clone(app), stopped.clone()));
    jobs.spawn(every_period(Arc::clone(app), beat(PERIOD)));
    jobs.spawn(record_token_issues(Arc::clone(app), beat(TOKEN_ISSUES_PERIOD)));
    jobs.spawn(write_counts(Arc::clone(app), beat(COUNTS_PERIOD)));
    jobs.spawn(count_platform(Arc::clone(app), beat(PLATFORM_PERIOD)));
    jobs.spawn(work_on_jobs(Arc::clone(app), beat(PERIOD)));
    jobs.spawn(webhooks::work(Arc::clone(app), beat(webhooks::PERIOD)));
    jobs.spawn(mail::work(Arc::clone(app), beat(mail::PERIOD)));
    Jobs { app: Arc::clone(app), running: jobs }
}

impl Jobs {
    /// Waits until every job has come to its end, and writes down what was counted last: nobody is
    /// answered any more.
    pub async fn finish(mut self) {
        while let Some(ended) = self.running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a job failed");
            }
        }
        write_down(&self.app).await;
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

/// When a job has its turn: once per period, and never again when the server stops.
struct Beat {
    period: Interval,
    stopped: watch::Receiver<bool>,
}

impl Beat {
    fn new(period: Duration, stopped: watch::Receiver<bool>) -> Self {
        let mut period = tokio::time::interval(period);
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { period, stopped }
    }

    /// Waits for the next turn; `false` when there is none any more.
    async fn next(&mut self) -> bool {
        self.next_or(pending()).await
    }

    /// Waits for the next turn, or for what makes it come sooner.
    async fn next_or(&mut self, sooner: impl Future<Output = ()>) -> bool {
        tokio::select! {
            _ = self.stopped.wait_for(|stopped| *stopped) => false,
            () = sooner => true,
            _ = self.period.tick() => true,
        }
    }
}

async fn write_counts(app: Arc<App>, mut beat: Beat) {
    while beat.next().await {
        write_down(&app).await;
    }
}

async fn write_down(app: &App) {
    if let Err(fault) = app.write_counts().await {
        tracing::error!(%fault, "statistics could not be written down");
    }
}

async fn count_platform(app: Arc<App>, mut beat: Beat) {
    while beat.next().await {
        if let Err(fault) = app.count_platform().await {
            tracing::error!(%fault, "the platform's figures could not be counted");
        }
    }
}

async fn every_period(app: Arc<App>, mut beat: Beat) {
    while beat.next().await {
        if let Err(fault) = keys::change_due(&app).await {
            tracing::error!(%fault, "signing keys could not be changed");
        }
        sweep(&app, &beat.stopped).await;
        delete_unused_clients(&app, &beat.stopped).await;
        delete_old_audit_events(&app, &beat.stopped).await;
    }
}

/// Every second, and sooner when there are many: a crash takes no more than that from the audit trail.
/// Those of the last requests are recorded when the server has stopped.
async fn record_token_issues(app: Arc<App>, mut beat: Beat) {
    while beat.next_or(app.many_token_issues()).await {
        app.record_token_issues().await;
    }
}

/// Works on what administrators started, at once where they did it and else when it is looked for.
async fn work_on_jobs(app: Arc<App>, mut beat: Beat) {
    while beat.next_or(app.jobs_due.notified()).await {
        if let Err(fault) = app.run_jobs(|| *beat.stopped.borrow()).await {
            tracing::error!(%fault, "jobs could not be worked on");
        }
    }
}

/// Deletes events that tenants do not keep any longer, until none is left or the server stops.
async fn delete_old_audit_events(app: &App, stopped: &watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match app.delete_old_audit_events(BATCH).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => {
                tracing::error!(%fault, "old audit events could not be deleted");
                return;
            }
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
