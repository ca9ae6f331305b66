use serde::{Deserialize, Serialize};

/// A passkey that a user signs in with (WebAuthn).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Passkey {
    /// A UUID.
    pub id: String,
    /// What the user calls it.
    pub name: String,
    /// Whether it is, or can be, in several of the user's devices.
    pub synced: bool,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When the user last signed in with it. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_used_at: Option<String>,
}

/// What a user signs in with beside a password, and that is no passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Authenticator {
    /// A UUID; `recovery-codes` for the user's recovery codes.
    pub id: String,
    /// An app or recovery codes.
    pub kind: AuthenticatorKind,
    /// What the user calls it; recovery codes have no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub name: Option<String>,
    /// Recovery codes that are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub remaining: Option<u32>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When the user last signed in with it. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_used_at: Option<String>,
}

/// What an authenticator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum AuthenticatorKind {
    /// An app that shows codes of the time (RFC 6238).
    Totp,
    /// Codes on paper, each good for once.
    RecoveryCodes,
}
