use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Webhooks(tenant: String) -> impl IntoView {
    view! { <PageHead title="Webhooks" /> }
}

#[component]
pub fn Webhook(tenant: String, webhook: String) -> impl IntoView {
    view! { <PageHead title="Webhook" /> }
}
