//! Browsers in which people are signed in.

use grantor_api::{Session, SessionState};
use leptos::prelude::*;
use serde_json::Value;

use super::users::PersonFilter;
use crate::address::encode;
use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Badge, Collection, Column, Empty, Filter, PageHead, Question, Time, Tone, ask, notify};
use crate::words;

/// The tenant's sessions.
#[component]
pub fn Sessions(tenant: String) -> impl IntoView {
    view! {
        <PageHead title="Sessions" about="Browsers in which somebody is signed in at this tenant. Those that are over stay for a while." />
        <SessionList tenant user=None />
    }
}

/// The sessions of a tenant, or of one of its users.
#[component]
pub fn SessionList(tenant: String, user: Option<String>) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let list = format!("tenants/{}/sessions", encode(&tenant));
    let path = match &user {
        Some(user) => format!("{list}?user={}", encode(user)),
        None => list.clone(),
    };
    let filters =
        vec![Filter { name: "active", label: "State", choices: vec![("true", "Active"), ("false", "Over")] }];
    let columns = columns(&tenant, user.is_none(), &list, changed);
    let everybody = user.is_none();
    let also = if everybody { vec!["user"] } else { vec![] };
    let person = move || everybody.then(|| view! { <PersonFilter tenant=tenant.clone() /> });
    view! {
        <Collection<Session> path what="sessions" columns filters more_filters=person also=also changed=changed empty=|| view! {
            <Empty title="Nobody is signed in" text="A session begins when somebody signs in at the tenant\u{2019}s pages, for this client or that." />
        } />
    }
}

fn columns(tenant: &str, with_user: bool, list: &str, changed: RwSignal<u32>) -> Vec<Column<Session>> {
    let may_end = session().may(tenant, "session", "delete");
    let (tenant, list) = (tenant.to_owned(), list.to_owned());
    let mut columns = vec![];
    if with_user {
        columns.push(Column::new("User", move |session: &Session| {
            user_link(&tenant, &session.user_id, &session.username)
        }));
    }
    columns.extend([
        Column::new("State", |session: &Session| match session.state {
            SessionState::Active => view! { <Badge text="Active" tone=Tone::Good /> },
            SessionState::Ended => view! { <Badge text="Signed out" tone=Tone::Plain /> },
            SessionState::Expired => view! { <Badge text="Expired" tone=Tone::Plain /> },
        }),
        Column::new("Signed in", |session: &Session| view! {
            <span><Time at=session.authenticated_at.clone() /> <span class="quiet" title="amr (RFC 8176)">{methods(session)}</span></span>
        }),
        Column::new("From", |session: &Session| {
            let agent = session.user_agent.clone().unwrap_or_default();
            let browser = words::browser(&agent);
            view! {
                <span>
                    {session.address.clone().map(|address| view! { <code>{address}</code> " " })}
                    <span class="quiet" title=agent>{browser}</span>
                </span>
            }
        }),
        Column::new("Ends", |session: &Session| {
            view! { <Time at=session.ended_at.clone().unwrap_or_else(|| session.expires_at.clone()) /> }
        }),
    ]);
    if may_end {
        columns.push(Column::new("", move |session: &Session| {
            let (path, username) = (format!("{list}/{}", encode(&session.id)), session.username.clone());
            (session.state == SessionState::Active).then(|| view! {
                <button type="button" class="button small" aria-label=format!("End a session of {username}") on:click=move |_| ask_to_end(&path, &username, changed)>"End"</button>
            })
        }));
    }
    columns
}

fn methods(session: &Session) -> String {
    if session.amr.is_empty() { String::new() } else { format!(" with {}", session.amr.join(", ")) }
}

/// A user's name; leads to the user where that may be seen.
pub fn user_link(tenant: &str, id: &str, username: &str) -> AnyView {
    let username = username.to_owned();
    if !session().may(tenant, "user", "read") {
        return username.into_any();
    }
    let href = Place::Tenant(tenant.to_owned(), Section::User(id.to_owned())).href();
    view! { <a class="row-link" href=href>{username}</a> }.into_any()
}

fn ask_to_end(path: &str, username: &str, changed: RwSignal<u32>) {
    let (access, path) = (access(), path.to_owned());
    let text = format!(
        "{username} is signed out in this browser, and the grants end that the tenant\u{2019}s setting sign_out_revokes \
         ends with a session. They can sign in again, and stay signed in in other browsers."
    );
    let question = Question::new("End this session?", text, "End the session", move || {
        let path = path.clone();
        async move {
            send::<Value>(access, "DELETE", &path, None).await?;
            notify("The session has ended");
            let _gone = changed.try_update(|changed| *changed += 1);
            Ok(())
        }
    });
    ask(question.danger());
}
