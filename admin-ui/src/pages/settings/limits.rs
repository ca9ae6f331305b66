//! Quotas and rate limits. They are the platform's: only who may create tenants may change them.

use grantor_api::{Count, RateLimit, Usage};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::pages::tenants::ProgressBar;
use crate::rate::{RATES, count, in_words, percent};
use crate::ui::{Draft, Fact, Field, NumberField, Panel, described_by, field_id, remote, show};

/// Members of `settings.quotas`: name, label, explanation.
const QUOTAS: [(&str, &str, &str); 3] = [
    ("users", "Users", "Locked ones included."),
    ("clients", "Clients", "Those that registered themselves included."),
    (
        "registrations_per_day",
        "Self-registrations in a day",
        "Of UTC. Clients with a metadata document count too.",
    ),
];

#[component]
pub fn Limits(draft: Draft, path: String, may_change: bool) -> impl IntoView {
    let about = if may_change {
        "What is there stays when a quota is lowered below it."
    } else {
        "Only who may create tenants can change these."
    };
    view! {
        <div id="limits" class="group">
            <Panel title="Limits" about>
                <div class="stack">
                    <Holds path draft />
                    {if may_change {
                        view! { <Quotas draft /> <Rates draft /> }.into_any()
                    } else {
                        view! { <ReadOnly draft /> }.into_any()
                    }}
                </div>
            </Panel>
        </div>
    }
}

/// What the tenant has, beside what it may have.
#[component]
fn Holds(path: String, draft: Draft) -> impl IntoView {
    let usage = remote::<Usage>(move || format!("{path}/usage"));
    show(usage, move |usage| {
        let line = move |title: &'static str, held: Count, quota: Option<&'static str>| {
            let quota =
                move || quota.and_then(|quota| draft.get(&format!("/settings/quotas/{quota}")).as_u64());
            view! {
                <div class="usage">
                    <span class="usage-name">{title}</span>
                    <span class="usage-number">{count(held)} {move || quota().map(|quota| format!(" of {quota}"))}</span>
                    {move || quota().map(|quota| view! { <ProgressBar label=format!("{title} of the quota") percent=Signal::stored(Some(percent(held.number, quota))) /> })}
                </div>
            }
        };
        view! {
            <div class="usages" aria-label="What the tenant holds" role="group">
                {line("Users", usage.users, Some("users"))}
                {line("Clients", usage.clients, Some("clients"))}
                {line("Sessions", usage.sessions, None)}
                {line("Grants", usage.grants, None)}
            </div>
        }
    })
}

#[component]
fn Quotas(draft: Draft) -> impl IntoView {
    view! {
        <fieldset class="subgroup">
            <legend>"Quotas"</legend>
            <div class="form-columns">
                {QUOTAS.into_iter().map(|(member, label, help)| view! {
                    <NumberField draft at=format!("/settings/quotas/{member}") label help placeholder="no bound" />
                }).collect_view()}
            </div>
        </fieldset>
    }
}

#[component]
fn Rates(draft: Draft) -> impl IntoView {
    view! {
        <fieldset class="subgroup">
            <legend>"Rate limits"</legend>
            <p class="hint">"So many requests in the long run, and so many at once after a quiet time. More are answered with 429. Each node of the server counts on its own."</p>
            <div class="rates">
                {RATES.into_iter().map(|(member, label, help)| view! {
                    <RateField draft at=format!("/settings/rate_limits/{member}") label help />
                }).collect_view()}
            </div>
        </fieldset>
    }
}

/// A rate limit; where it is not set, the installation's default holds.
#[component]
fn RateField(draft: Draft, at: String, label: &'static str, help: &'static str) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let (name, described) = (field_id(&at), described_by(&at));
    let is_set = Memo::new(move |_| pointer.with_value(|at| draft.get(at)).is_object());
    let switch = move |own: bool| {
        let limit = if own { json!({ "requests": 100, "per": "second", "burst": 500 }) } else { Value::Null };
        pointer.with_value(|at| draft.set(at, limit));
    };
    view! {
        <Field draft at label help>
            <div class="rate">
                <select id=name aria-describedby=described disabled=move || draft.locked.get() on:change=move |event| switch(event_target_value(&event) == "own")>
                    <option value="default" selected=move || !is_set.get()>"The installation's default"</option>
                    <option value="own" selected=move || is_set.get()>"A limit of its own"</option>
                </select>
                {move || is_set.get().then(|| view! { <RateParts draft at=pointer.get_value() label /> })}
            </div>
        </Field>
    }
}

#[component]
fn RateParts(draft: Draft, at: String, label: &'static str) -> impl IntoView {
    let unit = StoredValue::new(format!("{at}/per"));
    let number = move |member: &str, what: &'static str| {
        let at = StoredValue::new(format!("{at}/{member}"));
        let text = Memo::new(move |_| {
            at.with_value(|at| draft.get(at)).as_u64().map(|number| number.to_string()).unwrap_or_default()
        });
        let write = move |text: String| {
            let value = text.parse::<u64>().map_or(Value::Null, |number| json!(number));
            at.with_value(|at| draft.set(at, value));
        };
        view! {
            <input type="number" min="1" max="1000000" aria-label=format!("{label}: {what}") prop:value=text disabled=move || draft.locked.get()
                aria-invalid=move || at.with_value(|at| draft.error(at)).map(|_| "true") on:input=move |event| write(event_target_value(&event)) />
        }
    };
    let chosen = Memo::new(move |_| unit.with_value(|at| draft.text(at)));
    view! {
        <span class="rate-parts">
            {number("requests", "requests")}
            <select aria-label=format!("{label}: in which time") disabled=move || draft.locked.get()
                on:change=move |event| unit.with_value(|at| draft.set(at, json!(event_target_value(&event))))>
                {["second", "minute", "hour"].into_iter().map(|name| view! {
                    <option value=name selected=move || chosen.get() == name>"a " {name}</option>
                }).collect_view()}
            </select>
            {number("burst", "at once")}
            <span class="unit">"at once"</span>
        </span>
    }
}

#[component]
fn ReadOnly(draft: Draft) -> impl IntoView {
    view! {
        <dl class="facts">
            {QUOTAS.into_iter().map(|(member, label, _)| {
                let value = draft.get(&format!("/settings/quotas/{member}")).as_u64();
                view! { <Fact name=label>{value.map_or("no bound".to_owned(), |value| value.to_string())}</Fact> }
            }).collect_view()}
            {RATES.into_iter().map(|(member, label, _)| {
                let limit = serde_json::from_value::<RateLimit>(draft.get(&format!("/settings/rate_limits/{member}"))).ok();
                view! { <Fact name=label>{limit.map_or("the installation\u{2019}s default".to_owned(), |limit| in_words(&limit))}</Fact> }
            }).collect_view()}
        </dl>
    }
}
