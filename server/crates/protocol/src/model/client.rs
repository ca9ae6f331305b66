use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{SigningAlgorithm, TenantId};
use crate::{Id, Scope, SecretHash, Timestamp};

/// A client identifier (RFC 6749 §2.2), unique in its tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Longest identifier accepted, in bytes.
    pub const MAX_LENGTH: usize = 255;

    /// Takes VSCHAR only (RFC 6749 Appendix A.1), 1 to 255 of them.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
        (allowed && !text.is_empty() && text.len() <= Self::MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An OAuth client (RFC 6749 §2).
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    pub tenant_id: TenantId,
    pub client_id: ClientId,
    pub enabled: bool,
    pub metadata: ClientMetadata,
    /// Several may be valid at a time, so that a secret can be changed without an outage.
    pub secrets: Vec<ClientSecret>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Client metadata, named as in RFC 7591 §2 and OpenID Connect Dynamic Client Registration §2.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    pub client_name: String,
    pub redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub token_endpoint_auth_method: AuthenticationMethod,
    /// Scopes that the client may ask for; a request without `scope` gets them all but
    /// `offline_access`.
    pub scope: Scope,
    /// Public keys for `private_key_jwt`.
    pub jwks: Option<serde_json::Value>,
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub contacts: Vec<String>,
    pub id_token_signed_response_alg: Option<SigningAlgorithm>,
    pub default_max_age: Option<u32>,
    /// Whether people are asked before the client gets anything; an operator's own applications
    /// may do without.
    pub skip_consent: bool,
    /// Resources (RFC 8707) that the client may name; the first is used where it names none.
    pub resources: Vec<String>,
}

/// Grant types (RFC 7591 §2) that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

impl FromStr for GrantType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|grant_type| grant_type.as_str() == text)
            .ok_or_else(|| format!("grant type {text} is not supported"))
    }
}

/// How a client proves who it is at the token endpoint (OpenID Connect Core §9, RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// A public client: it cannot keep a secret and proves nothing.
    None,
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

impl AuthenticationMethod {
    pub const ALL: [Self; 4] =
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// Whether the method needs a client secret.
    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

impl FromStr for AuthenticationMethod {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or_else(|| format!("client authentication method {text} is not supported"))
    }
}

/// Identifies one of a client's secrets.
pub type ClientSecretId = Id<ClientSecret>;

/// One secret of a client: its hash and its life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientSecret {
    pub id: ClientSecretId,
    pub hash: SecretHash,
    pub created_at: Timestamp,
    /// None: valid until it is removed.
    pub expires_at: Option<Timestamp>,
}

impl Client {
    /// A public client (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthenticationMethod::None
    }

    /// Whether the client may use this grant type.
    pub fn allows(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }
}
