mod created;
mod form;

use grantor_api::Client;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::scopes::Offers;
use crate::address::{parse_query, query};
use crate::client_kind::Kind;
use crate::place::{Place, Section};
use crate::ui::{PageHead, icon};
use created::Created;
use form::Form;

/// Asks what somebody builds, then for what that needs, then shows what came of it. The secret is in the
/// last step alone, which has no address.
#[component]
pub fn NewClient(tenant: String) -> impl IntoView {
    let offers = Offers::of(&tenant);
    let created = RwSignal::new(None::<Client>);
    let location = use_location();
    let kind = Memo::new(move |_| {
        let pairs = parse_query(&location.search.get());
        pairs.iter().find(|(name, _)| name == "kind").and_then(|(_, key)| Kind::from_key(key))
    });
    Effect::new(move |_| {
        let _chosen = kind.get();
        created.set(None);
    });
    move || {
        let tenant = tenant.clone();
        match (created.get(), kind.get()) {
            (Some(client), _) => view! { <Created tenant client offers /> }.into_any(),
            (None, Some(kind)) => view! { <Form tenant kind offers created /> }.into_any(),
            (None, None) => view! { <Choose tenant /> }.into_any(),
        }
    }
}

/// A form's own address.
fn address(tenant: &str, kind: Kind) -> String {
    let page = Place::Tenant(tenant.to_owned(), Section::NewClient).href();
    format!("{page}{}", query(&[("kind".to_owned(), kind.key().to_owned())]))
}

#[component]
fn Choose(tenant: String) -> impl IntoView {
    let within = ("Clients".to_owned(), Place::Tenant(tenant.clone(), Section::Clients).href());
    let card = |kind: Kind| {
        view! {
            <li>
                <a class="choice-card" href=address(&tenant, kind)>
                    {icon(picture(kind))}
                    <span class="choice-card-title">{kind.title()}</span>
                    <span class="quiet">{kind.about()}</span>
                </a>
            </li>
        }
    };
    view! {
        <PageHead title="What are you building?" about="The answer decides how it gets tokens and how it proves who it is. Everything can be changed later."
            within=Some(within) />
        <ul class="choice-cards">{Kind::ALL.into_iter().map(card).collect_view()}</ul>
    }
}

/// A drawing of the kind, as a path.
const fn picture(kind: Kind) -> &'static str {
    match kind {
        Kind::Web => "M3 3h14v5H3zM3 12h14v5H3zM6 5.5h.01M6 14.5h.01",
        Kind::SinglePage => "M2.5 4h15v12h-15zM2.5 7.5h15M5 5.8h.01M7 5.8h.01",
        Kind::Native => "M6 2.5h8v15H6zM9 15h2",
        Kind::Device => "M2.5 4h15v10h-15zM7 17h6",
        Kind::CommandLine => "M2.5 4h15v12h-15zM5.5 8l2.5 2-2.5 2M10 12.5h4",
        Kind::Service => {
            "M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM10 2.5v2.6M10 14.9v2.6M2.5 10h2.6M14.9 10h2.6M4.7 4.7l1.8 1.8M13.5 13.5l1.8 1.8M4.7 15.3l1.8-1.8M13.5 6.5l1.8-1.8"
        }
        Kind::Agent => "M4 7.5h12v9H4zM10 7.5v-4M7.5 11.5v1.5M12.5 11.5v1.5M2 11v3M18 11v3",
    }
}
