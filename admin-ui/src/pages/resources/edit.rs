use grantor_api::ProtectedResource;
use leptos::prelude::*;
use serde_json::json;

use super::fields::Fields;
use crate::address::encode;
use crate::admin_api::send;
use crate::client_words::title;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{
    Document, Draft, PageHead, Panel, Question, Remote, SaveBar, Summary, ask, document, go, notify,
    save_patch, set_title, show_once,
};

#[component]
pub fn NewResource(tenant: String) -> impl IntoView {
    let (access, go) = (access(), go());
    let draft = Draft::of_new(json!({ "identifier": "", "scopes": [], "access_token_format": "jwt" }));
    let list = Place::Tenant(tenant.clone(), Section::Resources);
    let within = ("Resources".to_owned(), list.href());
    let submit = move || {
        let (body, go, list) = (draft.value(), go.clone(), list.clone());
        let path = format!("tenants/{}/resources", encode(&tenant));
        let sent = async move { send::<ProtectedResource>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |resource| {
            notify(format!(
                "{} is there: clients may ask for its scopes",
                title(&resource.name, &resource.identifier)
            ));
            go(&list);
        });
    };
    view! {
        <PageHead title="Create a resource" about="An API that takes this tenant's access tokens." within=Some(within) />
        <form class="panel" on:submit=move |event| { event.prevent_default(); submit(); }>
            <div class="form form-wide">
                <Summary draft />
                <Fields draft is_new=true />
                <div class="actions">
                    <button type="submit" class="button primary" disabled=move || draft.saving.get()>
                        {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the resource" }}
                    </button>
                </div>
            </div>
        </form>
    }
}

#[component]
pub fn Resource(tenant: String, identifier: String) -> impl IntoView {
    let path = format!("tenants/{}/resources/{}", encode(&tenant), encode(&identifier));
    let asked = path.clone();
    let document = document(move || asked.clone());
    show_once(document, move || view! { <Edit tenant=tenant.clone() path=path.clone() document /> })
}

#[component]
fn Edit(tenant: String, path: String, document: Remote<Document>) -> impl IntoView {
    let Some(original) = untrack(|| document.ready()) else { return ().into_any() };
    let session = session();
    let draft = Draft::new(original);
    draft.locked.set(!session.may(&tenant, "resource", "update"));
    let list = Place::Tenant(tenant.clone(), Section::Resources);
    let (deletes, go) = (session.may(&tenant, "resource", "delete"), go());
    let saved_path = path.clone();
    let save = move |()| save_patch(draft, saved_path.clone(), move |saved| document.put(saved));
    let head = move || {
        let resource = document.ready().and_then(|document| document.read::<ProtectedResource>())?;
        let name = title(&resource.name, &resource.identifier);
        set_title(&name, Some(&tenant));
        let within = Some(("Resources".to_owned(), list.href()));
        let (path, go, list, typed) = (path.clone(), go.clone(), list.clone(), name.clone());
        let actions = deletes.then(|| {
            let delete = move |_| {
                let (go, list) = (go.clone(), list.clone());
                delete(path.clone(), typed.clone(), move || go(&list));
            };
            view! { <button type="button" class="button danger" on:click=delete>"Delete\u{2026}"</button> }
                .into_any()
        });
        Some(view! { <PageHead title=name about=resource.identifier within actions /> })
    };
    view! {
        {head}
        <Panel title="Resource">
            <div class="form form-wide"><Summary draft /><Fields draft is_new=false /></div>
        </Panel>
        <SaveBar draft save />
    }
    .into_any()
}

fn delete(path: String, name: String, gone: impl Fn() + Clone + 'static) {
    let text = "No token is issued for it any more, and clients that name it are refused. Tokens that are out already live on \
                until they expire. This cannot be undone.";
    let what = (path, format!("{name} is deleted"));
    ask(Question::deletion(format!("Delete {name}?"), text, "Delete the resource", what, gone).typed(name));
}
