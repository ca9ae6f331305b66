//! What is done with a user beside changing the profile.

use grantor_api::{User, UserStatus};
use leptos::{prelude::*, task::spawn_local};
use serde_json::{Value, json};

use super::messages::{Message, SendButton};
use super::password::{PasswordField, readable_tenant};
use super::user_path;
use crate::admin_api::send;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Dialog, Draft, Question, Summary, ask, go, notify, notify_refusal, notify_with_undo};

/// The buttons in the head of the user's page; `changed` is called when something was done.
#[component]
pub fn UserActions(tenant: String, user: User, changed: Callback<()>) -> impl IntoView {
    let session = session();
    let (may_update, may_delete) =
        (session.may(&tenant, "user", "update"), session.may(&tenant, "user", "delete"));
    // Nobody locks or deletes themselves.
    let itself = session
        .me
        .with_untracked(|me| me.as_ref().is_some_and(|me| me.subject == user.id && me.tenant == tenant));
    let setting = RwSignal::new(false);
    let locked = user.status == UserStatus::Locked;
    let path = user_path(&tenant, &user.id);
    let lock = {
        let (path, name) = (path.clone(), user.username.clone());
        move |_| {
            if locked {
                unlock(path.clone(), name.clone(), changed)
            } else {
                ask_to_lock(path.clone(), name.clone(), changed)
            }
        }
    };
    let sign_out = {
        let (path, name) = (path.clone(), user.username.clone());
        move |_| ask_to_sign_out(path.clone(), name.clone(), changed)
    };
    let delete = ask_to_delete(tenant.clone(), user.clone());
    view! {
        {(may_update && Message::Invitation.fits(&user)).then(|| view! {
            <SendButton path=path.clone() user=user.clone() message=Message::Invitation />
        })}
        {may_update.then(|| view! {
            <button type="button" class="button" on:click=move |_| setting.set(true)>"Set a password"</button>
            <button type="button" class="button" on:click=sign_out>"Sign out everywhere"</button>
        })}
        {(may_update && !itself).then(|| view! {
            <button type="button" class="button" on:click=lock>{if locked { "Unlock" } else { "Lock" }}</button>
        })}
        {(may_delete && !itself).then(|| view! {
            <button type="button" class="button danger" on:click=move |_| delete()>"Delete"</button>
        })}
        <SetPassword open=setting tenant user changed />
    }
}

/// Sends a step that the user's page shows afterwards.
fn step(path: String, changed: Callback<()>, said: impl FnOnce() + 'static) {
    let access = access();
    spawn_local(async move {
        match send::<Value>(access, "POST", &path, Some(&json!({}))).await {
            Ok(_) => {
                said();
                let _gone = changed.try_run(());
            }
            Err(refusal) => notify_refusal(&refusal),
        }
    });
}

fn unlock(path: String, name: String, changed: Callback<()>) {
    let back = path.clone();
    step(format!("{path}/unlock"), changed, move || {
        notify_with_undo(format!("{name} can sign in again"), move || {
            let name = name.clone();
            step(format!("{back}/lock"), changed, move || notify(format!("{name} is locked again")));
        });
    });
}

fn ask_to_lock(path: String, name: String, changed: Callback<()>) {
    let access = access();
    let text = format!(
        "{name} is signed out everywhere, what they let clients have is revoked, and they cannot sign in until \
         somebody unlocks them. Unlocking lets them sign in again; what ended stays ended."
    );
    ask(Question::new(format!("Lock {name}?"), text, "Lock", move || {
        let (path, name) = (path.clone(), name.clone());
        async move {
            send::<Value>(access, "POST", &format!("{path}/lock"), Some(&json!({}))).await?;
            let _gone = changed.try_run(());
            notify_with_undo(format!("{name} is locked"), move || {
                let name = name.clone();
                step(format!("{path}/unlock"), changed, move || notify(format!("{name} can sign in again")));
            });
            Ok(())
        }
    })
    .danger());
}

fn ask_to_sign_out(path: String, name: String, changed: Callback<()>) {
    let access = access();
    let text = format!(
        "Every session of {name} ends, the console\u{2019}s too, and everything that they let clients have is revoked \
         with its tokens. They can sign in again at once."
    );
    ask(Question::new(format!("Sign {name} out everywhere?"), text, "Sign out everywhere", move || {
        let (path, name) = (format!("{path}/sign-out"), name.clone());
        async move {
            send::<Value>(access, "POST", &path, Some(&json!({}))).await?;
            notify(format!("{name} is signed out everywhere"));
            let _gone = changed.try_run(());
            Ok(())
        }
    })
    .danger());
}

fn ask_to_delete(tenant: String, user: User) -> impl Fn() {
    let go = go();
    move || {
        let (path, name) = (user_path(&tenant, &user.id), user.username.clone());
        let (list, go) = (Place::Tenant(tenant.clone(), Section::Users), go.clone());
        let text = format!(
            "{name} is gone for good, with sessions, grants, tokens, consents and roles. Clients that come with one of \
             the tokens are refused. It cannot be undone: to keep somebody out for a while, lock them."
        );
        let said = format!("{name} is deleted");
        let gone = move || go(&list);
        ask(Question::deletion(format!("Delete {name}?"), text, "Delete the user", (path, said), gone)
            .typed(name));
    }
}

#[component]
fn SetPassword(open: RwSignal<bool>, tenant: String, user: User, changed: Callback<()>) -> impl IntoView {
    let title = Signal::stored(format!("Set a password for {}", user.username));
    let path = StoredValue::new((tenant.clone(), user.id));
    view! {
        <Dialog open title>
            {
                let (tenant, user) = path.get_value();
                view! { <PasswordForm open tenant user changed /> }
            }
        </Dialog>
    }
}

#[component]
fn PasswordForm(open: RwSignal<bool>, tenant: String, user: String, changed: Callback<()>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "password": "" }));
    let generated = RwSignal::new(None::<String>);
    let readable = readable_tenant(&tenant);
    let path = format!("{}/password", user_path(&tenant, &user));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (path.clone(), draft.value());
        draft.submit(async move { send::<User>(access, "POST", &path, Some(&body)).await }, move |user| {
            notify(format!("{} has a new password", user.username));
            let _gone = changed.try_run(());
            open.set(false);
        });
    };
    view! {
        <form class="stack" on:submit=save novalidate>
            <p>"The old password is refused from now on. The user stays signed in where they are: sign them out everywhere if somebody else knew it."</p>
            <Summary draft />
            <PasswordField draft tenant=readable generated required=true />
            <div class="actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || draft.saving.get()>"Set the password"</button>
            </div>
        </form>
    }
}
