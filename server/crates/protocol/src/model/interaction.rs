use serde::{Deserialize, Serialize};

use super::{DeviceAuthorizationId, Factor, RequestOrigin, SessionId, TenantId, UserId};
use crate::authorize::AuthorizationRequest;
use crate::{Id, SecretHash, Timestamp};

/// Identifies an interaction in page addresses; without the browser's cookie it opens nothing.
pub type InteractionId = Id<Interaction>;

/// The pages between a request and its answer: sign in, step up, consent.
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    pub tenant_id: TenantId,
    pub id: InteractionId,
    /// Hash of the cookie of the browser that started it; another browser cannot go on with it.
    pub browser: SecretHash,
    pub purpose: Purpose,
    /// The session in which the person signed in during this interaction. That counts as the
    /// sign-in that `prompt=login` or `max_age` asked for.
    pub signed_in: Option<SessionId>,
    /// What the person has proven so far, while that is not enough for a session.
    pub proven: Option<Proven>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// What somebody has proven on the way to a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    pub user_id: UserId,
    pub factors: Vec<Factor>,
}

/// What the interaction leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// The answer to an authorization request.
    Authorization { request: Box<AuthorizationRequest> },
    /// A device that is let in or not (RFC 8628 §3.3).
    Device {
        request: Box<AuthorizationRequest>,
        device: DeviceAuthorizationId,
        /// Where the person entered the code.
        entered_from: RequestOrigin,
    },
    /// One of the user's own pages.
    Account {
        #[serde(default)]
        page: AccountPage,
    },
}

/// The pages of a person's own account. There are no others that a sign-in leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPage {
    #[default]
    Overview,
    Profile,
    Password,
    Security,
    Providers,
    Sessions,
    Applications,
    Devices,
    Data,
    Deletion,
}

impl AccountPage {
    pub const ALL: [Self; 10] = [
        Self::Overview,
        Self::Profile,
        Self::Password,
        Self::Security,
        Self::Providers,
        Self::Sessions,
        Self::Applications,
        Self::Devices,
        Self::Data,
        Self::Deletion,
    ];

    /// What it is called in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Profile => "profile",
            Self::Password => "password",
            Self::Security => "security",
            Self::Providers => "providers",
            Self::Sessions => "sessions",
            Self::Applications => "applications",
            Self::Devices => "devices",
            Self::Data => "data",
            Self::Deletion => "deletion",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.as_str() == name)
    }
}

/// A pushed authorization request (RFC 9126 §2), validated when it came.
#[derive(Clone, Debug, PartialEq)]
pub struct PushedAuthorizationRequest {
    pub tenant_id: TenantId,
    /// Of the handle in its `request_uri`.
    pub hash: SecretHash,
    pub request: AuthorizationRequest,
    /// Until when the browser may come with it; once an interaction has begun, that one's time counts.
    pub expires_at: Timestamp,
    /// When the request was answered.
    pub consumed_at: Option<Timestamp>,
}

impl Interaction {
    /// Neither finished nor expired.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.completed_at.is_none() && now < self.expires_at
    }
}
