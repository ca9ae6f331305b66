//! The way to every page that the administrator may see.

use leptos::prelude::*;

use crate::place::{Place, Section};
use crate::rights::PLATFORM;
use crate::session::session;
use crate::ui::icon;

/// The views of a tenant in groups, as the navigation and the palette have them.
pub const GROUPS: [(&str, &[Section]); 4] = [
    ("", &[Section::Dashboard]),
    (
        "People and applications",
        &[Section::Clients, Section::Users, Section::Devices, Section::Sessions, Section::Grants],
    ),
    ("Security", &[Section::Keys, Section::Resources, Section::Registration, Section::Roles, Section::Audit]),
    (
        "Tenant",
        &[
            Section::Settings,
            Section::Branding,
            Section::Domains,
            Section::IdentityProviders,
            Section::Webhooks,
        ],
    ),
];

/// The views of the platform: name, place, what it takes to see them.
pub const PLATFORM_PLACES: [(&str, Place, &str); 5] = [
    ("Platform", Place::Platform, "stats"),
    ("Tenants", Place::Tenants, "tenant"),
    ("Jobs", Place::Jobs, "tenant"),
    ("Platform roles", Place::PlatformRoles, "role"),
    ("Platform audit", Place::PlatformAudit, "audit-event"),
];

/// The first view of a tenant's that the administrator may see.
#[must_use]
pub fn first_section(tenant: &str) -> Option<Section> {
    let session = session();
    let mut sections = GROUPS.iter().flat_map(|(_, sections)| *sections);
    sections.find(|section| session.may(tenant, section.noun(), "read")).cloned()
}

fn drawing(section: &Section) -> &'static str {
    match section {
        Section::Clients => "M3 4h14v10H3zM7 17h6M10 14v3",
        Section::Users => {
            "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17c.8-3 3.300-4.500 6.500-4.500s5.700 1.500 6.500 4.500"
        }
        Section::Devices => "M6 2.500h8v15H6zM9.300 15h1.400",
        Section::Sessions => "M10 3v7h5M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15z",
        Section::Grants => "M4 10.500 8 14.500 16 5.500",
        Section::Keys => {
            "M12.500 11a4 4 0 1 0-3.700-2.500L3 14.300V17h3v-2h2v-2h1.500l1-1.300c.600.200 1.300.300 2 .300z"
        }
        Section::Resources => "M10 2.500 17 6v8l-7 3.500L3 14V6zM3 6l7 3.500L17 6M10 9.500v8",
        Section::Registration => "M10 4v12M4 10h12",
        Section::Roles => {
            "M10 2.500 16.500 5v5c0 4-2.800 6.500-6.500 7.500C6.300 16.500 3.500 14 3.500 10V5z"
        }
        Section::Audit => "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2",
        Section::Settings => {
            "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z"
        }
        Section::Branding => "M4 16c3 0 2-3 4-4s3 1 2 3-4 2.500-6 1zM9.500 11.500 16 3.500l1 1-7 7.500",
        Section::Domains => {
            "M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM2.500 10h15M10 2.500c4 4.500 4 10.500 0 15-4-4.500-4-10.500 0-15z"
        }
        Section::IdentityProviders => "M8 3H3v14h5M7 10h10M13.500 6.500 17 10l-3.500 3.500",
        Section::Webhooks => "M4 14a3 3 0 0 0 6 0V6a3 3 0 0 1 6 0M14 12l2 2-2 2",
        _ => "M3 17V9M8 17V4M13 17v-6M18 17V7",
    }
}

#[component]
pub fn Navigation(place: Memo<Place>, tenant: Memo<Option<String>>, menu: RwSignal<bool>) -> impl IntoView {
    let session = session();
    view! {
        <nav class="navigation" class:navigation-open=move || menu.get() aria-label="Console">
            {move || tenant.get().map(|slug| {
                GROUPS.into_iter().map(|(title, sections)| {
                    let links: Vec<_> = sections
                        .iter()
                        .filter(|section| session.may(&slug, section.noun(), "read"))
                        .map(|section| {
                            let target = Place::Tenant(slug.clone(), section.clone());
                            let (wanted, list) = (target.clone(), section.clone());
                            let here = move || matches!(place.get(), Place::Tenant(_, section) if section.list() == list).then_some("page");
                            view! { <li><a href=wanted.href() aria-current=here>{icon(drawing(section))}{section.title()}</a></li> }
                        })
                        .collect();
                    (!links.is_empty()).then(|| view! {
                        <div class="navigation-group">
                            {(!title.is_empty()).then(|| view! { <h2>{title}</h2> })}
                            <ul>{links}</ul>
                        </div>
                    })
                }).collect_view()
            })}
            {move || {
                let links: Vec<_> = PLATFORM_PLACES
                    .into_iter()
                    .filter(|(_, _, noun)| session.may(PLATFORM, noun, "read"))
                    .map(|(name, target, _)| {
                        let wanted = target.clone();
                        let here = move || (place.get() == wanted).then_some("page");
                        view! { <li><a href=target.href() aria-current=here>{name}</a></li> }
                    })
                    .collect();
                (!links.is_empty()).then(|| view! {
                    <div class="navigation-group navigation-platform"><h2>"Whole platform"</h2><ul>{links}</ul></div>
                })
            }}
        </nav>
    }
}
