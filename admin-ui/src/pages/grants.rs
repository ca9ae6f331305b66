use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Grants(tenant: String) -> impl IntoView {
    view! { <PageHead title="Grants" /> }
}
