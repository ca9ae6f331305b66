//! Addresses that are told of what goes into the audit trail.

mod deeds;
mod deliveries;
mod events;
mod list;
mod new;
mod one;

pub use list::Webhooks;

use grantor_api::WebhookDisabledReason;
use leptos::prelude::*;

use crate::place::NEW;

/// A webhook, or the form for a new one.
#[component]
pub fn Webhook(tenant: String, webhook: String) -> impl IntoView {
    if webhook == NEW {
        view! { <new::NewWebhook tenant /> }.into_any()
    } else {
        view! { <one::OneWebhook tenant webhook /> }.into_any()
    }
}

fn reason(reason: Option<WebhookDisabledReason>) -> &'static str {
    match reason {
        Some(WebhookDisabledReason::Gone) => "Its receiver answered 410: it is gone.",
        Some(WebhookDisabledReason::Failing) => "Nothing could be delivered for five days.",
        Some(WebhookDisabledReason::Administrator) | None => "An administrator disabled it.",
    }
}

fn list_path(tenant: &str) -> String {
    format!("tenants/{}/webhooks", crate::address::encode(tenant))
}
