use js_sys::Date;
use leptos::prelude::*;

use super::{FILTERS, narrowed};
use crate::trail::KINDS;
use crate::ui::Params;

/// What narrows the trail. Times are typed in the viewer's zone and stand in the address in UTC.
#[component]
pub fn Filters(params: Params) -> impl IntoView {
    // More rows were for the list as it was.
    let put = move |name: &'static str, value: &str| params.put(&[(name, value.trim()), ("rows", "")]);
    let text = move |name: &'static str, label: &'static str, example: &'static str| {
        view! {
            <label class="labelled"><span>{label}</span>
                <input type="text" name=name placeholder=example autocomplete="off" spellcheck="false"
                    prop:value=move || params.get(name) on:change=move |event| put(name, &event_target_value(&event)) />
            </label>
        }
    };
    let time = move |name: &'static str, label: &'static str| {
        view! {
            <label class="labelled"><span>{label}</span>
                <input type="datetime-local" name=name prop:value=move || to_local(&params.get(name))
                    on:change=move |event| put(name, &to_utc(&event_target_value(&event))) />
            </label>
        }
    };
    let clear = move |_| {
        let none: Vec<_> = FILTERS.iter().chain(&["rows"]).map(|name| (*name, "")).collect();
        params.put(&none);
    };
    let mut kinds = KINDS;
    kinds.sort_unstable_by_key(|(_, words)| *words);
    view! {
        <div class="audit-filters" role="search" aria-label="Narrow the trail">
            <label class="labelled"><span>"What happened"</span>
                <select name="kind" on:change=move |event| put("kind", &event_target_value(&event))>
                    <option value="" selected=move || params.get("kind").is_empty()>"Anything"</option>
                    {kinds.map(|(kind, words)| view! {
                        <option value=kind selected=move || params.get("kind") == kind>{words}</option>
                    })}
                </select>
            </label>
            {text("actor", "By whom", "user:\u{2026}, client:\u{2026} or system")}
            {text("target", "To what", "an identifier")}
            {time("from", "From")}
            {time("to", "Until")}
            <Show when=move || !narrowed(params).is_empty()>
                <button type="button" class="button plain" on:click=clear>"Show all"</button>
            </Show>
        </div>
    }
}

/// What a field for a time holds, as RFC 3339 in UTC; empty where it holds none.
fn to_utc(typed: &str) -> String {
    let date = Date::new(&typed.into());
    if date.get_time().is_nan() { String::new() } else { date.to_iso_string().into() }
}

/// The other way.
fn to_local(at: &str) -> String {
    let date = Date::new(&at.into());
    if at.is_empty() || date.get_time().is_nan() {
        return String::new();
    }
    let shown = Date::new(&(date.get_time() - date.get_timezone_offset() * 60_000.0).into());
    let text = String::from(shown.to_iso_string());
    text.get(..16).unwrap_or_default().to_owned()
}
