use serde::{Deserialize, Serialize};

use crate::GrantType;

/// Who may register clients without an administrator, and what such a client may have. It is the
/// member `settings.registration` of the tenant: what is changed there is changed here, and the
/// version is the tenant's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct RegistrationPolicy {
    /// Who may register a client (RFC 7591 §3). Absent, what the tenant's profile says: `open` with
    /// `mcp`, `closed` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<RegistrationMode>,
    /// Whether the https address of a metadata document is taken as a `client_id`. Absent, what the
    /// tenant's profile says: yes with `mcp`, no otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id_metadata_documents: Option<bool>,
    /// Hosts whose metadata documents are taken, `*.example.com` for all below; none: all hosts.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub trusted_hosts: Vec<String>,
    /// Hosts that redirect URIs may have, written the same way; none: all.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub redirect_uri_hosts: Vec<String>,
    /// Whether redirect URIs may be loopback addresses, for applications on people's own machines.
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub loopback_redirect_uris: bool,
    /// Whether redirect URIs may have a private-use scheme such as `com.example.app`.
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub private_use_redirect_uris: bool,
    /// Grant types that such clients may have.
    #[cfg_attr(feature = "openapi", oai(default = "grant_types"))]
    pub grant_types: Vec<GrantType>,
    /// Scopes that such clients may have, separated by spaces. Absent, all that the tenant knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What a registration without `scope` gets. Absent, all that it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_scope: Option<String>,
    /// Protected resources that such clients may name. Absent, all of the tenant's but the admin API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 64)))]
    pub resources: Option<Vec<String>>,
    /// Longest life of such clients' access tokens, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<u32>,
    /// Longest life of such clients' refresh tokens, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<u32>,
    /// A self-made client that nobody has used for so many seconds is deleted, unless a grant of it
    /// lives.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "unused_lifetime", validator(minimum(value = "3600"), maximum(value = "31536000")))
    )]
    pub unused_lifetime: u32,
    /// Whether a registration needs a software statement (RFC 7591 §2.3). `mode` says who may register
    /// all the same; metadata documents need none.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub software_statement: SoftwareStatementDemand,
    /// Whose software statements are taken. What a statement says of a client takes precedence over
    /// what the client says itself, holds for as long as the client does unless it brings another
    /// statement, and is bounded by this policy as everything else. None: nobody's.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 16)))]
    pub trusted_software_statement_issuers: Vec<TrustedSoftwareStatementIssuer>,
}

/// Somebody who vouches for the software of clients (RFC 7591 §2.3): needs `jwks` or `jwks_uri`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct TrustedSoftwareStatementIssuer {
    /// The `iss` of the statements, compared byte for byte; mostly an https address.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 2048)))]
    pub issuer: String,
    /// The public keys of the issuer (a JWK Set, RFC 7517 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Where those keys are, instead of `jwks`: fetched when a statement comes, kept as long as
    /// `Cache-Control` says, and looked for again where none of them fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 2048)))]
    pub jwks_uri: Option<String>,
}

/// Whether a registration needs a software statement of an issuer that the tenant trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum SoftwareStatementDemand {
    /// Who brings none may register; one that is brought must be good.
    #[default]
    Optional,
    /// A registration without one is refused with `unapproved_software_statement`, an update of a
    /// client that has none, too.
    Required,
}

/// Who may register a client at the registration endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum RegistrationMode {
    Closed,
    /// Whoever has an initial access token.
    InitialAccessToken,
    Open,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        Self {
            mode: None,
            client_id_metadata_documents: None,
            trusted_hosts: vec![],
            redirect_uri_hosts: vec![],
            loopback_redirect_uris: yes(),
            private_use_redirect_uris: yes(),
            grant_types: grant_types(),
            scope: None,
            default_scope: None,
            resources: None,
            access_token_lifetime: None,
            refresh_token_lifetime: None,
            unused_lifetime: unused_lifetime(),
            software_statement: SoftwareStatementDemand::default(),
            trusted_software_statement_issuers: vec![],
        }
    }
}

const fn yes() -> bool {
    true
}

fn grant_types() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode]
}

const fn unused_lifetime() -> u32 {
    30 * 86_400
}
