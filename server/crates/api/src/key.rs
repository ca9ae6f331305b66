use serde::{Deserialize, Serialize};

use crate::SigningAlgorithm;

/// A signing key of a tenant's. Its life: published -> active -> retired -> removed. Each time says when
/// the key took that step, or when it will, as far as that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Key {
    /// Names the key in the JWKS and in the header of what it signed.
    pub kid: String,
    /// What the key signs with (RFC 7518 §3.1).
    pub algorithm: SigningAlgorithm,
    /// What the key is for (RFC 7517 §4.2).
    #[serde(rename = "use")]
    #[cfg_attr(feature = "openapi", oai(rename = "use"))]
    pub purpose: KeyUse,
    /// Where the key is in its life.
    pub state: KeyState,
    /// The public key as the JWKS has it (RFC 7517).
    pub public_jwk: serde_json::Value,
    /// When it was made, and published. RFC 3339, UTC.
    pub created_at: String,
    /// When it begins to sign, or began. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub activates_at: Option<String>,
    /// When its successor signs in its place, or began to. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub retires_at: Option<String>,
    /// When it leaves the JWKS, or left it. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub removed_at: Option<String>,
    /// When an administrator revoked it, if one did. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub revoked_at: Option<String>,
}

/// What a key is for (RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum KeyUse {
    #[default]
    Sig,
}

/// How far a signing key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum KeyState {
    /// In the JWKS, so that caches learn of it before it signs.
    Published,
    /// Signs.
    Active,
    /// Signs no more, stays in the JWKS until the last token that it signed has expired.
    Retired,
    /// Gone from the JWKS: what it signed does not count any more.
    Removed,
}

/// A signing key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct NewKey {
    /// What the key is to sign with (RFC 7518 §3.1).
    pub algorithm: SigningAlgorithm,
}

/// What a rotation is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct KeyRotation {
    /// Whose key gets a successor.
    pub algorithm: SigningAlgorithm,
    /// Whether the successor signs at once, and not only when it has been published for a day. Whoever
    /// keeps the JWKS then does not know it for up to five minutes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub at_once: bool,
}
