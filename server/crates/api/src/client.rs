use serde::{Deserialize, Serialize};

use crate::{AccessTokenFormat, DeviceApproval, Profile, SecretText, SigningAlgorithm};

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
    /// How the client may get tokens.
    #[cfg_attr(feature = "openapi", oai(default = "default_grant_types"))]
    pub grant_types: Vec<GrantType>,
    /// How the client proves who it is.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub token_endpoint_auth_method: AuthenticationMethod,
    /// Scopes that the client may ask for, separated by spaces. A request without `scope` gets them
    /// all but `offline_access`.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub scope: String,
    /// None: those that the grant types need. Others than `code` are for tenants and clients of the
    /// profile `oidc-legacy`.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 7)))]
    pub response_types: Vec<ResponseType>,
    /// Native applications may have loopback and private-use redirect URIs.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub application_type: ApplicationType,
    /// Public keys (a JWK Set, RFC 7517 §5) for `private_key_jwt`, `self_signed_tls_client_auth` and
    /// request objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Where those keys are, instead of `jwks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The one algorithm of the client's assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// With `tls_client_auth`, exactly one of the five names the certificate (RFC 8705 §2.1.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A DNS name of the certificate (`dNSName`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI of the certificate (`uniformResourceIdentifier`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An address of the certificate (`iPAddress`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// An email address of the certificate (`rfc822Name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// Whether access tokens are bound to the client's certificate (RFC 8705 §3.4).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Whether token requests need a DPoP proof (RFC 9449 §5.2).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub dpop_bound_access_tokens: bool,
    /// Whether authorization requests must be pushed (RFC 9126 §6).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub require_pushed_authorization_requests: bool,
    /// Whether authorization requests must be signed (RFC 9101 §10.5).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub require_signed_request_object: bool,
    /// The one algorithm of the client's request objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// Where the client's request objects may be fetched from.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 64)))]
    pub request_uris: Vec<String>,
    /// Where the browser may return after signing out (OpenID Connect RP-Initiated Logout §3.1).
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 64)))]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the redirect URIs of a group of clients are listed (OpenID Connect Core §8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// The same for every client that is the same program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of that program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// A page about the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// The client's logo, on consent pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// What the client says it does with data about people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The client's terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Email addresses of those who answer for the client.
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
    /// What is demanded of this client, where it is not what the tenant demands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Form of the client's access tokens, where it is not the resource's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// Who approves the client's devices, where it is not who the tenant says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_approval: Option<DeviceApproval>,
    /// What the client may do with tokens of others (RFC 8693 §1.1).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub token_exchange: TokenExchange,
    /// How the client came to be.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub origin: ClientOrigin,
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
            response_types: vec![],
            application_type: ApplicationType::default(),
            jwks: None,
            jwks_uri: None,
            token_endpoint_auth_signing_alg: None,
            tls_client_auth_subject_dn: None,
            tls_client_auth_san_dns: None,
            tls_client_auth_san_uri: None,
            tls_client_auth_san_ip: None,
            tls_client_auth_san_email: None,
            tls_client_certificate_bound_access_tokens: false,
            dpop_bound_access_tokens: false,
            require_pushed_authorization_requests: false,
            require_signed_request_object: false,
            request_object_signing_alg: None,
            request_uris: vec![],
            post_logout_redirect_uris: vec![],
            sector_identifier_uri: None,
            software_id: None,
            software_version: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: vec![],
            id_token_signed_response_alg: None,
            default_max_age: None,
            skip_consent: false,
            resources: vec![],
            profile: None,
            access_token_format: None,
            device_approval: None,
            token_exchange: TokenExchange::default(),
            origin: ClientOrigin::default(),
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
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    #[cfg_attr(feature = "openapi", oai(rename = "urn:ietf:params:oauth:grant-type:device_code"))]
    DeviceCode,
    /// RFC 8693 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    #[cfg_attr(feature = "openapi", oai(rename = "urn:ietf:params:oauth:grant-type:token-exchange"))]
    TokenExchange,
    /// Tokens from the authorization endpoint: for tenants and clients of the profile `oidc-legacy`.
    Implicit,
}

/// Response types (OAuth 2.0 Multiple Response Type Encoding Practices §3, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
pub enum ResponseType {
    #[serde(rename = "code")]
    #[cfg_attr(feature = "openapi", oai(rename = "code"))]
    Code,
    #[serde(rename = "token")]
    #[cfg_attr(feature = "openapi", oai(rename = "token"))]
    Token,
    #[serde(rename = "id_token")]
    #[cfg_attr(feature = "openapi", oai(rename = "id_token"))]
    IdToken,
    #[serde(rename = "id_token token")]
    #[cfg_attr(feature = "openapi", oai(rename = "id_token token"))]
    IdTokenToken,
    #[serde(rename = "code id_token")]
    #[cfg_attr(feature = "openapi", oai(rename = "code id_token"))]
    CodeIdToken,
    #[serde(rename = "code token")]
    #[cfg_attr(feature = "openapi", oai(rename = "code token"))]
    CodeToken,
    #[serde(rename = "code id_token token")]
    #[cfg_attr(feature = "openapi", oai(rename = "code id_token token"))]
    CodeIdTokenToken,
}

/// `application_type` (OpenID Connect Dynamic Client Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// What a client may do with tokens of others (RFC 8693 §1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct TokenExchange {
    /// Get a token that does not tell that it acts.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub impersonation: bool,
    /// Get a token whose `act` claim names who acts.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub delegation: bool,
}

/// How a client came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum ClientOrigin {
    #[default]
    Administrator,
    /// It is the server's own, and cannot be changed: the console's.
    BuiltIn,
    /// It registered itself (RFC 7591).
    Registration,
    /// Its `client_id` is the address of its metadata document.
    MetadataDocument,
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
    ClientSecretJwt,
    PrivateKeyJwt,
    /// RFC 8705 §2.1.
    TlsClientAuth,
    /// RFC 8705 §2.2.
    SelfSignedTlsClientAuth,
}
