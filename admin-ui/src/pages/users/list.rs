use grantor_api::{User, UserStatus};
use leptos::prelude::*;

use super::users_path;
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, Filter, PageHead, Time, Tone};

/// The tenant's users.
#[component]
pub fn Users(tenant: String) -> impl IntoView {
    let may_create = session().may(&tenant, "user", "create");
    let create = Place::Tenant(tenant.clone(), Section::NewUser).href();
    let actions = may_create.then(|| {
        let create = create.clone();
        view! { <a class="button primary" href=create>"Create a user"</a> }.into_any()
    });
    let filters = vec![Filter {
        name: "status",
        label: "Status",
        choices: vec![("active", "Active"), ("locked", "Locked")],
    }];
    let empty = move || {
        let create = create.clone();
        let action = may_create
            .then(|| view! { <a class="button primary" href=create>"Create a user"</a> }.into_any());
        view! {
            <Empty title="Nobody can sign in here yet" text="Create the first user, or send users with PUT from the directory that you have." action />
        }
    };
    view! {
        <PageHead title="Users" about="People who sign in at this tenant. The search finds beginnings of usernames, email addresses and names." actions />
        <Collection<User> path=users_path(&tenant) what="users" columns=columns(&tenant) filters search=true empty />
    }
}

fn columns(tenant: &str) -> Vec<Column<User>> {
    let tenant = tenant.to_owned();
    vec![
        Column::new("Username", move |user: &User| {
            let href = Place::Tenant(tenant.clone(), Section::User(user.id.clone())).href();
            view! { <a class="row-link" href=href>{user.username.clone()}</a> }
        })
        .sorted_by("username"),
        Column::new("Name", |user: &User| user.profile.name.clone()),
        Column::new("Email", |user: &User| email(user)),
        Column::new("Status", |user: &User| status(user.status)),
        Column::new("Created", |user: &User| view! { <Time at=user.created_at.clone() /> })
            .sorted_by("created_at"),
    ]
}

/// Whether the user can sign in.
pub fn status(status: UserStatus) -> impl IntoView {
    match status {
        UserStatus::Active => view! { <Badge text="Active" tone=Tone::Good /> },
        UserStatus::Locked => view! { <Badge text="Locked" tone=Tone::Bad /> },
    }
}

/// The address, with a mark where it is known to be theirs.
pub fn email(user: &User) -> impl IntoView + use<> {
    let verified = user.email_verified;
    user.email.clone().map(|email| view! {
        <span>
            {email}
            {verified.then(|| view! { <span class="verified" title="Verified">" \u{2713}"<span class="hidden">" verified"</span></span> })}
        </span>
    })
}
