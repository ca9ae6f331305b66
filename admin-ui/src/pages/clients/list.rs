use grantor_api::{Client, ClientOrigin};
use leptos::prelude::*;

use crate::address::encode;
use crate::client_kind;
use crate::client_words::{AUTHENTICATION, GRANT_TYPES, name_of, origin, title, written};
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, Filter, PageHead, Time, Tone};

/// The tenant's clients.
#[component]
pub fn Clients(tenant: String) -> impl IntoView {
    let create = session().may(&tenant, "client", "create").then(|| {
        let href = Place::Tenant(tenant.clone(), Section::NewClient).href();
        move || view! { <a class="button primary" href=href.clone()>"Create a client"</a> }.into_any()
    });
    let filters = vec![
        Filter {
            name: "enabled",
            label: "Status",
            choices: vec![("true", "Enabled"), ("false", "Disabled")],
        },
        Filter {
            name: "self_registered",
            label: "Origin",
            choices: vec![("false", "Administrators"), ("true", "Self-registered")],
        },
        Filter {
            name: "grant_type",
            label: "Grant type",
            choices: GRANT_TYPES.iter().map(|(value, name, _)| (*value, *name)).collect(),
        },
    ];
    let path = format!("tenants/{}/clients", encode(&tenant));
    let first = StoredValue::new(create.clone());
    view! {
        <PageHead title="Clients" about="Applications, devices, services and agents that get tokens from this tenant."
            actions=create.map(|create| create()) />
        <Collection<Client> path what="clients" columns=columns(tenant) filters search=true empty=move || view! {
            <Empty title="There is no client yet"
                text="Create one for each application that people sign in to, for each device and for each service that calls an API."
                action=first.with_value(|create| create.as_ref().map(|create| create())) />
        } />
    }
}

fn columns(tenant: String) -> Vec<Column<Client>> {
    vec![
        Column::new("Name", move |client: &Client| {
            let href = Place::Tenant(tenant.clone(), Section::Client(client.client_id.clone())).href();
            view! { <a class="row-link" href=href>{title(&client.client_name, &client.client_id)}</a> }
        })
        .sorted_by("client_name"),
        Column::new(
            "client_id",
            |client: &Client| view! { <code class="identifier">{client.client_id.clone()}</code> },
        )
        .sorted_by("client_id"),
        Column::new("Kind", client_kind::name),
        Column::new("Authentication", |client: &Client| {
            name_of(&AUTHENTICATION, &written(client.token_endpoint_auth_method))
        }),
        Column::new("Status", |client: &Client| status(client.enabled)),
        Column::new("Origin", |client: &Client| match client.origin {
            ClientOrigin::Administrator => view! { <span class="quiet">"Administrator"</span> }.into_any(),
            other => origin(other).into_any(),
        }),
        Column::new("Created", |client: &Client| view! { <Time at=client.created_at.clone() /> })
            .sorted_by("created_at"),
    ]
}

/// Whether the client can do anything.
pub fn status(enabled: bool) -> impl IntoView + use<> {
    if enabled {
        view! { <Badge text="Enabled" tone=Tone::Good /> }
    } else {
        view! { <Badge text="Disabled" tone=Tone::Bad /> }
    }
}
