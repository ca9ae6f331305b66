//! Parts of a page, each with an address of its own.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::address::{parse_query, query};

/// The part that the address names with `tab`; the first one where it names none.
pub fn tab(names: &'static [&'static str]) -> Memo<&'static str> {
    let location = use_location();
    Memo::new(move |_| {
        let pairs = parse_query(&location.search.get());
        let asked = pairs.iter().find(|(name, _)| name == "tab").map(|(_, value)| value.as_str());
        names.iter().find(|name| Some(**name) == asked).or_else(|| names.first()).copied().unwrap_or_default()
    })
}

/// Links to the parts: their names in the address and their titles.
#[component]
pub fn Tabs(
    /// The page's own address.
    #[prop(into)]
    href: String,
    parts: Vec<(&'static str, &'static str)>,
    current: Memo<&'static str>,
    /// What the parts are of, for screen readers.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let first = parts.first().map(|(name, _)| *name).unwrap_or_default();
    let link = move |(name, title): (&'static str, &'static str)| {
        let named = if name == first { String::new() } else { name.to_owned() };
        let href = format!("{href}{}", query(&[("tab".to_owned(), named)]));
        view! { <a href=href aria-current=move || (current.get() == name).then_some("page")>{title}</a> }
    };
    view! { <nav class="tabs" aria-label=label>{parts.into_iter().map(link).collect_view()}</nav> }
}
