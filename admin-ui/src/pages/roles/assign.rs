//! Giving a role.

use grantor_api::{Page, Role, RoleAssignment, User};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::{Domain, SYSTEM};
use crate::admin_api::send;
use crate::pages::users::UserPicker;
use crate::permissions;
use crate::session::{access, session};
use crate::ui::{ChoiceField, Dialog, Draft, Remote, Summary, TextField, notify, remote};

/// A user who is to have a role.
#[derive(Clone)]
pub struct Subject {
    pub tenant: String,
    pub id: String,
    pub name: String,
}

/// Gives a role to the subject, or to whoever is chosen in the dialog.
#[component]
pub fn AssignDialog(
    open: RwSignal<bool>,
    domain: Domain,
    subject: Option<Subject>,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let title = match &subject {
        Some(subject) => format!("Give {} a role in {}", subject.name, domain.name()),
        None => format!("Give a role in {}", domain.name()),
    };
    let held = StoredValue::new((domain, subject));
    view! {
        <Dialog open title=Signal::stored(title)>
            {
                let (domain, subject) = held.get_value();
                view! { <AssignForm open domain subject changed /> }
            }
        </Dialog>
    }
}

#[component]
fn AssignForm(
    open: RwSignal<bool>,
    domain: Domain,
    subject: Option<Subject>,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let (access, path) = (access(), domain.path("role-assignments"));
    let home = subject.as_ref().map_or_else(|| domain.home().to_owned(), |subject| subject.tenant.clone());
    let id = subject.as_ref().map(|subject| subject.id.clone());
    let draft = Draft::of_new(json!({ "subject_type": "user", "subject": id, "subject_tenant": home }));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (path.clone(), draft.value());
        let request = async move { send::<RoleAssignment>(access, "POST", &path, Some(&body)).await };
        draft.submit(request, move |given| {
            notify(format!("The role {} is given", given.role));
            let _gone = changed.try_update(|changed| *changed += 1);
            open.set(false);
        });
    };
    let choose = subject.is_none().then(|| view! { <SubjectFields draft domain=domain.clone() /> });
    view! {
        <form class="stack" on:submit=save novalidate>
            <Summary draft />
            <RoleField draft domain />
            {choose}
            <div class="actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || draft.saving.get()>"Give the role"</button>
            </div>
        </form>
    }
}

/// The roles that the administrator may give; which there are beside is said, with the reason.
#[component]
fn RoleField(draft: Draft, domain: Domain) -> impl IntoView {
    let session = session();
    if !session.may(domain.scope(), "role", "read") {
        return view! { <TextField draft at="/role" label="Role" required=true help="Its name, such as auditor." /> }.into_any();
    }
    let path = format!("{}?limit=200", domain.path("roles"));
    let roles: Remote<Page<Role>> = remote(move || path.clone());
    let scope = domain.scope().to_owned();
    // Those that may be given, and the others.
    let parted = Memo::new(move |_| {
        let all = roles.ready().map(|page| page.items).unwrap_or_default();
        let me = session.me.get();
        all.into_iter().partition::<Vec<_>, _>(|role| {
            me.as_ref().is_some_and(|me| permissions::may_give(me, &scope, role))
        })
    });
    let choices = Signal::derive(move || {
        let given = parted.with(|(may, _)| {
            may.iter().map(|role| (role.name.clone(), role.name.clone())).collect::<Vec<_>>()
        });
        [(String::new(), "Choose\u{2026}".to_owned())].into_iter().chain(given).collect()
    });
    let about = move || {
        let chosen = draft.text("/role");
        parted
            .with(|(may, _)| may.iter().find(|role| role.name == chosen).map(|role| role.description.clone()))
    };
    let others = move || {
        parted.with(|(_, others)| others.iter().map(|role| role.name.clone()).collect::<Vec<_>>().join(", "))
    };
    view! {
        <div>
            <ChoiceField draft at="/role" label="Role" choices />
            <p class="hint" aria-live="polite">{about}</p>
            {move || Some(others()).filter(|others| !others.is_empty()).map(|others| view! {
                <p class="hint">"Not offered, because they allow more than you may yourself: " {others}</p>
            })}
        </div>
    }
    .into_any()
}

#[component]
fn SubjectFields(draft: Draft, domain: Domain) -> impl IntoView {
    let session = session();
    let home = domain.home().to_owned();
    // A tenant's own administrators know nothing of who there is in the system tenant.
    let from_system =
        home != SYSTEM && session.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.tenant == SYSTEM));
    let kinds = Signal::stored(
        [("user", "A user"), ("client", "A client, for itself")]
            .map(|(value, name)| (value.to_owned(), name.to_owned()))
            .to_vec(),
    );
    let homes = Signal::stored(vec![
        (home.clone(), format!("The tenant {home}")),
        (SYSTEM.to_owned(), "The platform\u{2019}s own tenant, system".to_owned()),
    ]);
    let tenant = Memo::new(move |_| draft.text("/subject_tenant"));
    let is_user = Memo::new(move |_| draft.text("/subject_type") == "user");
    // An identifier of the one kind is none of the other.
    Effect::new(move |before: Option<(bool, String)>| {
        let now = (is_user.get(), tenant.get());
        if before.is_some_and(|before| before != now) {
            draft.set("/subject", Value::Null);
        }
        now
    });
    view! {
        <ChoiceField draft at="/subject_type" label="To whom" choices=kinds />
        {from_system.then(|| view! { <ChoiceField draft at="/subject_tenant" label="Whose account it is" choices=homes /> })}
        {move || {
            let tenant = tenant.get();
            match (is_user.get(), session.may(&tenant, "user", "read")) {
                (true, true) => view! { <UserField draft tenant /> }.into_any(),
                (true, false) => view! { <TextField draft at="/subject" label="Identifier of the user" required=true help="The UUID that is the sub of their tokens." /> }.into_any(),
                (false, _) => view! { <TextField draft at="/subject" label="client_id" required=true help="Of a client with the grant type client_credentials." /> }.into_any(),
            }
        }}
    }
}

#[component]
fn UserField(draft: Draft, tenant: String) -> impl IntoView {
    let chosen = RwSignal::new(None::<User>);
    draft.has_field("/subject");
    Effect::new(move |_| {
        let id = chosen.with(|user| user.as_ref().map(|user| user.id.clone()));
        draft.set("/subject", json!(id));
    });
    view! {
        <div class="field">
            <label for="assign-user">"User"</label>
            <UserPicker tenant chosen label="Begin of a name or an email address" id="assign-user" />
            <p class="wrong" aria-live="polite">{move || draft.error("/subject")}</p>
        </div>
    }
}
