use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{PasswordPolicy, Quotas, RateLimits, RegistrationPolicy, SignInPolicy};

/// A tenant: an issuer with its own users, clients, keys and look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Tenant {
    /// The tenant's name in addresses: 3 to 63 lower-case letters, digits and hyphens, none of them
    /// a hyphen at either end. It cannot be changed.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        oai(validator(min_length = 3, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$"))
    )]
    pub slug: String,
    /// The tenant's name for people, on its pages too.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 255)))]
    pub name: String,
    /// Whether the tenant's endpoints answer. A PUT without it leaves it as it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub status: TenantStatus,
    /// The issuer identifier: `https://` and the primary one of the tenant's domains, or the server's address with
    /// the slug.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub issuer: String,
    /// What the tenant's administrators choose.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub settings: TenantSettings,
    /// Counts changes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub version: i64,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub updated_at: String,
}

/// Whether a tenant's endpoints answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum TenantStatus {
    #[default]
    Active,
    /// Every endpoint answers with an error; the data stays.
    Suspended,
}

/// What a tenant's administrators choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct TenantSettings {
    /// What is demanded of clients, as a whole that has a name.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub profile: Profile,
    /// How long things live, in seconds.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub lifetimes: Lifetimes,
    /// How the tenant's pages look.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub branding: Branding,
    /// Language of the pages where neither the application (`ui_locales`) nor the browser asks for one that there is, as
    /// a language tag; those that there are stand in the metadata (`ui_locales_supported`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub default_locale: Option<String>,
    /// Scopes that clients of the tenant may ask for beside `openid`, `profile`, `email` and
    /// `offline_access`.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub scopes: Vec<ScopeDescription>,
    /// Signs JWT access tokens.
    #[cfg_attr(feature = "openapi", oai(default = "access_token_algorithm"))]
    pub access_token_algorithm: SigningAlgorithm,
    /// Signs ID tokens of clients that register no `id_token_signed_response_alg`.
    #[cfg_attr(feature = "openapi", oai(default = "id_token_algorithm"))]
    pub id_token_algorithm: SigningAlgorithm,
    /// Whether every client must push its authorization requests (RFC 9126 §5).
    #[cfg_attr(feature = "openapi", oai(default))]
    pub require_pushed_authorization_requests: bool,
    /// Whether DPoP proofs must carry a nonce of the server (RFC 9449 §8).
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub require_dpop_nonce: bool,
    /// Who lets devices in, of clients that do not say otherwise.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub device_approval: DeviceApproval,
    /// Which grants end with the session in which they were given.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub sign_out_revokes: SignOutRevokes,
    /// What is demanded of new passwords.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub password_policy: PasswordPolicy,
    /// How people sign in.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub sign_in: SignInPolicy,
    /// Who may register clients without an administrator. To change it takes the right to the registration
    /// policy, beside that to the tenant.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub registration: RegistrationPolicy,
    /// Certificates (PEM) of the authorities that clients' certificates are verified with for
    /// `tls_client_auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_authorities: Option<String>,
    /// How long the audit trail's events are kept, in days.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "audit_retention", validator(minimum(value = "1"), maximum(value = "3650")))
    )]
    pub audit_retention: u32,
    /// Whether the audit trail has every access token that is issued.
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub audit_token_issues: bool,
    /// A PUT without it leaves it as it is.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub rate_limits: RateLimits,
    /// A PUT without it leaves it as it is.
    #[cfg_attr(feature = "openapi", oai(default))]
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
            access_token_algorithm: access_token_algorithm(),
            id_token_algorithm: id_token_algorithm(),
            require_pushed_authorization_requests: false,
            require_dpop_nonce: yes(),
            device_approval: DeviceApproval::default(),
            sign_out_revokes: SignOutRevokes::default(),
            password_policy: PasswordPolicy::default(),
            sign_in: SignInPolicy::default(),
            registration: RegistrationPolicy::default(),
            client_certificate_authorities: None,
            audit_retention: audit_retention(),
            audit_token_issues: yes(),
            rate_limits: RateLimits::default(),
            quotas: Quotas::default(),
        }
    }
}

const fn yes() -> bool {
    true
}

/// A year, and the month in which somebody looks back on it.
const fn audit_retention() -> u32 {
    400
}

const fn access_token_algorithm() -> SigningAlgorithm {
    SigningAlgorithm::ES256
}

/// OpenID Connect Core §15.1 has every provider know RS256.
const fn id_token_algorithm() -> SigningAlgorithm {
    SigningAlgorithm::RS256
}

/// What is demanded of clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "kebab-case"))]
pub enum Profile {
    /// OAuth 2.1 with the advice of RFC 9700.
    #[default]
    Oauth21,
    /// Authorization of the Model Context Protocol: OAuth 2.1, and clients introduce themselves.
    Mcp,
    /// What OAuth 2.1 took away, for old applications: tokens from the authorization endpoint and
    /// requests without PKCE. Codes can be injected and tokens leak: choose it for single clients.
    OidcLegacy,
}

/// Who lets a device in (RFC 8628).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "kebab-case"))]
pub enum DeviceApproval {
    /// The person who enters the user code.
    #[default]
    User,
    /// That person, and an administrator after them.
    UserThenAdmin,
    /// An administrator, who names the user.
    Admin,
}

/// Which grants end with the session in which they were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum SignOutRevokes {
    None,
    /// Those without `offline_access`.
    #[default]
    Online,
    All,
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum AccessTokenFormat {
    /// A signed JWT (RFC 9068) that the resource verifies itself.
    #[default]
    Jwt,
    /// A handle that the resource asks the server about (RFC 7662).
    Opaque,
}

/// Algorithms that tenants sign with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
pub enum SigningAlgorithm {
    ES256,
    RS256,
    PS256,
    EdDSA,
}

/// How long things live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Lifetimes {
    /// How long a code waits for its client.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::authorization_code",
            validator(minimum(value = "10"), maximum(value = "60"))
        )
    )]
    pub authorization_code: u32,
    /// How long an access token is of use.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "lifetimes::access_token", validator(minimum(value = "30"), maximum(value = "86400")))
    )]
    pub access_token: u32,
    /// How long an ID token is of use.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "lifetimes::id_token", validator(minimum(value = "30"), maximum(value = "86400")))
    )]
    pub id_token: u32,
    /// A refresh token that is not used for so long expires.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::refresh_token_idle",
            validator(minimum(value = "300"), maximum(value = "31536000"))
        )
    )]
    pub refresh_token_idle: u32,
    /// A grant's refresh tokens end this long after the grant was made, however often used; not
    /// shorter than `refresh_token_idle`.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::refresh_token_absolute",
            validator(minimum(value = "300"), maximum(value = "157680000"))
        )
    )]
    pub refresh_token_absolute: u32,
    /// A refresh token that comes again within this time gets the successor it got before.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::refresh_retry_window",
            validator(minimum(value = "0"), maximum(value = "300"))
        )
    )]
    pub refresh_retry_window: u32,
    /// How long a person stays signed in at the tenant.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "lifetimes::session", validator(minimum(value = "300"), maximum(value = "7776000")))
    )]
    pub session: u32,
    /// A session whose browser stays away for so long expires; within five minutes or so.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::session_idle",
            validator(minimum(value = "300"), maximum(value = "7776000"))
        )
    )]
    pub session_idle: u32,
    /// How long a person may take over signing in and consenting.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "lifetimes::interaction", validator(minimum(value = "60"), maximum(value = "7200")))
    )]
    pub interaction: u32,
    /// How long a device waits for a person.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "lifetimes::device_code", validator(minimum(value = "60"), maximum(value = "3600")))
    )]
    pub device_code: u32,
    /// Fewest seconds between two polls of a device.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::device_poll_interval",
            validator(minimum(value = "1"), maximum(value = "60"))
        )
    )]
    pub device_poll_interval: u32,
    /// How long a pushed authorization request waits for the browser.
    #[cfg_attr(
        feature = "openapi",
        oai(
            default = "lifetimes::pushed_authorization_request",
            validator(minimum(value = "5"), maximum(value = "599"))
        )
    )]
    pub pushed_authorization_request: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            authorization_code: lifetimes::authorization_code(),
            access_token: lifetimes::access_token(),
            id_token: lifetimes::id_token(),
            refresh_token_idle: lifetimes::refresh_token_idle(),
            refresh_token_absolute: lifetimes::refresh_token_absolute(),
            refresh_retry_window: lifetimes::refresh_retry_window(),
            session: lifetimes::session(),
            session_idle: lifetimes::session_idle(),
            interaction: lifetimes::interaction(),
            device_code: lifetimes::device_code(),
            device_poll_interval: lifetimes::device_poll_interval(),
            pushed_authorization_request: lifetimes::pushed_authorization_request(),
        }
    }
}

/// The defaults, as functions because that is what the description wants.
mod lifetimes {
    pub(super) const fn authorization_code() -> u32 {
        60
    }

    pub(super) const fn access_token() -> u32 {
        600
    }

    pub(super) const fn id_token() -> u32 {
        600
    }

    pub(super) const fn refresh_token_idle() -> u32 {
        30 * 86_400
    }

    pub(super) const fn refresh_token_absolute() -> u32 {
        180 * 86_400
    }

    pub(super) const fn refresh_retry_window() -> u32 {
        30
    }

    pub(super) const fn session() -> u32 {
        12 * 3600
    }
    pub(super) const fn session_idle() -> u32 {
        12 * 3600
    }

    pub(super) const fn interaction() -> u32 {
        30 * 60
    }

    pub(super) const fn device_code() -> u32 {
        10 * 60
    }

    pub(super) const fn device_poll_interval() -> u32 {
        5
    }

    pub(super) const fn pushed_authorization_request() -> u32 {
        90
    }
}

/// How the tenant's pages look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Branding {
    /// Accent of buttons and links as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(pattern = "^#[0-9a-fA-F]{6}$"))
    )]
    pub primary_color: Option<String>,
    /// Background of the page as `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(pattern = "^#[0-9a-fA-F]{6}$"))
    )]
    pub background_color: Option<String>,
    /// An image in place of the first letter of the tenant's name: PNG, JPEG, WebP or GIF, at most 256 KiB. This server
    /// fetches it, and people get it from here.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub logo_uri: Option<String>,
    /// The tenant's privacy policy. The pages link to it, and the metadata has it as `op_policy_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub policy_uri: Option<String>,
    /// The tenant's terms of service. The pages link to them, and the metadata has it as `op_tos_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub tos_uri: Option<String>,
    /// Where people find help. The pages link to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub support_uri: Option<String>,
    /// The tenant's own texts by language, each one of `ui_locales_supported` of the metadata. A page in a language
    /// without any has those of `default_locale`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub texts: BTreeMap<String, TenantTexts>,
}

/// A tenant's own texts in one language. They are shown as they are, without markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct TenantTexts {
    /// On the sign-in page, below its heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(min_length = 1, max_length = 500))
    )]
    pub sign_in: Option<String>,
    /// At the foot of every page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        oai(skip_serializing_if_is_none, validator(min_length = 1, max_length = 500))
    )]
    pub footer: Option<String>,
}

/// One scope of the tenant and what it lets a client do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct ScopeDescription {
    /// A `scope-token` of RFC 6749 §3.3.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 255)))]
    pub name: String,
    /// The sentence that the consent page shows.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 500)))]
    pub description: String,
}
