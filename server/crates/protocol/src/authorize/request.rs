use serde::{Deserialize, Serialize};

use crate::model::{Acr, ClientId, UserId};
use crate::pkce::CodeChallenge;
use crate::{Scope, SecretHash};

/// An authorization request whose client, redirect URI and parameters are proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client_id: ClientId,
    /// As the client sent it, loopback port included.
    pub redirect_uri: String,
    #[serde(default)]
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    pub state: Option<String>,
    pub scope: Scope,
    /// Resource indicators (RFC 8707 §2.1).
    pub resources: Vec<String>,
    pub code_challenge: Option<CodeChallenge>,
    /// Thumbprint of the DPoP key that the code will be bound to (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    pub nonce: Option<String>,
    pub prompt: Prompt,
    /// Seconds since the last sign-in after which the user must sign in again.
    pub max_age: Option<u32>,
    /// The least of `acr_values`: what the user must prove to be at least.
    #[serde(default)]
    pub acr: Option<Acr>,
    pub login_hint: Option<String>,
    /// Languages for the pages, as tags in the order in which they are preferred (OpenID Connect Core §3.1.2.1).
    #[serde(default)]
    pub ui_locales: Option<String>,
    /// Whom the ID token named that came as `id_token_hint` (OpenID Connect Core §3.1.2.1): the answer is
    /// about this user or an error.
    #[serde(default)]
    pub hinted_user: Option<UserId>,
    /// Hash of the `request_uri` that the request was pushed as (RFC 9126 §2.2). Whatever answers the
    /// request spends it.
    #[serde(default)]
    pub pushed_as: Option<SecretHash>,
}

impl AuthorizationRequest {
    /// Whether an answer about this user is one that the client can use.
    pub fn expects(&self, user: UserId) -> bool {
        self.hinted_user.is_none_or(|hinted| hinted == user)
    }
}

/// What the client wants from the authorization endpoint (RFC 6749 §3.1.1, OAuth 2.0 Multiple Response
/// Type Encoding Practices §3, §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResponseType {
    #[default]
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "token")]
    Token,
    #[serde(rename = "id_token")]
    IdToken,
    #[serde(rename = "id_token token")]
    IdTokenToken,
    #[serde(rename = "code id_token")]
    CodeIdToken,
    #[serde(rename = "code token")]
    CodeToken,
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    pub const ALL: [Self; 7] = [
        Self::Code,
        Self::Token,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Reads the parameter; the order of its words means nothing (RFC 6749 §3.1.1).
    pub fn parse(text: &str) -> Option<Self> {
        let sorted = |text: &str| {
            let mut words: Vec<_> = text.split(' ').map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        let asked = sorted(text);
        Self::ALL.into_iter().find(|known| sorted(known.as_str()) == asked)
    }

    pub const fn has_code(self) -> bool {
        matches!(self, Self::Code | Self::CodeIdToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    pub const fn has_id_token(self) -> bool {
        matches!(self, Self::IdToken | Self::IdTokenToken | Self::CodeIdToken | Self::CodeIdTokenToken)
    }

    /// Whether an access token comes from the authorization endpoint.
    pub const fn has_token(self) -> bool {
        matches!(self, Self::Token | Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether any token comes through the browser: in the fragment or a form, never in a query
    /// (OAuth 2.0 Multiple Response Type Encoding Practices §5).
    pub const fn gives_tokens(self) -> bool {
        self.has_id_token() || self.has_token()
    }
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
