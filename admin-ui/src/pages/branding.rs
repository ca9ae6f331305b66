use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Branding(tenant: String) -> impl IntoView {
    view! { <PageHead title="Branding" /> }
}
