use grantor_api::IdentityProvider;
use leptos::prelude::*;

use super::list_path;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, PageHead, Time, Tone};

#[component]
pub fn IdentityProviders(tenant: String) -> impl IntoView {
    let new = Place::Tenant(tenant.clone(), Section::NewIdentityProvider).href();
    let add = session()
        .may(&tenant, "identity-provider", "create")
        .then(|| view! { <a class="button primary" href=new>"Add a provider"</a> }.into_any());
    let path = list_path(&tenant);
    let columns = vec![
        Column::new("Provider", move |provider: &IdentityProvider| {
            let place = Section::IdentityProvider(provider.name.clone());
            let href = Place::Tenant(tenant.clone(), place).href();
            view! { <a class="row-link" href=href>{provider.display_name.clone()}</a> <p class="hint"><code>{provider.name.clone()}</code></p> }
        }),
        Column::new(
            "Issuer",
            |provider: &IdentityProvider| view! { <code class="identifier">{provider.issuer.clone()}</code> },
        ),
        Column::new("Mail domains", |provider: &IdentityProvider| provider.domains.join(", ")),
        Column::new("State", |provider: &IdentityProvider| state(provider.enabled)),
        Column::new("Added", |provider: &IdentityProvider| view! { <Time at=provider.created_at.clone() /> }),
    ];
    view! {
        <PageHead title="Identity providers" about="Other OpenID Connect providers that people can sign in through, such as the one of the company that they work for."
            actions=add />
        <Collection<IdentityProvider> path what="identity providers" columns empty=|| view! {
            <Empty title="No provider yet" text="People sign in with what they have here. Add a provider to let them use an account that they have elsewhere." />
        } />
    }
}

pub fn state(enabled: bool) -> impl IntoView {
    if enabled {
        view! { <Badge text="Enabled" tone=Tone::Good /> }
    } else {
        view! { <Badge text="Disabled" tone=Tone::Bad /> }
    }
}
