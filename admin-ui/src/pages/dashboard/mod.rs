mod chart;
mod figures;
mod first;

use std::time::Duration;

use grantor_api::{Stats, StatsPoint, StatsResolution};
use leptos::prelude::*;

use crate::address::{encode, query};
use crate::chart::Series;
use crate::ui::{Loaded, PageHead, Params, Remote, now, params, remote, show};
use chart::{Axis, Chart, Size};
use figures::Figures;
use first::FirstThings;

/// How often the figures are read again.
const AGAIN: Duration = Duration::from_secs(60);

const RANGES: [(&str, &str); 3] = [("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days")];

/// Grant types in the order of their colours, which they keep whatever else is drawn.
const GRANT_TYPES: [(&str, &str); 6] = [
    ("authorization_code", "authorization_code"),
    ("refresh_token", "refresh_token"),
    ("client_credentials", "client_credentials"),
    ("urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    ("urn:ietf:params:oauth:grant-type:token-exchange", "token-exchange"),
    ("implicit", "implicit"),
];

/// What a tenant, or the whole platform, does and has.
#[component]
pub fn Dashboard(tenant: Option<String>) -> impl IntoView {
    let params = params();
    let base =
        tenant.as_ref().map_or_else(|| "stats".to_owned(), |slug| format!("tenants/{}/stats", encode(slug)));
    let stats = remote::<Stats>(move || format!("{base}{}", asked(params)));
    read_again(stats);
    let ready = Memo::new(move |_| stats.state.with(|state| matches!(state, Loaded::Ready(_))));
    let latest =
        Memo::new(move |last: Option<&Option<Stats>>| stats.ready().or_else(|| last.cloned().flatten()));
    let (title, about) = match &tenant {
        Some(_) => ("Dashboard", "What people and applications do here, counted every few seconds."),
        None => ("Platform", "All tenants together. Figures of what there is are counted every ten minutes."),
    };
    let place = StoredValue::new(tenant.clone());
    view! {
        <PageHead title=title about=about actions=Some(view! { <Range params /> }.into_any()) />
        <Show when=move || ready.get() fallback=move || show(stats, |_: Stats| ())>
            <Figures tenant=place.get_value() stats=latest />
            {place.get_value().map(|slug| view! { <FirstThings tenant=slug stats=latest /> })}
            <Charts stats=latest />
        </Show>
    }
}

/// The range of the address as the admin API is asked for it. Without `from` it is the last day of hours, or
/// the last 30 days: then the path stays the same while time passes.
fn asked(params: Params) -> String {
    let (range, by) = (params.get("range"), resolution(params));
    let days = match range.as_str() {
        "7d" => 7.0,
        "30d" => 30.0,
        _ => return "?resolution=hour".to_owned(),
    };
    if by == "day" && days > 29.0 {
        return "?resolution=day".to_owned();
    }
    let first = ((now() / 3600.0).floor() + 1.0) * 3600.0 - days * 86_400.0;
    let from = js_sys::Date::new(&(first * 1000.0).into()).to_iso_string();
    let pairs = [("from".to_owned(), from.into()), ("resolution".to_owned(), by)];
    query(&pairs)
}

/// What the address says, or what suits the range.
fn resolution(params: Params) -> String {
    let by = params.get("by");
    match (params.get("range").as_str(), by.as_str()) {
        ("7d" | "30d", "hour" | "day") => by,
        ("30d", _) => "day".to_owned(),
        _ => "hour".to_owned(),
    }
}

/// Reads the figures again every minute while somebody looks.
fn read_again(stats: Remote<Stats>) {
    let again = move || {
        if !document().hidden() {
            stats.reload();
        }
    };
    match set_interval_with_handle(again, AGAIN) {
        Ok(handle) => on_cleanup(move || handle.clear()),
        Err(error) => web_sys::console::error_1(&error),
    }
}

/// Which time is shown, and how finely.
#[component]
fn Range(params: Params) -> impl IntoView {
    let range = Memo::new(move |_| {
        let range = params.get("range");
        if RANGES.iter().any(|(name, _)| *name == range) { range } else { "24h".to_owned() }
    });
    let choice = move |name: &'static str, value: &'static str, text: &'static str, chosen: Signal<bool>| {
        view! {
            <a class="segment" data-noscroll="" href=move || params.address(&[(name, value)])
                aria-current=move || chosen.get().then_some("true")>{text}</a>
        }
    };
    view! {
        <nav class="segments" aria-label="Time shown">
            {RANGES.map(|(name, text)| choice("range", name, text, Signal::derive(move || range.get() == name)))}
        </nav>
        <Show when=move || range.get() != "24h">
            <nav class="segments" aria-label="Resolution">
                {[("hour", "By hour"), ("day", "By day")]
                    .map(|(name, text)| choice("by", name, text, Signal::derive(move || resolution(params) == name)))}
            </nav>
        </Show>
    }
}

#[component]
fn Charts(stats: Memo<Option<Stats>>) -> impl IntoView {
    let axis = Memo::new(move |_| stats.with(|stats| stats.as_ref().map(Axis::of).unwrap_or_default()));
    let over = move |name: &'static str, colour: usize, count: fn(&StatsPoint) -> u64| Series {
        name: name.to_owned(),
        colour,
        values: stats.with(|stats| stats.iter().flat_map(|stats| &stats.points).map(count).collect()),
    };
    let tokens = Memo::new(move |_| stats.with(|stats| stats.as_ref().map(tokens).unwrap_or_default()));
    let sign_ins = Memo::new(move |_| {
        vec![
            over("Signed in", 0, |point| point.counts.sign_ins),
            over("Wrong password", 1, |point| point.counts.failed_sign_ins),
        ]
    });
    let devices = Memo::new(move |_| vec![over("Devices let in", 2, |point| point.counts.devices_approved)]);
    let registrations =
        Memo::new(move |_| vec![over("Registrations", 3, |point| point.counts.registrations)]);
    let limited = Memo::new(move |_| vec![over("Limited requests", 1, |point| point.counts.limited)]);
    view! {
        <Chart title="Access tokens" about="Issued, by the grant type that they were asked for with." axis series=tokens size=Size::Large />
        <Chart title="Sign-ins" about="People who signed in, and passwords that were wrong." axis series=sign_ins size=Size::Middle />
        <div class="small-charts">
            <Chart title="Devices let in" about="Approved by a person or an administrator." axis series=devices size=Size::Small />
            <Chart title="Registrations" about="Clients that registered themselves." axis series=registrations size=Size::Small />
            <Chart title="Limited requests" about="Refused because of a rate limit." axis series=limited size=Size::Small />
        </div>
    }
}

/// A series for every grant type that tokens were issued for; known ones in their order and colours.
fn tokens(stats: &Stats) -> Vec<Series> {
    let others = stats.total.tokens.keys().filter(|name| GRANT_TYPES.iter().all(|(known, _)| known != name));
    let known = GRANT_TYPES.iter().enumerate().map(|(colour, (name, short))| (colour, *name, *short));
    let others = others.map(|name| (GRANT_TYPES.len(), name.as_str(), name.as_str()));
    known
        .chain(others)
        .filter(|(_, name, _)| stats.total.tokens.contains_key(*name))
        .map(|(colour, name, short)| Series {
            name: short.to_owned(),
            colour,
            values: stats
                .points
                .iter()
                .map(|point| point.counts.tokens.get(name).copied().unwrap_or_default())
                .collect(),
        })
        .collect()
}

/// Whether points are days, which are days of UTC.
fn by_day(stats: &Stats) -> bool {
    stats.resolution == StatsResolution::Day
}
