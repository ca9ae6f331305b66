//! One device that waits, with all that is needed to decide.

use grantor_api::{DeviceApproval, DeviceAuthorization, User};
use leptos::prelude::*;

use super::keys::{approve, deny};
use super::queue::{Queue, card_id, focus};
use super::{Known, scopes};
use crate::duration;
use crate::pages::sessions::user_link;
use crate::pages::users::UserPicker;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Badge, Fact, Tone, seconds};
use crate::waiting::{self, Answer};

/// From here on, the time that is left is shown as short.
const SHORT: f64 = 60.0;

#[component]
pub fn Card(queue: Queue, known: Known, tenant: String, id: String, may_answer: bool) -> impl IntoView {
    let (key, asking) = (StoredValue::new(id.clone()), tenant.clone());
    let device = Memo::new(move |_| key.with_value(|id| queue.device(id)));
    let chosen = move || key.with_value(|id| queue.chosen.with(|chosen| chosen.as_ref() == Some(id)));
    view! {
        <article id=card_id(&id) class="device" role="listitem" class:chosen=chosen aria-current=move || chosen().then_some("true")
            tabindex=move || if chosen() { "0" } else { "-1" }
            on:focusin=move |_| queue.choose(Some(key.get_value())) on:click=move |_| queue.choose(Some(key.get_value()))>
            {move || device.get().map(|device| view! {
                <Head tenant=tenant.clone() device=device.clone() queue />
                <Facts tenant=tenant.clone() device known queue />
            })}
            {may_answer.then(|| view! { <Answers queue key device tenant=asking /> })}
        </article>
    }
}

#[component]
fn Head(tenant: String, device: DeviceAuthorization, queue: Queue) -> impl IntoView {
    let (text, tone) = match waiting::answer(&device) {
        Answer::Approve | Answer::ApproveFor => ("Waits for an administrator", Tone::Warning),
        Answer::PersonFirst => ("Waits for its code", Tone::Plain),
    };
    let name = waiting::name(&device).to_owned();
    let client = if session().may(&tenant, "client", "read") {
        let href = Place::Tenant(tenant, Section::Client(device.client_id.clone())).href();
        view! { <a class="row-link" href=href>{name}</a> }.into_any()
    } else {
        name.into_any()
    };
    view! {
        <header class="device-head">
            <h3>{client} " " <code class="quiet">{device.client_id.clone()}</code></h3>
            <Badge text tone />
            <TimeLeft device queue />
        </header>
    }
}

/// How long the device still waits.
#[component]
fn TimeLeft(device: DeviceAuthorization, queue: Queue) -> impl IntoView {
    let (created, expires) =
        (seconds(&device.created_at).unwrap_or_default(), seconds(&device.expires_at).unwrap_or_default());
    let left = move || expires - queue.clock.get();
    let width = move || format!("{:.1}%", waiting::share_left(created, expires, queue.clock.get()) * 100.0);
    view! {
        <span class="device-left" class:short=move || left() < SHORT title="How long its codes are still good">
            <span class="device-bar" aria-hidden="true"><span style:width=width></span></span>
            <span>{move || waiting::countdown(left())} <span class="hidden">" left"</span></span>
        </span>
    }
}

#[component]
fn Facts(tenant: String, device: DeviceAuthorization, known: Known, queue: Queue) -> impl IntoView {
    let resources = device.resources.clone();
    let entered = match (device.user_id.clone(), device.username.clone()) {
        (Some(id), Some(username)) => {
            let at = device.answered_at.clone();
            view! {
                {user_link(&tenant, &id, &username)}
                {address(device.entered_from.clone(), " from ")}
                {at.map(|at| view! { " " <span class="quiet"><Ago queue at /></span> })}
            }
            .into_any()
        }
        _ => view! { <span class="quiet">"Nobody yet"</span> }.into_any(),
    };
    view! {
        <dl class="device-facts">
            <Fact name="Wants to">{if device.scope.is_empty() { view! { <span class="quiet">"It names no scope"</span> }.into_any() } else { scopes(&device.scope, known).into_any() }}</Fact>
            {(!resources.is_empty()).then(|| view! {
                <Fact name="At"><ul>{resources.into_iter().map(|resource| view! { <li><code>{resource}</code></li> }).collect_view()}</ul></Fact>
            })}
            <Fact name="Asked">
                <Ago queue at=device.created_at.clone() />
                {address(device.requested_from.clone(), " from ")}
            </Fact>
            <Fact name="Code entered by">{entered}</Fact>
            <Fact name="Times entered">{device.entries}</Fact>
        </dl>
    }
}

/// A time that goes on while one looks at it.
#[component]
fn Ago(queue: Queue, at: String) -> impl IntoView {
    let then = seconds(&at).unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "no device waits so long")]
    let text = Memo::new(move |_| duration::from_now((then - queue.clock.get()) as i64));
    view! { <time datetime=at>{text}</time> }
}

fn address(address: Option<String>, before: &'static str) -> impl IntoView {
    address.map(|address| view! { {before} <code>{address}</code> })
}

/// The buttons, and what they ask for.
#[component]
fn Answers(
    queue: Queue,
    key: StoredValue<String>,
    device: Memo<Option<DeviceAuthorization>>,
    tenant: String,
) -> impl IntoView {
    let is = move |signal: RwSignal<Option<String>>| {
        key.with_value(|id| signal.with(|held| held.as_ref() == Some(id)))
    };
    let answer = Memo::new(move |_| device.with(|device| device.as_ref().map(waiting::answer)));
    let why = move || {
        let policy = device.with(|device| device.as_ref().map(|device| device.approval));
        (answer.get() == Some(Answer::PersonFirst)).then_some(match policy {
            Some(DeviceApproval::UserThenAdmin) => {
                "Somebody has to enter the code first, then it is for you to approve."
            }
            _ => "Whoever enters the code lets it in. It can be denied here.",
        })
    };
    let refusal = move || {
        let held = queue.refused.get()?;
        key.with_value(|id| held.0 == *id).then_some(held.1)
    };
    view! {
        <div class="device-answers">
            <button type="button" class="button primary" disabled=move || is(queue.busy) || answer.get() == Some(Answer::PersonFirst)
                on:click=move |_| { key.with_value(|id| approve(queue, id)); }>
                {move || if answer.get() == Some(Answer::ApproveFor) { "Approve for\u{2026}" } else { "Approve" }} " " <kbd aria-hidden="true">"a"</kbd>
            </button>
            <button type="button" class="button" class:danger=move || !is(queue.denying) class:danger-filled=move || is(queue.denying) disabled=move || is(queue.busy)
                on:click=move |_| { key.with_value(|id| deny(queue, id)); }>
                {move || if is(queue.denying) { "Deny for good" } else { "Deny" }} " " <kbd aria-hidden="true">"d"</kbd>
            </button>
            {move || is(queue.denying).then(|| view! {
                <span class="device-sure">
                    "It cannot be undone: the device has to ask anew. " <kbd>"d"</kbd> " again or " <kbd>"Enter"</kbd> " "
                    <button type="button" class="button plain" on:click=move |_| queue.denying.set(None)>"Keep it waiting"</button>
                </span>
            })}
            {move || (!is(queue.denying)).then(|| view! { <span class="hint">{why}</span> })}
        </div>
        {move || is(queue.naming).then(|| view! { <NameUser queue key tenant=tenant.clone() /> })}
        {move || refusal().map(|refusal| view! {
            <div class="summary" role="alert">
                <p>{refusal.message}</p>
                {refusal.errors.into_iter().map(|error| view! { <p>{error.detail}</p> }).collect_view()}
                {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
            </div>
        })}
    }
}

/// Whose device it will be, where nobody enters the code.
#[component]
fn NameUser(queue: Queue, key: StoredValue<String>, tenant: String) -> impl IntoView {
    let chosen = RwSignal::new(None::<User>);
    let typed = RwSignal::new(String::new());
    let username = Memo::new(move |_| {
        let typed = Some(typed.get().trim().to_owned()).filter(|typed| !typed.is_empty());
        chosen.with(|user| user.as_ref().map(|user| user.username.clone())).or(typed)
    });
    let button = NodeRef::<leptos::html::Button>::new();
    // The user is chosen with Enter, and the device let in with another.
    Effect::new(move |_| {
        if let Some(button) = button.get().filter(|_| chosen.with(Option::is_some)) {
            request_animation_frame(move || {
                let _focused = button.focus();
            });
        }
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if let Some(username) = username.get_untracked() {
            key.with_value(|id| queue.approve(id, Some(username)));
        }
    };
    let leave = move || {
        queue.naming.set(None);
        key.with_value(|id| focus(id));
    };
    let escape = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            leave();
        }
    };
    let id = key.with_value(|id| format!("name-{id}"));
    let label = id.clone();
    let field = if session().may(&tenant, "user", "read") {
        view! { <UserPicker tenant chosen label="Begin of a name or an email address" id autofocus=true /> }
            .into_any()
    } else {
        view! { <input id=id autocomplete="off" spellcheck="false" placeholder="Username" prop:value=typed on:input=move |event| typed.set(event_target_value(&event)) /> }.into_any()
    };
    view! {
        <form class="device-naming" on:submit=submit on:keydown=escape>
            <label for=label>"Nobody enters the code of this client\u{2019}s devices. Whose device is it?"</label>
            {field}
            <div class="inline-form">
                <button node_ref=button type="submit" class="button primary" disabled=move || username.with(Option::is_none) || queue.busy.with(Option::is_some)>
                    {move || match username.get() { Some(name) => format!("Approve for {name}"), None => "Approve".to_owned() }}
                </button>
                <button type="button" class="button" on:click=move |_| leave()>"Cancel"</button>
            </div>
        </form>
    }
}
