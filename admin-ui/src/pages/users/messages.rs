//! Mail that helps a user to sign in.

use grantor_api::{User, UserStatus};
use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use crate::admin_api::{Access, send};
use crate::answer::Refusal;
use crate::session::access;
use crate::ui::{Deed, Panel, notify, notify_refusal};

/// A link that is sent to the user's address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Message {
    Invitation,
    PasswordReset,
    Verification,
}

impl Message {
    const ALL: [Self; 3] = [Self::Invitation, Self::PasswordReset, Self::Verification];

    const fn path(self) -> &'static str {
        match self {
            Self::Invitation => "invite",
            Self::PasswordReset => "send-password-reset",
            Self::Verification => "send-verification",
        }
    }

    /// Whether it is of use to the user as they are.
    #[must_use]
    pub fn fits(self, user: &User) -> bool {
        let can_come_in = user.email.is_some() && user.status == UserStatus::Active;
        can_come_in
            && match self {
                Self::Invitation => !user.has_password,
                Self::PasswordReset => user.has_password,
                Self::Verification => !user.email_verified,
            }
    }

    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Invitation => (
                "Invitation",
                "A link with which they choose what they sign in with, good once and for 7 days. It shows that the address is theirs, too.",
                "Invite",
            ),
            Self::PasswordReset => (
                "Forgotten password",
                "A link with which they choose another password, good once and for 30 minutes. The old one goes on until they do; then they are signed out everywhere.",
                "Send a reset link",
            ),
            Self::Verification => (
                "Address not verified",
                "A link that shows that the address is theirs, good once and for a day. Clients are then told so (email_verified).",
                "Send a verification",
            ),
        }
    }
}

/// What can be sent to the user now.
#[component]
pub fn Messages(path: String, user: Memo<Option<User>>) -> impl IntoView {
    move || {
        let user = user.get()?;
        let deeds = Message::ALL.into_iter().filter(|message| message.fits(&user)).map(|message| {
            let (title, about, action) = message.words();
            let about = Signal::stored(about.to_owned());
            let (path, user) = (path.clone(), user.clone());
            view! { <Deed title about><SendButton path user message action /></Deed> }
        });
        let deeds: Vec<_> = deeds.collect();
        let what = match (user.has_password, &user.email) {
            (true, Some(email)) => format!("The user has a password. Mail goes to {email}."),
            (true, None) => "The user has a password, and no address that mail could go to.".to_owned(),
            (false, Some(email)) => format!("The user has no password. Mail goes to {email}."),
            (false, None) => {
                "The user has no password, and no address that an invitation could go to.".to_owned()
            }
        };
        Some(view! { <Panel title="Password and mail" about=what><div class="deeds">{deeds}</div></Panel> })
    }
}

/// Sends one message.
#[component]
pub fn SendButton(
    path: String,
    user: User,
    message: Message,
    #[prop(default = message.words().2)] action: &'static str,
) -> impl IntoView {
    let access = access();
    let busy = RwSignal::new(false);
    let press = move |_| {
        let (path, email) = (path.clone(), user.email.clone().unwrap_or_default());
        busy.set(true);
        spawn_local(async move {
            match send_message(access, &path, message).await {
                Ok(()) => notify(format!("A link is on its way to {email}")),
                Err(refusal) => notify_refusal(&refusal),
            }
            let _gone = busy.try_set(false);
        });
    };
    view! { <button type="button" class="button" disabled=busy on:click=press>{action}</button> }
}

/// Has the server send a message to the user at a path of the admin API.
///
/// # Errors
/// A refusal of the server's: where it makes no sense for the user, or there is no address.
pub async fn send_message(access: Access, path: &str, message: Message) -> Result<(), Refusal> {
    send::<Value>(access, "POST", &format!("{path}/{}", message.path()), None).await.map(drop)
}
