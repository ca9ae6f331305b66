use serde::{Deserialize, Serialize};

use crate::{SecretText, SigningAlgorithm};

/// A client (RFC 6749 §2); its metadata is named as in RFC 7591 §2 and OpenID Connect Dynamic Client
/// Registration §2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Client {
    /// Unique in the tenant and never changed. POST makes one up for a client without; with PUT it is
    /// the one in the path.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub client_id: String,
    /// Generated for a client that authenticates with a secret, and given once: in the answer to the
    /// request that made it. To send one is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub client_secret: Option<SecretText>,
    /// Whether the client can do anything at all. A PUT without it leaves it as it is.
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub enabled: bool,
    /// The client's name for people, on consent pages.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub client_name: String,
    /// Compared exactly, but for the port of a loopback address. Needed for `authorization_code`.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 64)))]
    pub redirect_uris: Vec<String>,
    #[cfg_attr(feature = "openapi", oai(default = "default_grant_types"))]
    pub grant_types: Vec<GrantType>,
    #[cfg_attr(feature = "openapi", oai(default))]
    pub token_endpoint_auth_method: AuthenticationMethod,
    /// Scopes that the client may ask for, separated by spaces. A request without `scope` gets them
    /// all but `offline_access`.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub scope: String,
    /// Public keys (a JWK Set, RFC 7517 §5) for `private_key_jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 16)))]
    pub contacts: Vec<String>,
    /// Signs the client's ID tokens; absent, the tenant's own choice does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<SigningAlgorithm>,
    /// Longest time in seconds since the person signed in, where a request says nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Whether people are not asked before the client gets what it asks for: for an operator's own
    /// applications.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub skip_consent: bool,
    /// Protected resources (RFC 8707) that the client may name; the first is used where it names none.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 64)))]
    pub resources: Vec<String>,
    /// Counts changes.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub version: i64,
    /// RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
    /// RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub updated_at: String,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: None,
            enabled: yes(),
            client_name: String::new(),
            redirect_uris: vec![],
            grant_types: default_grant_types(),
            token_endpoint_auth_method: AuthenticationMethod::default(),
            scope: String::new(),
            jwks: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: vec![],
            id_token_signed_response_alg: None,
            default_max_age: None,
            skip_consent: false,
            resources: vec![],
            version: 0,
            created_at: String::new(),
            updated_at: String::new(),
        }
    }
}

const fn yes() -> bool {
    true
}

/// RFC 7591 §2.
fn default_grant_types() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

/// Grant types (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// How a client proves who it is (OpenID Connect Core §9, RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum AuthenticationMethod {
    /// A public client: it cannot keep a secret and proves nothing.
    None,
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}
