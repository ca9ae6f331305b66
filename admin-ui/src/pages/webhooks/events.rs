use leptos::prelude::*;
use serde_json::{Value, json};

use crate::event_kinds::{GROUPS, Group, others, toggle, with_others};
use crate::ui::Draft;

const AT: &str = "/events";

fn chosen(draft: Draft) -> Vec<String> {
    draft
        .get(AT)
        .as_array()
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

/// The form of a webhook: its address, and what it is told of.
#[component]
pub fn EventsField(draft: Draft) -> impl IntoView {
    draft.has_field(AT);
    let events = Memo::new(move |_| chosen(draft));
    // An empty list is all events, so that "some of them, none yet" has to be kept here.
    let some = RwSignal::new(!events.with_untracked(Vec::is_empty));
    Effect::new(move |_| {
        if !events.with(Vec::is_empty) {
            some.set(true);
        }
    });
    let all = move |_| {
        some.set(false);
        draft.set(AT, json!([]));
    };
    view! {
        <fieldset class="field field-set" disabled=move || draft.locked.get() aria-describedby="events-error">
            <legend>"Events"</legend>
            <div class="choices">
                <label class="choice">
                    <input type="radio" name="events" prop:checked=move || !some.get() on:change=all />
                    <span><span class="choice-name">"All events"</span><span class="hint">"Also kinds that a later version knows."</span></span>
                </label>
                <label class="choice">
                    <input type="radio" name="events" prop:checked=some on:change=move |_| some.set(true) />
                    <span><span class="choice-name">"Some of them"</span></span>
                </label>
            </div>
            {move || some.get().then(|| view! {
                {move || events.with(Vec::is_empty).then(|| view! { <p class="wrong">"Choose at least one: with none, all events are sent."</p> })}
                <div class="event-groups">
                    {GROUPS.iter().map(|group| view! { <GroupChoices draft group events /> }).collect_view()}
                </div>
                <Others draft events />
            })}
            <p class="wrong" id="events-error" aria-live="polite">{move || draft.error(AT)}</p>
        </fieldset>
    }
}

#[component]
fn GroupChoices(draft: Draft, group: &'static Group, events: Memo<Vec<String>>) -> impl IntoView {
    let has = move |name: &'static str| events.with(|events| events.iter().any(|event| event == name));
    let set = move |name: &str, on: bool| draft.set(AT, json!(toggle(&events.get_untracked(), name, on)));
    let whole = move || has(group.name);
    view! {
        <div class="event-group">
            <label class="choice">
                <input type="checkbox" prop:checked=whole on:change=move |event| set(group.name, event_target_checked(&event)) />
                <span><span class="choice-name">{group.title}</span> " " <code class="quiet">{group.name}</code></span>
            </label>
            {group.kinds.iter().filter(|_| group.kinds.len() > 1).map(|(kind, about)| view! {
                <label class="choice event-kind">
                    <input type="checkbox" disabled=whole prop:checked=move || whole() || has(kind) on:change=move |event| set(kind, event_target_checked(&event)) />
                    <span>{*about} <code class="hint">{*kind}</code></span>
                </label>
            }).collect_view()}
        </div>
    }
}

/// Kinds that there is no choice for.
#[component]
fn Others(draft: Draft, events: Memo<Vec<String>>) -> impl IntoView {
    let text = Memo::new(move |_| others(&events.get()).join(" "));
    let write = move |text: String| {
        let others: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        draft.set(AT, json!(with_others(&events.get_untracked(), &others)));
    };
    view! {
        <div class="field">
            <label for="other-events">"Other kinds"</label>
            <input id="other-events" type="text" spellcheck="false" autocomplete="off" aria-describedby="other-events-hint" prop:value=text
                on:change=move |event| write(event_target_value(&event)) />
            <p class="hint" id="other-events-hint">"Separated by spaces: kinds of audit events, or the part before their dot."</p>
        </div>
    }
}
