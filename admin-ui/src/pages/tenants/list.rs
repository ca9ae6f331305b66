use grantor_api::{Tenant, TenantStatus};
use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::rights::PLATFORM;
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, Filter, PageHead, Time, Tone};

/// All tenants of the platform.
#[component]
pub fn Tenants() -> impl IntoView {
    let session = session();
    let actions = view! {
        {session.may(PLATFORM, "tenant", "import").then(|| view! { <a class="button" href=Place::ImportTenant.href()>"Import"</a> })}
        {session.may(PLATFORM, "tenant", "create").then(|| view! { <a class="button primary" href=Place::NewTenant.href()>"Create a tenant"</a> })}
    };
    let columns = vec![
        Column::new("Name", |tenant: &Tenant| {
            let href = Place::Tenant(tenant.slug.clone(), Section::Dashboard).href();
            view! { <a class="row-link" href=href>{tenant.name.clone()}</a> }
        })
        .sorted_by("name"),
        Column::new("Slug", |tenant: &Tenant| view! { <code>{tenant.slug.clone()}</code> }).sorted_by("slug"),
        Column::new("Status", |tenant: &Tenant| match tenant.status {
            TenantStatus::Active => view! { <Badge text="Active" tone=Tone::Good /> },
            TenantStatus::Suspended => view! { <Badge text="Suspended" tone=Tone::Bad /> },
        }),
        Column::new("Created", |tenant: &Tenant| view! { <Time at=tenant.created_at.clone() /> })
            .sorted_by("created_at"),
    ];
    let filters = vec![Filter {
        name: "status",
        label: "Status",
        choices: vec![("active", "Active"), ("suspended", "Suspended")],
    }];
    view! {
        <PageHead title="Tenants" about="Each has an issuer, users, clients and keys of its own." actions=Some(actions.into_any()) />
        <Collection<Tenant> path="tenants" what="tenants" columns filters search=true empty=|| view! {
            <Empty title="There is no tenant yet" text="Create one for your first customer, or for a product of your own." />
        } />
    }
}
