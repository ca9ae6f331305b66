use grantor_api::Webhook;
use leptos::prelude::*;

use super::{list_path, reason};
use crate::event_kinds;
use crate::place::{NEW, Place, Section};
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, PageHead, Time, Tone};

#[component]
pub fn Webhooks(tenant: String) -> impl IntoView {
    let new = Place::Tenant(tenant.clone(), Section::Webhook(NEW.to_owned())).href();
    let add = session()
        .may(&tenant, "webhook", "create")
        .then(|| view! { <a class="button primary" href=new>"Create a webhook"</a> });
    let path = list_path(&tenant);
    let columns = vec![
        Column::new("Address", move |webhook: &Webhook| {
            let href = Place::Tenant(tenant.clone(), Section::Webhook(webhook.id.clone())).href();
            view! { <a class="row-link" href=href>{webhook.url.clone()}</a> <p class="hint">{webhook.description.clone()}</p> }
        }),
        Column::new("Events", |webhook: &Webhook| event_kinds::in_words(&webhook.events)),
        Column::new("State", |webhook: &Webhook| view! { <State webhook=webhook.clone() /> }),
        Column::new("Created", |webhook: &Webhook| view! { <Time at=webhook.created_at.clone() /> }),
    ];
    view! {
        <PageHead title="Webhooks" about="Your own systems hear of what happens in the tenant as it happens, signed as Standard Webhooks has it." actions=add.map(IntoAny::into_any) />
        <Collection<Webhook> path what="webhooks" columns empty=|| view! {
            <Empty title="No webhook yet" text="Create one and give it an https address of yours: what goes into the audit trail is sent there, a POST for each event." />
        } />
    }
}

/// Whether events are sent, and whether they arrive.
#[component]
pub fn State(webhook: Webhook) -> impl IntoView {
    let (badge, says) = if !webhook.enabled {
        (
            view! { <Badge text="Disabled" tone=Tone::Bad /> },
            view! { {reason(webhook.disabled_reason)} }.into_any(),
        )
    } else if let Some(at) = webhook.failing_since {
        (
            view! { <Badge text="Failing" tone=Tone::Warning /> },
            view! { "First failed " <Time at /> ". After five days it is disabled." }.into_any(),
        )
    } else {
        (view! { <Badge text="Enabled" tone=Tone::Good /> }, ().into_any())
    };
    view! { {badge} <p class="hint">{says}</p> }
}
