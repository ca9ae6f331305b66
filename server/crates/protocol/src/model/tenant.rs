use serde::{Deserialize, Serialize};

use super::{Branding, GrantType, PasswordPolicy, Quotas, RateLimits, SignInPolicy, SigningAlgorithm};
use crate::{Id, Lifetime, Profile, Scope, Timestamp};

/// Identifies a tenant; the first column of every key.
pub type TenantId = Id<Tenant>;

/// One customer: an issuer with its own users, clients, keys, policies and look.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    pub id: TenantId,
    /// The tenant's name in addresses: lower-case letters, digits and hyphens.
    pub slug: String,
    pub name: String,
    /// The issuer identifier (RFC 8414 §2), compared and emitted byte for byte.
    pub issuer: String,
    pub status: TenantStatus,
    pub settings: TenantSettings,
    /// Counts changes, for `ETag` and `If-Match`.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whether the tenant's endpoints answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantStatus {
    Active,
    /// Every endpoint answers with an error; the data stays.
    Suspended,
}

impl TenantStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// What the tenant's administrators choose. What a stored document lacks has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantSettings {
    pub profile: Profile,
    pub lifetimes: Lifetimes,
    pub branding: Branding,
    /// Language of the pages where neither application nor browser asks for one that there is, as a BCP 47 tag;
    /// none: English.
    pub default_locale: Option<String>,
    /// Scopes that clients of the tenant may ask for beside OpenID Connect's own, with the sentence
    /// that the consent page shows.
    pub scopes: Vec<ScopeDescription>,
    pub access_token_algorithm: AccessTokenAlgorithm,
    pub id_token_algorithm: IdTokenAlgorithm,
    /// Whether every client must push its authorization requests (RFC 9126 §5).
    pub require_pushed_authorization_requests: bool,
    /// Whether DPoP proofs must carry a nonce of ours (RFC 9449 §8).
    pub require_dpop_nonce: bool,
    pub device_approval: DeviceApproval,
    pub sign_out_revokes: SignOutRevokes,
    pub password_policy: PasswordPolicy,
    pub sign_in: SignInPolicy,
    pub registration: RegistrationPolicy,
    /// Certificates (PEM) of the authorities that clients' certificates are verified with for
    /// `tls_client_auth` (RFC 8705 §2.1).
    pub client_certificate_authorities: Option<String>,
    /// How long the audit trail's events are kept, in days.
    pub audit_retention: u32,
    /// Whether the audit trail has every access token that is issued.
    pub audit_token_issues: bool,
    /// The platform's to choose, as the quotas are.
    pub rate_limits: RateLimits,
    pub quotas: Quotas,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            lifetimes: Lifetimes::default(),
            branding: Branding::default(),
            default_locale: None,
            scopes: vec![],
            access_token_algorithm: AccessTokenAlgorithm::default(),
            id_token_algorithm: IdTokenAlgorithm::default(),
            require_pushed_authorization_requests: false,
            require_dpop_nonce: true,
            device_approval: DeviceApproval::default(),
            sign_out_revokes: SignOutRevokes::default(),
            password_policy: PasswordPolicy::default(),
            sign_in: SignInPolicy::default(),
            registration: RegistrationPolicy::default(),
            client_certificate_authorities: None,
            audit_retention: 400,
            audit_token_issues: true,
            rate_limits: RateLimits::default(),
            quotas: Quotas::default(),
        }
    }
}

impl TenantSettings {
    /// Who may register clients, and whether metadata documents are taken: what the registration policy
    /// says, or else the profile.
    pub fn self_registration(&self) -> (RegistrationMode, bool) {
        let policy = &self.registration;
        (
            policy.mode.unwrap_or(self.profile.registration_mode()),
            policy.client_id_metadata_documents.unwrap_or(self.profile == Profile::Mcp),
        )
    }
}

/// Who lets a device in (RFC 8628).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceApproval {
    /// The person who enters the user code.
    #[default]
    User,
    /// That person, and an administrator after them.
    UserThenAdmin,
    /// An administrator, who names the user.
    Admin,
}

impl DeviceApproval {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::UserThenAdmin => "user-then-admin",
            Self::Admin => "admin",
        }
    }
}

/// Which grants end with the session in which they were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignOutRevokes {
    None,
    /// Those without `offline_access`: the others were given for the time after
    /// (OpenID Connect Core §11).
    #[default]
    Online,
    All,
}

impl SignOutRevokes {
    /// Whether a grant of this scope ends with its session.
    pub fn ends(self, scope: &Scope) -> bool {
        match self {
            Self::None => false,
            Self::Online => !scope.contains("offline_access"),
            Self::All => true,
        }
    }
}

/// Who may register clients without an administrator, and what such a client may have (RFC 7591 §3,
/// Client ID Metadata Document).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistrationPolicy {
    /// None: what the tenant's profile says.
    pub mode: Option<RegistrationMode>,
    /// Whether the https address of a metadata document is taken as a `client_id`. None: what the
    /// tenant's profile says.
    pub client_id_metadata_documents: Option<bool>,
    /// Hosts whose metadata documents are taken, `*.example.com` for all below; none: all hosts.
    pub trusted_hosts: Vec<String>,
    /// Hosts that redirect URIs may have, written the same way; none: all. Loopback addresses and
    /// private-use schemes have rules of their own.
    pub redirect_uri_hosts: Vec<String>,
    pub loopback_redirect_uris: bool,
    pub private_use_redirect_uris: bool,
    pub grant_types: Vec<GrantType>,
    /// Scopes that such clients may have; none: all that the tenant knows.
    pub scope: Option<Scope>,
    /// What a registration without `scope` gets; none: all that it may have.
    pub default_scope: Option<Scope>,
    /// Resources that such clients may name; none: all of the tenant's but the admin API.
    pub resources: Option<Vec<String>>,
    /// Longest life of such clients' access tokens and refresh tokens, in seconds; none: the tenant's.
    pub access_token_lifetime: Option<Lifetime>,
    pub refresh_token_lifetime: Option<Lifetime>,
    /// A self-made client that nobody has used for so long is deleted, unless a grant of it lives.
    pub unused_lifetime: Lifetime,
    /// Whether a registration needs a software statement (RFC 7591 §2.3).
    pub software_statement: SoftwareStatementDemand,
    /// Whose software statements are taken; none: nobody's.
    pub trusted_software_statement_issuers: Vec<TrustedSoftwareStatementIssuer>,
}

/// Whether a registration needs a software statement of an issuer that the tenant trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoftwareStatementDemand {
    #[default]
    Optional,
    Required,
}

/// Somebody who vouches for clients' software (RFC 7591 §2.3), with either of the two for its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedSoftwareStatementIssuer {
    /// The `iss` of its statements, compared byte for byte.
    pub issuer: String,
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
    #[serde(default)]
    pub jwks_uri: Option<String>,
}

/// Who may register a client at the registration endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    Closed,
    /// Whoever has an initial access token (RFC 7591 §3).
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
            loopback_redirect_uris: true,
            private_use_redirect_uris: true,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode],
            scope: None,
            default_scope: None,
            resources: None,
            access_token_lifetime: None,
            refresh_token_lifetime: None,
            unused_lifetime: Lifetime::from_seconds(30 * 86_400),
            software_statement: SoftwareStatementDemand::default(),
            trusted_software_statement_issuers: vec![],
        }
    }
}

/// One scope of the tenant and what it lets a client do, in the words of the consent page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeDescription {
    pub name: String,
    pub description: String,
}

/// Algorithm of JWT access tokens; ES256 signs twenty times faster than RS256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccessTokenAlgorithm(pub SigningAlgorithm);

impl Default for AccessTokenAlgorithm {
    fn default() -> Self {
        Self(SigningAlgorithm::ES256)
    }
}

/// Algorithm of ID tokens for clients that register none: RS256 (OpenID Connect Core §15.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdTokenAlgorithm(pub SigningAlgorithm);

impl Default for IdTokenAlgorithm {
    fn default() -> Self {
        Self(SigningAlgorithm::RS256)
    }
}

/// How long things live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifetimes {
    pub authorization_code: Lifetime,
    pub access_token: Lifetime,
    pub id_token: Lifetime,
    /// A refresh token that is not used for so long expires.
    pub refresh_token_idle: Lifetime,
    /// A grant's refresh tokens end this long after the grant was made, however often used.
    pub refresh_token_absolute: Lifetime,
    /// A refresh token that comes again within this time gets the successor it got before.
    pub refresh_retry_window: Lifetime,
    pub session: Lifetime,
    /// A session whose browser stays away for so long expires.
    pub session_idle: Lifetime,
    /// How long a person may take over signing in and consenting.
    pub interaction: Lifetime,
    /// How long a device waits for a person (`expires_in`, RFC 8628 §3.2).
    pub device_code: Lifetime,
    /// Fewest seconds between two polls of a device (`interval`, RFC 8628 §3.2).
    pub device_poll_interval: Lifetime,
    /// How long a pushed authorization request waits for the browser (RFC 9126 §2.2).
    pub pushed_authorization_request: Lifetime,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: Lifetime::from_seconds(60),
            access_token: Lifetime::from_seconds(600),
            id_token: Lifetime::from_seconds(600),
            refresh_token_idle: Lifetime::from_seconds(30 * 86_400),
            refresh_token_absolute: Lifetime::from_seconds(180 * 86_400),
            refresh_retry_window: Lifetime::from_seconds(30),
            session: Lifetime::from_seconds(12 * 3600),
            session_idle: Lifetime::from_seconds(12 * 3600),
            interaction: Lifetime::from_seconds(30 * 60),
            device_code: Lifetime::from_seconds(10 * 60),
            device_poll_interval: Lifetime::from_seconds(5),
            pushed_authorization_request: Lifetime::from_seconds(90),
        }
    }
}
