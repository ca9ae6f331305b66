use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Devices(tenant: String) -> impl IntoView {
    view! { <PageHead title="Devices" /> }
}
