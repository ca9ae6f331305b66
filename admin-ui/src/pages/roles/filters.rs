//! What narrows the list of who has which role.

use grantor_api::Role;
use leptos::prelude::*;

use super::Domain;
use crate::session::session;
use crate::ui::{all, params};

/// One of the roles that there are; by its name, where those may not be read.
#[component]
pub fn RoleFilter(domain: Domain) -> impl IntoView {
    let params = params();
    let chosen = Signal::derive(move || params.get("role"));
    let choose = move |event: web_sys::Event| {
        params.put(&[("role", event_target_value(&event).trim()), ("rows", "")]);
    };
    if !session().may(domain.scope(), "role", "read") {
        return view! {
            <input type="text" class="filter" placeholder="Role" aria-label="Role" autocomplete="off" spellcheck="false" prop:value=chosen on:change=choose />
        }
        .into_any();
    }
    let path = domain.path("roles");
    let roles = all::<Role>(move || path.clone());
    // What the address says is among the choices before the list has come, and if there is no such role.
    let names = Memo::new(move |_| {
        let roles = roles.ready().unwrap_or_default();
        let mut names: Vec<_> = roles.into_iter().map(|role| role.name).collect();
        let chosen = chosen.get();
        if !chosen.is_empty() && !names.contains(&chosen) {
            names.push(chosen);
        }
        names
    });
    view! {
        <select class="filter" aria-label="Role" on:change=choose>
            <option value="" selected=move || chosen.get().is_empty()>"Role: all"</option>
            {move || names.get().into_iter().map(|name| {
                let (value, shown) = (name.clone(), name.clone());
                view! { <option value=value selected=move || chosen.get() == shown>{name}</option> }
            }).collect_view()}
        </select>
    }
    .into_any()
}

/// A client by its `client_id`, or a user of another tenant by the identifier: whom the search for users does not
/// find.
#[component]
pub fn SubjectFilter(domain: Domain) -> impl IntoView {
    let params = params();
    let finds_users = session().may(domain.home(), "user", "read");
    // A user who was searched for stands in that field.
    let shown = move || {
        let subject = params.get("subject");
        if finds_users && is_uuid(&subject) { String::new() } else { subject }
    };
    let label = if finds_users { "client_id" } else { "Identifier or client_id" };
    let choose = move |event: web_sys::Event| {
        params.put(&[("subject", event_target_value(&event).trim()), ("rows", "")]);
    };
    view! {
        <input type="text" class="filter" placeholder=label aria-label=label autocomplete="off" spellcheck="false" prop:value=shown on:change=choose />
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}
