//! Deciding with one key.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;

use super::queue::{Queue, focus};
use crate::waiting::{self, Answer};

/// Hears keys for as long as the page is there.
pub fn listen(queue: Queue) {
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        let with_another = event.ctrl_key() || event.meta_key() || event.alt_key();
        if !with_another && !is_for_something_else(&event) && pressed(queue, &event) {
            event.prevent_default();
        }
    });
    on_cleanup(move || keys.remove());
}

/// Whether the key goes into a field, a menu or a dialog.
fn is_for_something_else(event: &KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let is_other = element.is_some_and(|element| {
        let inside = element
            .closest("input, select, textarea, summary, .navigation, .top-bar, .toasts")
            .ok()
            .flatten();
        let pressed = event.key() == "Enter" && element.closest("a, button").ok().flatten().is_some();
        inside.is_some() || pressed
    });
    is_other || document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Does what a key says; whether it said something.
fn pressed(queue: Queue, event: &KeyboardEvent) -> bool {
    let chosen = queue.chosen.get_untracked();
    match (event.key().as_str(), chosen) {
        ("j" | "ArrowDown", chosen) => step(queue, chosen.as_deref(), true),
        ("k" | "ArrowUp", chosen) => step(queue, chosen.as_deref(), false),
        // A key that is held down says nothing twice.
        ("a" | "d" | "Enter", _) if event.repeat() => true,
        ("a", Some(id)) => approve(queue, &id),
        ("d", Some(id)) => deny(queue, &id),
        ("Enter", Some(id)) if queue.denying.get_untracked().as_ref() == Some(&id) => deny(queue, &id),
        ("Escape", Some(_)) => {
            queue.denying.set(None);
            queue.naming.set(None);
            true
        }
        _ => false,
    }
}

fn step(queue: Queue, chosen: Option<&str>, down: bool) -> bool {
    let Some(id) = waiting::step(&queue.ids.get_untracked(), chosen, down) else { return false };
    queue.choose(Some(id.clone()));
    focus(&id);
    true
}

/// Lets the device in at once, or asks for its user first.
pub fn approve(queue: Queue, id: &str) -> bool {
    let Some(device) = untrack(|| queue.device(id)) else { return false };
    queue.denying.set(None);
    match waiting::answer(&device) {
        Answer::Approve => queue.approve(id, None),
        Answer::ApproveFor => queue.naming.set(Some(id.to_owned())),
        Answer::PersonFirst => queue.said.set("Somebody has to enter the code first".to_owned()),
    }
    true
}

/// Denies at the second time, since it is for good.
pub fn deny(queue: Queue, id: &str) -> bool {
    queue.naming.set(None);
    if queue.denying.get_untracked().as_deref() == Some(id) {
        queue.deny(id);
    } else {
        queue.denying.set(Some(id.to_owned()));
        queue.said.set("Press d again or Enter to deny for good".to_owned());
    }
    true
}
