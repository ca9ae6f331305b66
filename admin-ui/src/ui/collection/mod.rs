//! Lists: searched, filtered, sorted and paged by the server, with all of that in the address.

mod controls;
mod rows;

use std::sync::Arc;

use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, closure::Closure};

pub use controls::Filter;
use controls::{FilterField, Heading, OrderField, SearchField};
use rows::{List, Rows};

use crate::address::{parse_query, query};
use crate::session::access;
use crate::words;

/// How far below the window the end of the rows may be before the next ones are asked for.
const AHEAD: &str = "1500px";

/// What the list is asked for: names and values.
type Asked = Memo<Vec<(String, String)>>;

/// Asks for another value of a name.
type Put = Callback<(&'static str, String)>;

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
    /// Stands among the filters: what chooses those that are of the page's own making.
    #[prop(optional, into)]
    more_filters: Option<ViewFn>,
    /// Further parameters of the address that narrow the list: those filters' own.
    #[prop(default = vec![])]
    also: Vec<&'static str>,
    /// Whether the list always comes on one page, and takes no bounds for one.
    #[prop(default = false)]
    whole: bool,
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
    let names =
        ["q", "sort"].into_iter().chain(filters.iter().map(|filter| filter.name)).chain(also).collect();
    let (asked, put) = in_address(names);
    let list = List::<T>::new(access(), path, asked, whole);
    Effect::new(move |_| {
        let _asked = (path.get(), asked.get(), changed.get());
        list.restart();
    });
    let end = NodeRef::<html::Div>::new();
    let count = Memo::new(move |_| list.rows.with(|rows| rows.items.len()));
    watch_end(end, count, move || list.more());

    let narrowed = Memo::new(move |_| asked.with(|pairs| pairs.iter().any(|(name, _)| name != "sort")));
    let heads = columns.iter().map(|column| (column.title, column.sort)).collect::<Vec<_>>();
    let columns = StoredValue::new(columns);
    view! {
        <div class="collection">
            <Controls what search filters more_filters heads=heads.clone() asked put />
            <div class="table-frame" aria-busy=move || list.rows.with(|rows| rows.loading).to_string()>
                <table class="table" aria-label=what>
                    <thead><tr>{heads.into_iter().map(|(title, sort)| view! {
                        <Heading title sort sorted=Signal::derive(move || order(asked)) put=Callback::new(move |order| put.run(("sort", order))) />
                    }).collect_view()}</tr></thead>
                    <tbody>
                        <For each=move || list.rows.with(|rows| rows.items.clone()) key=|(number, _)| *number let((_, item))>
                            <tr>{columns.with_value(|columns| columns.iter().map(|column| view! {
                                <td data-label=column.title>{(column.cell)(&item)}</td>
                            }).collect_view())}</tr>
                        </For>
                    </tbody>
                </table>
                <div node_ref=end class="table-end">
                    {move || list.rows.with(|rows| end_of(rows, what, narrowed.get(), &empty))}
                </div>
            </div>
        </div>
    }
}

/// The members of the address's query that say what is listed, and what changes one of them.
fn in_address(names: Vec<&'static str>) -> (Asked, Put) {
    let (location, navigate) = (use_location(), use_navigate());
    // Only these: the number of rows in the address changes as one scrolls.
    let asked = Memo::new(move |_| {
        let mut pairs = parse_query(&location.search.get());
        pairs.retain(|(name, _)| names.contains(&name.as_str()));
        pairs
    });
    let put = Callback::new(move |(name, value): (&'static str, String)| {
        let mut pairs = parse_query(&location.search.get_untracked());
        pairs.retain(|(held, _)| held != name && held != "rows");
        pairs.push((name.to_owned(), value));
        let address = format!("{}{}", window().location().pathname().unwrap_or_default(), query(&pairs));
        // A search is one view, however many letters it took.
        navigate(
            &address,
            NavigateOptions { replace: name == "q", scroll: false, ..NavigateOptions::default() },
        );
    });
    (asked, put)
}

fn value(asked: Asked, name: &str) -> String {
    asked.with(|pairs| {
        pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap_or_default()
    })
}

/// What the list is sorted by; nothing while one searches.
fn order(asked: Asked) -> Option<String> {
    value(asked, "q").is_empty().then(|| value(asked, "sort"))
}

/// Search, filters and, on narrow windows, the order.
#[component]
fn Controls(
    what: &'static str,
    search: bool,
    filters: Vec<Filter>,
    more_filters: Option<ViewFn>,
    heads: Vec<(&'static str, Option<&'static str>)>,
    asked: Asked,
    put: Put,
) -> impl IntoView {
    let orders: Vec<_> = heads.into_iter().filter_map(|(title, sort)| Some((title, sort?))).collect();
    let of = move |name: &'static str| {
        (Signal::derive(move || value(asked, name)), Callback::new(move |text| put.run((name, text))))
    };
    (search || !filters.is_empty() || more_filters.is_some() || !orders.is_empty()).then(|| view! {
        <div class="filters" role="search">
            {search.then(|| { let (value, put) = of("q"); view! { <SearchField what value put /> } })}
            {filters.into_iter().map(|filter| { let (value, put) = of(filter.name); view! { <FilterField filter value put /> } }).collect_view()}
            {more_filters.map(|more| more.run())}
            {(!orders.is_empty()).then(|| { let (value, put) = of("sort"); view! { <OrderField columns=orders value put /> } })}
        </div>
    })
}

/// What stands below the rows: why there are no more, or that they are on their way.
fn end_of<T>(rows: &Rows<T>, what: &'static str, narrowed: bool, empty: &ViewFn) -> AnyView {
    if let Some(refusal) = &rows.refusal {
        return view! {
            <div class="refused" role="alert">
                <p>{refusal.message.clone()}</p>
                {refusal.correlation_id.clone().map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
            </div>
        }
        .into_any();
    }
    if rows.loading {
        return view! { <div class="loading"><span class="spinner" aria-hidden="true"></span>"Loading\u{2026}"</div> }.into_any();
    }
    match rows.items.len() {
        0 if narrowed => view! {
            <div class="empty"><h2>"Nothing fits"</h2><p>"No " {what} " match the search and the filters."</p></div>
        }
        .into_any(),
        0 => empty.run(),
        _ if rows.next.is_some() => ().into_any(),
        1 => view! { <p class="quiet table-count">"1 " {words::one(what)}</p> }.into_any(),
        number => view! { <p class="quiet table-count">{number} " " {what}</p> }.into_any(),
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
