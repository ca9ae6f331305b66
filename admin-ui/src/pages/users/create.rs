use grantor_api::User;
use leptos::prelude::*;
use serde_json::json;

use super::password::{PasswordField, readable_tenant};
use super::profile::{AccountFields, ProfilePanel};
use super::users_path;
use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Draft, PageHead, Panel, Secret, Summary, go, notify};

/// Creates a user.
#[component]
pub fn NewUser(tenant: String) -> impl IntoView {
    let draft = Draft::of_new(json!({ "username": "", "email_verified": false, "profile": {} }));
    draft.locked.set(!session().may(&tenant, "user", "create"));
    let created = RwSignal::new(None::<(User, String)>);
    let list = Place::Tenant(tenant.clone(), Section::Users).href();
    view! {
        <PageHead title="Create a user" within=Some(("Users".to_owned(), list)) />
        {move || match created.get() {
            Some((user, password)) => view! { <Created tenant=tenant.clone() user password /> }.into_any(),
            None => view! { <Form tenant=tenant.clone() draft created /> }.into_any(),
        }}
    }
}

#[component]
fn Form(tenant: String, draft: Draft, created: RwSignal<Option<(User, String)>>) -> impl IntoView {
    let (access, go) = (access(), go());
    let readable = readable_tenant(&tenant);
    let generated = RwSignal::new(None::<String>);
    let cancel = Place::Tenant(tenant.clone(), Section::Users).href();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (users_path(&tenant), draft.value());
        let (tenant, go) = (tenant.clone(), go.clone());
        let request = async move { send::<User>(access, "POST", &path, Some(&body)).await };
        draft.submit(request, move |user| match generated.try_get_untracked().flatten() {
            // It has been shown, but nobody may have kept it yet.
            Some(password) => created.set(Some((user, password))),
            None => {
                notify(format!("{} was created", user.username));
                go(&Place::Tenant(tenant, Section::User(user.id)));
            }
        });
    };
    view! {
        <form on:submit=save novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="Account"><AccountFields draft /></Panel>
            <Panel title="Password" about="Without one, the user cannot sign in with a password until one is set.">
                <div class="form"><PasswordField draft tenant=readable generated /></div>
            </Panel>
            <ProfilePanel draft />
            <div class="actions">
                <a class="button" href=cancel>"Cancel"</a>
                <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.locked.get()>
                    {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the user" }}
                </button>
            </div>
        </form>
    }
}

/// What has to be handed over, once.
#[component]
fn Created(tenant: String, user: User, password: String) -> impl IntoView {
    let href = Place::Tenant(tenant, Section::User(user.id)).href();
    view! {
        <Panel title=format!("{} can sign in now", user.username) about="Hand the password over on a way that nobody else reads.">
            <div class="form">
                <Secret label="Generated password" secret=password />
                <div><a class="button primary" href=href>"To the user"</a></div>
            </div>
        </Panel>
    }
}
