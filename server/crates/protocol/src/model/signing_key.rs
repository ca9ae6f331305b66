use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TenantId;
use crate::{Id, Timestamp};

/// Identifies a signing key; its text is the `kid`.
pub type KeyId = Id<SigningKeyRecord>;

/// Algorithms that tenants sign with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    ES256,
    RS256,
    PS256,
    EdDSA,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 4] = [Self::ES256, Self::RS256, Self::PS256, Self::EdDSA];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.as_str() == text)
            .ok_or_else(|| format!("{text} is not a signing algorithm of ours"))
    }
}

/// The life of a signing key: published -> active -> retired -> removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// In the JWKS, so that caches learn of it before it signs.
    Published,
    /// Signs.
    Active,
    /// Signs no more, stays in the JWKS until the last token that it signed has expired.
    Retired,
    /// Gone from the JWKS.
    Removed,
}

impl KeyState {
    pub const ALL: [Self; 4] = [Self::Published, Self::Active, Self::Retired, Self::Removed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Removed => "removed",
        }
    }
}

/// A signing key at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningKeyRecord {
    pub tenant_id: TenantId,
    pub id: KeyId,
    pub algorithm: SigningAlgorithm,
    pub state: KeyState,
    /// The public JWK as it is published.
    pub public_jwk: serde_json::Value,
    /// PKCS#8, encrypted under the master key and bound to tenant and key id.
    pub sealed_private_key: Vec<u8>,
    pub created_at: Timestamp,
    /// When the key moves to the next state: a published one starts to sign, an active one gets a
    /// successor, a retired one leaves the JWKS. None once it is removed.
    pub changes_at: Option<Timestamp>,
    /// When it began to sign.
    pub activated_at: Option<Timestamp>,
    /// When it signed no more.
    pub retired_at: Option<Timestamp>,
    /// When it left the JWKS.
    pub removed_at: Option<Timestamp>,
    /// When an administrator took it away before its time.
    pub revoked_at: Option<Timestamp>,
}
