use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Registration(tenant: String) -> impl IntoView {
    view! { <PageHead title="Registration" /> }
}
