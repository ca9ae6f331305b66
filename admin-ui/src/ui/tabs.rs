//! Parts of a page of which one is seen at a time, with the choice in the address.

use leptos::prelude::*;

use super::params;

/// A part: its name in the address, its title, what is in it.
#[derive(Clone)]
pub struct Tab {
    name: &'static str,
    title: &'static str,
    view: ViewFn,
}

impl Tab {
    pub fn new(name: &'static str, title: &'static str, view: impl Into<ViewFn>) -> Self {
        Self { name, title, view: view.into() }
    }
}

/// The first part where the address says no other.
#[component]
pub fn Tabs(
    /// What the parts are of, for screen readers.
    #[prop(into)]
    label: String,
    tabs: Vec<Tab>,
) -> impl IntoView {
    let params = params();
    let names: Vec<_> = tabs.iter().map(|tab| tab.name).collect();
    let seen = Memo::new(move |_| {
        let wanted = params.get("tab");
        names.iter().position(|name| *name == wanted).unwrap_or_default()
    });
    let links = tabs.iter().enumerate().map(|(index, tab)| {
        let address = format!("?tab={}", tab.name);
        let here = move || (seen.get() == index).then_some("page");
        view! { <a href=address aria-current=here>{tab.title}</a> }
    });
    view! {
        <nav class="tabs" aria-label=label>{links.collect_view()}</nav>
        {move || tabs.get(seen.get()).map(|tab| tab.view.run())}
    }
}
