//! What a tenant's administrators choose: one form in groups, each with an address of its own.

mod danger;
mod export;
mod general;
mod lifetimes;
mod limits;
mod people;
mod security;
mod sign_in;

use grantor_api::Job;
use leptos::prelude::*;

use crate::answer::Refusal;
use crate::rights::PLATFORM;
use crate::session::session;
use crate::ui::{Draft, Index, PageHead, SaveBar, Summary, document, save_patch, show};

/// The groups: where they are on the page, and what they are called.
const GROUPS: [(&str, &str); 9] = [
    ("general", "General"),
    ("security", "Profile and security"),
    ("lifetimes", "Lifetimes"),
    ("sign-in", "Sign-in"),
    ("devices", "Devices"),
    ("sign-out", "Sign-out"),
    ("audit", "Audit trail"),
    ("limits", "Limits"),
    ("danger", "Danger zone"),
];

/// All settings of a tenant that have no page of their own.
#[component]
pub fn Settings(tenant: String) -> impl IntoView {
    let session = session();
    let path = format!("tenants/{}", crate::address::encode(&tenant));
    let loaded = {
        let path = path.clone();
        document(move || path.clone())
    };
    let may_change = session.may(&tenant, "tenant", "update");
    let deletion = Deletion { job: RwSignal::new(None), refusal: RwSignal::new(None) };
    let about = if may_change { "" } else { "You may look at these settings, not change them." };
    let slug = tenant.clone();
    view! {
        <PageHead title="Settings" about=about />
        {move || if deletion.job.with(Option::is_some) {
            view! { <danger::Deleting tenant=slug.clone() deletion /> }.into_any()
        } else {
            let (path, tenant) = (path.clone(), tenant.clone());
            show(loaded, move |loaded| {
                let draft = Draft::new(loaded);
                draft.locked.set(!may_change);
                view! { <Groups tenant=tenant.clone() path=path.clone() draft deletion /> }
            }).into_any()
        }}
    }
}

/// The job that deletes the tenant, from the moment that it was asked for.
#[derive(Clone, Copy)]
pub struct Deletion {
    pub job: RwSignal<Option<Job>>,
    pub refusal: RwSignal<Option<Refusal>>,
}

#[component]
fn Groups(tenant: String, path: String, draft: Draft, deletion: Deletion) -> impl IntoView {
    let session = session();
    let is_dangerous =
        ["suspend", "export", "delete"].iter().any(|action| session.may(&tenant, "tenant", action));
    let groups = GROUPS.into_iter().filter(|(id, _)| is_dangerous || *id != "danger").collect();
    let save = {
        let path = path.clone();
        move |()| save_patch(draft, path.clone(), |_| ())
    };
    view! {
        <div class="indexed">
            <Index groups />
            <div class="indexed-body">
                <Summary draft />
                <general::General draft />
                <security::Security draft />
                <lifetimes::Lifetimes draft />
                <sign_in::SignIn draft />
                <people::Devices draft />
                <people::SignOut draft />
                <people::Audit draft />
                <limits::Limits draft path=path.clone() may_change=session.may(PLATFORM, "tenant", "create") />
                {is_dangerous.then(|| view! { <danger::Danger tenant path draft deletion /> })}
                <SaveBar draft save />
            </div>
        </div>
    }
}
