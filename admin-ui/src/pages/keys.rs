use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Keys(tenant: String) -> impl IntoView {
    view! { <PageHead title="Keys" /> }
}
