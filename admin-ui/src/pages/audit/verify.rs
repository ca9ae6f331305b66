//! Checks of a tenant's chain what can be checked of what the admin API tells.

use grantor_api::{AuditEvent, Page};
use leptos::{prelude::*, task::spawn_local};

use super::trail;
use crate::admin_api::{Access, get};
use crate::answer::Refusal;
use crate::chart::grouped;
use crate::session::access;
use crate::trail::{Break, Walk};
use crate::ui::Dialog;

/// How far a walk has come, and what came of it.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Before,
    Walking,
    Stopped,
    Whole,
    Broken(Break),
    Refused(Refusal),
}

#[derive(Clone, Copy)]
struct Progress {
    stage: RwSignal<Stage>,
    walk: RwSignal<Walk>,
    /// The newest event's number when the walk began.
    end: RwSignal<i64>,
    round: StoredValue<u32>,
}

#[component]
pub fn VerifyButton(tenant: String) -> impl IntoView {
    let access = access();
    let open = RwSignal::new(false);
    let progress = Progress {
        stage: RwSignal::new(Stage::Before),
        walk: RwSignal::new(Walk::default()),
        end: RwSignal::new(0),
        round: StoredValue::new(0),
    };
    let stop = move || {
        progress.round.update_value(|round| *round += 1);
        if progress.stage.get_untracked() == Stage::Walking {
            progress.stage.set(Stage::Stopped);
        }
    };
    Effect::new(move |_| {
        if !open.get() {
            stop();
        }
    });
    let path = trail(Some(&tenant));
    let command = format!("grantor audit verify --tenant {tenant}");
    let start = Callback::new(move |()| begin(progress, access, path.clone()));
    let stop = Callback::new(move |()| stop());
    view! {
        <button type="button" class="button" on:click=move |_| open.set(true)>"Check the chain"</button>
        <Dialog open title="Check the chain">
            <div class="stack">
                <p>"Every event has a number and holds the hash of the event before it. This reads all events, the oldest first, and checks that no number is missing and that each continues the one before."</p>
                <Outcome progress />
                <p class="hint">"Not checked here: that each hash fits its event, and that the newest events are still there. The server\u{2019}s operator checks that with " <code>{command.clone()}</code> "."</p>
                <div class="actions">
                    {move || if progress.stage.get() == Stage::Walking {
                        view! { <button type="button" class="button" on:click=move |_| stop.run(())>"Stop"</button> }.into_any()
                    } else {
                        let text = if progress.stage.get() == Stage::Before { "Check" } else { "Check again" };
                        view! { <button type="button" class="button primary" on:click=move |_| start.run(())>{text}</button> }.into_any()
                    }}
                </div>
            </div>
        </Dialog>
    }
}

/// Walks along the trail, a page at a time, until its end, a fault, or another round.
fn begin(progress: Progress, access: Access, path: String) {
    progress.round.update_value(|round| *round += 1);
    let round = progress.round.get_value();
    progress.walk.set(Walk::default());
    progress.end.set(0);
    progress.stage.set(Stage::Walking);
    spawn_local(async move {
        let newest = get::<Page<AuditEvent>>(access, &format!("{path}?limit=1")).await;
        let mut walk = Walk::default();
        let mut outcome =
            newest.map(|page| page.items.first().and_then(|event| event.sequence).unwrap_or_default());
        if let Ok(end) = outcome {
            let _gone = progress.end.try_set(end);
        }
        let stage = loop {
            if progress.round.try_get_value() != Some(round) {
                return;
            }
            if let Err(refusal) = outcome {
                break Stage::Refused(refusal);
            }
            outcome = match get::<Page<AuditEvent>>(access, &format!("{path}?limit=200&after={}", walk.last))
                .await
            {
                Ok(page) if page.items.is_empty() => break Stage::Whole,
                Ok(page) => match page.items.iter().try_for_each(|event| walk.step(event)) {
                    Ok(()) => Ok(0),
                    Err(broken) => break Stage::Broken(broken),
                },
                Err(refusal) => Err(refusal),
            };
            let _gone = progress.walk.try_set(walk.clone());
        };
        if progress.round.try_get_value() == Some(round) {
            progress.walk.set(walk);
            progress.stage.set(stage);
        }
    });
}

#[component]
fn Outcome(progress: Progress) -> impl IntoView {
    let checked = move || grouped(progress.walk.with(|walk| walk.checked));
    let so_far = move || {
        let last = progress.walk.with(|walk| walk.last);
        format!("{} events checked, up to number {last}.", checked())
    };
    move || {
        match progress.stage.get() {
        Stage::Before => ().into_any(),
        Stage::Walking => view! {
            <div class="field" role="status">
                <progress aria-label="Events checked" max=move || progress.end.get().max(1) value=move || progress.walk.with(|walk| walk.last)></progress>
                <p class="quiet">{so_far}</p>
            </div>
        }
        .into_any(),
        Stage::Stopped => view! { <p role="status">"Stopped. " {so_far}</p> }.into_any(),
        Stage::Whole => view! { <Whole walk=progress.walk.get() /> }.into_any(),
        Stage::Broken(broken) => view! {
            <div class="summary" role="alert">
                <p><strong>"The trail is not whole."</strong> " " {break_words(&broken)}</p>
                <p class="quiet">{so_far}</p>
            </div>
        }
        .into_any(),
        Stage::Refused(refusal) => view! {
            <div class="summary" role="alert">
                <p>{refusal.message}</p>
                {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
            </div>
        }
        .into_any(),
    }
    }
}

/// No fault was found.
#[component]
fn Whole(walk: Walk) -> impl IntoView {
    let begin = match walk.first {
        None => "There are no events to check.".to_owned(),
        Some(1) => format!("All {} events, from the first to number {}.", grouped(walk.checked), walk.last),
        Some(first) => format!(
            "{} events, from number {first} to {}. Older ones are not there any more: the tenant keeps events for a \
             limited time.",
            grouped(walk.checked),
            walk.last
        ),
    };
    view! {
        <div class="outcome-good" role="status">
            <p><strong>"No number is missing, and each event continues the one before."</strong></p>
            <p>{begin}</p>
        </div>
    }
}

fn break_words(broken: &Break) -> String {
    match broken {
        Break::Missing { after, before } => {
            format!("After event {after} comes event {before}: what was between them is not there.")
        }
        Break::NotContinued { sequence } => {
            format!(
                "Event {sequence} does not hold the hash of the event before it: one of the two was changed."
            )
        }
        Break::NoBeginning => "The first event says that another one was before it.".to_owned(),
    }
}
