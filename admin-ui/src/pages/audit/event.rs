//! One event with all that is known of it.

use std::sync::Arc;

use grantor_api::AuditEvent;
use leptos::prelude::*;
use serde_json::Value;

use super::list::Actor;
use super::names::Names;
use super::trail;
use crate::address::encode;
use crate::changes::{Difference, differences, readable};
use crate::trail::{actor_key, target_place, words};
use crate::ui::{CopyButton, Dialog, Fact, Params, local, remote, show};

/// Shows the event that the address names.
#[component]
pub fn EventDialog(tenant: Option<String>, params: Params, names: Names) -> impl IntoView {
    let open = RwSignal::new(false);
    let id = Memo::new(move |_| params.get("event"));
    Effect::new(move |_| open.set(!id.get().is_empty()));
    Effect::new(move |_| {
        if !open.get() && !id.get_untracked().is_empty() {
            params.put(&[("event", ""), ("of", "")]);
        }
    });
    let tenant = StoredValue::new(tenant);
    let path = Memo::new(move |_| {
        let of = tenant.get_value().unwrap_or_else(|| params.get("of"));
        format!("{}/{}", trail(Some(&of)), encode(&id.get()))
    });
    view! {
        <Dialog open title="Event" wide=true>
            {move || (!id.get().is_empty()).then(|| {
                let path = path.get();
                let event = remote::<AuditEvent>(move || path.clone());
                show(event, move |event| view! { <Event event=Arc::new(event) params names /> })
            })}
        </Dialog>
    }
}

#[component]
fn Event(event: Arc<AuditEvent>, params: Params, names: Names) -> impl IntoView {
    let exact = local(&event.at, &[("dateStyle", "full"), ("timeStyle", "long")]);
    let target = names.of_target(&event);
    let place = target_place(&event).map(|place| place.href());
    let (actor, of_target) = (actor_key(&event.actor), event.target.clone());
    let narrow = move |name: &'static str, value: String| {
        let other = if name == "actor" { "target" } else { "actor" };
        params.address(&[(name, &value), (other, ""), ("event", ""), ("of", ""), ("rows", "")])
    };
    let changed = differences(
        event.before.as_ref().unwrap_or(&Value::Null),
        event.after.as_ref().unwrap_or(&Value::Null),
    );
    let AuditEvent { at, kind, address, user_agent, correlation_id, detail, before, after, .. } =
        (*event).clone();
    let (happened, of_tenant, identifier) = (words(&event), event.actor.tenant.clone(), event.target.clone());
    let who = view! { <Actor event=event.clone() names /> };
    let target_link = match place {
        Some(href) => view! { <a href=href><code>{identifier}</code></a> }.into_any(),
        None => view! { <code>{identifier}</code> }.into_any(),
    };
    view! {
        <div class="stack event">
            <p class="event-title">{happened} " " <code>{kind}</code></p>
            <dl class="facts">
                <Fact name="When"><time datetime=at>{exact}</time></Fact>
                <Fact name="By whom">
                    {who} " " <code class="quiet">{actor.clone()}</code>
                    {of_tenant.map(|tenant| view! { <span class="quiet">" of tenant " {tenant}</span> })}
                    " " <a class="more" data-noscroll="" href=narrow("actor", actor)>"All that they did"</a>
                </Fact>
                <Fact name="To what">
                    {move || target.get().map(|name| view! { {name} " " })}
                    {target_link}
                    " " <a class="more" data-noscroll="" href=narrow("target", of_target)>"All that happened to it"</a>
                </Fact>
                {address.map(|address| view! { <Fact name="From"><code>{address}</code></Fact> })}
                {user_agent.map(|agent| view! { <Fact name="User agent">{agent}</Fact> })}
                {correlation_id.map(|id| view! { <Fact name="Correlation id"><Copied text=id what="the correlation id" /></Fact> })}
            </dl>
            {(before.is_some() || after.is_some()).then(|| view! { <Changes changed /> })}
            {detail.map(|detail| view! { <Detail detail /> })}
            <Chain event />
        </div>
    }
}

/// An identifier to be taken away.
#[component]
fn Copied(text: String, what: &'static str) -> impl IntoView {
    view! { <span class="copy-line"><code>{text.clone()}</code><CopyButton text=Signal::stored(text) what=what /></span> }
}

/// What was changed, member by member.
#[component]
fn Changes(changed: Vec<Difference>) -> impl IntoView {
    if changed.is_empty() {
        return view! { <p class="quiet">"Nothing in the document is different afterwards."</p> }.into_any();
    }
    let side = |sign: &'static str, words: &'static str, value: Option<Value>| {
        value.map(|value| view! {
            <p class=if sign == "+" { "diff-added" } else { "diff-removed" }>
                <span aria-hidden="true">{sign}</span><span class="hidden">{words}</span> <code>{readable(&value)}</code>
            </p>
        })
    };
    let rows = changed.into_iter().map(|Difference { member, before, after }| {
        view! {
            <div>
                <dt><code>{member}</code></dt>
                <dd>{side("\u{2212}", "Before: ", before)}{side("+", "Now: ", after)}</dd>
            </div>
        }
    });
    view! {
        <section>
            <h3>"What changed"</h3>
            <dl class="diff">{rows.collect_view()}</dl>
        </section>
    }
    .into_any()
}

/// Further facts: plain ones as lines, others as they are.
#[component]
fn Detail(detail: Value) -> impl IntoView {
    let Value::Object(members) = detail else {
        return view! { <pre tabindex="0"><code>{detail.to_string()}</code></pre> }.into_any();
    };
    let (deep, plain): (Vec<_>, Vec<_>) = members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(_, value)| value.is_object() || value.is_array());
    view! {
        <section>
            <h3>"Further facts"</h3>
            <dl class="facts">
                {plain.into_iter().map(|(name, value)| view! { <Fact name=name.clone()><code>{readable(&value)}</code></Fact> }).collect_view()}
            </dl>
            {deep.into_iter().map(|(name, value)| {
                let count = value.as_array().map(|items| format!(" ({})", items.len()));
                view! {
                    <details class="disclosure">
                        <summary><code>{name}</code>{count}</summary>
                        <pre tabindex="0"><code>{serde_json::to_string_pretty(&value).unwrap_or_default()}</code></pre>
                    </details>
                }
            }).collect_view()}
        </section>
    }
    .into_any()
}

/// Where the event is in its tenant's chain.
#[component]
fn Chain(event: Arc<AuditEvent>) -> impl IntoView {
    let Some(sequence) = event.sequence else {
        return view! { <p class="quiet">"This event is from before there was a chain: nothing shows whether it was changed."</p> }.into_any();
    };
    let AuditEvent { id, tenant, hash, previous_hash, .. } = (*event).clone();
    view! {
        <details class="disclosure">
            <summary>"Event " {sequence} " of the chain of " {tenant}</summary>
            <dl class="facts">
                <Fact name="id"><code>{id}</code></Fact>
                <Fact name="sequence"><code>{sequence}</code></Fact>
                <Fact name="hash"><code>{hash}</code></Fact>
                <Fact name="previous_hash"><code>{previous_hash}</code></Fact>
            </dl>
        </details>
    }
    .into_any()
}
