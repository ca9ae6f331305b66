use grantor_api::Client;
use leptos::prelude::*;

use super::super::programs::Programs;
use super::Shown;
use crate::client_kind;
use crate::client_words::{AUTHENTICATION, GRANT_TYPES, name_of, origin, written};
use crate::endpoints;
use crate::ui::{CopyButton, Fact, Panel, Time};

/// What the client is, where it talks to, and programs that do.
#[component]
pub fn Overview(shown: Shown) -> impl IntoView {
    move || {
        shown.client().map(|client| {
            let issuer = shown.offers.issuer();
            let (listed, program) = (client.clone(), client.clone());
            let endpoints = issuer.clone().map(|issuer| view! {
                <Panel title="Endpoints" about="Libraries find the others from the issuer."><Endpoints client=listed issuer /></Panel>
            });
            let programs = issuer.map(|issuer| view! {
                <Panel title="Get a token" about="For exactly this client, to copy and to run."><Programs client=program issuer /></Panel>
            });
            view! {
                <div class="columns"><Panel title="Facts"><Facts client /></Panel>{endpoints}</div>
                {programs}
            }
        })
    }
}

#[component]
fn Facts(client: Client) -> impl IntoView {
    let kind = client_kind::name(&client);
    let grant_types: Vec<_> =
        client.grant_types.iter().map(|held| name_of(&GRANT_TYPES, &written(*held))).collect();
    let method = written(client.token_endpoint_auth_method);
    let id = client.client_id.clone();
    let scopes = client.scope.split_whitespace().map(str::to_owned).collect();
    view! {
        <dl class="facts">
            <Fact name="client_id">
                <span class="copy-line"><code>{id.clone()}</code><CopyButton text=Signal::stored(id) what="client_id" /></span>
            </Fact>
            <Fact name="Kind">{kind}</Fact>
            <Fact name="Grant types">{grant_types.join(", ")}</Fact>
            <Fact name="Authentication">{name_of(&AUTHENTICATION, &method)} " " <code class="quiet">{method.clone()}</code></Fact>
            {listed("Redirect URIs", "", client.redirect_uris)}
            {listed("Scopes", "tokens", scopes)}
            {listed("Resources", "", client.resources)}
            <Fact name="Origin">{origin(client.origin)}</Fact>
            <Fact name="Created"><Time at=client.created_at /></Fact>
            <Fact name="Changed"><Time at=client.updated_at /></Fact>
        </dl>
    }
}

/// A fact with several values; nothing where there are none.
fn listed(name: &'static str, class: &'static str, items: Vec<String>) -> Option<impl IntoView> {
    (!items.is_empty()).then(|| {
        let items = items.into_iter().map(|item| view! { <li><code>{item}</code></li> }).collect_view();
        view! { <Fact name><ul class=class>{items}</ul></Fact> }
    })
}

#[component]
fn Endpoints(client: Client, issuer: String) -> impl IntoView {
    let line = |(name, address): endpoints::Endpoint| {
        let text = Signal::stored(address.clone());
        view! {
            <div><dt><code>{name}</code></dt><dd><span class="copy-line"><code>{address}</code><CopyButton text what=name /></span></dd></div>
        }
    };
    view! { <dl class="facts facts-tall">{endpoints::of(&issuer, &client).into_iter().map(line).collect_view()}</dl> }
}
