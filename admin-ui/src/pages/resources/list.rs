use grantor_api::{AccessTokenFormat, ProtectedResource};
use leptos::prelude::*;

use super::scopes::TenantScopes;
use crate::address::encode;
use crate::client_words::title;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Collection, Column, Empty, PageHead, Tab, Tabs, Time};

/// The tenant's protected resources and, on a part of its own, the scopes of the tenant itself.
#[component]
pub fn Resources(tenant: String) -> impl IntoView {
    let create = session().may(&tenant, "resource", "create").then(|| {
        let href = Place::Tenant(tenant.clone(), Section::NewResource).href();
        view! { <a class="button primary" href=href>"Create a resource"</a> }.into_any()
    });
    let (listed, described) = (tenant.clone(), tenant.clone());
    let mut tabs = vec![Tab::new("resources", "Protected resources", move || {
        let tenant = listed.clone();
        view! { <List tenant /> }
    })];
    if session().may(&tenant, "tenant", "read") {
        tabs.push(Tab::new("scopes", "Scopes of the tenant", move || {
            let tenant = described.clone();
            view! { <TenantScopes tenant /> }
        }));
    }
    view! {
        <PageHead title="Resources" about="APIs that take this tenant's access tokens, and the scopes that say what a token allows." actions=create />
        <Tabs label="Resources and scopes" tabs />
    }
}

#[component]
fn List(tenant: String) -> impl IntoView {
    let path = format!("tenants/{}/resources", encode(&tenant));
    let creates = session().may(&tenant, "resource", "create");
    let new = Place::Tenant(tenant.clone(), Section::NewResource).href();
    let columns = vec![
        Column::new("Name", move |resource: &ProtectedResource| {
            let href = Place::Tenant(tenant.clone(), Section::Resource(resource.identifier.clone())).href();
            view! { <a class="row-link" href=href>{title(&resource.name, &resource.identifier)}</a> }
        }),
        Column::new(
            "Identifier",
            |resource: &ProtectedResource| view! { <code>{resource.identifier.clone()}</code> },
        ),
        Column::new("Scopes", |resource: &ProtectedResource| {
            let names: Vec<_> = resource.scopes.iter().map(|scope| scope.name.clone()).collect();
            view! { <ul class="tokens">{names.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view()}</ul> }
        }),
        Column::new("Access tokens", |resource: &ProtectedResource| match resource.access_token_format {
            AccessTokenFormat::Jwt => "Signed JWT",
            AccessTokenFormat::Opaque => "Opaque handle",
        }),
        Column::new(
            "Created",
            |resource: &ProtectedResource| view! { <Time at=resource.created_at.clone() /> },
        ),
    ];
    view! {
        <Collection<ProtectedResource> path what="resources" columns search=true empty=move || {
            let new = new.clone();
            view! {
                <Empty title="There is no protected resource yet" text="Create one for each API that takes this tenant's tokens, with the scopes that it understands."
                    action=creates.then(move || view! { <a class="button primary" href=new>"Create a resource"</a> }.into_any()) />
            }
        } />
    }
}
