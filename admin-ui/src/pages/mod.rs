//! The pages, a file each; a folder where a page has parts.

mod audit;
mod branding;
mod clients;
mod dashboard;
mod devices;
mod domains;
mod grants;
mod identity_providers;
mod keys;
mod registration;
mod resources;
mod roles;
mod sessions;
mod settings;
mod start;
mod tenants;
mod users;
mod webhooks;
mod welcome;

use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{PageHead, set_title};

/// The page of a place.
pub fn view(place: Place) -> AnyView {
    match place {
        Place::Tenant(tenant, section) => {
            set_title(section.title(), Some(&tenant));
            if session().may(&tenant, section.noun(), "read") {
                within(tenant, section)
            } else {
                view! { <start::Refused tenant section /> }.into_any()
            }
        }
        place => {
            set_title(title(&place), None);
            platform(place)
        }
    }
}

fn title(place: &Place) -> &'static str {
    match place {
        Place::Welcome => "First steps",
        Place::Platform => "Platform",
        Place::Tenants => "Tenants",
        Place::NewTenant => "Create a tenant",
        Place::ImportTenant => "Import a tenant",
        Place::Jobs => "Jobs",
        Place::PlatformRoles | Place::PlatformRole(_) => "Platform roles",
        Place::PlatformAudit => "Platform audit",
        _ => "Console",
    }
}

fn platform(place: Place) -> AnyView {
    match place {
        Place::Welcome => view! { <welcome::Welcome /> }.into_any(),
        Place::Platform => view! { <dashboard::Dashboard tenant=None /> }.into_any(),
        Place::Tenants => view! { <tenants::Tenants /> }.into_any(),
        Place::NewTenant => view! { <tenants::NewTenant /> }.into_any(),
        Place::ImportTenant => view! { <tenants::ImportTenant /> }.into_any(),
        Place::Jobs => view! { <tenants::Jobs /> }.into_any(),
        Place::PlatformRoles => view! { <roles::Roles tenant=None /> }.into_any(),
        Place::PlatformRole(name) => view! { <roles::Role tenant=None name /> }.into_any(),
        Place::PlatformAudit => view! { <audit::Audit tenant=None /> }.into_any(),
        Place::NotFound => view! { <NotFound /> }.into_any(),
        _ => view! { <start::Start /> }.into_any(),
    }
}

fn within(tenant: String, section: Section) -> AnyView {
    match section {
        Section::Dashboard => view! { <dashboard::Dashboard tenant=Some(tenant) /> }.into_any(),
        Section::Clients => view! { <clients::Clients tenant /> }.into_any(),
        Section::NewClient => view! { <clients::NewClient tenant /> }.into_any(),
        Section::Client(client_id) => view! { <clients::Client tenant client_id /> }.into_any(),
        Section::Users => view! { <users::Users tenant /> }.into_any(),
        Section::NewUser => view! { <users::NewUser tenant /> }.into_any(),
        Section::User(user) => view! { <users::User tenant user /> }.into_any(),
        Section::Devices => view! { <devices::Devices tenant /> }.into_any(),
        Section::Sessions => view! { <sessions::Sessions tenant /> }.into_any(),
        Section::Grants => view! { <grants::Grants tenant /> }.into_any(),
        Section::Keys => view! { <keys::Keys tenant /> }.into_any(),
        Section::Resources => view! { <resources::Resources tenant /> }.into_any(),
        Section::NewResource => view! { <resources::NewResource tenant /> }.into_any(),
        Section::Resource(identifier) => view! { <resources::Resource tenant identifier /> }.into_any(),
        Section::Registration => view! { <registration::Registration tenant /> }.into_any(),
        Section::Roles => view! { <roles::Roles tenant=Some(tenant) /> }.into_any(),
        Section::Role(name) => view! { <roles::Role tenant=Some(tenant) name /> }.into_any(),
        Section::Audit => view! { <audit::Audit tenant=Some(tenant) /> }.into_any(),
        Section::Settings => view! { <settings::Settings tenant /> }.into_any(),
        Section::Branding => view! { <branding::Branding tenant /> }.into_any(),
        Section::Domains => view! { <domains::Domains tenant /> }.into_any(),
        Section::IdentityProviders => view! { <identity_providers::IdentityProviders tenant /> }.into_any(),
        Section::NewIdentityProvider => {
            view! { <identity_providers::NewIdentityProvider tenant /> }.into_any()
        }
        Section::IdentityProvider(name) => {
            view! { <identity_providers::IdentityProvider tenant name /> }.into_any()
        }
        Section::Webhooks => view! { <webhooks::Webhooks tenant /> }.into_any(),
        Section::Webhook(webhook) => view! { <webhooks::Webhook tenant webhook /> }.into_any(),
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <PageHead title="There is no such page" about="The address may be mistyped, or from another version of the console."
            actions=Some(view! { <a class="button" href=Place::Start.href()>"To the beginning"</a> }.into_any()) />
    }
}
