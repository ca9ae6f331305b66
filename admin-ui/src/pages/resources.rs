use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Resources(tenant: String) -> impl IntoView {
    view! { <PageHead title="Resources" /> }
}

#[component]
pub fn NewResource(tenant: String) -> impl IntoView {
    view! { <PageHead title="NewResource" /> }
}

#[component]
pub fn Resource(tenant: String, identifier: String) -> impl IntoView {
    view! { <PageHead title="Resource" /> }
}
