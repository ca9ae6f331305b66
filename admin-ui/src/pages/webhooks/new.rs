use grantor_api::Webhook;
use leptos::prelude::*;
use serde_json::json;

use super::events::EventsField;
use super::list_path;
use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::access;
use crate::ui::{Draft, PageHead, Panel, Secret, Summary, TextField, notify};

#[component]
pub fn NewWebhook(tenant: String) -> impl IntoView {
    let draft = Draft::of_new(json!({ "url": "", "description": "", "events": [] }));
    let made = RwSignal::new(None::<Webhook>);
    let list = Place::Tenant(tenant.clone(), Section::Webhooks).href();
    view! {
        <PageHead title="Create a webhook" within=Some(("Webhooks".to_owned(), list)) />
        {move || match made.get() {
            Some(webhook) => view! { <Made tenant=tenant.clone() webhook /> }.into_any(),
            None => view! { <Form tenant=tenant.clone() draft made /> }.into_any(),
        }}
    }
}

#[component]
fn Form(tenant: String, draft: Draft, made: RwSignal<Option<Webhook>>) -> impl IntoView {
    let access = access();
    let (path, back) = (list_path(&tenant), Place::Tenant(tenant, Section::Webhooks).href());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (path.clone(), draft.value());
        let sent = async move { send::<Webhook>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |webhook| {
            notify("The webhook is there");
            made.set(Some(webhook));
        });
    };
    view! {
        <Panel title="The webhook">
            <form class="form" on:submit=submit>
                <Summary draft />
                <AddressFields draft />
                <EventsField draft />
                <div class="actions">
                    <a class="button" href=back>"Cancel"</a>
                    <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.text("/url").is_empty()>"Create the webhook"</button>
                </div>
            </form>
        </Panel>
    }
}

/// Where events go, and what for.
#[component]
pub fn AddressFields(draft: Draft) -> impl IntoView {
    view! {
        <TextField draft at="/url" kind="url" label="Address" required=true placeholder="https://hooks.example.com/grantor"
            help="https, on the public internet. No redirect is followed." />
        <TextField draft at="/description" label="Description" placeholder="Into the data lake" help="For people." />
    }
}

/// The secret, this once, and what it is for.
#[component]
fn Made(tenant: String, webhook: Webhook) -> impl IntoView {
    let href = Place::Tenant(tenant, Section::Webhook(webhook.id)).href();
    view! {
        <Panel title="Keep its secret" about="Every delivery is signed with it, so that the receiver knows who sent it.">
            <div class="stack">
                {webhook.secret.map(|secret| view! { <Secret label="Signing secret" secret=secret.expose().to_owned() /> })}
                <Receiving />
                <div class="actions"><a class="button primary" href=href>"To the webhook"</a></div>
            </div>
        </Panel>
    }
}

/// How a receiver judges a delivery.
#[component]
fn Receiving() -> impl IntoView {
    view! {
        <ol class="steps">
            <li><p>"Give the secret to the receiver. Any library for Standard Webhooks takes it as it is."</p></li>
            <li><p>"The receiver checks " <code>"webhook-signature"</code> ", an HMAC-SHA256 over " <code>"{webhook-id}.{webhook-timestamp}.{body}"</code> ", and refuses old timestamps."</p></li>
            <li><p>"It answers 2xx within seconds and works afterwards. The same " <code>"webhook-id"</code> " may come twice."</p></li>
            <li><p>"What is answered otherwise is tried nine times more, within some three days."</p></li>
        </ol>
    }
}
