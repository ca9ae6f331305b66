use grantor_api::Tenant;
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::access;
use crate::slug;
use crate::ui::{Draft, PageHead, Panel, RadioField, Summary, TextField, go, notify};

/// The three profiles: value, name, what they mean. `oidc-legacy` comes with its price.
pub fn profiles() -> Vec<(Value, &'static str, String)> {
    let profile = |name: &str, title, about: &str| (json!(name), title, about.to_owned());
    vec![
        profile(
            "oauth21",
            "OAuth 2.1",
            "For applications and APIs of today. Authorization codes with PKCE, exact redirect URIs, rotating refresh tokens.",
        ),
        profile(
            "mcp",
            "MCP",
            "For servers and agents of the Model Context Protocol: OAuth 2.1, and clients that nobody made introduce themselves.",
        ),
        profile(
            "oidc-legacy",
            "OpenID Connect, legacy",
            "For old applications: what OAuth 2.1 took away is allowed again, the implicit flow and requests without PKCE.",
        ),
    ]
}

/// Says what the legacy profile costs while it is chosen.
#[component]
pub fn LegacyWarning(draft: Draft) -> impl IntoView {
    move || {
        (draft.text("/settings/profile") == "oidc-legacy").then(|| view! {
            <p class="caution" role="note">
                <strong>"Codes can be injected and tokens leak. "</strong>
                "Choose it only for a tenant whose every application needs it. A single client can have this profile of its own: leave the tenant with OAuth 2.1 then."
            </p>
        })
    }
}

/// The issuer that a tenant of this slug has while it has no domain.
pub fn issuer_of(slug: &str) -> String {
    let origin = window().location().origin().unwrap_or_default();
    format!("{origin}/t/{slug}")
}

/// What is wrong with the slug in a draft, and which issuer it makes, while one types.
#[component]
pub fn SlugPreview(
    draft: Draft,
    at: &'static str,
    /// The slug, where it is not simply what was typed.
    #[prop(optional, into)]
    of: Option<Signal<String>>,
) -> impl IntoView {
    move || {
        let text = draft.text(at);
        match slug::problem(&text) {
            Some(problem) => view! { <p class="wrong">{problem}</p> }.into_any(),
            None => {
                let slug = of.map_or(text, |of| of.get());
                let slug = if slug.is_empty() { "\u{2026}" } else { &slug };
                view! { <p class="hint">"Issuer: " <code>{issuer_of(slug)}</code></p> }.into_any()
            }
        }
    }
}

/// Makes a tenant and leads to it.
#[component]
pub fn NewTenant() -> impl IntoView {
    let (access, go) = (access(), go());
    let draft = Draft::of_new(json!({ "name": "", "slug": "", "settings": { "profile": "oauth21" } }));
    let suggested = Memo::new(move |_| slug::suggest(&draft.text("/name")));
    // Follows the name for as long as nobody wrote another one.
    Effect::new(move |last: Option<String>| {
        let suggested = suggested.get();
        if untrack(|| draft.text("/slug")) == last.unwrap_or_default() {
            draft.set("/slug", json!(suggested));
        }
        suggested
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (body, go) = (draft.value(), go.clone());
        let sent = async move { send::<Tenant>(access, "POST", "tenants", Some(&body)).await };
        draft.submit(sent, move |tenant: Tenant| {
            notify(format!("{} is there, with a signing key of its own", tenant.name));
            go(&Place::Tenant(tenant.slug, Section::Dashboard));
        });
    };
    view! {
        <PageHead title="Create a tenant" about="A tenant is an issuer with users, clients, keys and a look of its own. It can be used at once."
            within=Some(("Tenants".to_owned(), Place::Tenants.href())) />
        <Panel title="The tenant">
            <form class="form" on:submit=submit>
                <Summary draft />
                <TextField draft at="/name" label="Name" required=true help="For people: it is on the sign-in page." placeholder="Acme Robotics" />
                <div class="field-with-preview">
                    <TextField draft at="/slug" label="Slug" required=true help="The tenant's name in addresses. It cannot be changed later." placeholder="acme-robotics" />
                    <SlugPreview draft at="/slug" />
                </div>
                <RadioField draft at="/settings/profile" label="Profile" help="What is demanded of clients. It can be changed later." choices=profiles() />
                <LegacyWarning draft />
                <div class="actions">
                    <a class="button" href=Place::Tenants.href()>"Cancel"</a>
                    <button type="submit" class="button primary" disabled=move || draft.saving.get()>
                        {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the tenant" }}
                    </button>
                </div>
            </form>
        </Panel>
    }
}
