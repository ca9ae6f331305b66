//! Lists: searched, filtered, sorted and paged by the server, with all of that in the address.

use std::sync::Arc;

use grantor_api::Page;
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, closure::Closure};

use crate::address::{parse_query, query};
use crate::admin_api::get;
use crate::answer::Refusal;
use crate::session::access;

/// Rows that are asked for at a time.
const ROWS: usize = 100;

/// How far below the window the end of the rows may be before the next ones are asked for.
const AHEAD: &str = "1500px";

/// A column: its title, what it is sorted by where it can be, and what is in it.
#[derive(Clone)]
pub struct Column<T> {
    pub title: &'static str,
    pub sort: Option<&'static str>,
    pub cell: Arc<dyn Fn(&T) -> AnyView + Send + Sync>,
}

impl<T> Column<T> {
    pub fn new<V: IntoView + 'static>(
        title: &'static str,
        cell: impl Fn(&T) -> V + Send + Sync + 'static,
    ) -> Self {
        Self { title, sort: None, cell: Arc::new(move |item| cell(item).into_any()) }
    }

    /// The list can be sorted by this, by the name that the admin API has for it.
    #[must_use]
    pub fn sorted_by(mut self, name: &'static str) -> Self {
        self.sort = Some(name);
        self
    }
}

/// A choice that narrows the list: a parameter of the admin API and its values with their names.
#[derive(Clone)]
pub struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    /// Values and what they are called; a text field where there are none.
    pub choices: Vec<(&'static str, &'static str)>,
}

/// What was loaded so far of a list.
struct Rows<T: 'static> {
    items: Vec<Arc<T>>,
    next: Option<String>,
    /// Whether nothing has come yet.
    first: bool,
    loading: bool,
    refusal: Option<Refusal>,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self { items: vec![], next: None, first: true, loading: false, refusal: None }
    }
}

/// A list of the admin API as a table. Further rows come before one has scrolled to them.
#[component]
pub fn Collection<T>(
    /// The list's path, with a query of its own or without.
    #[prop(into)]
    path: Signal<String>,
    /// What the rows are, for screen readers and the search field: `clients`.
    what: &'static str,
    columns: Vec<Column<T>>,
    #[prop(default = vec![])] filters: Vec<Filter>,
    /// Whether the admin API can search the list with `q`.
    #[prop(default = false)]
    search: bool,
    /// Stands among the filters: a choice that the page itself makes part of the path.
    #[prop(optional, into)]
    more_filters: Option<ViewFn>,
    /// What to show where nothing is there at all.
    #[prop(into)]
    empty: ViewFn,
    /// Loads the list again when it changes.
    #[prop(into, default = Signal::stored(0))]
    changed: Signal<u32>,
) -> impl IntoView
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let access = access();
    let (location, navigate) = (use_location(), use_navigate());
    let names: Vec<&'static str> =
        ["q", "sort"].into_iter().chain(filters.iter().map(|filter| filter.name)).collect();
    // Only what the list is asked for: the number of rows in the address changes as one scrolls.
    let asked = Memo::new(move |_| {
        let mut pairs = parse_query(&location.search.get());
        pairs.retain(|(name, _)| names.contains(&name.as_str()));
        pairs
    });
    let wanted = move || {
        let pairs = parse_query(&location.search.get_untracked());
        pairs.iter().find(|(name, _)| name == "rows").and_then(|(_, rows)| rows.parse().ok()).unwrap_or(ROWS)
    };
    let value = move |name: &'static str| {
        asked.with(|pairs| {
            pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap_or_default()
        })
    };
    let put = {
        let (pathname, search) = (location.pathname, location.search);
        move |name: &str, value: String| {
            // The address may say more than what the list is asked for, such as which part of a page is seen.
            let mut pairs = parse_query(&search.get_untracked());
            pairs.retain(|(held, _)| held != name && held != "rows");
            pairs.push((name.to_owned(), value));
            let address = format!("{}{}", pathname.get_untracked(), query(&pairs));
            navigate(
                &address,
                NavigateOptions { replace: name == "q", scroll: false, ..NavigateOptions::default() },
            );
        }
    };

    let rows = RwSignal::new(Rows::<T>::default());
    let turn = StoredValue::new(0_u32);
    let fetch = move |cursor: Option<String>, turn_now: u32, until: usize| {
        let (path, mut pairs) = (path.get_untracked(), asked.get_untracked());
        pairs.push(("limit".to_owned(), ROWS.to_string()));
        if let Some(cursor) = cursor {
            pairs.push(("cursor".to_owned(), cursor));
        }
        let begin = query(&pairs);
        let begin = if path.contains('?') { begin.replacen('?', "&", 1) } else { begin };
        rows.update(|rows| rows.loading = true);
        spawn_local(async move {
            let mut address = format!("{path}{begin}");
            loop {
                let answer = get::<Page<T>>(access, &address).await;
                if turn.try_get_value() != Some(turn_now) {
                    return;
                }
                let more = rows.try_update(|rows| take(rows, answer, until)).flatten();
                let Some(cursor) = more else { return };
                pairs.retain(|(name, _)| name != "cursor");
                pairs.push(("cursor".to_owned(), cursor));
                let rest = query(&pairs);
                address =
                    format!("{path}{}", if path.contains('?') { rest.replacen('?', "&", 1) } else { rest });
            }
        });
    };
    Effect::new(move |_| {
        let _asked = (path.get(), asked.get(), changed.get());
        let Some(turn_now) = turn.try_update_value(|turn| {
            *turn += 1;
            *turn
        }) else {
            return;
        };
        // What is there stays until the answer has come: the page does not jump while one types.
        rows.update(|rows| rows.first = true);
        fetch(None, turn_now, wanted());
    });
    let more = move || {
        let cursor = rows.with_untracked(|rows| {
            if rows.loading || rows.refusal.is_some() { None } else { rows.next.clone() }
        });
        let Some(cursor) = cursor else { return };
        let count = rows.with_untracked(|rows| rows.items.len()) + ROWS;
        remember_rows(count);
        fetch(Some(cursor), turn.get_value(), 0);
    };

    let end = NodeRef::<html::Div>::new();
    watch_end(end, Memo::new(move |_| rows.with(|rows| rows.items.len())), more);

    let columns = StoredValue::new(columns);
    let head = {
        let put = put.clone();
        columns
            .with_value(|columns| {
                columns.iter().map(|column| (column.title, column.sort)).collect::<Vec<_>>()
            })
            .into_iter()
            .map(move |(title, sort)| {
                let put = put.clone();
                heading(title, sort, Signal::derive(move || value("sort")), move |sort| put("sort", sort))
            })
            .collect_view()
    };
    let narrowed = Memo::new(move |_| asked.with(|pairs| pairs.iter().any(|(name, _)| name != "sort")));
    view! {
        <div class="collection">
            {(search || !filters.is_empty() || more_filters.is_some()).then(|| view! {
                <div class="filters" role="search">
                    {search.then(|| { let put = put.clone(); view! { <SearchField what value=Signal::derive(move || value("q")) put=Callback::new(move |text| put("q", text)) /> } })}
                    {filters.into_iter().map(|filter| {
                        let (put, name) = (put.clone(), filter.name);
                        view! { <FilterField filter value=Signal::derive(move || value(name)) put=Callback::new(move |text| put(name, text)) /> }
                    }).collect_view()}
                    {more_filters.map(|more| more.run())}
                </div>
            })}
            <div class="table-frame" aria-busy=move || rows.with(|rows| rows.loading).to_string()>
                <table class="table" aria-label=what>
                    <thead><tr>{head}</tr></thead>
                    <tbody>
                        <For each=move || rows.with(|rows| rows.items.clone()) key=|item| Arc::as_ptr(item).addr() let:item>
                            <tr>
                                {columns.with_value(|columns| columns.iter().map(|column| view! {
                                    <td data-label=column.title>{(column.cell)(&item)}</td>
                                }).collect_view())}
                            </tr>
                        </For>
                    </tbody>
                </table>
                <div node_ref=end class="table-end">
                    {move || rows.with(|rows| match rows {
                        Rows { refusal: Some(refusal), .. } => view! {
                            <div class="refused" role="alert">
                                <p>{refusal.message.clone()}</p>
                                {refusal.correlation_id.clone().map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
                            </div>
                        }.into_any(),
                        Rows { loading: true, .. } => view! { <div class="loading"><span class="spinner" aria-hidden="true"></span>"Loading\u{2026}"</div> }.into_any(),
                        Rows { items, .. } if items.is_empty() && narrowed.get() => view! {
                            <div class="empty"><h2>"Nothing fits"</h2><p>"No " {what} " match the search and the filters."</p></div>
                        }.into_any(),
                        Rows { items, .. } if items.is_empty() => empty.run(),
                        Rows { next: None, items, .. } => view! { <p class="quiet table-count">{count(items.len(), what)}</p> }.into_any(),
                        Rows { .. } => ().into_any(),
                    })}
                </div>
            </div>
        </div>
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {}", what.trim_end_matches('s')) } else { format!("{number} {what}") }
}

/// Takes a page in; the cursor of the next one if more rows are wanted at once.
fn take<T>(rows: &mut Rows<T>, answer: Result<Page<T>, Refusal>, until: usize) -> Option<String> {
    if std::mem::take(&mut rows.first) {
        *rows = Rows { first: false, loading: true, ..Rows::default() };
    }
    match answer {
        Ok(page) => {
            rows.items.extend(page.items.into_iter().map(Arc::new));
            rows.next.clone_from(&page.next);
            rows.refusal = None;
            rows.loading = page.next.is_some() && rows.items.len() < until;
            page.next.filter(|_| rows.loading)
        }
        Err(refusal) => {
            rows.refusal = Some(refusal);
            rows.loading = false;
            None
        }
    }
}

/// Puts the number of rows into the address without a view of its own in the history, so that a reload
/// and the back button show as many.
fn remember_rows(count: usize) {
    let Ok(search) = window().location().search() else { return };
    let mut pairs = parse_query(&search);
    pairs.retain(|(name, _)| name != "rows");
    pairs.push(("rows".to_owned(), count.to_string()));
    let Ok(history) = window().history() else { return };
    let state = history.state().unwrap_or_default();
    if let Err(error) = history.replace_state_with_url(&state, "", Some(&query(&pairs))) {
        web_sys::console::error_1(&error);
    }
}

/// Calls `reached` whenever the element comes near the window, or is near it still when there are more rows.
fn watch_end(end: NodeRef<html::Div>, rows: Memo<usize>, reached: impl Fn() + Copy + 'static) {
    Effect::new(move |_| {
        let (Some(element), _more) = (end.get(), rows.get()) else { return };
        let callback = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let seen = |entry: wasm_bindgen::JsValue| {
                entry
                    .dyn_into::<web_sys::IntersectionObserverEntry>()
                    .is_ok_and(|entry| entry.is_intersecting())
            };
            if entries.iter().any(seen) {
                reached();
            }
        });
        let options = web_sys::IntersectionObserverInit::new();
        options.set_root_margin(AHEAD);
        match web_sys::IntersectionObserver::new_with_options(callback.as_ref().unchecked_ref(), &options) {
            Ok(observer) => {
                observer.observe(&element);
                // The observer lives as long as the list; what it calls has to as well.
                let kept = StoredValue::new_local((observer, callback));
                on_cleanup(move || {
                    kept.try_with_value(|(observer, _)| observer.disconnect());
                });
            }
            Err(error) => web_sys::console::error_1(&error),
        }
    });
}

/// The head of a column; a button where the list can be sorted by it.
fn heading(
    title: &'static str,
    sort: Option<&'static str>,
    sorted: Signal<String>,
    put: impl Fn(String) + Send + Sync + 'static,
) -> AnyView {
    let Some(name) = sort else { return view! { <th scope="col">{title}</th> }.into_any() };
    let descending = format!("-{name}");
    let direction = {
        let descending = descending.clone();
        move || {
            let sorted = sorted.get();
            if sorted == name {
                Some("ascending")
            } else if sorted == descending {
                Some("descending")
            } else {
                None
            }
        }
    };
    let (shown, arrow) = (direction.clone(), direction.clone());
    view! {
        <th scope="col" aria-sort=shown>
            <button type="button" class="sort" on:click=move |_| put(if direction() == Some("ascending") { descending.clone() } else { name.to_owned() })>
                {title}
                <span aria-hidden="true">{move || match arrow() { Some("ascending") => " \u{2191}", Some(_) => " \u{2193}", None => "" }}</span>
            </button>
        </th>
    }
    .into_any()
}

/// Searches while one types, but not for every letter.
#[component]
fn SearchField(what: &'static str, value: Signal<String>, put: Callback<String>) -> impl IntoView {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |text: String| {
        if let Some(handle) = pending.get_value() {
            handle.clear();
        }
        let handle =
            set_timeout_with_handle(move || put.run(text.clone()), std::time::Duration::from_millis(150));
        pending.set_value(handle.ok());
    };
    view! {
        <input type="search" class="search" placeholder=format!("Search {what}") aria-label=format!("Search {what}") autocomplete="off"
            spellcheck="false" prop:value=value on:input=move |event| typed(event_target_value(&event)) />
    }
}

#[component]
fn FilterField(filter: Filter, value: Signal<String>, put: Callback<String>) -> impl IntoView {
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
