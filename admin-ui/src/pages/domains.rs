use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Domains(tenant: String) -> impl IntoView {
    view! { <PageHead title="Domains" /> }
}
