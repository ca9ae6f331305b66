use grantor_api::{Domain, DomainState};
use leptos::{prelude::*, task::spawn_local};
use serde_json::json;

use super::Context;
use crate::admin_api::{Ask, send};
use crate::answer::Refusal;
use crate::session::access;
use crate::ui::{Question, ask, notify, notify_refusal, notify_with_undo};

#[component]
pub fn Deeds(context: Context, domain: Domain, refusal: RwSignal<Option<Refusal>>) -> impl IntoView {
    let (may_change, may_delete) = (context.may("update"), context.may("delete"));
    let busy = RwSignal::new(false);
    let is_pending = domain.state == DomainState::Pending;
    let primary = domain.primary;
    let (context, domain) = (StoredValue::new(context), StoredValue::new(domain));
    view! {
        <div class="panel-actions">
            {(may_change && is_pending).then(|| view! {
                <button type="button" class="button primary" disabled=busy on:click=move |_| verify(context.get_value(), domain.get_value().domain, refusal, busy)>
                    {move || if busy.get() { "Looking\u{2026}" } else { "Verify" }}
                </button>
            })}
            {(may_change && !is_pending && !primary).then(|| view! {
                <button type="button" class="button primary" on:click=move |_| ask_to_move(context.get_value(), domain.get_value().domain)>"Make primary\u{2026}"</button>
            })}
            {(may_change && primary).then(|| view! {
                <button type="button" class="button" on:click=move |_| ask_to_move_back(context.get_value(), domain.get_value().domain)>"Move the issuer back\u{2026}"</button>
            })}
            {may_delete.then(|| view! {
                <button type="button" class="button danger" on:click=move |_| remove(context.get_value(), domain.get_value(), refusal)>
                    {if is_pending { "Remove" } else { "Remove\u{2026}" }}
                </button>
            })}
        </div>
    }
}

fn verify(context: Context, domain: String, refusal: RwSignal<Option<Refusal>>, busy: RwSignal<bool>) {
    let access = access();
    busy.set(true);
    refusal.set(None);
    spawn_local(async move {
        let answer = send::<Domain>(access, "POST", &format!("{}/verify", context.path(&domain)), None).await;
        let _gone = busy.try_set(false);
        match answer {
            Ok(domain) => {
                notify(format!("{} is verified", domain.domain));
                context.domains.reload();
            }
            Err(why) => {
                let _gone = refusal.try_set(Some(why));
            }
        }
    });
}

/// What a new issuer means, whichever way it moves.
const CONSEQUENCES: &str = "Access tokens of the old issuer end at once, and people sign in again. Grants and refresh tokens come along. \
    Clients and resource servers have to be set to the new issuer: until then they refuse what it issues.";

fn ask_to_move(context: Context, domain: String) {
    let text = format!(
        "The issuer becomes https://{domain}. {CONSEQUENCES} Make sure that the name leads to this server, with a certificate for it."
    );
    move_issuer(context, format!("Move the issuer to {domain}?"), text, "Make it primary", domain, true);
}

fn ask_to_move_back(context: Context, domain: String) {
    let text = format!("The issuer is at the server\u{2019}s own address again. {CONSEQUENCES}");
    move_issuer(context, "Move the issuer back?".to_owned(), text, "Move it back", domain, false);
}

fn move_issuer(context: Context, title: String, text: String, action: &str, domain: String, primary: bool) {
    let access = access();
    let path = context.path(&domain);
    ask(Question::new(title, text, action, move || {
        let (context, path) = (context.clone(), path.clone());
        async move {
            let body = json!({ "primary": primary });
            send::<Domain>(access, "PATCH", &path, Some(&body)).await?;
            notify("The issuer has moved");
            context.reload();
            Ok(())
        }
    })
    .danger()
    .typed(domain));
}

/// One that is pending can be had again; one that is verified is lost to whoever verifies it next.
fn remove(context: Context, domain: Domain, refusal: RwSignal<Option<Refusal>>) {
    let access = access();
    let name = domain.domain;
    // Before anything is waited for: the page may be gone afterwards.
    let path = context.path(&name);
    if domain.state == DomainState::Pending {
        spawn_local(async move {
            match Ask::new("DELETE", &path).send(access).await {
                Ok(_) => {
                    context.domains.reload();
                    notify_with_undo(format!("{name} is removed"), move || {
                        let (context, path) = (context.clone(), path.clone());
                        spawn_local(async move {
                            if let Err(why) = send::<Domain>(access, "PUT", &path, Some(&json!({}))).await {
                                notify_refusal(&why);
                            }
                            context.domains.reload();
                        });
                    });
                }
                Err(why) => {
                    let _gone = refusal.try_set(Some(why));
                }
            }
        });
        return;
    }
    let mut text = "Another tenant may have it verified from now on.".to_owned();
    if domain.primary {
        text = format!("The issuer is at the server\u{2019}s own address again. {CONSEQUENCES} {text}");
    }
    let typed = name.clone();
    ask(Question::new(format!("Remove {name}?"), text, "Remove the domain", move || {
        let (context, path, name) = (context.clone(), path.clone(), name.clone());
        async move {
            Ask::new("DELETE", &path).send(access).await?;
            notify(format!("{name} is removed"));
            context.reload();
            Ok(())
        }
    })
    .danger()
    .typed(typed));
}
