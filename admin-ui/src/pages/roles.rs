use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Roles(tenant: Option<String>) -> impl IntoView {
    view! { <PageHead title="Roles" /> }
}

#[component]
pub fn Role(tenant: Option<String>, name: String) -> impl IntoView {
    view! { <PageHead title="Role" /> }
}
