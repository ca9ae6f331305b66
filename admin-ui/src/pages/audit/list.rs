//! The events, the newest first, and new ones as they happen.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use grantor_api::{AuditEvent, Page};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

use super::names::Names;
use super::{narrowed, trail};
use crate::address::query;
use crate::admin_api::{Access, get};
use crate::answer::Refusal;
use crate::session::access;
use crate::trail::{actor_key, is_alarming, shortened, target_words, words};
use crate::ui::{Empty, Params, Time, local};

/// Events that are asked for at a time.
const ROWS: usize = 50;

/// Seconds that the server waits for new events before it answers that there are none.
const WAIT: u32 = 20;

/// How often the platform's events are looked for, which cannot be waited for.
const LOOK: Duration = Duration::from_secs(4);

/// How long to leave a server alone that did not answer.
const REST: Duration = Duration::from_secs(5);

/// What was loaded so far of the trail.
#[derive(Clone, Copy)]
struct Rows {
    items: RwSignal<Vec<Arc<AuditEvent>>>,
    next: RwSignal<Option<String>>,
    loading: RwSignal<bool>,
    refusal: RwSignal<Option<Refusal>>,
    /// Events that came while one looked.
    new: RwSignal<HashSet<String>>,
    /// Counts the lists that were asked for: an answer to an earlier one comes too late.
    turn: StoredValue<u32>,
}

impl Rows {
    fn new() -> Self {
        Self {
            items: RwSignal::new(vec![]),
            next: RwSignal::new(None),
            loading: RwSignal::new(true),
            refusal: RwSignal::new(None),
            new: RwSignal::new(HashSet::new()),
            turn: StoredValue::new(0),
        }
    }

    /// Begins another list.
    fn begin(self) -> u32 {
        self.turn.update_value(|turn| *turn += 1);
        self.turn.get_value()
    }

    fn is_current(self, turn: u32) -> bool {
        self.turn.try_get_value() == Some(turn)
    }

    /// Asks for older events until there are so many.
    fn load(self, access: Access, path: String, until: usize) {
        let turn = self.turn.get_value();
        self.loading.set(true);
        self.refusal.set(None);
        spawn_local(async move {
            loop {
                let cursor = self.next.try_get_untracked().flatten();
                let more = cursor.map(|cursor| query(&[("cursor".to_owned(), cursor)]).replacen('?', "&", 1));
                let answer =
                    get::<Page<AuditEvent>>(access, &format!("{path}{}", more.unwrap_or_default())).await;
                if !self.is_current(turn) {
                    return;
                }
                match answer {
                    Ok(page) => {
                        self.next.set(page.next);
                        self.items.update(|items| items.extend(page.items.into_iter().map(Arc::new)));
                    }
                    Err(refusal) => self.refusal.set(Some(refusal)),
                }
                let enough =
                    self.items.with_untracked(Vec::len) >= until || self.next.with_untracked(Option::is_none);
                if enough || self.refusal.with_untracked(Option::is_some) {
                    self.loading.set(false);
                    return;
                }
            }
        });
    }

    /// Puts new events, the oldest first, above the others; those that are there already stay one.
    fn add(self, events: Vec<AuditEvent>) {
        let known: HashSet<String> =
            self.items.with_untracked(|items| items.iter().map(|event| event.id.clone()).collect());
        let new: Vec<_> =
            events.into_iter().filter(|event| !known.contains(&event.id)).map(Arc::new).collect();
        if new.is_empty() {
            return;
        }
        self.new.update(|marked| marked.extend(new.iter().map(|event| event.id.clone())));
        self.items.update(|items| {
            items.splice(0..0, new.into_iter().rev());
        });
    }

    /// Where to go on from: the newest event's number and time.
    fn newest(self) -> (i64, Option<String>) {
        self.items.with_untracked(|items| {
            let number = items.iter().filter_map(|event| event.sequence).max().unwrap_or_default();
            (number, items.first().map(|event| event.at.clone()))
        })
    }
}

#[component]
pub fn Events(tenant: Option<String>, params: Params, names: Names) -> impl IntoView {
    let access = access();
    let rows = Rows::new();
    let platform = tenant.is_none();
    let path = StoredValue::new(trail(tenant.as_deref()));
    let asked = Memo::new(move |_| narrowed(params));
    let list = move || {
        let mut pairs = asked.get();
        pairs.push(("limit".to_owned(), ROWS.to_string()));
        path.with_value(|path| format!("{path}{}", query(&pairs)))
    };
    Effect::new(move |_| {
        let list = list();
        rows.begin();
        rows.items.set(vec![]);
        rows.next.set(None);
        rows.new.set(HashSet::new());
        let wanted = untrack(|| params.get("rows")).parse().unwrap_or(ROWS);
        rows.load(access, list, wanted);
    });
    let more = move |()| {
        let wanted = rows.items.with_untracked(Vec::len) + ROWS;
        params.replace(&[("rows", &wanted.to_string())]);
        rows.load(access, untrack(list), 0);
    };
    let following = Memo::new(move |_| params.get("follow") == "1");
    // A list that ends in the past has no news.
    let open = move || asked.with(|pairs| pairs.iter().all(|(name, _)| name != "to"));
    follow(rows, path, asked, Signal::derive(move || following.get() && open()), platform);
    view! {
        <div class="follow">
            <input id="follow" type="checkbox" role="switch" class="switch" disabled=move || !open() prop:checked=move || following.get() && open()
                on:change=move |event| params.replace(&[("follow", if event_target_checked(&event) { "1" } else { "" })]) />
            <label for="follow">"Follow"</label>
            <p class="quiet" role="status">{move || match (open(), following.get()) {
                (false, _) => "The list ends at a time, so nothing new can come.".to_owned(),
                (true, false) => "Show new events as they happen.".to_owned(),
                (true, true) => match rows.new.with(HashSet::len) {
                    0 => "Waiting for new events\u{2026}".to_owned(),
                    1 => "1 new event".to_owned(),
                    count => format!("{count} new events"),
                },
            }}</p>
        </div>
        <div class="table-frame" aria-busy=move || rows.loading.get().to_string()>
            <table class="table audit-table" aria-label="Events">
                <thead><tr>
                    <th scope="col">"When"</th><th scope="col">"What happened"</th>
                    <Show when=move || platform><th scope="col">"Tenant"</th></Show>
                    <th scope="col">"By whom"</th><th scope="col">"To what"</th><th scope="col">"From"</th>
                </tr></thead>
                <tbody>
                    <For each=move || rows.items.get() key=|event| event.id.clone() let:event>
                        <Row event platform params names new=rows.new />
                    </For>
                </tbody>
            </table>
            <End rows more=Callback::new(more) narrowed=Signal::derive(move || !asked.get().is_empty()) />
        </div>
    }
}

/// Asks for new events as long as `on` says so and the list stays the same.
fn follow(
    rows: Rows,
    path: StoredValue<String>,
    asked: Memo<Vec<(String, String)>>,
    on: Signal<bool>,
    platform: bool,
) {
    let access = access();
    let rounds = StoredValue::new(0_u32);
    Effect::new(move |_| {
        let (mut pairs, on) = (asked.get(), on.get());
        let loaded = !rows.loading.get();
        rounds.update_value(|round| *round += 1);
        let (round, path) = (rounds.get_value(), path.get_value());
        if !on || !loaded {
            return;
        }
        pairs.retain(|(name, _)| name != "from" || !platform);
        let begun = String::from(js_sys::Date::new_0().to_iso_string());
        spawn_local(async move {
            while rounds.try_get_value() == Some(round) {
                let mut pairs = pairs.clone();
                let (number, at) = rows.newest();
                let behind = if platform {
                    [
                        ("from", at.unwrap_or_else(|| begun.clone())),
                        ("order", "oldest".to_owned()),
                        ("limit", "200".to_owned()),
                    ]
                } else {
                    [("after", number.to_string()), ("wait", WAIT.to_string()), ("limit", "200".to_owned())]
                };
                pairs.extend(behind.map(|(name, value)| (name.to_owned(), value)));
                let answer = get::<Page<AuditEvent>>(access, &format!("{path}{}", query(&pairs))).await;
                if rounds.try_get_value() != Some(round) {
                    return;
                }
                match answer {
                    Ok(page) => {
                        rows.refusal.set(None);
                        rows.add(page.items);
                        if platform {
                            sleep(LOOK).await;
                        }
                    }
                    Err(refusal) => {
                        rows.refusal.set(Some(refusal));
                        sleep(REST).await;
                    }
                }
            }
        });
    });
    on_cleanup(move || {
        let _gone = rounds.try_update_value(|round| *round += 1);
    });
}

async fn sleep(time: Duration) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // A promise's own function does not fail.
        set_timeout(move || drop(resolve.call0(&wasm_bindgen::JsValue::UNDEFINED)), time);
    });
    // The promise is never rejected.
    let _slept = JsFuture::from(promise).await;
}

#[component]
fn Row(
    event: Arc<AuditEvent>,
    platform: bool,
    params: Params,
    names: Names,
    new: RwSignal<HashSet<String>>,
) -> impl IntoView {
    let id = event.id.clone();
    let is_new = move || new.with(|new| new.contains(&id));
    let (id, slug) = (event.id.clone(), event.tenant.clone());
    // A reader of the platform's trail finds an event in its tenant's.
    let href = move || params.address(&[("event", &id), ("of", if platform { &slug } else { "" })]);
    let (target, told) = (names.of_target(&event), Arc::clone(&event));
    let title = event.target.clone();
    let clock = local(&event.at, &[("timeStyle", "medium")]);
    view! {
        <tr class:row-new=is_new class:row-alarming=is_alarming(&event.kind)>
            <td data-label="When"><div><Time at=event.at.clone() /><span class="clock">{clock}</span></div></td>
            <td data-label="What happened"><div>
                <a class="row-link" data-noscroll="" href=href>{words(&event)}</a>
                <code class="kind">{event.kind.clone()}</code>
            </div></td>
            {platform.then(|| view! { <td data-label="Tenant"><code>{event.tenant.clone()}</code></td> })}
            <td data-label="By whom"><div><Actor event=event.clone() names /></div></td>
            <td data-label="To what" title=title>{move || target_words(&told, target.get())}</td>
            <td data-label="From">{event.address.clone()}</td>
        </tr>
    }
}

/// Who did it, in a word or two.
#[component]
pub fn Actor(event: Arc<AuditEvent>, names: Names) -> impl IntoView {
    use grantor_api::ActorKind;
    let name = names.of_actor(&event.actor, &event.tenant);
    let id = event.actor.id.clone().unwrap_or_default();
    let (fallback, kind) = match event.actor.kind {
        ActorKind::User => (shortened(&id), ""),
        ActorKind::Client => (shortened(&id), "client"),
        ActorKind::System => ("The server".to_owned(), ""),
        ActorKind::Anonymous => ("Somebody".to_owned(), ""),
    };
    view! {
        <span title=actor_key(&event.actor)>{move || name.get().unwrap_or_else(|| fallback.clone())}</span>
        {(!kind.is_empty()).then(|| view! { " " <span class="quiet">{kind}</span> })}
    }
}

/// What stands under the rows.
#[component]
fn End(rows: Rows, more: Callback<()>, narrowed: Signal<bool>) -> impl IntoView {
    move || {
        let count = rows.items.with(Vec::len);
        if let Some(refusal) = rows.refusal.get() {
            return view! {
                <div class="refused" role="alert">
                    <p>{refusal.message}</p>
                    {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
                    <button type="button" class="button" on:click=move |_| more.run(())>"Try again"</button>
                </div>
            }
            .into_any();
        }
        match (rows.loading.get(), count, rows.next.with(Option::is_some)) {
            (true, ..) => view! { <div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>"Loading\u{2026}"</div> }.into_any(),
            (_, 0, _) if narrowed.get() => view! { <Empty title="Nothing fits" text="No event matches what you chose above." /> }.into_any(),
            (_, 0, _) => view! { <Empty title="Nothing has happened yet" text="Changes and what concerns security are written down here from now on." /> }.into_any(),
            (_, _, true) => view! { <p class="table-count"><button type="button" class="button small" on:click=move |_| more.run(())>"Show older events"</button></p> }.into_any(),
            (_, 1, false) => view! { <p class="quiet table-count">"1 event"</p> }.into_any(),
            (_, count, false) => view! { <p class="quiet table-count">{count} " events"</p> }.into_any(),
        }
    }
}
