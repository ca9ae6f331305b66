use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{AccessTokenFormat, DeviceApproval, RegistrationBounds, SigningAlgorithm, TenantId};
use crate::authorize::ResponseType;
use crate::metadata::ASSERTION_ALGORITHMS;
use crate::{Id, Profile, Scope, Secret, SecretHash, Timestamp};

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
    /// How the client came to be.
    pub origin: ClientOrigin,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// How a client came to be, and what that leaves to remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClientOrigin {
    /// An administrator made it.
    #[default]
    Administrator,
    /// The server's own: the code says what it is, wherever it is read, and nobody changes it.
    #[serde(skip)]
    BuiltIn,
    /// It registered itself (RFC 7591).
    Registration {
        /// Hash of the registration access token (RFC 7592 §3) that is valid now; none for a client
        /// that several have registered alike: none of them may change it under the others.
        token: Option<SecretHash>,
        /// Hash of the metadata, so that the same registration again finds this client; none for one
        /// that is not to be found so.
        fingerprint: Option<SecretHash>,
        /// What the initial access token allowed, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bounds: Option<Box<RegistrationBounds>>,
        /// Its software statement as it came (RFC 7591 §2.3), where there was one: what it says, the
        /// client cannot change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        software_statement: Option<String>,
    },
    /// Its `client_id` is the address of its metadata document (CIMD).
    MetadataDocument {
        /// When the document was fetched last.
        fetched_at: Timestamp,
        /// Until when it need not be fetched again.
        fresh_until: Timestamp,
    },
}

impl ClientOrigin {
    /// Whether nobody who administers the tenant has vouched for the client.
    pub const fn is_self_made(&self) -> bool {
        matches!(self, Self::Registration { .. } | Self::MetadataDocument { .. })
    }

    /// What the client's initial access token allowed, where there was one.
    pub fn bounds(&self) -> Option<&RegistrationBounds> {
        match self {
            Self::Registration { bounds, .. } => bounds.as_deref(),
            Self::Administrator | Self::BuiltIn | Self::MetadataDocument { .. } => None,
        }
    }

    /// The software statement that the client registered with, where there was one.
    pub fn software_statement(&self) -> Option<&str> {
        match self {
            Self::Registration { software_statement, .. } => software_statement.as_deref(),
            Self::Administrator | Self::BuiltIn | Self::MetadataDocument { .. } => None,
        }
    }
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
    /// None: those that the grant types need.
    pub response_types: Vec<ResponseType>,
    pub application_type: ApplicationType,
    /// The client's public keys, or where they are.
    pub jwks: Option<serde_json::Value>,
    pub jwks_uri: Option<String>,
    /// The one algorithm of the client's assertions; none: any that is supported.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// RFC 8705 §2.1.2: exactly one of these names the certificate of `tls_client_auth`.
    pub tls_client_auth_subject_dn: Option<String>,
    pub tls_client_auth_san_dns: Option<String>,
    pub tls_client_auth_san_uri: Option<String>,
    pub tls_client_auth_san_ip: Option<String>,
    pub tls_client_auth_san_email: Option<String>,
    /// RFC 8705 §3.4.
    pub tls_client_certificate_bound_access_tokens: bool,
    /// RFC 9449 §5.2.
    pub dpop_bound_access_tokens: bool,
    /// RFC 9126 §6.
    pub require_pushed_authorization_requests: bool,
    /// RFC 9101 §10.5.
    pub require_signed_request_object: bool,
    /// The one algorithm of the client's request objects; none: any that is supported.
    pub request_object_signing_alg: Option<String>,
    /// Where request objects may be fetched from (OpenID Connect Dynamic Client Registration §2).
    pub request_uris: Vec<String>,
    /// OpenID Connect RP-Initiated Logout §3.1.
    pub post_logout_redirect_uris: Vec<String>,
    pub sector_identifier_uri: Option<String>,
    pub software_id: Option<String>,
    pub software_version: Option<String>,
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
    /// What is demanded of this client, where it is not what the tenant demands.
    pub profile: Option<Profile>,
    /// Form of its access tokens, where it is not the resource's.
    pub access_token_format: Option<AccessTokenFormat>,
    /// Who approves its devices, where it is not who the tenant says.
    pub device_approval: Option<DeviceApproval>,
    pub token_exchange: TokenExchange,
}

/// What a client may do with tokens of others (RFC 8693 §1.1, §5); nothing unless somebody says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenExchange {
    /// Get a token that does not tell that it acts.
    pub impersonation: bool,
    /// Get a token whose `act` claim names who acts.
    pub delegation: bool,
}

/// `application_type` (OpenID Connect Dynamic Client Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    #[default]
    Web,
    Native,
}

/// Grant types (RFC 7591 §2) that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    /// RFC 8628 §3.4.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 6749 §4.2, which OAuth 2.1 took away: nothing for the token endpoint, but what a client
    /// that gets tokens from the authorization endpoint registers.
    Implicit,
}

impl GrantType {
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::Implicit,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::Implicit => "implicit",
        }
    }

    /// Whether tokens of this grant may come with a refresh token.
    pub const fn gives_refresh_tokens(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::DeviceCode)
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
    ClientSecretJwt,
    PrivateKeyJwt,
    /// RFC 8705 §2.1.
    TlsClientAuth,
    /// RFC 8705 §2.2.
    SelfSignedTlsClientAuth,
}

impl AuthenticationMethod {
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        }
    }

    /// Whether the method needs a client secret.
    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }

    /// Algorithms of the method's assertions (RFC 7523 §3); none where it has none. Our secrets are long
    /// enough for HS256 and no more (RFC 7518 §3.2).
    pub const fn assertion_algorithms(self) -> &'static [&'static str] {
        match self {
            Self::PrivateKeyJwt => &ASSERTION_ALGORITHMS,
            Self::ClientSecretJwt => &["HS256"],
            _ => &[],
        }
    }

    /// Whether the method needs keys that the client publishes.
    pub const fn uses_keys(self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }

    /// Whether the client proves itself by its TLS certificate (RFC 8705 §2).
    pub const fn uses_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
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
    /// The secret encrypted under the master key, for `client_secret_jwt`, which needs it in clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Vec<u8>>,
}

impl ClientMetadata {
    /// Hash of the metadata, and of the software statement that came with them, by which the same
    /// registration is recognised.
    pub fn fingerprint(&self, software_statement: Option<&str>) -> SecretHash {
        match software_statement {
            None => fingerprint(self),
            Some(statement) => fingerprint(&(self, statement)),
        }
    }

    /// These metadata, which a client wrote of itself, with what only administrators say of it, as it
    /// is `held`: no client can register that, so its silence takes nothing back. A demand for pushed
    /// requests (RFC 9126 §6), which every client can meet, stays once it was made.
    #[must_use]
    pub fn administered_as(self, held: &Self) -> Self {
        Self {
            require_pushed_authorization_requests: self.require_pushed_authorization_requests
                || held.require_pushed_authorization_requests,
            skip_consent: held.skip_consent,
            resources: held.resources.clone(),
            profile: held.profile,
            access_token_format: held.access_token_format,
            device_approval: held.device_approval,
            token_exchange: held.token_exchange.clone(),
            ..self
        }
    }
}

fn fingerprint(value: &impl Serialize) -> SecretHash {
    // What cannot be written as JSON does not exist among our values.
    Secret::presented(serde_json::to_string(value).unwrap_or_default()).hash()
}

impl Client {
    /// A public client (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthenticationMethod::None
    }

    /// Hash of all that is asked of people to trust in a self-made client: what the consent page says,
    /// where answers go and how it proves itself. None for a client that an administrator answers for.
    pub fn consent_fingerprint(&self) -> Option<SecretHash> {
        let metadata = &self.metadata;
        let trusted = (
            (&metadata.client_name, &metadata.redirect_uris, metadata.token_endpoint_auth_method),
            (&metadata.jwks, &metadata.jwks_uri, &metadata.post_logout_redirect_uris),
            (&metadata.client_uri, &metadata.logo_uri, &metadata.policy_uri, &metadata.tos_uri),
        );
        self.origin.is_self_made().then(|| fingerprint(&trusted))
    }

    /// Whether the client may use this grant type.
    pub fn allows(&self, grant_type: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant_type)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::register::{self, Bounds, Source};
    use crate::testing;

    /// RFC 7592 §2.2: what a client writes takes back nothing that it cannot write.
    #[test]
    fn what_administrators_say_stays() {
        let administered = ClientMetadata {
            require_pushed_authorization_requests: true,
            skip_consent: true,
            resources: vec!["https://api.example/".to_owned()],
            profile: Some(Profile::Mcp),
            access_token_format: Some(AccessTokenFormat::Opaque),
            device_approval: Some(DeviceApproval::Admin),
            token_exchange: TokenExchange { impersonation: true, delegation: true },
            ..ClientMetadata::default()
        };
        let members = serde_json::to_value(&administered).unwrap();
        let mut document = members.as_object().unwrap().clone();
        document.insert("client_name".to_owned(), json!("Mine"));
        document.insert("redirect_uris".to_owned(), json!(["https://mine.example/cb"]));
        document.insert("require_pushed_authorization_requests".to_owned(), json!(false));
        document.retain(|_, value| *value != json!("") && *value != json!([]));
        let bounds = Bounds { policy: &testing::policy(), token: None, statement: None };
        let written = register::metadata(&document, Source::Request, bounds).unwrap();
        let kept = written.clone().administered_as(&administered);
        let of = |metadata: &ClientMetadata| serde_json::to_value(metadata).unwrap();
        for (name, value) in of(&administered).as_object().unwrap() {
            let default = &of(&ClientMetadata::default())[name];
            let expected = if value == default { &of(&written)[name] } else { value };
            assert_eq!(&of(&kept)[name], expected, "{name}");
            assert!(value == default || of(&written)[name] == *default, "{name} can be registered");
        }
        assert_eq!(written.clone().administered_as(&written), written);
    }
}
