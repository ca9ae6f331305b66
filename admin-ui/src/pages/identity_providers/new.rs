//! Adding a provider, in the order in which one meets it: who it is, what it has to know, what it gave.

use grantor_api::Tenant;
use leptos::prelude::*;
use serde_json::{Value, json};

use super::fields::{ClientFields, PeopleFields};
use super::{Copied, list_path, path};
use crate::address::encode;
use crate::admin_api::Ask;
use crate::answer::{self, Refusal};
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::slug;
use crate::ui::{Draft, PageHead, Panel, Summary, TextField, go, notify, remote};

/// Where a provider sends people back to, below the tenant's issuer.
const CALLBACK: &str = "/login/callback";

#[component]
pub fn NewIdentityProvider(tenant: String) -> impl IntoView {
    let draft = Draft::of_new(json!({
        "name": "", "display_name": "", "issuer": "", "client_id": "", "create_users": true, "link_by_email": "never", "domains": [],
    }));
    draft.locked.set(!session().may(&tenant, "identity-provider", "create"));
    let list = Place::Tenant(tenant.clone(), Section::IdentityProviders).href();
    let cancel = list.clone();
    let known = Memo::new(move |_| draft.text("/issuer").starts_with("https://"));
    let ready = move || {
        known.get() && ["/name", "/display_name", "/client_id"].iter().all(|at| !draft.text(at).is_empty())
    };
    name_from_display_name(draft);
    let save = save(tenant.clone(), draft);
    view! {
        <PageHead title="Add an identity provider" about="You need an account at the provider that may register applications there." within=Some(("Identity providers".to_owned(), list)) />
        <form on:submit=save novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="1. The provider">
                <div class="form">
                    <TextField draft at="/issuer" label="Issuer" kind="url" required=true placeholder="https://accounts.example.com"
                        help="As the provider\u{2019}s configuration has it, to the letter. Its configuration is read below it, at /.well-known/openid-configuration. It cannot be changed." />
                    <TextField draft at="/display_name" label="Name for people" required=true placeholder="Example Ltd" help="On the button of the sign-in page, after \u{201c}Sign in with\u{201d}." />
                    <TextField draft at="/name" label="Name in addresses" required=true placeholder="example" help="Small letters, digits and hyphens, beginning with a letter. It cannot be changed." />
                </div>
            </Panel>
            <Show when=move || known.get() fallback=|| view! { <p class="quiet">"What the provider has to know, and what it gives you, comes when its issuer is there."</p> }>
                <Registered tenant=tenant.clone() />
                <Panel title="3. What the provider gave you">
                    <div class="form"><ClientFields draft secret_help="Empty for a public client. It is kept encrypted and never shown again." /></div>
                </Panel>
                <Panel title="4. Its people"><div class="form"><PeopleFields draft /></div></Panel>
            </Show>
            <div class="actions">
                <a class="button" href=cancel.clone()>"Cancel"</a>
                <button type="submit" class="button primary" disabled=move || !ready() || draft.saving.get() || draft.locked.get()>
                    {move || if draft.saving.get() { "Adding\u{2026}" } else { "Add the provider" }}
                </button>
            </div>
        </form>
    }
}

/// The name in addresses follows the one for people until somebody writes another.
fn name_from_display_name(draft: Draft) {
    let suggested = Memo::new(move |_| slug::suggest(&draft.text("/display_name")));
    Effect::new(move |last: Option<String>| {
        let suggested = suggested.get();
        if untrack(|| draft.text("/name")) == last.unwrap_or_default() {
            draft.set("/name", json!(suggested));
        }
        suggested
    });
}

/// What is to be registered at the provider.
#[component]
fn Registered(tenant: String) -> impl IntoView {
    let of = session().may(&tenant, "tenant", "read").then(|| {
        let path = format!("tenants/{}", encode(&tenant));
        remote::<Tenant>(move || path.clone())
    });
    let redirect_uri = Signal::derive(move || {
        of.and_then(|of| of.ready()).map(|tenant| format!("{}{CALLBACK}", tenant.issuer)).unwrap_or_default()
    });
    view! {
        <Panel title="2. Register this tenant there" about="As a web application (confidential client) that uses the authorization code flow, with this redirect URI:">
            {move || if of.is_some() {
                view! { <Copied text=redirect_uri what="the redirect URI" /> }.into_any()
            } else {
                view! { <p class="quiet">"You may not read the tenant\u{2019}s issuer: the redirect URI is on the provider\u{2019}s page once it is added."</p> }.into_any()
            }}
        </Panel>
    }
}

fn save(tenant: String, draft: Draft) -> impl Fn(web_sys::SubmitEvent) + 'static {
    let (access, go) = (access(), go());
    move |event| {
        event.prevent_default();
        let (name, body) = (draft.text("/name"), draft.value());
        // A name that cannot be one is refused as a member, not as an address.
        let path = if name.is_empty() { list_path(&tenant) } else { path(&tenant, &name) };
        let (tenant, go) = (tenant.clone(), go.clone());
        let sent = async move {
            let answer = Ask::new("PUT", &path).json(&body).header("If-None-Match", "*").send(access).await;
            let answer = answer.map_err(taken)?;
            answer::read::<Value>(answer.status, &answer.body)
        };
        draft.submit(sent, move |_| {
            notify("The provider is there: people can sign in through it");
            go(&Place::Tenant(tenant, Section::IdentityProvider(name)));
        });
    }
}

/// There is one of this name already.
fn taken(refusal: Refusal) -> Refusal {
    if refusal.is_outdated() { refusal.at("/name", "Another provider has this name.") } else { refusal }
}
