use grantor_api::{AuthenticationMethod, Client, Page};
use leptos::prelude::*;
use serde_json::json;

use super::Path;
use crate::address::encode;
use crate::admin_api::send;
use crate::session::access;
use crate::ui::{Draft, Summary, TextField, remote, show};

/// Chooses a service, or makes the first.
#[component]
pub fn ClientStep(path: Path, tenant: String) -> impl IntoView {
    let slug = StoredValue::new(tenant);
    let clients = remote::<Page<Client>>(move || {
        slug.with_value(|slug| {
            format!("tenants/{}/clients?limit=6&enabled=true&grant_type=client_credentials", encode(slug))
        })
    });
    view! {
        <p>"A client is a program that gets tokens. The simplest is a service that acts for itself, with " <code>"client_credentials"</code> "."</p>
        {show(clients, move |page| {
            let by_secret = |client: &Client| client.token_endpoint_auth_method == AuthenticationMethod::ClientSecretBasic;
            let services: Vec<_> = page.items.into_iter().filter(by_secret).collect();
            view! {
                {(!services.is_empty()).then(|| view! { <Offered services path /> })}
                <NewClient path tenant=slug.get_value() />
            }
        })}
    }
}

#[component]
fn Offered(services: Vec<Client>, path: Path) -> impl IntoView {
    view! {
        <div class="offered">
            <p class="quiet">"Go on with one that is there:"</p>
            {services.into_iter().map(|client| {
                let name = if client.client_name.is_empty() { client.client_id.clone() } else { client.client_name };
                let id = client.client_id;
                view! { <button type="button" class="button small" on:click=move |_| path.choose_client(&id, None)>{name}</button> }
            }).collect_view()}
        </div>
        <p class="quiet">"Or create one:"</p>
    }
}

#[component]
fn NewClient(path: Path, tenant: String) -> impl IntoView {
    let access = access();
    let draft =
        Draft::of_new(json!({ "client_name": "My first service", "grant_types": ["client_credentials"] }));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (body, address) = (draft.value(), format!("tenants/{}/clients", encode(&tenant)));
        draft.submit(
            async move { send::<Client>(access, "POST", &address, Some(&body)).await },
            move |client| path.choose_client(&client.client_id, client.client_secret),
        );
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            <Summary draft />
            <TextField draft at="/client_name" label="client_name" required=true
                help="For people. The server makes its client_id and client_secret." />
            <div><button type="submit" class="button primary" disabled=move || draft.saving.get()>
                {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the client" }}
            </button></div>
        </form>
    }
}
