use leptos::prelude::*;
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The groups of a long page beside it, each with an address: `#general`. The address leads to its group when the
/// page comes, too.
#[component]
pub fn Index(
    /// Identifiers of elements on the page, and what they are called.
    groups: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let hash = use_location().hash;
    let first = groups.first().map(|(id, _)| *id).unwrap_or_default();
    let current = Memo::new(move |_| {
        let hash = hash.get();
        let id = hash.trim_start_matches('#');
        if id.is_empty() { first.to_owned() } else { id.to_owned() }
    });
    Effect::new(move |_| {
        let hash = hash.get();
        let id = hash.trim_start_matches('#').to_owned();
        // The groups come into the page after this.
        request_animation_frame(move || {
            let found =
                document().get_element_by_id(&id).and_then(|element| element.dyn_into::<HtmlElement>().ok());
            if let Some(group) = found {
                group.scroll_into_view();
            }
        });
    });
    view! {
        <nav class="index" aria-label="On this page">
            {groups.into_iter().map(|(id, name)| view! {
                <a href=format!("#{id}") aria-current=move || (current.get() == id).then_some("true")>{name}</a>
            }).collect_view()}
        </nav>
    }
}
