//! Who has which role.

use grantor_api::{RoleAssignment, SubjectType};
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Value, json};

use super::assign::{AssignDialog, Subject};
use super::filters::{RoleFilter, SubjectFilter};
use super::subject::subject_view;
use super::{Domain, SYSTEM};
use crate::address::encode;
use crate::admin_api::send;
use crate::pages::users::PersonFilter;
use crate::session::{access, session};
use crate::ui::{
    Collection, Column, Empty, Panel, Question, Time, ask, notify, notify_refusal, notify_with_undo,
};

/// Who has which role in a domain, with the way to give another and to take one away.
#[component]
pub fn Assignments(domain: Domain) -> impl IntoView {
    let may_give = session().may(domain.scope(), "role-assignment", "create");
    let (changed, giving) = (RwSignal::new(0_u32), RwSignal::new(false));
    let columns = columns(&domain, true, changed);
    let path = domain.path("role-assignments");
    let narrowed = domain.clone();
    let more = move || {
        view! {
            <RoleFilter domain=narrowed.clone() />
            <PersonFilter tenant=narrowed.home().to_owned() name="subject" />
            <SubjectFilter domain=narrowed.clone() />
            {may_give.then(|| view! {
                <button type="button" class="button primary collection-action" on:click=move |_| giving.set(true)>"Give a role"</button>
            })}
        }
    };
    view! {
        <Collection<RoleAssignment> path what="role assignments" columns more_filters=more also=vec!["role", "subject"] changed=changed empty=|| view! {
            <Empty title="Nobody has a role here" text="Whoever administers this has a role of the whole platform. Give somebody a role to share the work." />
        } />
        <AssignDialog open=giving domain subject=None changed />
    }
}

/// The roles of one user, domain by domain.
#[component]
pub fn UserRoles(domains: Vec<Domain>, tenant: String, user: String, username: String) -> impl IntoView {
    domains
        .into_iter()
        .map(|domain| {
            let subject = Subject { tenant: tenant.clone(), id: user.clone(), name: username.clone() };
            view! { <RolesIn domain subject /> }
        })
        .collect_view()
}

#[component]
fn RolesIn(domain: Domain, subject: Subject) -> impl IntoView {
    let may_give = session().may(domain.scope(), "role-assignment", "create");
    let (changed, giving) = (RwSignal::new(0_u32), RwSignal::new(false));
    let actions = may_give.then(|| {
        view! { <button type="button" class="button" on:click=move |_| giving.set(true)>"Give a role"</button> }.into_any()
    });
    let path = format!("{}?subject={}", domain.path("role-assignments"), encode(&subject.id));
    let columns = columns(&domain, false, changed);
    let text = format!("{} administers nothing here.", subject.name);
    view! {
        <Panel title=format!("In {}", domain.name()) actions>
            <Collection<RoleAssignment> path what="roles" columns changed=changed empty=move || view! {
                <Empty title="No role" text=text.clone() />
            } />
        </Panel>
        <AssignDialog open=giving domain subject=Some(subject) changed />
    }
}

fn columns(domain: &Domain, with_subject: bool, changed: RwSignal<u32>) -> Vec<Column<RoleAssignment>> {
    let session = session();
    let may_see = session.may(domain.scope(), "role", "read");
    let may_take = session.may(domain.scope(), "role-assignment", "delete");
    let there = domain.clone();
    let mut columns = vec![Column::new("Role", move |held: &RoleAssignment| {
        let name = held.role.clone();
        if may_see {
            view! { <a class="row-link" href=there.role(&held.role).href()>{name}</a> }.into_any()
        } else {
            name.into_any()
        }
    })];
    if with_subject {
        let home = domain.home().to_owned();
        columns.push(Column::new("Who", subject_view));
        columns.push(Column::new("Kind", move |held: &RoleAssignment| {
            let kind = match held.subject_type {
                SubjectType::User => "User",
                SubjectType::Client => "Client",
            };
            if held.subject_tenant == home {
                kind.to_owned()
            } else {
                format!("{kind} of {}", held.subject_tenant)
            }
        }));
    }
    columns.push(Column::new("Since", |held: &RoleAssignment| {
        // An earlier version did not write it down.
        let known = !held.created_at.starts_with("1970-");
        view! { <Time at=if known { held.created_at.clone() } else { String::new() } /> }
    }));
    if may_take {
        let domain = domain.clone();
        columns.push(Column::new("", move |held: &RoleAssignment| {
            let (domain, taken) = (domain.clone(), held.clone());
            view! {
                <button type="button" class="button small" aria-label=format!("Take away the role {}", held.role)
                    on:click=move |_| take_away(&domain, &taken, changed)>"Take away"</button>
            }
        }));
    }
    columns
}

/// Takes a role away; from oneself not without a question, since it may be what the way back needs.
fn take_away(domain: &Domain, held: &RoleAssignment, changed: RwSignal<u32>) {
    let access = access();
    let own = session().me.with_untracked(|me| {
        me.as_ref().is_some_and(|me| me.subject == held.subject && me.tenant == held.subject_tenant)
    });
    let path = format!("{}/{}", domain.path("role-assignments"), encode(&held.id));
    if own {
        let text = format!(
            "It is your own. Without {} you may no longer be able to give it back to yourself, nor to see this page.",
            held.role
        );
        let question = Question::new("Take your own role away?", text, "Take it away", move || {
            let path = path.clone();
            async move {
                send::<Value>(access, "DELETE", &path, None).await?;
                notify("The role is taken away. Load the page again to see what is left.");
                let _gone = changed.try_update(|changed| *changed += 1);
                Ok(())
            }
        });
        return ask(question.danger());
    }
    let (list, body) = (domain.path("role-assignments"), document(held));
    let said = format!("The role {} is taken away", held.role);
    spawn_local(async move {
        if let Err(refusal) = send::<Value>(access, "DELETE", &path, None).await {
            return notify_refusal(&refusal);
        }
        let _gone = changed.try_update(|changed| *changed += 1);
        notify_with_undo(said, move || {
            let (list, body) = (list.clone(), body.clone());
            spawn_local(async move {
                match send::<Value>(access, "POST", &list, Some(&body)).await {
                    Ok(_) => notify("The role is given back"),
                    Err(refusal) => notify_refusal(&refusal),
                }
                let _gone = changed.try_update(|changed| *changed += 1);
            });
        });
    });
}

/// What gives the same role again.
fn document(held: &RoleAssignment) -> Value {
    json!({
        "role": held.role,
        "subject_type": held.subject_type,
        "subject": held.subject,
        "subject_tenant": if held.subject_tenant.is_empty() { SYSTEM } else { &held.subject_tenant },
    })
}
