//! What narrows and orders a list.

use std::time::Duration;

use leptos::prelude::*;

/// How long one may pause while typing before the search begins.
const PAUSE: Duration = Duration::from_millis(150);

/// A choice that narrows the list: a parameter of the admin API and its values with their names.
#[derive(Clone)]
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    /// Values and what they are called; a text field where there are none.
    pub choices: Vec<(&'static str, &'static str)>,
}

/// Searches while one types, but not for every letter.
#[component]
pub fn SearchField(what: &'static str, value: Signal<String>, put: Callback<String>) -> impl IntoView {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let forget = move || {
        if let Some(Some(handle)) = pending.try_get_value() {
            handle.clear();
        }
    };
    // It would search another page otherwise.
    on_cleanup(forget);
    let typed = move |text: String| {
        forget();
        let handle = set_timeout_with_handle(move || put.run(text.clone()), PAUSE);
        pending.set_value(handle.ok());
    };
    view! {
        <input type="search" class="search" placeholder=format!("Search {what}") aria-label=format!("Search {what}") autocomplete="off"
            spellcheck="false" prop:value=value on:input=move |event| typed(event_target_value(&event)) />
    }
}

/// One filter.
#[component]
pub fn FilterField(filter: Filter, value: Signal<String>, put: Callback<String>) -> impl IntoView {
    let Filter { name, label, choices } = filter;
    if choices.is_empty() {
        return view! {
            <input type="text" class="filter" name=name placeholder=label aria-label=label autocomplete="off" spellcheck="false" prop:value=value
                on:change=move |event| put.run(event_target_value(&event)) />
        }
        .into_any();
    }
    view! {
        <select class="filter" name=name aria-label=label on:change=move |event| put.run(event_target_value(&event))>
            <option value="" selected=move || value.get().is_empty()>{label} ": all"</option>
            {choices.into_iter().map(|(choice, name)| view! {
                <option value=choice selected=move || value.get() == choice>{name}</option>
            }).collect_view()}
        </select>
    }
    .into_any()
}

/// The order, where the window is too narrow for heads of columns.
#[component]
pub fn OrderField(
    /// Titles of columns, and what the list is sorted by for them.
    columns: Vec<(&'static str, &'static str)>,
    value: Signal<String>,
    put: Callback<String>,
) -> impl IntoView {
    view! {
        <select class="filter order" aria-label="Order" on:change=move |event| put.run(event_target_value(&event))>
            <option value="" selected=move || value.get().is_empty()>"Order: as they came"</option>
            {columns.into_iter().flat_map(|(title, name)| {
                [(name.to_owned(), "ascending"), (format!("-{name}"), "descending")].map(|(order, direction)| {
                    let shown = order.clone();
                    view! { <option value=order selected=move || value.get() == shown>{title} ", " {direction}</option> }
                })
            }).collect_view()}
        </select>
    }
}

/// The head of a column; a button where the list can be sorted by it.
#[component]
pub fn Heading(
    title: &'static str,
    sort: Option<&'static str>,
    /// Nothing while one searches: what is found has an order of its own.
    sorted: Signal<Option<String>>,
    put: Callback<String>,
) -> impl IntoView {
    if title.is_empty() {
        // The column of what can be done with a row.
        return view! { <th scope="col"><span class="hidden">"Actions"</span></th> }.into_any();
    }
    let Some(name) = sort else { return view! { <th scope="col">{title}</th> }.into_any() };
    let descending = Signal::stored(format!("-{name}"));
    let direction = move || {
        let sorted = sorted.get()?;
        if sorted == name { Some("ascending") } else { (sorted == descending.get()).then_some("descending") }
    };
    let turn =
        move |_| put.run(if direction() == Some("ascending") { descending.get() } else { name.to_owned() });
    let arrow =
        move || direction().map(|direction| if direction == "ascending" { " \u{2191}" } else { " \u{2193}" });
    view! {
        <th scope="col" aria-sort=direction>
            <button type="button" class="sort" disabled=move || sorted.get().is_none() on:click=turn>
                {title} <span aria-hidden="true">{arrow}</span>
            </button>
        </th>
    }
    .into_any()
}
