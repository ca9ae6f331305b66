use grantor_api::Stats;
use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::Panel;

/// What to do first in a tenant that has no client or no user yet.
#[component]
pub fn FirstThings(tenant: String, stats: Memo<Option<Stats>>) -> impl IntoView {
    let missing = Memo::new(move |_| {
        stats.with(|stats| {
            stats
                .as_ref()
                .map_or((false, false), |stats| (stats.present.clients == 0, stats.present.users == 0))
        })
    });
    move || {
        let (clients, users) = missing.get();
        let steps = [
            (
                clients,
                Section::NewClient,
                "Create a client",
                "An application, a service or a device that gets tokens here.",
            ),
            (users, Section::NewUser, "Create a user", "Somebody who signs in here."),
        ];
        let steps: Vec<_> = steps
            .into_iter()
            .filter(|(missing, section, ..)| *missing && session().may(&tenant, section.noun(), "create"))
            .map(|(_, section, title, text)| {
                let href = Place::Tenant(tenant.clone(), section).href();
                view! { <li><div><h3>{title}</h3><p class="quiet">{text}</p></div><a class="button primary" href=href>{title}</a></li> }
            })
            .collect();
        (!steps.is_empty())
            .then(|| view! { <Panel title="What to do first"><ul class="first-things">{steps}</ul></Panel> })
    }
}
