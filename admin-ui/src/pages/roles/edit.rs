//! One role: what it allows.

use grantor_api::Role as Allowed;
use leptos::prelude::*;
use serde_json::json;

use super::Domain;
use super::matrix::Matrix;
use crate::address::encode;
use crate::admin_api::send;
use crate::permissions::{in_order, may_give};
use crate::place::NEW;
use crate::session::{access, session};
use crate::ui::{
    Badge, Document, Draft, PageHead, Panel, Question, SaveBar, Summary, TextField, Time, Tone, ask,
    document, go, notify, params, remote, save_patch, set_title, show,
};

/// A role of a tenant or of the platform; a new one by the name that stands for it.
#[component]
pub fn Role(tenant: Option<String>, name: String) -> impl IntoView {
    let domain = Domain::new(tenant);
    if name == NEW {
        return view! { <NewRole domain /> }.into_any();
    }
    set_title(&name, Some(domain.scope()).filter(|scope| *scope != crate::rights::PLATFORM));
    let path = format!("{}/{}", domain.path("roles"), encode(&name));
    let remote = document(move || path.clone());
    show(remote, move |loaded| match loaded.read::<Allowed>() {
        Some(role) => view! { <Existing domain=domain.clone() loaded role /> }.into_any(),
        None => ().into_any(),
    })
    .into_any()
}

/// The permissions in the table's order, so that ticking and unticking changes nothing.
fn ordered(mut document: Document, role: &Allowed) -> Document {
    if let Some(permissions) = document.value.get_mut("permissions") {
        *permissions = json!(in_order(role.permissions.clone()));
    }
    document
}

#[component]
fn Existing(domain: Domain, loaded: Document, role: Allowed) -> impl IntoView {
    let session = session();
    let may_change = session.may(domain.scope(), "role", "update");
    let holds = session.me.with(|me| me.as_ref().is_some_and(|me| may_give(me, domain.scope(), &role)));
    let draft = Draft::new(ordered(loaded, &role));
    draft.locked.set(role.built_in || !may_change || !holds);
    let why = if role.built_in {
        Some("Every installation has this role as it is. Copy it to make one of your own of it.")
    } else if !may_change {
        Some("You may look at it, and not change it.")
    } else if !holds {
        Some("It allows more than you may yourself, so you cannot change it.")
    } else {
        None
    };
    let path = format!("{}/{}", domain.path("roles"), encode(&role.name));
    let save = Callback::new(move |()| save_patch(draft, path.clone(), |_| ()));
    let list = domain.roles().href();
    let actions = view! { <RoleActions domain=domain.clone() role=role.clone() holds /> }.into_any();
    let kind = if role.built_in { "Built-in" } else { "Custom" };
    let description = role.description.clone();
    view! {
        <PageHead title=role.name.clone() within=Some(("Roles".to_owned(), format!("{list}?tab=roles"))) actions=Some(actions) />
        <div class="user-line">
            <Badge text=kind tone=if role.built_in { Tone::Plain } else { Tone::Good } />
            {role.built_in.then(|| view! { <span>{description}</span> })}
            {(!role.built_in).then(|| view! { <span class="quiet">"Last changed " {move || view! { <Time at=draft.text("/updated_at") /> }}</span> })}
        </div>
        <form on:submit=move |event| { event.prevent_default(); save.run(()); } novalidate>
            <div class="stack-close"><Summary draft /></div>
            {(!role.built_in).then(|| view! {
                <Panel title="About"><div class="form"><TextField draft at="/description" label="What it is for" lines=2 /></div></Panel>
            })}
            <Panel title="What it allows" about=why.unwrap_or("Whoever has the role may do it as soon as it is saved. Only what you hold yourself can be given.")>
                <Matrix draft domain />
            </Panel>
            <SaveBar draft save />
        </form>
    }
}

#[component]
fn RoleActions(domain: Domain, role: Allowed, holds: bool) -> impl IntoView {
    let session = session();
    let scope = domain.scope();
    let holders = format!("{}?tab=holders&role={}", domain.roles().href(), encode(&role.name));
    let copy = format!("{}?from={}", domain.role(NEW).href(), encode(&role.name));
    let may_delete = !role.built_in && holds && session.may(scope, "role", "delete");
    let delete = ask_to_delete(&domain, &role.name);
    view! {
        {session.may(scope, "role-assignment", "read").then(|| view! { <a class="button" href=holders>"Who has it"</a> })}
        {session.may(scope, "role", "create").then(|| view! { <a class="button" href=copy>"Copy as a new role"</a> })}
        {may_delete.then(|| view! { <button type="button" class="button danger" on:click=move |_| delete()>"Delete"</button> })}
    }
}

fn ask_to_delete(domain: &Domain, name: &str) -> impl Fn() + use<> {
    let go = go();
    let (path, list, name) =
        (format!("{}/{}", domain.path("roles"), encode(name)), domain.roles(), name.to_owned());
    move || {
        let (path, list, go) = (path.clone(), list.clone(), go.clone());
        let text = "Only a role that nobody has can be deleted: take it away from whoever has it first. It cannot be undone.";
        let (title, said) = (format!("Delete the role {name}?"), format!("The role {name} is deleted"));
        let gone = move || go(&list);
        ask(Question::deletion(title, text, "Delete the role", (path, said), gone).typed(name.clone()));
    }
}

/// A new role, empty or with what another allows.
#[component]
fn NewRole(domain: Domain) -> impl IntoView {
    let params = params();
    let from = Memo::new(move |_| Some(params.get("from")).filter(|from| !from.is_empty()));
    let list = format!("{}?tab=roles", domain.roles().href());
    let form = move || {
        let domain = domain.clone();
        match from.get() {
            None => view! { <NewRoleForm domain model=None /> }.into_any(),
            Some(name) => {
                let path = format!("{}/{}", domain.path("roles"), encode(&name));
                let model = remote::<Allowed>(move || path.clone());
                show(model, move |role| view! { <NewRoleForm domain=domain.clone() model=Some(role) /> })
                    .into_any()
            }
        }
    };
    view! {
        <PageHead title="Create a role" within=Some(("Roles".to_owned(), list)) />
        {form}
    }
}

#[component]
fn NewRoleForm(domain: Domain, model: Option<Allowed>) -> impl IntoView {
    let (access, go, session) = (access(), go(), session());
    let scope = domain.scope().to_owned();
    // What one does not hold cannot be given, and is not copied.
    let (copied, left) = model
        .map(|role| role.permissions)
        .unwrap_or_default()
        .into_iter()
        .partition::<Vec<_>, _>(|held| session.may(&scope, &held.resource, &held.action));
    let draft = Draft::of_new(json!({ "name": "", "description": "", "permissions": in_order(copied) }));
    draft.locked.set(!session.may(&scope, "role", "create"));
    let there = domain.clone();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (there.path("roles"), draft.value());
        let (there, go) = (there.clone(), go.clone());
        let request = async move { send::<Allowed>(access, "POST", &path, Some(&body)).await };
        draft.submit(request, move |role| {
            notify(format!("The role {} was created", role.name));
            go(&there.role(&role.name));
        });
    };
    let cancel = domain.roles().href();
    view! {
        <form on:submit=save novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="About">
                <div class="form">
                    <TextField draft at="/name" label="Name" required=true placeholder="support" help="Small letters, digits and hyphens, beginning with a letter. It cannot be changed." />
                    <TextField draft at="/description" label="What it is for" lines=2 />
                </div>
            </Panel>
            <Panel title="What it allows" about="Only what you hold yourself can be given.">
                {(!left.is_empty()).then(|| view! { <p class="hint matrix-note">"Some of what the other role allows is not copied: you do not hold it yourself."</p> })}
                <Matrix draft domain />
            </Panel>
            <div class="actions">
                <a class="button" href=cancel>"Cancel"</a>
                <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.locked.get()>
                    {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the role" }}
                </button>
            </div>
        </form>
    }
}
