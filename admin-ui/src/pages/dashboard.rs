use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Dashboard(tenant: Option<String>) -> impl IntoView {
    view! { <PageHead title="Dashboard" /> }
}
