//! How far a job is, on every page that begins one.

use std::time::Duration;

use grantor_api::{Job, JobState};
use leptos::{prelude::*, task::spawn_local};

use crate::admin_api::get;
use crate::answer::Refusal;
use crate::rate::percent;
use crate::session::access;
use crate::ui::{Badge, Tone, pause};

/// Between two looks at a job.
pub const LOOK_AGAIN: Duration = Duration::from_millis(1500);

/// Keeps a job up to date while it goes on and the page is there.
pub fn follow(job: RwSignal<Option<Job>>, refusal: RwSignal<Option<Refusal>>, ended: impl Fn(Job) + 'static) {
    let access = access();
    let Some(id) = job.with_untracked(|job| job.as_ref().map(|job| job.id.clone())) else { return };
    spawn_local(async move {
        loop {
            pause(LOOK_AGAIN).await;
            let answer = get::<Job>(access, &format!("jobs/{id}")).await;
            let gone = match answer {
                Ok(now) => {
                    let is_over = over(&now);
                    let gone = job.try_set(Some(now.clone())).is_some();
                    if is_over && !gone {
                        ended(now);
                        return;
                    }
                    gone
                }
                Err(why) => {
                    let _gone = refusal.try_set(Some(why));
                    return;
                }
            };
            if gone {
                return;
            }
        }
    });
}

/// Whether a job came to its end.
pub fn over(job: &Job) -> bool {
    matches!(job.state, JobState::Done | JobState::Failed)
}

/// The state of a job in a word.
#[component]
pub fn JobBadge(state: JobState) -> impl IntoView {
    match state {
        JobState::Waiting => view! { <Badge text="Waiting" tone=Tone::Plain /> },
        JobState::Running => view! { <Badge text="Running" tone=Tone::Warning /> },
        JobState::Done => view! { <Badge text="Done" tone=Tone::Good /> },
        JobState::Failed => view! { <Badge text="Failed" tone=Tone::Bad /> },
    }
}

/// A bar that fills; one that moves where nobody knows how much there is.
#[component]
pub fn ProgressBar(
    /// What goes on, for screen readers.
    #[prop(into)]
    label: String,
    /// From 0 to 100.
    #[prop(into)]
    percent: Signal<Option<u64>>,
) -> impl IntoView {
    view! {
        <div class="progress" class:progress-unknown=move || percent.get().is_none() role="progressbar" aria-label=label aria-valuemin="0" aria-valuemax="100"
            aria-valuenow=move || percent.get().map(|percent| percent.to_string())>
            <span style:width=move || format!("{}%", percent.get().unwrap_or(30))></span>
        </div>
    }
}

/// A job's bar with its rows, and why it does not get on where it does not.
#[component]
pub fn JobProgress(job: Job) -> impl IntoView {
    let rows = u64::try_from(job.rows).unwrap_or_default();
    let total = job.total.and_then(|total| u64::try_from(total).ok());
    let share = match job.state {
        JobState::Done => Some(100),
        _ => total.map(|total| percent(rows, total)),
    };
    let words = match total {
        Some(total) => format!("{rows} of {total} rows"),
        None => format!("{rows} rows"),
    };
    let bar = (!over(&job))
        .then(|| view! { <ProgressBar label="Progress of the job" percent=Signal::stored(share) /> });
    view! {
        <div class="job-progress">
            {bar}
            <p class="hint">{words}</p>
            {job.error.map(|error| view! { <p class="wrong">{error}</p> })}
        </div>
    }
}
