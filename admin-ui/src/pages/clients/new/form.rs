use grantor_api::Client;
use leptos::prelude::*;
use serde_json::Value;

use super::super::scopes::Offers;
use crate::address::encode;
use crate::admin_api::send;
use crate::client_kind::{Asked, Kind, finished};
use crate::place::{Place, Section};
use crate::session::access;
use crate::ui::{
    ChoiceField, CopyButton, Draft, JsonField, ListField, PageHead, Panel, SetField, Summary, SwitchField,
    TextField,
};

/// What a kind of client needs to be asked.
#[component]
pub fn Form(tenant: String, kind: Kind, offers: Offers, created: RwSignal<Option<Client>>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(kind.start());
    let cards = Place::Tenant(tenant.clone(), Section::NewClient).href();
    let path = StoredValue::new(format!("tenants/{}/clients", encode(&tenant)));
    let submit = move || {
        let (path, body) = (path.get_value(), finished(draft.value()));
        let sent = async move { send::<Client>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |client| {
            let _gone = created.try_set(Some(client));
            window().scroll_to_with_x_and_y(0.0, 0.0);
        });
    };
    view! {
        <PageHead title=format!("Create a client: {}", kind.title().to_lowercase()) about=kind.about() within=Some(("Choose something else".to_owned(), cards)) />
        <div class="guided">
            <form class="panel" on:submit=move |event| { event.prevent_default(); submit(); }>
                <div class="form">
                    <Summary draft />
                    <Name draft kind />
                    {kind.asks(Asked::RedirectUris).then(|| view! { <Addresses draft kind /> })}
                    {kind.asks(Asked::Authentication).then(|| view! { <Authentication draft /> })}
                    <Access draft kind offers />
                    {kind.asks(Asked::DeviceApproval).then(|| view! { <Approval draft /> })}
                    {kind.asks(Asked::Consent).then(|| view! {
                        <SwitchField draft at="/skip_consent" label="One of your own applications"
                            help="People are not asked whether it may have what it asks for (skip_consent)." />
                    })}
                    <div class="actions">
                        <button type="submit" class="button primary" disabled=move || draft.saving.get()>
                            {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the client" }}
                        </button>
                    </div>
                </div>
            </form>
            <Preview draft kind />
        </div>
    }
}

#[component]
fn Name(draft: Draft, kind: Kind) -> impl IntoView {
    let help = if kind == Kind::Service {
        "What you recognise it by, such as in the audit trail."
    } else {
        "What people see when they sign in and are asked for consent."
    };
    view! {
        <TextField draft at="/client_name" label="Name" required=true help />
        <TextField draft at="/client_id" label="client_id" placeholder="Made up if left empty"
            help="How the program names itself. It cannot be changed later." />
    }
}

#[component]
fn Addresses(draft: Draft, kind: Kind) -> impl IntoView {
    let help = match kind {
        Kind::CommandLine | Kind::Agent => {
            "Where the browser returns after signing in, one in each line. The port of an address of this machine does not matter."
        }
        Kind::Native => {
            "Where the browser returns after signing in, one in each line: a scheme of the app's own, or an https address that the app claims."
        }
        _ => {
            "Where the browser returns after signing in, one in each line. They are compared exactly. For development, http://localhost is allowed."
        }
    };
    view! {
        <ListField draft at="/redirect_uris" label="Redirect URIs" help placeholder=kind.redirect_example() />
        {kind.asks(Asked::PostLogoutRedirectUris).then(|| view! {
            <ListField draft at="/post_logout_redirect_uris" label="Redirect URIs after signing out" placeholder="https://app.example.com/"
                help="Where the browser may return after signing out (post_logout_redirect_uris). May be left empty." />
        })}
    }
}

#[component]
fn Authentication(draft: Draft) -> impl IntoView {
    let choices = [
        ("client_secret_basic", "A client secret, made for you and shown once"),
        ("private_key_jwt", "Its own private key: you give the public one"),
    ]
    .map(|(value, name)| (value.to_owned(), name.to_owned()))
    .to_vec();
    let keys = Memo::new(move |_| draft.text("/token_endpoint_auth_method") == "private_key_jwt");
    view! {
        <ChoiceField draft at="/token_endpoint_auth_method" label="How it proves who it is" choices=Signal::stored(choices)
            help="A key is safer: nothing secret is sent, and nothing secret is kept here." />
        <Show when=move || keys.get()>
            <TextField draft at="/jwks_uri" label="Address of its public keys" placeholder="https://app.example.com/jwks.json"
                help="A JWK Set (jwks_uri). Keys can change there without anybody telling you." />
            <JsonField draft at="/jwks" label="Or the public keys themselves" help="A JWK Set: {\"keys\": [\u{2026}]}. Leave out one of the two." />
        </Show>
    }
}

#[component]
fn Access(draft: Draft, kind: Kind, offers: Offers) -> impl IntoView {
    let scopes = Signal::derive(move || {
        let mut scopes = offers.scopes("");
        scopes.retain(|(name, ..)| kind.may_have(name));
        scopes
    });
    let resources = Signal::derive(move || offers.resources(&[]));
    let help = if kind == Kind::Service {
        "What it may ask for. A request without scope gets all of these."
    } else {
        "What it may ask people for. A request without scope gets all of these but offline_access."
    };
    let needs_resources = kind.asks(Asked::Resources);
    view! {
        <Show when=move || scopes.with(|scopes| !scopes.is_empty())
            fallback=|| view! { <p class="quiet">"The tenant has no scopes of its own yet: see Resources. The client's tokens will have none."</p> }>
            <SetField draft at="/scope" label="Scopes" help choices=scopes spaced=true />
        </Show>
        <Show when=move || needs_resources && resources.with(|resources| !resources.is_empty())>
            <SetField draft at="/resources" label="Protected resources" choices=resources
                help="What its tokens may be for (RFC 8707). The first one is used where a request names none." />
        </Show>
    }
}

#[component]
fn Approval(draft: Draft) -> impl IntoView {
    let choices =
        super::super::client::APPROVALS.map(|(value, name)| (value.to_owned(), name.to_owned())).to_vec();
    view! { <ChoiceField draft at="/device_approval" label="Who approves its devices" choices=Signal::stored(choices) /> }
}

/// What the answers make, for engineers.
#[component]
fn Preview(draft: Draft, kind: Kind) -> impl IntoView {
    let document =
        Signal::derive(move || serde_json::to_string_pretty(&finished(draft.value())).unwrap_or_default());
    let rows = kind.sets().into_iter().map(move |set| {
        let member = set.member;
        let value = move || value_text(&draft.get(&format!("/{member}")));
        view! { <div><dt><code>{member}</code></dt><dd><code>{value}</code><p class="hint">{set.why}</p></dd></div> }
    });
    view! {
        <aside class="guided-aside">
            <Panel title="What this sets" about="You need not know any of it.">
                <dl class="facts facts-tall">{rows.collect_view()}</dl>
                <details class="document">
                    <summary>"The whole document"</summary>
                    <div class="stack">
                        <p class="hint">"What is sent with POST /clients: the same document works as configuration as code."</p>
                        <pre tabindex="0" aria-label="The document"><code>{document}</code></pre>
                        <div><CopyButton text=document what="the document" /></div>
                    </div>
                </details>
            </Panel>
        </aside>
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(value_text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
