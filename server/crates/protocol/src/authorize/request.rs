use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::model::ClientId;
use crate::pkce::CodeChallenge;

/// An authorization request whose client, redirect URI and parameters are proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client_id: ClientId,
    /// As the client sent it, loopback port included.
    pub redirect_uri: String,
    pub response_mode: ResponseMode,
    pub state: Option<String>,
    pub scope: Scope,
    /// Resource indicators (RFC 8707 §2.1).
    pub resources: Vec<String>,
    pub code_challenge: Option<CodeChallenge>,
    pub nonce: Option<String>,
    pub prompt: Prompt,
    /// Seconds since the last sign-in after which the user must sign in again.
    pub max_age: Option<u32>,
    pub login_hint: Option<String>,
}

/// How the answer reaches the client (OAuth 2.0 Multiple Response Type Encoding Practices §2.1,
/// OAuth 2.0 Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

/// The `prompt` parameter (OpenID Connect Core §3.1.2.1) as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub none: bool,
    pub login: bool,
    pub consent: bool,
    pub select_account: bool,
}
