use leptos::prelude::*;

use crate::ui::PageHead;

#[component]
pub fn Welcome() -> impl IntoView {
    view! { <PageHead title="Welcome" /> }
}
