use grantor_api::Client;
use leptos::prelude::*;

use super::super::programs::Programs;
use super::super::scopes::Offers;
use crate::client_words::title;
use crate::place::{Place, Section};
use crate::ui::{CopyButton, PageHead, Panel, Secret};

/// The new client with its secret, shown this once, and a program that uses it.
#[component]
pub fn Created(tenant: String, client: Client, offers: Offers) -> impl IntoView {
    let page = Place::Tenant(tenant.clone(), Section::Client(client.client_id.clone())).href();
    let within = ("Clients".to_owned(), Place::Tenant(tenant.clone(), Section::Clients).href());
    let another = Place::Tenant(tenant, Section::NewClient).href();
    let (id, secret) = (client.client_id.clone(), client.client_secret.clone());
    let actions = view! {
        <a class="button" href=another>"Create another"</a>
        <a class="button primary" href=page>"To the client"</a>
    };
    let program = Client { client_secret: None, ..client.clone() };
    view! {
        <PageHead title=format!("{} is ready", title(&client.client_name, &client.client_id)) about="It can get tokens from now on." within=Some(within)
            actions=Some(actions.into_any()) />
        <Panel title="Its credentials">
            <div class="stack">
                <div class="secret">
                    <p class="secret-label">"client_id"</p>
                    <div class="secret-line"><code>{id.clone()}</code><CopyButton text=Signal::stored(id) what="client_id" /></div>
                </div>
                {secret.map(|secret| view! { <Secret label="client_secret" secret=secret.expose() /> })}
            </div>
        </Panel>
        {move || offers.issuer().map(|issuer| {
            let client = program.clone();
            view! { <Panel title="Get a token" about="For exactly this client, to copy and to run."><Programs client issuer /></Panel> }
        })}
    }
}
