mod grants;
mod head;
mod overview;
mod secrets;
mod settings;

use grantor_api::{Client as ClientDocument, ClientOrigin, SecretText};
use leptos::prelude::*;

use super::scopes::Offers;
use crate::address::encode;
use crate::session::session;
use crate::ui::{Dialog, Document, Remote, Secret, Tab, Tabs, document, show_once};
use grants::Grants;
use head::Head;
use overview::Overview;
use secrets::Secrets;
use settings::Settings;

/// Who approves a client's devices: values of `device_approval`.
pub const APPROVALS: [(&str, &str); 4] = [
    ("", "As the tenant's settings say"),
    ("user", "The person who enters the code"),
    ("user-then-admin", "That person, then an administrator"),
    ("admin", "An administrator, who names the user"),
];

/// Which client the page is of, and what is known of it.
#[derive(Clone, Copy)]
struct Shown {
    tenant: StoredValue<String>,
    client_id: StoredValue<String>,
    document: Remote<Document>,
    /// A secret that a change of the client's made, until it was seen.
    secret: RwSignal<Option<SecretText>>,
    offers: Offers,
}

impl Shown {
    /// The client's path in the admin API.
    fn path(self) -> String {
        format!(
            "tenants/{}/clients/{}",
            encode(&self.tenant.get_value()),
            encode(&self.client_id.get_value())
        )
    }

    fn may(self, noun: &str, action: &str) -> bool {
        self.tenant.with_value(|tenant| session().may(tenant, noun, action))
    }

    /// Whether to offer `action` to this client: the server's own stay as they are.
    fn may_now(self, action: &str) -> bool {
        self.may("client", action)
            && self.client().is_some_and(|client| client.origin != ClientOrigin::BuiltIn)
    }

    fn client(self) -> Option<ClientDocument> {
        self.document.ready().and_then(|document| document.read())
    }

    /// Takes what the server answered, which may hold a new secret.
    fn put(self, mut document: Document) {
        if let Some(secret) = document.read::<ClientDocument>().and_then(|client| client.client_secret) {
            self.secret.set(Some(secret));
            if let Some(members) = document.value.as_object_mut() {
                members.remove("client_secret");
            }
        }
        self.document.put(document);
    }
}

/// One client.
#[component]
pub fn Client(tenant: String, client_id: String) -> impl IntoView {
    let path = format!("tenants/{}/clients/{}", encode(&tenant), encode(&client_id));
    let shown = Shown {
        offers: Offers::of(&tenant),
        tenant: StoredValue::new(tenant.clone()),
        client_id: StoredValue::new(client_id.clone()),
        document: document(move || path.clone()),
        secret: RwSignal::new(None),
    };
    show_once(shown.document, move || view! { <Parts shown /> })
}

#[component]
fn Parts(shown: Shown) -> impl IntoView {
    let mut tabs = vec![
        Tab::new("overview", "Overview", move || view! { <Overview shown /> }),
        Tab::new("settings", "Settings", move || view! { <Settings shown /> }),
        Tab::new("secrets", "Secrets", move || view! { <Secrets shown /> }),
    ];
    if shown.may("grant", "read") {
        tabs.push(Tab::new("grants", "Grants", move || view! { <Grants shown /> }));
    }
    view! {
        <Head shown />
        <Tabs label="Parts of the client" tabs />
        <NewSecret secret=shown.secret />
    }
}

/// Shows a secret once.
#[component]
fn NewSecret(secret: RwSignal<Option<SecretText>>) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(secret.with(Option::is_some)));
    Effect::new(move |_| {
        if !open.get() && secret.with_untracked(Option::is_some) {
            secret.set(None);
        }
    });
    view! {
        <Dialog open title="The client's new secret">
            <div class="stack">
                {move || secret.get().map(|secret| view! { <Secret label="client_secret" secret=secret.expose() /> })}
                <div class="actions"><button type="button" class="button primary" on:click=move |_| open.set(false)>"I have kept it"</button></div>
            </div>
        </Dialog>
    }
}
