use grantor_api::User;
use leptos::prelude::*;
use serde_json::{Value, json};

use super::messages::{Message, send_message};
use super::password::{PasswordField, readable_tenant};
use super::profile::{AccountFields, ProfilePanel};
use super::users_path;
use crate::address::encode;
use crate::admin_api::send;
use crate::answer::Refusal;
use crate::place::{Place, Section};
use crate::session::{access, session};
use crate::ui::{Choice, Draft, PageHead, Panel, Secret, Summary, go, notify, notify_refusal};

/// Creates a user.
#[component]
pub fn NewUser(tenant: String) -> impl IntoView {
    let draft = Draft::of_new(json!({ "username": "", "email_verified": false, "profile": {} }));
    draft.locked.set(!session().may(&tenant, "user", "create"));
    let created = RwSignal::new(None::<(User, String)>);
    let list = Place::Tenant(tenant.clone(), Section::Users).href();
    view! {
        <PageHead title="Create a user" within=Some(("Users".to_owned(), list)) />
        {move || match created.get() {
            Some((user, password)) => view! { <Created tenant=tenant.clone() user password /> }.into_any(),
            None => view! { <Form tenant=tenant.clone() draft created /> }.into_any(),
        }}
    }
}

/// How a new user comes to sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WayIn {
    Password,
    Invitation,
    Later,
}

const WAYS: [(WayIn, &str, &str); 3] = [
    (WayIn::Password, "With a password that you set", "You hand it over yourself."),
    (
        WayIn::Invitation,
        "With an invitation by mail",
        "They get a link with which they choose their password themselves. It needs their address.",
    ),
    (WayIn::Later, "Not yet", "Invite them later, or set a password."),
];

#[component]
fn Form(tenant: String, draft: Draft, created: RwSignal<Option<(User, String)>>) -> impl IntoView {
    let go = go();
    let readable = readable_tenant(&tenant);
    let generated = RwSignal::new(None::<String>);
    let may_invite = session().may(&tenant, "user", "update");
    let way = RwSignal::new(WayIn::Password);
    let cancel = Place::Tenant(tenant.clone(), Section::Users).href();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (tenant, go) = (tenant.clone(), go.clone());
        let request = create(users_path(&tenant), draft.value(), way.get_untracked());
        draft.submit(request, move |(user, sent)| {
            if let Some(Err(refusal)) = &sent {
                notify_refusal(refusal);
            }
            match generated.try_get_untracked().flatten() {
                // It has been shown, but nobody may have kept it yet.
                Some(password) => created.set(Some((user, password))),
                None => {
                    notify(match (sent, &user.email) {
                        (Some(Ok(())), Some(email)) => {
                            format!("{} was created, and a link is on its way to {email}", user.username)
                        }
                        _ => format!("{} was created", user.username),
                    });
                    go(&Place::Tenant(tenant, Section::User(user.id)));
                }
            }
        });
    };
    view! {
        <form on:submit=save novalidate>
            <div class="stack-close"><Summary draft /></div>
            <Panel title="Account"><AccountFields draft /></Panel>
            <Panel title="How they sign in first">
                <div class="form">
                    <Ways draft way generated may_invite />
                    <Show when=move || way.get() == WayIn::Password><PasswordField draft tenant=readable generated /></Show>
                </div>
            </Panel>
            <ProfilePanel draft />
            <div class="actions">
                <a class="button" href=cancel>"Cancel"</a>
                <button type="submit" class="button primary" disabled=move || draft.saving.get() || draft.locked.get()>
                    {move || match (draft.saving.get(), way.get()) {
                        (true, _) => "Creating\u{2026}",
                        (false, WayIn::Invitation) => "Create and invite the user",
                        (false, _) => "Create the user",
                    }}
                </button>
            </div>
        </form>
    }
}

/// Chooses the way; a password that was typed for another one is gone.
#[component]
fn Ways(
    draft: Draft,
    way: RwSignal<WayIn>,
    generated: RwSignal<Option<String>>,
    may_invite: bool,
) -> impl IntoView {
    let ways = WAYS.into_iter().filter(|(offered, ..)| may_invite || *offered != WayIn::Invitation);
    let choose = move |chosen: WayIn| {
        way.set(chosen);
        draft.refusal.set(None);
        if chosen != WayIn::Password {
            draft.set("/password", Value::Null);
            generated.set(None);
        }
    };
    let choices = ways.map(|(offered, name, about)| view! {
        <Choice name about=about.to_owned()>
            <input type="radio" name="way-in" prop:checked=move || way.get() == offered on:change=move |_| choose(offered) />
        </Choice>
    });
    view! {
        <fieldset class="field field-set" disabled=move || draft.locked.get()>
            <legend class="hidden">"How they sign in first"</legend>
            <div class="choices">{choices.collect_view()}</div>
        </fieldset>
    }
}

/// Makes the user and then, if that is the way, invites them; there is a user even where that is refused.
async fn create(
    path: String,
    body: Value,
    way: WayIn,
) -> Result<(User, Option<Result<(), Refusal>>), Refusal> {
    let is_missing = |member: &str| body[member].as_str().is_none_or(str::is_empty);
    let missing = match way {
        WayIn::Password if is_missing("password") => {
            Some(("/password", "is missing: choose \u{201c}Not yet\u{201d} to do without one"))
        }
        WayIn::Invitation if is_missing("email") => Some(("/email", "is where the invitation goes")),
        _ => None,
    };
    if let Some((pointer, detail)) = missing {
        return Err(Refusal::default().at(pointer, detail));
    }
    let access = access();
    let user = send::<User>(access, "POST", &path, Some(&body)).await?;
    if way != WayIn::Invitation {
        return Ok((user, None));
    }
    let invited = send_message(access, &format!("{path}/{}", encode(&user.id)), Message::Invitation).await;
    Ok((user, Some(invited)))
}

/// What has to be handed over, once.
#[component]
fn Created(tenant: String, user: User, password: String) -> impl IntoView {
    let href = Place::Tenant(tenant, Section::User(user.id)).href();
    view! {
        <Panel title=format!("{} can sign in now", user.username) about="Hand the password over on a way that nobody else reads.">
            <div class="form">
                <Secret label="Generated password" secret=password />
                <div><a class="button primary" href=href>"To the user"</a></div>
            </div>
        </Panel>
    }
}
