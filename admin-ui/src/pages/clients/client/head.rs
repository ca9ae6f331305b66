use grantor_api::{Client, Grant, Page};
use leptos::{prelude::*, task::spawn_local};
use serde_json::json;

use super::super::list::status;
use super::Shown;
use crate::admin_api::{Access, Ask, get};
use crate::answer::{self, Refusal};
use crate::client_kind;
use crate::client_words::title;
use crate::place::{Place, Section};
use crate::session::access;
use crate::ui::{Document, PageHead, Question, ask, go, notify, notify_refusal, notify_with_undo, set_title};

/// Most grants that are counted before a client is deleted.
const COUNTED: usize = 200;

/// The client's name and state, and what is done with it as a whole.
#[component]
pub fn Head(shown: Shown) -> impl IntoView {
    let list = Place::Tenant(shown.tenant.get_value(), Section::Clients);
    let go = go();
    move || {
        shown.client().map(|client| {
            let name = title(&client.client_name, &client.client_id);
            set_title(&name, Some(&shown.tenant.get_value()));
            let within = ("Clients".to_owned(), list.href());
            let (list, go) = (list.clone(), go.clone());
            let (kind, enabled, deleted) = (client_kind::name(&client), client.enabled, client.clone());
            let actions = view! {
                {shown.may_now("update").then(|| {
                    let word = if enabled { "Disable" } else { "Enable" };
                    view! { <button type="button" class="button" on:click=move |_| set_enabled(shown, shown.path(), !enabled, true)>{word}</button> }
                })}
                {shown.may_now("delete").then(|| view! {
                    <button type="button" class="button danger" on:click=move |_| {
                        let (list, go) = (list.clone(), go.clone());
                        delete(shown, deleted.clone(), move || go(&list));
                    }>"Delete\u{2026}"</button>
                })}
            };
            view! {
                <PageHead title=name within=Some(within) actions=Some(actions.into_any()) />
                <p class="under-head">{status(enabled)}<span>{kind}</span><code>{client.client_id}</code></p>
            }
        })
    }
}

/// Lets the client work or not, at once; it can be taken back as fast.
fn set_enabled(shown: Shown, path: String, enabled: bool, undo: bool) {
    let access = access();
    spawn_local(async move {
        match patch_enabled(access, &path, enabled).await {
            Ok(document) => {
                shown.put(document);
                let text = if enabled {
                    "The client is enabled"
                } else {
                    "The client is disabled: it gets no tokens, and its tokens are refused"
                };
                if undo {
                    // The page may be gone when that is pressed.
                    notify_with_undo(text, move || set_enabled(shown, path.clone(), !enabled, false));
                } else {
                    notify(text);
                }
            }
            Err(refusal) => notify_refusal(&refusal),
        }
    });
}

async fn patch_enabled(access: Access, path: &str, enabled: bool) -> Result<Document, Refusal> {
    let answer = Ask::new("PATCH", path).json(&json!({ "enabled": enabled })).send(access).await?;
    Ok(Document { value: answer::read(answer.status, &answer.body)?, etag: answer.etag })
}

/// Asks first, and says what ends with the client.
fn delete(shown: Shown, client: Client, gone: impl Fn() + Clone + 'static) {
    let access = access();
    let (path, counts) = (shown.path(), shown.may("grant", "read"));
    let name = title(&client.client_name, &client.client_id);
    spawn_local(async move {
        let grants = if counts {
            let path = format!("{path}/grants?active=true&limit={COUNTED}");
            get::<Page<Grant>>(access, &path).await.ok().map(|page| (page.items.len(), page.next.is_some()))
        } else {
            None
        };
        let text = consequences(grants);
        let what = (path, format!("{name} is deleted"));
        ask(Question::deletion(format!("Delete {name}?"), text, "Delete the client", what, gone).typed(name));
    });
}

fn consequences(grants: Option<(usize, bool)>) -> String {
    let grants = match grants {
        Some((0, _)) => "Nobody has given it a grant that would end.".to_owned(),
        Some((1, _)) => "One grant of a user ends.".to_owned(),
        Some((number, false)) => format!("{number} grants of users end."),
        Some((number, true)) => format!("More than {number} grants of users end."),
        None => "All grants that users gave it end.".to_owned(),
    };
    format!(
        "It can get no tokens any more. {grants} Its tokens, its secrets and the consent that people gave go with it. \
         This cannot be undone; to keep it out for a while, disable it."
    )
}
