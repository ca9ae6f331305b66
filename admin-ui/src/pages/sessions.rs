use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Sessions(tenant: String) -> impl IntoView {
    view! { <PageHead title="Sessions" /> }
}
