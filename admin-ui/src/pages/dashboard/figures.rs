use grantor_api::{Stats, StatsPresent};
use leptos::prelude::*;

use crate::chart::grouped;
use crate::place::{Place, Section};
use crate::rights::PLATFORM;
use crate::session::session;

/// What there is at present, each figure a way to what it counts.
#[component]
pub fn Figures(tenant: Option<String>, stats: Memo<Option<Stats>>) -> impl IntoView {
    let present = Memo::new(move |_| {
        stats.with(|stats| stats.as_ref().map(|stats| stats.present.clone()).unwrap_or_default())
    });
    let to = |section: Section| {
        tenant
            .clone()
            .filter(|slug| session().may(slug, section.noun(), "read"))
            .map(|slug| Place::Tenant(slug, section).href())
    };
    let tenants =
        (tenant.is_none() && session().may(PLATFORM, "tenant", "read")).then(|| Place::Tenants.href());
    view! {
        <ul class="figures" aria-label="What there is now">
            {tenant.is_none().then(|| view! { <Figure name="Tenants" href=tenants present count=|present| present.tenants.unwrap_or_default() /> })}
            <Figure name="Users" href=to(Section::Users) present count=|present| present.users />
            <Figure name="Clients" href=to(Section::Clients) present count=|present| present.clients />
            <Figure name="Devices waiting" href=to(Section::Devices) present count=|present| present.devices_waiting calls=true />
            <Figure name="Keys about to rotate" href=to(Section::Keys) present count=|present| present.keys_rotating_soon />
        </ul>
    }
}

/// A number with its name; one that calls for somebody stands out unless it is 0.
#[component]
fn Figure(
    name: &'static str,
    href: Option<String>,
    present: Memo<StatsPresent>,
    count: fn(&StatsPresent) -> u64,
    #[prop(default = false)] calls: bool,
) -> impl IntoView {
    let number = Memo::new(move |_| present.with(count));
    let inside = move || view! { <strong>{move || grouped(number.get())}</strong><span>{name}</span> };
    let calling = move || calls && number.get() > 0;
    view! {
        <li class="figure" class:figure-calls=calling>
            {match href {
                Some(href) => view! { <a href=href>{inside()}</a> }.into_any(),
                None => view! { <div>{inside()}</div> }.into_any(),
            }}
        </li>
    }
}
