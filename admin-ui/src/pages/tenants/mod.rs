mod list;

pub use list::Tenants;

use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn NewTenant() -> impl IntoView {
    view! { <PageHead title="NewTenant" /> }
}

#[component]
pub fn ImportTenant() -> impl IntoView {
    view! { <PageHead title="ImportTenant" /> }
}

#[component]
pub fn Jobs() -> impl IntoView {
    view! { <PageHead title="Jobs" /> }
}
