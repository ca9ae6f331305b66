use serde::{Deserialize, Serialize};

/// What a user let a client have. Codes and tokens belong to a grant; revoking it ends them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Grant {
    /// A UUID.
    pub id: String,
    /// The client that it was given to.
    pub client_id: String,
    /// What people know the client as.
    pub client_name: String,
    /// The user who gave it, a UUID.
    pub user_id: String,
    /// What that user signs in with.
    pub username: String,
    /// Separated by spaces.
    pub scope: String,
    /// Protected resources (RFC 8707) that its tokens may be for.
    pub resources: Vec<String>,
    /// The session in which it was given.
    pub session_id: String,
    /// When the user had last proved who they are. RFC 3339, UTC.
    pub authenticated_at: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub revoked_at: Option<String>,
    /// Why it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub revocation_reason: Option<RevocationReason>,
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum RevocationReason {
    /// The code came a second time (RFC 9700 §4.5).
    AuthorizationCodeReplayed,
    /// The device's code came a second time.
    DeviceCodeReplayed,
    /// A refresh token came again after its retry window (RFC 9700 §4.14).
    RefreshTokenReplayed,
    /// The client gave it back (RFC 7009).
    RevokedByClient,
    /// The user took the consent back.
    RevokedByUser,
    RevokedByAdministrator,
    /// The session in which it was given ended.
    SignedOut,
}
