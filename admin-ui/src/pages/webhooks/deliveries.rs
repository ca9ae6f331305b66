use grantor_api::{WebhookDelivery, WebhookDeliveryState};
use leptos::{prelude::*, task::spawn_local};

use super::one::Context;
use crate::admin_api::send;
use crate::session::access;
use crate::ui::{Badge, Collection, Column, Empty, Filter, Time, Tone, notify, notify_refusal};

/// What was sent, and what came of it.
#[component]
pub fn Deliveries(context: Context) -> impl IntoView {
    let may_change = context.may_change;
    let columns = vec![
        Column::new(
            "Event",
            |delivery: &WebhookDelivery| view! { <code class="whole">{delivery.kind.clone()}</code> <p class="hint"><Time at=delivery.created_at.clone() /></p> },
        ),
        Column::new("State", |delivery: &WebhookDelivery| match delivery.state {
            WebhookDeliveryState::Pending => view! { <Badge text="Pending" tone=Tone::Warning /> },
            WebhookDeliveryState::Delivered => view! { <Badge text="Delivered" tone=Tone::Good /> },
            WebhookDeliveryState::Failed => view! { <Badge text="Given up" tone=Tone::Bad /> },
        }),
        Column::new("Attempts", |delivery: &WebhookDelivery| delivery.attempts.to_string()),
        Column::new("Last answer", last_answer),
        Column::new("Next attempt", |delivery: &WebhookDelivery| {
            delivery.next_attempt_at.clone().map(|at| view! { <Time at /> })
        }),
        Column::new("", move |delivery: &WebhookDelivery| {
            let delivery = delivery.clone();
            (may_change && delivery.state != WebhookDeliveryState::Delivered).then(|| view! {
                <button type="button" class="button small" aria-label=format!("Send now: {}", delivery.kind) on:click=move |_| retry(context, &delivery.id)>"Send now"</button>
            })
        }),
    ];
    let filters = vec![Filter {
        name: "state",
        label: "State",
        choices: vec![("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Given up")],
    }];
    let path = context.path.with_value(|path| format!("{path}/deliveries"));
    view! {
        <section class="section" aria-labelledby="deliveries-title">
            <div class="section-head">
                <div><h2 id="deliveries-title">"Deliveries"</h2><p class="quiet">"What was delivered stays here for 7 days, what was given up for 30."</p></div>
                <button type="button" class="button small" on:click=move |_| context.deliveries.update(|turn| *turn += 1)>"Look again"</button>
            </div>
            <Collection<WebhookDelivery> path what="deliveries" columns filters changed=context.deliveries empty=|| view! {
                <Empty title="Nothing was sent yet" text="Send a test event to see whether the receiver answers." />
            } />
        </section>
    }
}

fn last_answer(delivery: &WebhookDelivery) -> impl IntoView + use<> {
    let at = delivery.last_attempt_at.clone().map(|at| view! { <p class="hint"><Time at /></p> });
    let said = match (delivery.last_status, delivery.last_error.clone()) {
        (Some(status), _) => format!("HTTP {status}"),
        (None, Some(error)) => error,
        (None, None) => String::new(),
    };
    view! { {said} {at} }
}

fn retry(context: Context, delivery: &str) {
    let access = access();
    let path = context.path.with_value(|path| format!("{path}/deliveries/{delivery}/retry"));
    spawn_local(async move {
        match send::<WebhookDelivery>(access, "POST", &path, None).await {
            Ok(_) => notify("It is being sent"),
            Err(refusal) => notify_refusal(&refusal),
        }
        context.reload_soon();
    });
}
