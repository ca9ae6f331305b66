use std::fmt;

use serde::{Deserialize, Serialize};

use super::TenantId;
use crate::{Id, Timestamp};

/// Identifies a user; its text is the `sub` claim.
pub type UserId = Id<User>;

/// A resource owner who signs in at a tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub tenant_id: TenantId,
    pub id: UserId,
    /// The name to sign in with, unique in the tenant without regard to case.
    pub username: String,
    /// Unique in the tenant without regard to case; signs in as well as the name.
    pub email: Option<String>,
    pub email_verified: bool,
    pub status: UserStatus,
    pub password: Option<PasswordHash>,
    pub profile: UserProfile,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whether a user can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserStatus {
    Active,
    Locked,
}

impl UserStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
        }
    }
}

/// A password's argon2id hash with its parameters and salt (PHC string). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn from_phc(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

/// Standard claims about a person (OpenID Connect Core §5.1) that scope `profile` gives away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
}

impl User {
    /// Whether the user can sign in at all.
    pub fn may_sign_in(&self) -> bool {
        self.status == UserStatus::Active
    }

    /// What to call the user on a page.
    pub fn display_name(&self) -> &str {
        self.profile.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.username)
    }
}
