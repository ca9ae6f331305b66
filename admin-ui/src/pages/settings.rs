use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Settings(tenant: String) -> impl IntoView {
    view! { <PageHead title="Settings" /> }
}
