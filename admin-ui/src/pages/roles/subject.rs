//! Who has a role, by name where the name may be read.

use grantor_api::{Client, RoleAssignment, SubjectType, User};
use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::address::encode;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Loaded, remote};

/// The subject's name, which leads to the subject; the identifier alone where nothing else is known.
pub fn subject_view(held: &RoleAssignment) -> AnyView {
    let (tenant, id) = (held.subject_tenant.clone(), held.subject.clone());
    let (noun, section) = match held.subject_type {
        SubjectType::User => ("user", Section::User(id.clone())),
        SubjectType::Client => ("client", Section::Client(id.clone())),
    };
    if !session().may(&tenant, noun, "read") {
        return view! { <code>{id}</code> }.into_any();
    }
    let href = Place::Tenant(tenant.clone(), section).href();
    match held.subject_type {
        SubjectType::User => {
            let path = format!("tenants/{}/users/{}", encode(&tenant), encode(&id));
            named::<User>(path, id, href, |user| (user.username.clone(), user.profile.name.clone()))
        }
        SubjectType::Client => {
            let path = format!("tenants/{}/clients/{}", encode(&tenant), encode(&id));
            named::<Client>(path, id, href, |client| {
                let name = Some(client.client_name.clone()).filter(|name| !name.is_empty());
                (client.client_id.clone(), name)
            })
        }
    }
}

fn named<T>(path: String, id: String, href: String, names: fn(&T) -> (String, Option<String>)) -> AnyView
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let known = remote::<T>(move || path.clone());
    view! {
        <span>
            {move || known.state.with(|state| match state {
                Loaded::Ready(subject) => {
                    let (name, about) = names(subject);
                    view! { <a class="row-link" href=href.clone()>{name}</a> " " <span class="quiet">{about}</span> }.into_any()
                }
                // Somebody who is gone has no name any longer.
                Loaded::Failed(_) => view! { <code>{id.clone()}</code> }.into_any(),
                Loaded::Loading => view! { <span class="quiet">"\u{2026}"</span> }.into_any(),
            })}
        </span>
    }
    .into_any()
}
