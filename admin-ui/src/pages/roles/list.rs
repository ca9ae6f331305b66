use grantor_api::Role;
use leptos::prelude::*;

use super::Domain;
use super::assignments::Assignments;
use crate::permissions;
use crate::place::NEW;
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, PageHead, Tab, Tabs, Tone};

/// Who may do what in a tenant, or in all of the platform.
#[component]
pub fn Roles(tenant: Option<String>) -> impl IntoView {
    let (title, about) = match &tenant {
        Some(_) => (
            "Roles",
            "Who may administer what in this tenant. Roles of the whole platform count here too and are given there.",
        ),
        None => {
            ("Platform roles", "Who may administer the platform: what is held here is held in every tenant.")
        }
    };
    let domain = Domain::new(tenant);
    let session = session();
    let create = domain.role(NEW).href();
    let actions = session
        .may(domain.scope(), "role", "create")
        .then(|| view! { <a class="button" href=create>"Create a role"</a> }.into_any());
    let mut tabs = vec![];
    if session.may(domain.scope(), "role-assignment", "read") {
        let domain = domain.clone();
        tabs.push(Tab::new(
            "holders",
            "Who holds what",
            move || view! { <Assignments domain=domain.clone() /> },
        ));
    }
    tabs.push(Tab::new("roles", "Roles", move || view! { <RoleList domain=domain.clone() /> }));
    view! {
        <PageHead title about actions />
        <Tabs label="Parts of the page" tabs />
    }
}

#[component]
fn RoleList(domain: Domain) -> impl IntoView {
    let path = domain.path("roles");
    let columns = vec![
        Column::new("Role", move |role: &Role| {
            view! { <a class="row-link role-name" href=domain.role(&role.name).href()>{role.name.clone()}</a> }
        }),
        Column::new("Kind", |role: &Role| {
            if role.built_in {
                view! { <Badge text="Built-in" tone=Tone::Plain /> }
            } else {
                view! { <Badge text="Custom" tone=Tone::Good /> }
            }
        }),
        Column::new("What it is for", |role: &Role| role.description.clone()),
        Column::new(
            "Allows",
            |role: &Role| view! { <span class="quiet">{permissions::summary(&role.permissions)}</span> },
        ),
    ];
    view! {
        <Collection<Role> path what="roles" columns search=true empty=|| view! { <Empty title="There is no role" text="Every installation has built-in roles." /> } />
    }
}
