use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Audit(tenant: Option<String>) -> impl IntoView {
    view! { <PageHead title="Audit" /> }
}
