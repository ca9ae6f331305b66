//! Has the server verify a tenant's trail, a stretch at a time.

use grantor_api::{AuditVerification, BrokenAuditEvent};
use leptos::{prelude::*, task::spawn_local};

use super::trail;
use crate::admin_api::{Access, get};
use crate::answer::Refusal;
use crate::chart::grouped;
use crate::session::access;
use crate::trail::{Verified, fault_words};
use crate::ui::{CopyButton, Dialog, Fact, Params, Time};

/// Events that are asked for at a time: each answer moves the bar.
const STRETCH: u32 = 2000;

/// How far the verification has come, and what came of it.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Before,
    Walking,
    Stopped,
    Whole,
    Broken(BrokenAuditEvent),
    Refused(Refusal),
}

#[derive(Clone, Copy)]
struct Progress {
    stage: RwSignal<Stage>,
    verified: RwSignal<Verified>,
    round: StoredValue<u32>,
}

#[component]
pub fn VerifyButton(tenant: String, params: Params) -> impl IntoView {
    let access = access();
    let open = RwSignal::new(false);
    let progress = Progress {
        stage: RwSignal::new(Stage::Before),
        verified: RwSignal::new(Verified::default()),
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
    let start = Callback::new(move |()| begin(progress, access, path.clone()));
    let stop = Callback::new(move |()| stop());
    let look = Callback::new(move |event: String| {
        open.set(false);
        params.put(&[("event", &event)]);
    });
    view! {
        <button type="button" class="button" on:click=move |_| open.set(true)>"Check the chain"</button>
        <Dialog open title="Check the chain">
            <div class="stack">
                <p>"Every event has a number, and the hash of itself and of the event before it. The server computes all hashes anew and compares them, the oldest event first."</p>
                <Outcome progress look />
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

/// Goes along the trail until its end, a fault, or another round.
fn begin(progress: Progress, access: Access, path: String) {
    progress.round.update_value(|round| *round += 1);
    let round = progress.round.get_value();
    progress.verified.set(Verified::default());
    progress.stage.set(Stage::Walking);
    spawn_local(async move {
        let mut from = String::new();
        loop {
            let asked = format!("{path}/verification?limit={STRETCH}{from}");
            let found = get::<AuditVerification>(access, &asked).await;
            if progress.round.try_get_value() != Some(round) {
                return;
            }
            let stage = match found {
                Err(refusal) => Stage::Refused(refusal),
                Ok(stretch) => {
                    progress.verified.update(|verified| verified.take(&stretch));
                    match (stretch.broken, stretch.next) {
                        (Some(broken), _) => Stage::Broken(broken),
                        (None, None) => Stage::Whole,
                        (None, Some(next)) => {
                            from = format!("&from={next}");
                            continue;
                        }
                    }
                }
            };
            return progress.stage.set(stage);
        }
    });
}

#[component]
fn Outcome(progress: Progress, look: Callback<String>) -> impl IntoView {
    let so_far = move || {
        progress.verified.with(|verified| {
            let last = verified.last.map(|last| format!(", up to number {last}")).unwrap_or_default();
            format!("{} events are what was recorded{last}.", grouped(verified.events))
        })
    };
    move || {
        match progress.stage.get() {
        Stage::Before => ().into_any(),
        Stage::Walking => view! {
            <div class="field" role="status">
                <progress aria-label="Events checked" max=move || progress.verified.with(|verified| verified.newest.max(1))
                    value=move || progress.verified.with(|verified| verified.last.unwrap_or_default())></progress>
                <p class="quiet">{so_far}</p>
            </div>
        }
        .into_any(),
        Stage::Stopped => view! { <p role="status">"Stopped. " {so_far}</p> }.into_any(),
        Stage::Whole => view! { <Whole verified=progress.verified.get() /> }.into_any(),
        Stage::Broken(broken) => view! {
            <div class="summary" role="alert">
                <p><strong>"The trail is not what was recorded."</strong> " " {fault_words(&broken)}</p>
                {broken.event_id.map(|event| view! {
                    <p>
                        <button type="button" class="button small" on:click=move |_| look.run(event.clone())>"Look at the event that shows it"</button>
                        {broken.at.map(|at| view! { " " <span class="quiet"><Time at /></span> })}
                    </p>
                })}
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
fn Whole(verified: Verified) -> impl IntoView {
    let events = grouped(verified.events);
    let says = match (verified.first, verified.last) {
        (Some(1), Some(last)) => format!("All {events} events, from the first to number {last}."),
        (Some(first), Some(last)) => format!(
            "{events} events, from number {first} to {last}. Older ones are not there any more: the tenant keeps events \
             for a limited time."
        ),
        _ => "There are no events to check.".to_owned(),
    };
    view! {
        <div class="outcome-good" role="status">
            <p><strong>"The trail is what was recorded: nothing is missing, changed or added."</strong></p>
            <p>{says}</p>
        </div>
        {verified.newest_hash.map(|hash| {
            let text = Signal::stored(format!("{} {hash}", verified.newest));
            view! {
                <dl class="facts">
                    <Fact name=format!("Hash of event {}", verified.newest)><span class="with-copy"><code class="identifier">{hash}</code><CopyButton text what="number and hash of the newest event" /></span></Fact>
                </dl>
                <p class="hint">"Whoever can write to the database could write the whole trail anew. Keep number and hash where they cannot, and compare later: the event of this number must still have this hash."</p>
            }
        })}
    }
}
