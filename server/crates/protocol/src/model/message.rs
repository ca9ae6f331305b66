use serde::{Deserialize, Serialize};

use super::{InteractionId, TenantId, UserId};
use crate::{Id, Lifetime, SecretHash, Timestamp};

/// Identifies a message.
pub type MessageId = Id<Message>;

/// A message that waits to be sent to somebody's email address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub tenant_id: TenantId,
    pub id: MessageId,
    pub kind: MessageKind,
    /// Whom it is for and what it needs to say, encrypted under the master key.
    pub content: Vec<u8>,
    /// How often somebody took it on.
    pub attempts: u32,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    /// What has not been sent by then is given up.
    pub expires_at: Timestamp,
}

/// What a message is about, and what the link in it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The link lets a person choose a new password.
    PasswordReset,
    /// The link proves that a person reads what is sent to an address.
    Verification,
    /// The link lets a new person choose their first password.
    Invitation,
    /// The link signs in, in the browser that asked for it.
    MagicLink,
    /// Somebody signed in from a new browser; there is no link.
    NewSignIn,
}

impl MessageKind {
    pub const ALL: [Self; 5] =
        [Self::PasswordReset, Self::Verification, Self::Invitation, Self::MagicLink, Self::NewSignIn];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::Verification => "verification",
            Self::Invitation => "invitation",
            Self::MagicLink => "magic_link",
            Self::NewSignIn => "new_sign_in",
        }
    }

    /// For how long the link is good; of what has no link, for how long it is worth telling.
    pub const fn lifetime(self) -> Lifetime {
        Lifetime::from_seconds(match self {
            Self::PasswordReset => 30 * 60,
            Self::Verification | Self::NewSignIn => 24 * 60 * 60,
            Self::Invitation => 7 * 24 * 60 * 60,
            Self::MagicLink => 10 * 60,
        })
    }
}

/// A link in a message that does something once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeLink {
    pub tenant_id: TenantId,
    pub hash: SecretHash,
    pub kind: MessageKind,
    pub user_id: UserId,
    /// Where it was sent to.
    pub address: String,
    /// Where alone it works; None for links that work wherever they are opened.
    pub asked_in: Option<AskedIn>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When it was used, or ended by another.
    pub consumed_at: Option<Timestamp>,
}

/// The page that a link was asked for on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedIn {
    pub interaction: InteractionId,
    /// The cookie of the browser.
    pub browser: SecretHash,
}
