//! Times in the zone of whoever looks.

use std::time::Duration;

use js_sys::{Array, Date, Intl, Object, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::duration;

/// Seconds since 1970 by the browser's clock.
#[must_use]
pub fn now() -> f64 {
    Date::now() / 1000.0
}

/// Lets some time go by.
pub async fn pause(time: Duration) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(
            move || {
                // A promise's own function does not fail.
                let _answer = resolve.call0(&JsValue::UNDEFINED);
            },
            time,
        );
    });
    // The promise is never rejected.
    let _answer = JsFuture::from(promise).await;
}

/// Seconds since 1970 of an RFC 3339 time; none where it is not one.
#[must_use]
pub fn seconds(at: &str) -> Option<f64> {
    let milliseconds = Date::parse(at);
    (!milliseconds.is_nan()).then_some(milliseconds / 1000.0)
}

/// RFC 3339 of what `<input type="datetime-local">` has, which is in the zone of whoever looks; empty where it is no time.
#[must_use]
pub fn utc_of_local(at: &str) -> String {
    let date = Date::new(&JsValue::from_str(at));
    if date.get_time().is_nan() { String::new() } else { String::from(date.to_iso_string()) }
}

/// A time roughly and relative to now; exactly, with its zone, for who points at it.
#[component]
pub fn Time(
    /// RFC 3339.
    #[prop(into)]
    at: String,
) -> impl IntoView {
    let Some(then) = seconds(&at) else { return view! { <span class="quiet">"\u{2013}"</span> }.into_any() };
    #[expect(clippy::cast_possible_truncation, reason = "no time is so far away")]
    let distance = (then - now()) as i64;
    // After some weeks the day says more than how many there were.
    let text = if distance.unsigned_abs() > 45 * 86_400 {
        local(&at, &[("dateStyle", "medium")])
    } else {
        duration::from_now(distance)
    };
    let exact = local(&at, &[("dateStyle", "full"), ("timeStyle", "long")]);
    view! { <time datetime=at title=exact>{text}</time> }.into_any()
}

/// A time in the words of the viewer's language, with options of `Intl.DateTimeFormat`.
#[must_use]
pub fn local(at: &str, options: &[(&str, &str)]) -> String {
    let object = Object::new();
    for (name, value) in options {
        // Setting a member of a plain object does not fail.
        let _set = Reflect::set(&object, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let format = Intl::DateTimeFormat::new(&Array::new(), &object).format();
    format
        .call1(&JsValue::UNDEFINED, &Date::new(&JsValue::from_str(at)))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| at.to_owned())
}
