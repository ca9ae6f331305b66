use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// How far below the window's top a group begins to be the one that is read, in pixels.
const LINE: f64 = 160.0;

/// The groups of a long page beside it, each with an address: `#general`. The address leads to its group when the
/// page comes, too; the one that is read is marked.
#[component]
pub fn Index(
    /// Identifiers of elements on the page, and what they are called.
    groups: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let hash = use_location().hash;
    let ids: Vec<_> = groups.iter().map(|(id, _)| *id).collect();
    let current = RwSignal::new(ids.first().copied().unwrap_or_default().to_owned());
    // Where the address led to: its group is marked until one scrolls on, wherever in the window it came to stand.
    let led = StoredValue::new(None::<f64>);
    Effect::new(move |_| {
        let hash = hash.get();
        let id = hash.trim_start_matches('#').to_owned();
        // The groups come into the page after this.
        request_animation_frame(move || {
            if let Some(group) = element(&id) {
                group.scroll_into_view();
                let _gone = current.try_set(id);
                let _gone = led.try_set_value(Some(scrolled()));
            }
        });
    });
    let moved = move || {
        if led.get_value().is_some_and(|led| (led - scrolled()).abs() < 2.0) {
            return;
        }
        led.set_value(None);
        let read = ids.iter().rev().find(|id| top(id).is_some_and(|top| top <= LINE)).or(ids.first());
        if let Some(read) = read.filter(|read| current.with_untracked(|current| current != *read)) {
            current.set((*read).to_owned());
        }
    };
    let scroll = window_event_listener(ev::scroll, move |_| moved());
    on_cleanup(move || scroll.remove());
    view! {
        <nav class="index" aria-label="On this page">
            {groups.into_iter().map(|(id, name)| view! {
                <a href=format!("#{id}") aria-current=move || (current.get() == id).then_some("true")>{name}</a>
            }).collect_view()}
        </nav>
    }
}

fn element(id: &str) -> Option<HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// How far the group's beginning is below the window's.
fn top(id: &str) -> Option<f64> {
    element(id).map(|group| group.get_bounding_client_rect().top())
}

fn scrolled() -> f64 {
    window().scroll_y().unwrap_or_default()
}
