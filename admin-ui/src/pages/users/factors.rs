//! What a user signs in with beside a password.

use grantor_api::{Authenticator, AuthenticatorKind, IdentityLink, Passkey, User};
use leptos::prelude::*;

use super::messages::Messages;
use super::user_path;
use crate::address::encode;
use crate::session::session;
use crate::ui::{Badge, Collection, Column, Empty, Panel, Question, Time, Tone, ask};

/// Recovery codes below this number are few.
const FEW: u32 = 3;

/// The user's password, passkeys and authenticators, and the mail that helps with them.
#[component]
pub fn SignInFactors(tenant: String, user: Memo<Option<User>>, id: String) -> impl IntoView {
    let may_change = session().may(&tenant, "user", "update");
    let path = user_path(&tenant, &id);
    let name = Signal::derive(move || user.get().map(|user| user.username).unwrap_or_default());
    view! {
        {may_change.then(|| view! { <Messages path=path.clone() user /> })}
        <Passkeys path=format!("{path}/passkeys") name may_change />
        <Authenticators path=format!("{path}/authenticators") name may_change />
        <Links path=format!("{path}/identity-links") name may_change />
    }
}

#[component]
fn Passkeys(path: String, name: Signal<String>, may_change: bool) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let mut columns = vec![
        Column::new("Name", |passkey: &Passkey| passkey.name.clone()),
        Column::new("Kept", |passkey: &Passkey| {
            if passkey.synced {
                view! { <Badge text="Synced" tone=Tone::Plain /> <p class="hint">"In several of their devices, or can be"</p> }.into_any()
            } else {
                view! { <Badge text="In one device" tone=Tone::Plain /> }.into_any()
            }
        }),
        Column::new("Made", |passkey: &Passkey| view! { <Time at=passkey.created_at.clone() /> }),
        Column::new("Last used", |passkey: &Passkey| last_used(passkey.last_used_at.clone())),
    ];
    if may_change {
        let list = path.clone();
        columns.push(Column::new("", move |passkey: &Passkey| {
            let (path, label) = (format!("{list}/{}", encode(&passkey.id)), passkey.name.clone());
            view! {
                <button type="button" class="button small" aria-label=format!("Remove the passkey {label}")
                    on:click=move |_| remove_passkey(&path, &label, &name.get_untracked(), changed)>"Remove"</button>
            }
        }));
    }
    view! {
        <Panel title="Passkeys" about="Made on the user\u{2019}s own account page; each is good for this tenant alone.">
            <Collection<Passkey> path what="passkeys" whole=true columns changed=changed empty=|| view! {
                <Empty title="No passkey" text="The user makes one on their account page, or while signing in." />
            } />
        </Panel>
    }
}

#[component]
fn Authenticators(path: String, name: Signal<String>, may_change: bool) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let mut columns = vec![
        Column::new("What", |held: &Authenticator| {
            view! {
                <span>{kind_words(held.kind)} " " <span class="quiet">{held.name.clone()}</span></span>
            }
        }),
        Column::new("Left", |held: &Authenticator| held.remaining.map(left)),
        Column::new("Made", |held: &Authenticator| view! { <Time at=held.created_at.clone() /> }),
        Column::new("Last used", |held: &Authenticator| last_used(held.last_used_at.clone())),
    ];
    if may_change {
        let list = path.clone();
        columns.push(Column::new("", move |held: &Authenticator| {
            let (path, kind, label) = (format!("{list}/{}", encode(&held.id)), held.kind, held.name.clone());
            let words = [kind_words(kind).to_lowercase(), label.clone().unwrap_or_default()].join(" ");
            view! {
                <button type="button" class="button small" aria-label=format!("Remove the {}", words.trim())
                    on:click=move |_| remove_authenticator(&path, (kind, label.as_deref()), &name.get_untracked(), changed)>"Remove"</button>
            }
        }));
    }
    view! {
        <Panel title="Authenticators" about="Second factors beside a password, and what helps when they are lost.">
            <Collection<Authenticator> path what="authenticators" whole=true columns changed=changed empty=|| view! {
                <Empty title="No second factor" text="The user sets one up on their account page, or while signing in where the tenant demands one." />
            } />
        </Panel>
    }
}

#[component]
fn Links(path: String, name: Signal<String>, may_change: bool) -> impl IntoView {
    let changed = RwSignal::new(0_u32);
    let mut columns = vec![
        Column::new("Provider", |link: &IdentityLink| link.provider.clone()),
        Column::new(
            "Who they are there",
            |link: &IdentityLink| view! { <code class="identifier" title="sub">{link.subject.clone()}</code> },
        ),
        Column::new("Linked", |link: &IdentityLink| view! { <Time at=link.created_at.clone() /> }),
        Column::new("Last used", |link: &IdentityLink| last_used(link.last_used_at.clone())),
    ];
    if may_change {
        let list = path.clone();
        columns.push(Column::new("", move |link: &IdentityLink| {
            let (path, provider) = (format!("{list}/{}", encode(&link.provider)), link.provider.clone());
            view! {
                <button type="button" class="button small" aria-label=format!("Remove the link to {provider}")
                    on:click=move |_| remove_link(&path, &provider, &name.get_untracked(), changed)>"Remove"</button>
            }
        }));
    }
    view! {
        <Panel title="Other providers" about="Where the user signs in instead of here.">
            <Collection<IdentityLink> path what="links" columns changed=changed empty=|| view! {
                <Empty title="Not linked" text="The user has not signed in through another provider." />
            } />
        </Panel>
    }
}

const fn kind_words(kind: AuthenticatorKind) -> &'static str {
    match kind {
        AuthenticatorKind::Totp => "Authenticator app",
        AuthenticatorKind::RecoveryCodes => "Recovery codes",
    }
}

fn left(remaining: u32) -> impl IntoView {
    let tone = match remaining {
        0 => Tone::Bad,
        few if few < FEW => Tone::Warning,
        _ => Tone::Plain,
    };
    view! { <Badge text=format!("{remaining} left") tone /> }
}

fn last_used(at: Option<String>) -> AnyView {
    match at {
        Some(at) => view! { <Time at /> }.into_any(),
        None => view! { <span class="quiet">"Never"</span> }.into_any(),
    }
}

fn remove_passkey(path: &str, label: &str, name: &str, changed: RwSignal<u32>) {
    let text = format!(
        "{name} cannot sign in with it any more. Where they have no password and no other passkey, they cannot sign in at \
         all until they are invited again or a password is set. Sessions go on. On their device the passkey stays until they \
         delete it there; it is of no use then."
    );
    let said = format!("The passkey {label} is removed");
    ask(removal(format!("Remove the passkey {label}?"), text, "Remove the passkey", (path, said), changed));
}

fn remove_authenticator(
    path: &str,
    (kind, label): (AuthenticatorKind, Option<&str>),
    name: &str,
    changed: RwSignal<u32>,
) {
    let question = match kind {
        AuthenticatorKind::Totp => {
            let label = label.unwrap_or("app");
            let text = format!(
                "Codes of this app are refused from now on. Where it was the only second factor of {name}, their password alone \
                 is enough again, or they set up another one at the next sign-in, as the tenant\u{2019}s settings have it. \
                 Do it only for somebody whom you know to be {name}: who asks for it may want to get past it."
            );
            let said = format!("The authenticator {label} is removed");
            removal(
                format!("Remove the authenticator {label}?"),
                text,
                "Remove the authenticator",
                (path, said),
                changed,
            )
        }
        AuthenticatorKind::RecoveryCodes => {
            let text = format!(
                "All codes that are left are void. {name} can make new ones on their account page, as long as they can sign in."
            );
            let said = "The recovery codes are void".to_owned();
            removal("Remove the recovery codes?".to_owned(), text, "Remove the codes", (path, said), changed)
        }
    };
    ask(question);
}

fn remove_link(path: &str, provider: &str, name: &str, changed: RwSignal<u32>) {
    let text = format!(
        "{name} no longer signs in through {provider}. Where that was their only way, they cannot sign in until they are \
         invited or a password is set. Sessions go on."
    );
    let said = format!("The link to {provider} is removed");
    ask(removal(format!("Remove the link to {provider}?"), text, "Remove the link", (path, said), changed));
}

fn removal(
    title: String,
    text: String,
    action: &'static str,
    (path, said): (&str, String),
    changed: RwSignal<u32>,
) -> Question {
    Question::deletion(title, text, action, (path.to_owned(), said), move || {
        let _gone = changed.try_update(|changed| *changed += 1);
    })
}
