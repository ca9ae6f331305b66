use grantor_api::{Key, KeyState};
use js_sys::Date;
use leptos::prelude::*;

use super::{ALGORITHMS, name};
use crate::timeline::{Moment, Steps, Stretch, Window};
use crate::trail::shortened;
use crate::ui::{Panel, local, now, seconds};

/// Removed keys that are still worth a line.
const REMOVED_SHOWN: usize = 3;

/// The keys' lives on one axis, algorithm by algorithm.
#[component]
pub fn Timeline(held: Vec<Key>) -> impl IntoView {
    let now = now();
    let shown = shown(held);
    let steps: Vec<Steps> = shown.iter().map(steps).collect();
    let window = Window::of(&steps, now);
    let group = |algorithm| {
        let lines: Vec<_> = shown
            .iter()
            .zip(&steps)
            .filter(|(key, _)| key.algorithm == algorithm)
            .map(|(key, steps)| view! { <Line key=key.clone() stretches=window.stretches(*steps, now) /> })
            .collect();
        (!lines.is_empty()).then(|| view! {
            <li><h3>{name(algorithm)}</h3><ul aria-label=format!("Lives of the {} keys", name(algorithm))>{lines}</ul></li>
        })
    };
    let days = window.days(6).into_iter().map(|day| {
        let text = day_text(day, window);
        view! { <li style:left=format!("{}%", window.place(day))>{text}</li> }
    });
    let (days, groups) = (days.collect_view(), ALGORITHMS.map(|(algorithm, _)| group(algorithm)));
    let here = format!("{}%", window.place(now));
    view! {
        <Panel title="Lives of the keys">
            <ul class="legend">
                {[("published", "Published"), ("active", "Signs"), ("retired", "Only verifies")].map(|(class, text)| view! {
                    <li><span class=format!("swatch life-{class}")></span>{text}</li>
                })}
                <li><span class="swatch life-planned"></span>"Still to come"</li>
            </ul>
            <div class="timeline">
                <ol class="timeline-days" aria-hidden="true">{days}</ol>
                <ul class="timeline-groups">{groups}</ul>
                <div class="timeline-now" aria-hidden="true"><div style:left=here><span>"Now"</span></div></div>
            </div>
        </Panel>
    }
}

/// All that are in use and the latest that are not, in the order in which they came.
fn shown(held: Vec<Key>) -> Vec<Key> {
    let mut shown: Vec<Key> = vec![];
    for (algorithm, _) in ALGORITHMS {
        let of = |removed: bool| {
            held.iter()
                .filter(move |key| key.algorithm == algorithm && (key.state == KeyState::Removed) == removed)
                .cloned()
        };
        let removed: Vec<Key> = of(true).collect();
        shown.extend(removed.iter().skip(removed.len().saturating_sub(REMOVED_SHOWN)).cloned());
        shown.extend(of(false));
    }
    shown
}

fn steps(key: &Key) -> Steps {
    let moment = |at: &Option<String>| at.as_deref().and_then(seconds);
    Steps {
        published: seconds(&key.created_at).unwrap_or_default(),
        active: moment(&key.activates_at),
        retired: moment(&key.retires_at),
        removed: moment(&key.removed_at),
    }
}

fn day_text(day: Moment, window: Window) -> String {
    let at = String::from(Date::new(&(day * 1000.0).into()).to_iso_string());
    let year = window.to - window.from > 400.0 * 86_400.0;
    let options: &[_] = if year {
        &[("month", "short"), ("year", "numeric")]
    } else {
        &[("day", "numeric"), ("month", "short")]
    };
    local(&at, options)
}

#[component]
fn Line(key: Key, stretches: Vec<Stretch>) -> impl IntoView {
    let words = in_words(&key);
    let parts = stretches.into_iter().map(|part| {
        let class = format!("life life-{}{}", state_class(part.state), if part.planned { " life-planned" } else { "" });
        view! { <span class=class style:left=format!("{}%", part.left) style:width=format!("{}%", part.width)></span> }
    });
    let title = words.clone();
    view! {
        <li class="timeline-line" title=title>
            <code class="timeline-kid">{shortened(&key.kid)}</code>
            <div class="timeline-life" role="img" aria-label=words>{parts.collect_view()}</div>
        </li>
    }
}

pub fn state_class(state: KeyState) -> &'static str {
    match state {
        KeyState::Published => "published",
        KeyState::Active => "active",
        KeyState::Retired => "retired",
        KeyState::Removed => "removed",
    }
}

fn in_words(key: &Key) -> String {
    let date = |at: &str| local(at, &[("dateStyle", "medium"), ("timeStyle", "short")]);
    let steps = [
        ("published", Some(&key.created_at)),
        ("signs from", key.activates_at.as_ref()),
        ("retires", key.retires_at.as_ref()),
        ("leaves the JWKS", key.removed_at.as_ref()),
        ("revoked", key.revoked_at.as_ref()),
    ];
    let told: Vec<_> =
        steps.into_iter().filter_map(|(what, at)| at.map(|at| format!("{what} {}", date(at)))).collect();
    format!("{}: {}", key.kid, told.join(", "))
}
