use leptos::prelude::*;

use crate::place::{BASE, Place, Section};
use crate::rights::{self, PLATFORM};
use crate::session::session;
use crate::ui::{Empty, go};

/// Leads to the first page that there is to see.
#[component]
pub fn Start() -> impl IntoView {
    let session = session();
    let go = go();
    let own = session.me.with_untracked(|me| me.as_ref().map(rights::own_tenants)).unwrap_or_default();
    let first = if session.may(PLATFORM, "stats", "read") {
        Some(Place::Platform)
    } else if session.may(PLATFORM, "tenant", "read") {
        Some(Place::Tenants)
    } else {
        own.into_iter().next().map(|tenant| Place::Tenant(tenant, Section::Dashboard))
    };
    Effect::new(move |_| {
        if let Some(place) = &first {
            go(place);
        }
    });
    let none = session.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.permissions.is_empty()));
    none.then(|| view! { <NotYours /> })
}

/// Stands where a page would whose data the server would refuse.
#[component]
pub fn NotYours() -> impl IntoView {
    let none = session().me.with_untracked(|me| me.as_ref().is_some_and(|me| me.permissions.is_empty()));
    let (title, text) = if none {
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
    view! { <Empty title text action=Some(view! { <OtherTenant /> }.into_any()) /> }
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
