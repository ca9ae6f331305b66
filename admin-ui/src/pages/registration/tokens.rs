use grantor_api::{InitialAccessToken, Page};
use leptos::prelude::*;

use super::new_token::NewToken;
use crate::session::session;
use crate::ui::{Dialog, Panel, Question, Remote, Time, ask, remote, show};

/// What lets people and pipelines register clients while registration is not open.
#[component]
pub fn Tokens(tenant: String) -> impl IntoView {
    let session = session();
    let may = |action: &str| session.may(&tenant, "initial-access-token", action);
    let (may_create, may_delete) = (may("create"), may("delete"));
    let path = format!("tenants/{}/initial-access-tokens", crate::address::encode(&tenant));
    let list = format!("{path}?limit=200");
    let tokens = remote::<Page<InitialAccessToken>>(move || list.clone());
    let open = RwSignal::new(false);
    let create = may_create.then(|| view! { <button type="button" class="button" on:click=move |_| open.set(true)>"Create a token"</button> }.into_any());
    let (posted, path) = (path.clone(), StoredValue::new(path));
    view! {
        <div id="tokens" class="group">
            <Panel title="Initial access tokens" about="Whoever has one can register clients. Clients that were registered with it stay when it ends." actions=create>
                {show(tokens, move |page| if page.items.is_empty() {
                    view! { <p class="quiet">"There is none."</p> }.into_any()
                } else {
                    view! { <Table page path tokens may_delete /> }.into_any()
                })}
            </Panel>
            <Dialog open title="Create an initial access token"><NewToken path=posted.clone() tokens open /></Dialog>
        </div>
    }
}

#[component]
fn Table(
    page: Page<InitialAccessToken>,
    path: StoredValue<String>,
    tokens: Remote<Page<InitialAccessToken>>,
    may_delete: bool,
) -> impl IntoView {
    let row = move |token: InitialAccessToken| {
        let bounds = bounds(&token);
        let (id, name) =
            (token.id, if token.name.is_empty() { "without a name".to_owned() } else { token.name });
        let shown = name.clone();
        let label = format!("Delete {name}");
        view! {
            <tr>
                <td data-label="Name">{shown}<p class="hint">{bounds}</p></td>
                <td data-label="Clients left">{token.uses_left.map_or("any number".to_owned(), |left| left.to_string())}</td>
                <td data-label="Expires"><Time at=token.expires_at /></td>
                <td data-label="Created"><Time at=token.created_at /></td>
                <td data-label="">{may_delete.then(|| view! {
                    <button type="button" class="button small danger" aria-label=label on:click=move |_| ask_to_delete(path.with_value(|path| format!("{path}/{id}")), &name, tokens)>"Delete\u{2026}"</button>
                })}</td>
            </tr>
        }
    };
    view! {
        <table class="table table-in-panel" aria-label="initial access tokens">
            <thead><tr><th scope="col">"Name"</th><th scope="col">"Clients left"</th><th scope="col">"Expires"</th><th scope="col">"Created"</th><th scope="col"><span class="hidden">"Actions"</span></th></tr></thead>
            <tbody>{page.items.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

/// What the token narrows, in a line.
fn bounds(token: &InitialAccessToken) -> String {
    let mut parts = vec![];
    if !token.redirect_uri_hosts.is_empty() {
        parts.push(format!("hosts: {}", token.redirect_uri_hosts.join(", ")));
    }
    if let Some(scope) = &token.scope {
        parts.push(format!("scope: {scope}"));
    }
    if let Some(grant_types) = &token.grant_types {
        parts.push(format!("{} grant types", grant_types.len()));
    }
    if let Some(resources) = &token.resources {
        parts.push(format!("resources: {}", resources.join(", ")));
    }
    parts.join(" \u{b7} ")
}

fn ask_to_delete(path: String, name: &str, tokens: Remote<Page<InitialAccessToken>>) {
    ask(Question::deletion(
        "Delete the initial access token?",
        format!(
            "Nobody can register clients with \u{201c}{name}\u{201d} any more. Clients that were registered with it stay."
        ),
        "Delete the token",
        (path, "The token is deleted".to_owned()),
        move || tokens.reload(),
    ));
}
