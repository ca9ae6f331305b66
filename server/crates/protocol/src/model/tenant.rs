use serde::{Deserialize, Serialize};

use super::SigningAlgorithm;
use crate::{Id, Lifetime, Profile, Timestamp};

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantSettings {
    pub profile: Profile,
    pub lifetimes: Lifetimes,
    pub branding: Branding,
    /// Scopes that clients of the tenant may ask for beside OpenID Connect's own, with the sentence
    /// that the consent page shows.
    pub scopes: Vec<ScopeDescription>,
    pub access_token_algorithm: AccessTokenAlgorithm,
    pub id_token_algorithm: IdTokenAlgorithm,
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
    /// How long a person may take over signing in and consenting.
    pub interaction: Lifetime,
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
            interaction: Lifetime::from_seconds(30 * 60),
        }
    }
}

/// How the tenant's pages look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// Accent of buttons and links as `#rrggbb`.
    pub primary_color: Option<String>,
    /// Background of the page as `#rrggbb`.
    pub background_color: Option<String>,
}
