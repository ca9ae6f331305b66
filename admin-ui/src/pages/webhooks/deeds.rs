//! Trying a webhook, its secret, events of the past, and its end.

use grantor_api::{Webhook, WebhookDelivery};
use leptos::{prelude::*, task::spawn_local};
use serde_json::json;

use super::one::Context;
use crate::admin_api::send;
use crate::place::Place;
use crate::session::access;
use crate::ui::{
    Dialog, Draft, DurationField, Field, Question, Secret, Summary, ask, described_by, field_id, go, notify,
    notify_refusal, utc_of_local,
};

#[component]
pub fn Deeds(context: Context, list: Place) -> impl IntoView {
    let (rotating, replaying) = (RwSignal::new(false), RwSignal::new(false));
    let go = go();
    let left = move || go(&list);
    let left = StoredValue::new(left);
    view! {
        {context.may_change.then(|| view! {
            <button type="button" class="button" on:click=move |_| test(context)>"Send a test event"</button>
            <button type="button" class="button" on:click=move |_| replaying.set(true)>"Replay\u{2026}"</button>
            <button type="button" class="button" on:click=move |_| rotating.set(true)>"Rotate the secret\u{2026}"</button>
        })}
        {context.may_delete.then(|| view! {
            <button type="button" class="button danger" on:click=move |_| ask_to_delete(context, left.get_value())>"Delete\u{2026}"</button>
        })}
        <Dialog open=rotating title="Rotate the secret"><Rotation context open=rotating /></Dialog>
        <Dialog open=replaying title="Replay events"><Replay context open=replaying /></Dialog>
    }
}

fn test(context: Context) {
    let access = access();
    let path = context.path.with_value(|path| format!("{path}/test"));
    spawn_local(async move {
        match send::<WebhookDelivery>(access, "POST", &path, None).await {
            Ok(_) => notify("A test event is on its way: see the deliveries"),
            Err(refusal) => notify_refusal(&refusal),
        }
        context.reload_soon();
    });
}

fn ask_to_delete(context: Context, left: impl Fn() + Clone + 'static) {
    let url = context.state.ready().map(|webhook| webhook.url).unwrap_or_default();
    let host = url.split('/').nth(2).unwrap_or_default().to_owned();
    ask(Question::deletion(
        "Delete the webhook?",
        format!("Nothing more is sent to {url}, and its deliveries are gone, those that wait too. Its secret cannot be had again."),
        "Delete the webhook",
        (context.path.get_value(), "The webhook is deleted".to_owned()),
        left,
    )
    .typed(host));
}

#[component]
fn Rotation(context: Context, open: RwSignal<bool>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "overlap": 86_400 }));
    let made = RwSignal::new(None::<String>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let path = context.path.with_value(|path| format!("{path}/rotate-secret"));
        let body = draft.value();
        let sent = async move { send::<Webhook>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |webhook: Webhook| {
            made.set(webhook.secret.map(|secret| secret.expose().to_owned()));
            context.state.reload();
        });
    };
    move || {
        match made.get() {
        Some(secret) => view! {
            <div class="stack">
                <Secret label="New signing secret" secret />
                <p>"Give it to the receiver before the old one ends."</p>
                <div class="actions"><button type="button" class="button primary" on:click=move |_| open.set(false)>"I have kept it"</button></div>
            </div>
        }.into_any(),
        None => view! {
            <form class="stack" on:submit=submit>
                <Summary draft />
                <p>"Deliveries are signed with the new secret from now on."</p>
                <DurationField draft at="/overlap" label="Sign with the old one as well for"
                    help="So that the receiver can change over without losing any. 0 ends the old one at once; up to 30 days." />
                <div class="actions">
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button type="submit" class="button primary" disabled=draft.saving>"Rotate the secret"</button>
                </div>
            </form>
        }.into_any(),
    }
    }
}

#[component]
fn Replay(context: Context, open: RwSignal<bool>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "from": "", "to": "" }));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let path = context.path.with_value(|path| format!("{path}/replay"));
        let body =
            json!({ "from": utc_of_local(&draft.text("/from")), "to": utc_of_local(&draft.text("/to")) });
        let sent = async move { send::<Webhook>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |webhook| {
            notify("The events are being sent once more");
            context.state.put(webhook);
            context.reload_soon();
            open.set(false);
        });
    };
    view! {
        <form class="stack" on:submit=submit>
            <Summary draft />
            <p>"All events of this time that the webhook is for are sent once more, also those that were delivered, each with the " <code>"webhook-id"</code> " that it had. A few from just outside of the time may be among them."</p>
            <div class="form-columns">
                <MomentField draft at="/from" label="From" />
                <MomentField draft at="/to" label="To" />
            </div>
            <div class="actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.text("/from").is_empty() || draft.text("/to").is_empty()>"Replay"</button>
            </div>
        </form>
    }
}

/// A day and time in the zone of whoever looks.
#[component]
fn MomentField(draft: Draft, at: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <Field draft at label help="In your time zone.">
            <input id=field_id(at) type="datetime-local" aria-describedby=described_by(at) aria-invalid=move || draft.error(at).map(|_| "true")
                prop:value=move || draft.text(at) on:input=move |event| draft.set(at, json!(event_target_value(&event))) />
        </Field>
    }
}
