use grantor_api::User as Person;
use leptos::prelude::*;

use super::actions::UserActions;
use super::factors::SignInFactors;
use super::list::{email, status};
use super::profile::{AccountFields, ProfilePanel};
use super::user_path;
use crate::pages::roles::{Domain, UserRoles};
use crate::pages::{grants::GrantList, sessions::SessionList};
use crate::place::{Place, Section};
use crate::session::session;
use crate::ui::{
    CopyButton, Document, Draft, Fact, PageHead, Panel, Remote, SaveBar, Summary, Tab, Tabs, Time, document,
    save_patch, set_title, show,
};

/// One user.
#[component]
pub fn User(tenant: String, user: String) -> impl IntoView {
    let path = user_path(&tenant, &user);
    let remote = document(move || path.clone());
    // The page is made once; what changes is told to its parts.
    let first = Memo::new(move |_| remote.state.with(|state| matches!(state, crate::ui::Loaded::Ready(_))));
    move || {
        let _first = first.get();
        match remote.state.get_untracked() {
            crate::ui::Loaded::Ready(loaded) => {
                view! { <Loaded tenant=tenant.clone() remote loaded /> }.into_any()
            }
            _ => show(remote, |_| ()).into_any(),
        }
    }
}

#[component]
fn Loaded(tenant: String, remote: Remote<Document>, loaded: Document) -> impl IntoView {
    let draft = Draft::new(loaded.clone());
    draft.spans_parts();
    draft.locked.set(!session().may(&tenant, "user", "update"));
    let person = Memo::new(move |_| remote.ready().and_then(|document| document.read::<Person>()));
    // What came of an action goes under what is being edited.
    Effect::new(move |first: Option<()>| {
        let document = remote.ready();
        if let (Some(()), Some(document)) = (first, document) {
            draft.rebase(document);
        }
    });
    let changed = Callback::new(move |()| remote.reload());
    let tabs = tabs(&tenant, &loaded, draft, (remote, person));
    let list = Place::Tenant(tenant.clone(), Section::Users).href();
    let place = tenant.clone();
    view! {
        {move || person.get().map(|user| {
            set_title(&user.username, Some(&place));
            view! { <Head tenant=tenant.clone() user list=list.clone() changed /> }
        })}
        <Tabs label="Parts of the user" tabs />
    }
}

#[component]
fn Head(tenant: String, user: Person, list: String, changed: Callback<()>) -> impl IntoView {
    let title = user.profile.name.clone().unwrap_or_else(|| user.username.clone());
    let actions = view! { <UserActions tenant user=user.clone() changed /> }.into_any();
    let subject = Signal::stored(user.id.clone());
    view! {
        <PageHead title within=Some(("Users".to_owned(), list)) actions=Some(actions) />
        <div class="user-line">
            {status(user.status)}
            <span><code>{user.username.clone()}</code></span>
            {email(&user)}
            <span class="quiet">"Created " <Time at=user.created_at.clone() /></span>
            <span class="quiet user-subject">"sub " <code>{user.id.clone()}</code> <CopyButton text=subject what="the identifier" /></span>
        </div>
    }
}

fn tabs(
    tenant: &str,
    loaded: &Document,
    draft: Draft,
    (remote, person): (Remote<Document>, Memo<Option<Person>>),
) -> Vec<Tab> {
    let session = session();
    let (id, username) = loaded.read::<Person>().map(|user| (user.id, user.username)).unwrap_or_default();
    let profile = {
        let (tenant, id) = (tenant.to_owned(), id.clone());
        move || view! { <Profile path=user_path(&tenant, &id) draft remote /> }
    };
    let of_user = (tenant.to_owned(), id.clone());
    let factors = {
        let (tenant, id) = of_user.clone();
        move || view! { <SignInFactors tenant=tenant.clone() user=person id=id.clone() /> }
    };
    let mut tabs = vec![Tab::new("profile", "Profile", profile), Tab::new("sign-in", "Sign-in", factors)];
    if session.may(tenant, "session", "read") {
        let (tenant, id) = of_user.clone();
        tabs.push(Tab::new("sessions", "Sessions", move || {
            view! { <SessionList tenant=tenant.clone() user=Some(id.clone()) /> }
        }));
    }
    if session.may(tenant, "grant", "read") {
        let (tenant, id) = of_user.clone();
        tabs.push(Tab::new("grants", "Grants", move || {
            view! { <GrantList tenant=tenant.clone() user=Some(id.clone()) /> }
        }));
    }
    let domains: Vec<_> = Domain::of_users(tenant)
        .into_iter()
        .filter(|domain| session.may(domain.scope(), "role-assignment", "read"))
        .collect();
    if !domains.is_empty() {
        let (tenant, id) = of_user;
        tabs.push(Tab::new("roles", "Roles", move || {
            view! { <UserRoles domains=domains.clone() tenant=tenant.clone() user=id.clone() username=username.clone() /> }
        }));
    }
    tabs
}

#[component]
fn Profile(path: String, draft: Draft, remote: Remote<Document>) -> impl IntoView {
    let save = Callback::new(move |()| save_patch(draft, path.clone(), move |saved| remote.put(saved)));
    let has_password = move || draft.get("/has_password").as_bool().unwrap_or_default();
    view! {
        <form on:submit=move |event| { event.prevent_default(); save.run(()); } novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="Account">
                <AccountFields draft />
                <dl class="facts user-facts">
                    <Fact name="Password">{move || if has_password() { "Set" } else { "None: the user cannot sign in with a password" }}</Fact>
                    <Fact name="Last changed">{move || view! { <Time at=draft.text("/updated_at") /> }}</Fact>
                </dl>
            </Panel>
            <ProfilePanel draft />
            <SaveBar draft save />
        </form>
    }
}
