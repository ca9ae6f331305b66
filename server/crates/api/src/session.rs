use serde::{Deserialize, Serialize};

/// One browser in which a user is signed in, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Session {
    /// A UUID, the `sid` of ID tokens.
    pub id: String,
    /// The user who is signed in, a UUID.
    pub user_id: String,
    /// What that user signs in with.
    pub username: String,
    /// Whether the session goes on.
    pub state: SessionState,
    /// How the user proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// When the user last did. RFC 3339, UTC.
    pub authenticated_at: String,
    /// Network address that the user signed in from, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub address: Option<String>,
    /// What the browser said that it is, cut to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub user_agent: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub expires_at: String,
    /// When the user signed out or was signed out. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub ended_at: Option<String>,
}

/// Whether somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum SessionState {
    Active,
    /// Signed out.
    Ended,
    Expired,
}
