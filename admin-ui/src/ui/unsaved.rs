//! Asks before a form is left with what was typed there and is not saved.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, HtmlAnchorElement, MouseEvent};

use super::{Draft, Question, ask};
use crate::leaving::{Leaving, leaving};
use crate::place::Place;
use crate::session::session;

/// The forms on the page. There is one list of them, in the session.
#[derive(Clone, Copy)]
pub struct Unsaved {
    forms: StoredValue<Vec<(u32, Draft)>>,
    count: StoredValue<u32>,
    /// The address of the page that one is on.
    here: StoredValue<String>,
    /// The next step in the history is what somebody decided on.
    decided: StoredValue<bool>,
}

impl Unsaved {
    #[must_use]
    pub fn new() -> Self {
        Self {
            forms: StoredValue::new(vec![]),
            count: StoredValue::new(0),
            here: StoredValue::new(String::new()),
            decided: StoredValue::new(false),
        }
    }

    /// Looks after a form for as long as it is on the page.
    pub fn watch(self, draft: Draft) {
        self.count.update_value(|count| *count += 1);
        let number = self.count.get_value();
        self.forms.update_value(|forms| forms.push((number, draft)));
        on_cleanup(move || {
            let _gone = self.forms.try_update_value(|forms| forms.retain(|(held, _)| *held != number));
        });
    }

    /// Lets everything go without a question.
    pub fn forget(self) {
        self.forms.update_value(Vec::clear);
    }

    fn would_be_lost(self, left: Leaving) -> bool {
        self.forms.with_value(|forms| forms.iter().any(|(_, draft)| draft.would_be_lost(left)))
    }
}

impl Default for Unsaved {
    fn default() -> Self {
        Self::new()
    }
}

/// Leads to another view as a link does: asks first where something typed would be lost. To be made while a page
/// is.
pub fn visit() -> impl Fn(&Place) + Clone + Send + Sync + 'static {
    let (location, navigate) = (use_location(), use_navigate());
    move |place: &Place| {
        let (href, navigate) = (place.href(), navigate.clone());
        let here = location.pathname.get_untracked();
        let go = move || navigate(&href, NavigateOptions::default());
        if session().unsaved.would_be_lost(leaving(&here, &place.href())) { ask_to_leave(go) } else { go() }
    }
}

fn ask_to_leave(leave: impl Fn() + Clone + 'static) {
    let text = "What you changed on this page and did not save is lost.";
    let question = Question::new("Leave without saving?", text, "Leave", move || {
        let leave = leave.clone();
        async move {
            leave();
            Ok(())
        }
    });
    ask(question.danger().or("Stay"));
}

/// Stands between the page and two ways out of it, links and the window's end. It is there once.
#[component]
pub fn AskBeforeLeaving() -> impl IntoView {
    let unsaved = session().unsaved;
    let (location, navigate) = (use_location(), use_navigate());
    Effect::new(move |_| {
        let search = location.search.get();
        let mark = if search.is_empty() || search.starts_with('?') { "" } else { "?" };
        unsaved.here.set_value(format!("{}{mark}{search}", location.pathname.get()));
    });
    listen("click", move |event| {
        let Some(href) = event.dyn_ref::<MouseEvent>().and_then(followed) else { return };
        if unsaved.would_be_lost(leaving(&unsaved.here.get_value(), &href)) {
            event.prevent_default();
            let navigate = navigate.clone();
            ask_to_leave(move || navigate(&href, NavigateOptions::default()));
        }
    });
    // What the browser then asks is in its own words.
    listen("beforeunload", move |event| {
        if unsaved.would_be_lost(Leaving::Page) {
            event.prevent_default();
            let _set = js_sys::Reflect::set(&event, &"returnValue".into(), &JsValue::TRUE);
        }
    });
}

/// Stands between the page and the third way out, the history. To be called before there is a router: whoever
/// listens first hears of a step first.
pub fn ask_before_going_back() {
    let unsaved = session().unsaved;
    listen("popstate", move |event| {
        if unsaved.decided.get_value() {
            unsaved.decided.set_value(false);
            return;
        }
        let (here, location) = (unsaved.here.get_value(), window().location());
        let there = [location.pathname(), location.search()].map(Result::unwrap_or_default).concat();
        if !unsaved.would_be_lost(leaving(&here, &there)) {
            return;
        }
        event.stop_immediate_propagation();
        // The address has changed already. An entry for the page that one is still on makes it right, and a step
        // back from there leads where one wanted to go, were it back or forward.
        if let Err(error) = history(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&here))) {
            web_sys::console::error_1(&error);
        }
        ask_to_leave(move || {
            unsaved.decided.set_value(true);
            if let Err(error) = history(web_sys::History::back) {
                web_sys::console::error_1(&error);
            }
        });
    });
}

fn history(step: impl FnOnce(&web_sys::History) -> Result<(), JsValue>) -> Result<(), JsValue> {
    step(&window().history()?)
}

/// The address of the link that a click follows within the console; the browser itself asks before it leads out.
fn followed(click: &MouseEvent) -> Option<String> {
    let plain = click.button() == 0
        && !(click.meta_key() || click.alt_key() || click.ctrl_key() || click.shift_key())
        && !click.default_prevented();
    let target = click.target().filter(|_| plain)?.dyn_into::<web_sys::Element>().ok()?;
    let link = target.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let leads_out = !link.target().is_empty()
        || link.has_attribute("download")
        || link.rel().split_whitespace().any(|word| word == "external")
        || link.origin() != window().location().origin().unwrap_or_default();
    (!leads_out).then(|| format!("{}{}{}", link.pathname(), link.search(), link.hash()))
}

/// Hears of an event of the window's before anybody else, for as long as what calls it is there.
fn listen(name: &'static str, heard: impl Fn(Event) + 'static) {
    let heard = Closure::<dyn Fn(Event)>::new(heard);
    let added =
        window().add_event_listener_with_callback_and_bool(name, heard.as_ref().unchecked_ref(), true);
    if let Err(error) = added {
        web_sys::console::error_1(&error);
    }
    let kept = StoredValue::new_local(heard);
    on_cleanup(move || {
        let removed = kept.try_with_value(|heard| {
            window().remove_event_listener_with_callback_and_bool(name, heard.as_ref().unchecked_ref(), true)
        });
        if let Some(Err(error)) = removed {
            web_sys::console::error_1(&error);
        }
    });
}
