//! What users let clients have.

use grantor_api::{Grant, RevocationReason};
use leptos::prelude::*;
use serde_json::Value;

use super::sessions::user_link;
use super::users::PersonFilter;
use crate::address::encode;
use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Badge, Collection, Column, Empty, Filter, PageHead, Question, Time, Tone, ask, notify};

/// The tenant's grants.
#[component]
pub fn Grants(tenant: String) -> impl IntoView {
    view! {
        <PageHead title="Grants" about="What people let clients have. Codes and tokens belong to a grant: revoking it ends them all." />
        <GrantList tenant user=None />
    }
}

/// The grants of a tenant, or of one of its users.
#[component]
pub fn GrantList(tenant: String, user: Option<String>) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let list = format!("tenants/{}/grants", encode(&tenant));
    let path = match &user {
        Some(user) => format!("{list}?user={}", encode(user)),
        None => list.clone(),
    };
    let filters = vec![
        Filter { name: "active", label: "State", choices: vec![("true", "Active"), ("false", "Revoked")] },
        Filter { name: "client_id", label: "client_id", choices: vec![] },
    ];
    let columns = columns(&tenant, user.is_none(), &list, changed);
    let everybody = user.is_none();
    let also = if everybody { vec!["user"] } else { vec![] };
    let person = move || everybody.then(|| view! { <PersonFilter tenant=tenant.clone() /> });
    view! {
        <Collection<Grant> path what="grants" columns filters more_filters=person also=also changed=changed empty=|| view! {
            <Empty title="No client has anything yet" text="A grant comes about when somebody signs in for a client and lets it have what it asks for, or when a device is let in." />
        } />
    }
}

fn columns(tenant: &str, with_user: bool, list: &str, changed: RwSignal<u32>) -> Vec<Column<Grant>> {
    let may_revoke = session().may(tenant, "grant", "delete");
    let (of_client, of_user, list) = (tenant.to_owned(), tenant.to_owned(), list.to_owned());
    let mut columns = vec![Column::new("Client", move |grant: &Grant| client_link(&of_client, grant))];
    if with_user {
        columns.push(Column::new("User", move |grant: &Grant| {
            user_link(&of_user, &grant.user_id, &grant.username)
        }));
    }
    columns.extend([
        Column::new("Scope", |grant: &Grant| {
            let scopes: Vec<_> = grant.scope.split_whitespace().map(str::to_owned).collect();
            let resources = grant.resources.clone();
            view! {
                <span class="codes">
                    {scopes.into_iter().map(|scope| view! { <code>{scope}</code> }).collect_view()}
                    {resources.into_iter().map(|resource| view! { <span class="quiet">"for " <code>{resource}</code></span> }).collect_view()}
                </span>
            }
        }),
        Column::new("Given", |grant: &Grant| view! { <Time at=grant.created_at.clone() /> }),
        Column::new("State", |grant: &Grant| match grant.revoked_at.clone() {
            None => view! { <Badge text="Active" tone=Tone::Good /> }.into_any(),
            Some(at) => view! {
                <span><Badge text="Revoked" tone=Tone::Plain /> " " <span class="quiet">{reason(grant.revocation_reason)} " " <Time at /></span></span>
            }.into_any(),
        }),
    ]);
    if may_revoke {
        columns.push(Column::new("", move |grant: &Grant| {
            let (path, grant) = (format!("{list}/{}", encode(&grant.id)), grant.clone());
            let label = format!("Revoke what {} gave {}", grant.username, client_name(&grant));
            grant.revoked_at.is_none().then(|| view! {
                <button type="button" class="button small" aria-label=label on:click=move |_| ask_to_revoke(&path, &grant, changed)>"Revoke"</button>
            })
        }));
    }
    columns
}

fn client_name(grant: &Grant) -> String {
    if grant.client_name.is_empty() { grant.client_id.clone() } else { grant.client_name.clone() }
}

fn client_link(tenant: &str, grant: &Grant) -> AnyView {
    let name = client_name(grant);
    if !session().may(tenant, "client", "read") {
        return view! { <span title=grant.client_id.clone()>{name}</span> }.into_any();
    }
    let href = Place::Tenant(tenant.to_owned(), Section::Client(grant.client_id.clone())).href();
    view! { <a class="row-link" href=href title=grant.client_id.clone()>{name}</a> }.into_any()
}

/// Why it ended, after "Revoked".
fn reason(reason: Option<RevocationReason>) -> &'static str {
    match reason {
        Some(RevocationReason::AuthorizationCodeReplayed) => "because the code came twice",
        Some(RevocationReason::DeviceCodeReplayed) => "because the device code came twice",
        Some(RevocationReason::RefreshTokenReplayed) => "because a refresh token came twice",
        Some(RevocationReason::RevokedByClient) => "by the client",
        Some(RevocationReason::RevokedByUser) => "by the user",
        Some(RevocationReason::RevokedByAdministrator) => "by an administrator",
        Some(RevocationReason::SignedOut) => "on signing out",
        None => "",
    }
}

fn ask_to_revoke(path: &str, grant: &Grant, changed: RwSignal<u32>) {
    let (access, path) = (access(), path.to_owned());
    let (client, user) = (client_name(grant), grant.username.clone());
    let text = format!(
        "The codes and refresh tokens that {client} has for {user} are refused at once, its access tokens by \
         introspection and UserInfo; a JWT that a resource verifies itself is good until it expires. What {user} \
         consented to stays: without their session they are asked to sign in, and not to consent, next time."
    );
    let question = Question::new(format!("Revoke what {user} gave {client}?"), text, "Revoke", move || {
        let path = path.clone();
        async move {
            send::<Value>(access, "DELETE", &path, None).await?;
            notify("The grant is revoked");
            let _gone = changed.try_update(|changed| *changed += 1);
            Ok(())
        }
    });
    ask(question.danger());
}
