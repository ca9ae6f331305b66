//! The permissions of a role as a table of nouns and actions.

use grantor_api::Permission;
use leptos::prelude::*;
use serde_json::json;

use super::Domain;
use crate::permissions::{ACTIONS, ALL, Held, NOUNS, TENANT_ACTIONS, held, with};
use crate::session::session;
use crate::ui::Draft;

/// The member of a role's document that the table is of.
const AT: &str = "/permissions";

fn permissions(draft: Draft) -> Vec<Permission> {
    serde_json::from_value(draft.get(AT)).unwrap_or_default()
}

/// Every permission as a box to tick, unless the draft is locked; those that the administrator does not hold
/// cannot be ticked.
#[component]
pub fn Matrix(draft: Draft, domain: Domain) -> impl IntoView {
    draft.has_field(AT);
    let scope = StoredValue::new(domain.scope().to_owned());
    let current = Memo::new(move |_| permissions(draft));
    let cell = move |noun: (&'static str, &'static str), action: (&'static str, &'static str)| {
        view! { <Cell draft current scope noun action /> }
    };
    let rows = NOUNS.iter().map(|noun| {
        let special = (noun.0 == "tenant").then(|| {
            TENANT_ACTIONS.iter().map(|action| view! { <label class="matrix-special">{cell(*noun, *action)} {action.1}</label> }).collect_view()
        });
        view! {
            <tr class:matrix-all=noun.0 == ALL>
                <th scope="row">{noun.1} " " {(noun.0 != ALL).then(|| view! { <code class="quiet">{noun.0}</code> })}</th>
                {ACTIONS.iter().map(|action| view! { <td class:matrix-all=action.0 == ALL>{cell(*noun, *action)}</td> }).collect_view()}
                <td class="matrix-specials">{special}</td>
            </tr>
        }
    });
    view! {
        <div class="matrix-frame">
            <table class="matrix">
                <caption class="hidden">"What the role allows"</caption>
                <thead><tr>
                    <th scope="col">"To what"</th>
                    {ACTIONS.iter().map(|(_, name)| view! { <th scope="col">{*name}</th> }).collect_view()}
                    <th scope="col"><span class="hidden">"Other"</span></th>
                </tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
        <p class="wrong" aria-live="polite">{move || draft.error(AT)}</p>
    }
}

#[component]
fn Cell(
    draft: Draft,
    current: Memo<Vec<Permission>>,
    scope: StoredValue<String>,
    noun: (&'static str, &'static str),
    action: (&'static str, &'static str),
) -> impl IntoView {
    let session = session();
    let state = Memo::new(move |_| current.with(|permissions| held(permissions, noun.0, action.0)));
    let may_give = move || scope.with_value(|scope| session.may(scope, noun.0, action.0));
    let why = move || match state.get() {
        Held::WithinAnother => Some("Part of a wider permission that the role has"),
        _ if draft.locked.get() || may_give() => None,
        _ => Some("You do not hold this yourself, so you cannot give it"),
    };
    let off = move || draft.locked.get() || state.get() == Held::WithinAnother || !may_give();
    let toggle = move |event: web_sys::Event| {
        let on = event_target_checked(&event);
        let changed = with(&current.get_untracked(), noun.0, action.0, on);
        draft.set(AT, json!(changed));
    };
    let name = StoredValue::new(format!("{} {}", action.1, noun.1.to_lowercase()));
    move || {
        if draft.locked.get() {
            return mark(state.get(), why()).into_any();
        }
        view! {
            <input type="checkbox" aria-label=name.get_value() title=why disabled=off class:within=move || state.get() == Held::WithinAnother
                prop:checked=move || state.get() != Held::No on:change=toggle />
        }
        .into_any()
    }
}

/// What a box says where nothing can be ticked.
fn mark(state: Held, why: Option<&'static str>) -> impl IntoView {
    let (class, sign, words) = match state {
        Held::Yes => ("matrix-yes", "\u{2713}", "Yes"),
        Held::WithinAnother => ("matrix-within", "\u{2713}", "Yes, as part of a wider permission"),
        Held::No => ("matrix-no", "\u{2013}", "No"),
    };
    view! { <span class=class title=why><span aria-hidden="true">{sign}</span><span class="hidden">{words}</span></span> }
}
