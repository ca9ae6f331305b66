mod event;
mod filters;
mod list;
mod names;
mod verify;

use leptos::prelude::*;

use crate::address::{encode, query};
use crate::ui::{PageHead, Params, params};
use event::EventDialog;
use filters::Filters;
use list::Events;
use names::Names;
use verify::VerifyButton;

/// Parameters that narrow the trail, in the page's address as in the admin API.
const FILTERS: [&str; 5] = ["kind", "actor", "target", "from", "to"];

/// The trail of a tenant, or those of all tenants together.
#[component]
pub fn Audit(tenant: Option<String>) -> impl IntoView {
    let params = params();
    let trail = StoredValue::new(trail(tenant.as_deref()));
    let file = tenant.clone().unwrap_or_else(|| "platform".to_owned());
    let export = move || {
        let mut pairs = narrowed(params);
        pairs.push(("order".to_owned(), "oldest".to_owned()));
        trail.with_value(|trail| format!("{}{trail}/export{}", crate::admin_api::BASE, query(&pairs)))
    };
    let actions = view! {
        <a class="button" rel="external" download=format!("{file}-audit-events.ndjson") href=export>"Export"</a>
        {tenant.clone().map(|tenant| view! { <VerifyButton tenant params /> })}
    };
    let (title, about) = match tenant {
        Some(_) => {
            ("Audit trail", "What happened, who did it, and what it changed. Nothing in it is ever changed.")
        }
        None => (
            "Platform audit",
            "The trails of all tenants together. Each is a chain of its own, which is checked at its tenant.",
        ),
    };
    let names = Names::new();
    view! {
        <PageHead title=title about=about actions=Some(actions.into_any()) />
        <Filters params />
        <Events tenant=tenant.clone() params names />
        <EventDialog tenant params names />
    }
}

/// The path of the events in the admin API.
fn trail(tenant: Option<&str>) -> String {
    tenant.map_or_else(|| "audit-events".to_owned(), |slug| format!("tenants/{}/audit-events", encode(slug)))
}

/// The filters that the address has.
fn narrowed(params: Params) -> Vec<(String, String)> {
    FILTERS
        .iter()
        .map(|name| ((*name).to_owned(), params.get(name)))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}
