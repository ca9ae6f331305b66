//! Text to be taken away: identifiers, snippets, and secrets that are shown once.

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;

/// Puts a text on the clipboard and says so.
#[component]
pub fn CopyButton(
    #[prop(into)] text: Signal<String>,
    /// What is copied, for screen readers.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let text = text.get_untracked();
        spawn_local(async move {
            let clipboard = window().navigator().clipboard();
            match JsFuture::from(clipboard.write_text(&text)).await {
                Ok(_) => {
                    copied.set(true);
                    set_timeout(move || copied.set(false), Duration::from_secs(2));
                }
                Err(error) => web_sys::console::error_1(&error),
            }
        });
    };
    view! {
        <button type="button" class="button small" aria-label=format!("Copy {what}") on:click=copy>
            {move || if copied.get() { "Copied" } else { "Copy" }}
        </button>
    }
}

/// A secret that cannot be shown again.
#[component]
pub fn Secret(#[prop(into)] label: String, #[prop(into)] secret: String) -> impl IntoView {
    let text = Signal::stored(secret.clone());
    view! {
        <div class="secret">
            <p class="secret-label">{label.clone()}</p>
            <div class="secret-line"><code>{secret}</code><CopyButton text what=label /></div>
            <p class="hint">"Keep it now: it is not stored in clear and cannot be shown again."</p>
        </div>
    }
}
