use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Clients(tenant: String) -> impl IntoView {
    view! { <PageHead title="Clients" /> }
}

#[component]
pub fn NewClient(tenant: String) -> impl IntoView {
    view! { <PageHead title="NewClient" /> }
}

#[component]
pub fn Client(tenant: String, client_id: String) -> impl IntoView {
    view! { <PageHead title="Client" /> }
}
