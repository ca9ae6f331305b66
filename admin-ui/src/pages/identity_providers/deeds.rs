//! Enabling, disabling and removing a provider.

use grantor_api::IdentityProvider as Provider;
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Value, json};

use crate::admin_api::send;
use crate::answer::Refusal;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Document, Question, Remote, ask, go, notify, notify_refusal, notify_with_undo};

#[component]
pub fn Deeds(tenant: String, path: String, provider: Provider, loaded: Remote<Document>) -> impl IntoView {
    let session = session();
    let may = |action: &str| session.may(&tenant, "identity-provider", action);
    let (may_change, may_delete) = (may("update"), may("delete"));
    let (go, list) = (go(), Place::Tenant(tenant.clone(), Section::IdentityProviders));
    let (enabled, name) = (provider.enabled, provider.display_name.clone());
    let switch = {
        let path = path.clone();
        move |_| {
            if enabled {
                ask_to_disable(&path, &name, loaded)
            } else {
                enable(path.clone(), name.clone(), loaded)
            }
        }
    };
    let remove = move |_| {
        let (go, list) = (go.clone(), list.clone());
        ask_to_remove(&path, &provider, move || go(&list));
    };
    view! {
        {may_change.then(|| view! { <button type="button" class="button" on:click=switch>{if enabled { "Disable" } else { "Enable" }}</button> })}
        {may_delete.then(|| view! { <button type="button" class="button danger" on:click=remove>"Remove\u{2026}"</button> })}
    }
}

async fn set_enabled(path: &str, enabled: bool, loaded: Remote<Document>) -> Result<(), Refusal> {
    send::<Value>(access(), "PATCH", path, Some(&json!({ "enabled": enabled }))).await?;
    loaded.reload();
    Ok(())
}

fn enable(path: String, name: String, loaded: Remote<Document>) {
    spawn_local(async move {
        match set_enabled(&path, true, loaded).await {
            Ok(()) => notify(format!("People can sign in through {name} again")),
            Err(refusal) => notify_refusal(&refusal),
        }
    });
}

fn ask_to_disable(path: &str, name: &str, loaded: Remote<Document>) {
    let text = format!(
        "Nobody can sign in through {name} until it is enabled again: whoever has no other way cannot sign in at all. Sessions \
         go on, and who is linked stays linked."
    );
    let (path, said) = (path.to_owned(), name.to_owned());
    let question = Question::new(format!("Disable {name}?"), text, "Disable", move || {
        let (path, name) = (path.clone(), said.clone());
        async move {
            set_enabled(&path, false, loaded).await?;
            notify_with_undo(format!("{name} is disabled"), move || {
                enable(path.clone(), name.clone(), loaded)
            });
            Ok(())
        }
    });
    ask(question.danger());
}

fn ask_to_remove(path: &str, provider: &Provider, gone: impl Fn() + Clone + 'static) {
    let name = &provider.display_name;
    let text = format!(
        "Nobody can sign in through {name} any more, and who was linked to whom is forgotten for good: if it is added again, \
         people have to link it again. Users who came through it stay, and may have no way to sign in. To stop it for a \
         while, disable it."
    );
    let said = format!("{name} is removed");
    let question = Question::deletion(
        format!("Remove {name}?"),
        text,
        "Remove the provider",
        (path.to_owned(), said),
        gone,
    );
    ask(question.typed(provider.name.clone()));
}
