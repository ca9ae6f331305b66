use grantor_api::Grant;
use leptos::prelude::*;

use super::Shown;
use crate::address::encode;
use crate::admin_api::send;
use crate::client_words::revocation;
use crate::place::{Place, Section};
use crate::session::access;
use crate::ui::{Badge, Collection, Column, Empty, Filter, Question, Time, Tone, ask, notify};

/// What users let the client have.
#[component]
pub fn Grants(shown: Shown) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let may_end = shown.may("grant", "delete");
    let path = format!("{}/grants", shown.path());
    let filters = vec![Filter {
        name: "active",
        label: "State",
        choices: vec![("true", "Active"), ("false", "Revoked")],
    }];
    view! {
        {may_end.then(|| view! {
            <div class="actions part-actions">
                <button type="button" class="button danger" on:click=move |_| revoke_all(shown, changed)>"Revoke all\u{2026}"</button>
            </div>
        })}
        <Collection<Grant> path what="grants" columns=columns(shown, may_end, changed) filters changed empty=|| view! {
            <Empty title="Nobody has given this client anything yet"
                text="When somebody signs in to it, what they let it have is here. Tokens that it has for itself belong to no grant." />
        } />
    }
}

fn columns(shown: Shown, may_end: bool, changed: RwSignal<u32>) -> Vec<Column<Grant>> {
    let sees_users = shown.may("user", "read");
    let mut columns = vec![
        Column::new("User", move |grant: &Grant| {
            if !sees_users {
                return grant.username.clone().into_any();
            }
            let href = Place::Tenant(shown.tenant.get_value(), Section::User(grant.user_id.clone())).href();
            view! { <a class="row-link" href=href>{grant.username.clone()}</a> }.into_any()
        }),
        Column::new("Scopes", |grant: &Grant| {
            let scopes: Vec<_> = grant.scope.split_whitespace().map(str::to_owned).collect();
            view! { <ul class="tokens">{scopes.into_iter().map(|scope| view! { <li><code>{scope}</code></li> }).collect_view()}</ul> }
        }),
        Column::new("Resources", |grant: &Grant| view! { <code>{grant.resources.join(" ")}</code> }),
        Column::new("Given", |grant: &Grant| view! { <Time at=grant.created_at.clone() /> }),
        Column::new("State", |grant: &Grant| match (&grant.revoked_at, grant.revocation_reason) {
            (None, _) => view! { <Badge text="Active" tone=Tone::Good /> }.into_any(),
            (Some(_), reason) => view! {
                <Badge text="Revoked" tone=Tone::Plain />
                {reason.map(|reason| view! { <p class="hint">{revocation(reason)}</p> })}
            }
            .into_any(),
        }),
    ];
    if may_end {
        columns.push(Column::new("", move |grant: &Grant| {
            let grant = grant.clone();
            grant.revoked_at.is_none().then(|| view! {
                <button type="button" class="button small" on:click=move |_| revoke(shown, grant.clone(), changed)>"Revoke\u{2026}"</button>
            })
        }));
    }
    columns
}

fn revoke(shown: Shown, grant: Grant, changed: RwSignal<u32>) {
    let access = access();
    let path = format!("tenants/{}/grants/{}", encode(&shown.tenant.get_value()), encode(&grant.id));
    let run = move || {
        let path = path.clone();
        async move {
            send::<()>(access, "DELETE", &path, None).await?;
            notify("The grant is revoked");
            let _gone = changed.try_update(|changed| *changed += 1);
            Ok(())
        }
    };
    let text = "Its refresh tokens are refused at once, its access tokens wherever they are asked about. What the person \
                consented to stays: next time they sign in and are not asked again.";
    ask(Question::new(format!("Revoke what {} gave?", grant.username), text, "Revoke the grant", run)
        .danger());
}

fn revoke_all(shown: Shown, changed: RwSignal<u32>) {
    let access = access();
    let path = format!("{}/grants", shown.path());
    let run = move || {
        let path = path.clone();
        async move {
            send::<()>(access, "DELETE", &path, None).await?;
            notify("All grants of the client are revoked");
            let _gone = changed.try_update(|changed| *changed += 1);
            Ok(())
        }
    };
    let text = "Everybody who uses this client has to sign in again. It can be given new grants: disable the client to keep \
                it out. Tokens that it has for itself go on until they expire.";
    ask(Question::new("Revoke all grants of this client?", text, "Revoke all", run).danger());
}
