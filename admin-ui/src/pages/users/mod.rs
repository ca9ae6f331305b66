use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Users(tenant: String) -> impl IntoView {
    view! { <PageHead title="Users" /> }
}

#[component]
pub fn NewUser(tenant: String) -> impl IntoView {
    view! { <PageHead title="NewUser" /> }
}

#[component]
pub fn User(tenant: String, user: String) -> impl IntoView {
    view! { <PageHead title="User" /> }
}
