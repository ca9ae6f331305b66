use grantor_api::{Client, ClientOrigin};
use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::ui::{Badge, Collection, Column, Empty, Time, Tone};

/// The clients that nobody made here.
#[component]
pub fn SelfMade(tenant: String) -> impl IntoView {
    let path = format!("tenants/{}/clients?self_registered=true", crate::address::encode(&tenant));
    let columns = vec![
        Column::new("Client", move |client: &Client| {
            let name = if client.client_name.is_empty() { &client.client_id } else { &client.client_name };
            let href = Place::Tenant(tenant.clone(), Section::Client(client.client_id.clone())).href();
            view! { <a class="row-link" href=href>{name.clone()}</a> <p class="hint"><code>{client.client_id.clone()}</code></p> }
        }),
        Column::new("Came by", |client: &Client| match client.origin {
            ClientOrigin::MetadataDocument => "Metadata document",
            ClientOrigin::Registration => "Registration",
            _ => "Administrator",
        }),
        Column::new("State", |client: &Client| {
            if client.enabled {
                view! { <Badge text="Enabled" tone=Tone::Good /> }
            } else {
                view! { <Badge text="Disabled" tone=Tone::Bad /> }
            }
        }),
        Column::new("Came", |client: &Client| view! { <Time at=client.created_at.clone() /> }),
    ];
    view! {
        <section id="clients" class="group section" aria-labelledby="clients-title">
            <div class="section-head"><div><h2 id="clients-title">"Self-made clients"</h2><p class="quiet">"To block one, disable it: one that is deleted can come back."</p></div></div>
            <Collection<Client> path what="clients" columns empty=|| view! {
                <Empty title="None has registered itself yet" text="Clients that come by themselves are listed here, with how they came." />
            } />
        </section>
    }
}
