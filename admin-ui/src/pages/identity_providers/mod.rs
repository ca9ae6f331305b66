//! Other OpenID Connect providers that people sign in through.

mod deeds;
mod fields;
mod list;
mod new;
mod one;

pub use list::IdentityProviders;
pub use new::NewIdentityProvider;
pub use one::IdentityProvider;

use leptos::prelude::*;

use crate::address::encode;
use crate::ui::CopyButton;

/// Where the list is in the admin API.
fn list_path(tenant: &str) -> String {
    format!("tenants/{}/identity-providers", encode(tenant))
}

fn path(tenant: &str, name: &str) -> String {
    format!("{}/{}", list_path(tenant), encode(name))
}

/// An address to be taken to the provider.
#[component]
fn Copied(#[prop(into)] text: Signal<String>, what: &'static str) -> impl IntoView {
    view! { <span class="with-copy"><code class="identifier">{text}</code><CopyButton text what /></span> }
}
