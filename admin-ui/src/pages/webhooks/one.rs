use std::time::Duration;

use grantor_api::Webhook;
use leptos::{prelude::*, task::spawn_local};

use super::deeds::Deeds;
use super::deliveries::Deliveries;
use super::events::EventsField;
use super::list::State;
use super::list_path;
use super::new::AddressFields;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{
    Draft, Fact, PageHead, Panel, Remote, SaveBar, Summary, SwitchField, Time, document, pause, remote,
    save_patch, show,
};

/// While events of the past are sent once more.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// A webhook as the parts of its page share it.
#[derive(Clone, Copy)]
pub struct Context {
    /// Of the webhook in the admin API.
    pub path: StoredValue<String>,
    /// What the server knows of it now, beside the form.
    pub state: Remote<Webhook>,
    /// Loads the deliveries again.
    pub deliveries: RwSignal<u32>,
    pub may_change: bool,
    pub may_delete: bool,
}

impl Context {
    /// After something that makes deliveries: some of them take a moment.
    pub fn reload_soon(self) {
        spawn_local(async move {
            for wait in [0, 1, 3] {
                pause(Duration::from_secs(wait)).await;
                if self.deliveries.try_update(|turn| *turn += 1).is_none() {
                    return;
                }
                self.state.reload();
            }
        });
    }
}

#[component]
pub fn OneWebhook(tenant: String, webhook: String) -> impl IntoView {
    let path = format!("{}/{}", list_path(&tenant), crate::address::encode(&webhook));
    let list = Place::Tenant(tenant.clone(), Section::Webhooks);
    let (asked, loaded) = (path.clone(), {
        let path = path.clone();
        document(move || path.clone())
    });
    let session = session();
    let context = Context {
        path: StoredValue::new(path),
        state: remote(move || asked.clone()),
        deliveries: RwSignal::new(0),
        may_change: session.may(&tenant, "webhook", "update"),
        may_delete: session.may(&tenant, "webhook", "delete"),
    };
    Effect::new(move |_| {
        if context.state.ready().is_some_and(|webhook| webhook.replaying) {
            spawn_local(async move {
                pause(LOOK_AGAIN).await;
                context.state.reload();
                let _gone = context.deliveries.try_update(|turn| *turn += 1);
            });
        }
    });
    view! {
        {show(loaded, move |loaded| {
            let draft = Draft::new(loaded);
            draft.locked.set(!context.may_change);
            view! {
                <PageHead title="Webhook" about=untrack(|| draft.text("/url")) within=Some(("Webhooks".to_owned(), list.href()))
                    actions=Some(view! { <Deeds context list=list.clone() /> }.into_any()) />
                {show(context.state, |webhook| view! { <Now webhook /> })}
                <Form context draft />
            }
        })}
        <Deliveries context />
    }
}

#[component]
fn Now(webhook: Webhook) -> impl IntoView {
    let (replaying, created_at) = (webhook.replaying, webhook.created_at.clone());
    view! {
        <dl class="facts facts-lone">
            {replaying.then(|| view! {
                <Fact name="Replay"><span class="with-spinner"><span class="spinner" aria-hidden="true"></span>"Events of the past are being sent once more"</span></Fact>
            })}
            <Fact name="Created"><Time at=created_at /></Fact>
            <Fact name="State"><State webhook /></Fact>
        </dl>
    }
}

#[component]
fn Form(context: Context, draft: Draft) -> impl IntoView {
    let save = move |()| save_patch(draft, context.path.get_value(), move |_| context.reload_soon());
    view! {
        <Panel title="Settings">
            <div class="form">
                <Summary draft />
                <AddressFields draft />
                <SwitchField draft at="/enabled" label="Send events" help="What happens while it is off is not sent afterwards, but can be replayed." />
                <EventsField draft />
            </div>
            <SaveBar draft save />
        </Panel>
    }
}
