use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::place::{BASE, Place, Section};
use crate::rights::{self, PLATFORM};
use crate::session::session;
use crate::shell::first_section;
use crate::ui::PageHead;

/// Leads to the first page that there is to see.
#[component]
pub fn Start() -> impl IntoView {
    let session = session();
    let own = session.me.with_untracked(|me| me.as_ref().map(rights::own_tenants)).unwrap_or_default();
    let first = if session.may(PLATFORM, "stats", "read") {
        Some(Place::Platform)
    } else if session.may(PLATFORM, "tenant", "read") {
        Some(Place::Tenants)
    } else {
        own.into_iter().next().map(|tenant| Place::Tenant(tenant, Section::Dashboard))
    };
    match first {
        Some(place) => view! { <Elsewhere place /> }.into_any(),
        None => view! { <NotYours /> }.into_any(),
    }
}

/// Leads to another page, so that "back" does not lead here again.
#[component]
fn Elsewhere(place: Place) -> impl IntoView {
    let navigate = use_navigate();
    let to = move || navigate(&place.href(), NavigateOptions { replace: true, ..NavigateOptions::default() });
    request_animation_frame(to);
}

/// Stands where a page would whose data the server would refuse. Who may not see a tenant's dashboard is led to
/// the first page of the tenant's that they may see.
#[component]
pub fn Refused(tenant: String, section: Section) -> impl IntoView {
    let first = (section == Section::Dashboard).then(|| first_section(&tenant)).flatten();
    match first {
        Some(section) => view! { <Elsewhere place=Place::Tenant(tenant, section) /> }.into_any(),
        None => view! { <NotYours /> }.into_any(),
    }
}

#[component]
fn NotYours() -> impl IntoView {
    let none = session().me.with_untracked(|me| me.as_ref().is_some_and(|me| me.permissions.is_empty()));
    let (title, about) = if none {
        (
            "There is nothing here for you yet",
            "You hold no role. Ask an administrator of your tenant or of the platform to give you one. If you have \
             an account at another tenant, sign in there.",
        )
    } else {
        (
            "This page is not yours to see",
            "Your roles do not include it. Ask an administrator, or sign in at another tenant where they do.",
        )
    };
    view! { <PageHead title about /> <OtherTenant /> }
}

/// Signs in with an account of another tenant.
#[component]
fn OtherTenant() -> impl IntoView {
    view! {
        <form class="inline-form" method="get" action=format!("{BASE}/sign-in")>
            <label for="other-tenant">"Tenant"</label>
            <input id="other-tenant" name="tenant" required=true autocomplete="off" spellcheck="false" placeholder="acme" />
            <button type="submit" class="button primary">"Sign in"</button>
        </form>
    }
}
