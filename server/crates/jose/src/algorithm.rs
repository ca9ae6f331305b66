use std::fmt;
use std::str::FromStr;

use biscuit::jwa::SignatureAlgorithm;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A JWS algorithm by its registered name (RFC 7518 §3.1, RFC 8037 §3.1). There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// A JWK's `kty` (RFC 7518 §6.1, RFC 8037 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyType {
    #[serde(rename = "oct")]
    Oct,
    #[serde(rename = "RSA")]
    Rsa,
    #[serde(rename = "EC")]
    Ec,
    #[serde(rename = "OKP")]
    Okp,
}

/// A JWK's `crv` (RFC 7518 §6.2.1.1, RFC 8037 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Curve {
    #[serde(rename = "P-256")]
    P256,
    #[serde(rename = "P-384")]
    P384,
    Ed25519,
}

impl Algorithm {
    /// Every algorithm that can be verified.
    pub const ALL: [Algorithm; 12] = [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::EdDSA,
    ];

    /// The registered name, as it stands in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Algorithm::HS256 => "HS256",
            Algorithm::HS384 => "HS384",
            Algorithm::HS512 => "HS512",
            Algorithm::RS256 => "RS256",
            Algorithm::RS384 => "RS384",
            Algorithm::RS512 => "RS512",
            Algorithm::PS256 => "PS256",
            Algorithm::PS384 => "PS384",
            Algorithm::PS512 => "PS512",
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
            Algorithm::EdDSA => "EdDSA",
        }
    }

    /// Whether signer and verifier share one secret.
    pub const fn is_symmetric(self) -> bool {
        matches!(self.key_type(), KeyType::Oct)
    }

    /// The `kty` of the keys that the algorithm works with.
    pub const fn key_type(self) -> KeyType {
        match self {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => KeyType::Oct,
            Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => KeyType::Rsa,
            Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => KeyType::Rsa,
            Algorithm::ES256 | Algorithm::ES384 => KeyType::Ec,
            Algorithm::EdDSA => KeyType::Okp,
        }
    }

    /// The one `crv` that the algorithm works with; none for RSA and HMAC.
    pub const fn curve(self) -> Option<Curve> {
        match self {
            Algorithm::ES256 => Some(Curve::P256),
            Algorithm::ES384 => Some(Curve::P384),
            Algorithm::EdDSA => Some(Curve::Ed25519),
            _ => None,
        }
    }

    /// The shortest HMAC secret in bytes: the size of the hash (RFC 7518 §3.2). None for other algorithms.
    pub const fn minimum_secret_length(self) -> Option<usize> {
        match self {
            Algorithm::HS256 => Some(32),
            Algorithm::HS384 => Some(48),
            Algorithm::HS512 => Some(64),
            _ => None,
        }
    }

    /// biscuit's name for the algorithm; it has none for EdDSA.
    pub(crate) const fn biscuit(self) -> Option<SignatureAlgorithm> {
        match self {
            Algorithm::HS256 => Some(SignatureAlgorithm::HS256),
            Algorithm::HS384 => Some(SignatureAlgorithm::HS384),
            Algorithm::HS512 => Some(SignatureAlgorithm::HS512),
            Algorithm::RS256 => Some(SignatureAlgorithm::RS256),
            Algorithm::RS384 => Some(SignatureAlgorithm::RS384),
            Algorithm::RS512 => Some(SignatureAlgorithm::RS512),
            Algorithm::PS256 => Some(SignatureAlgorithm::PS256),
            Algorithm::PS384 => Some(SignatureAlgorithm::PS384),
            Algorithm::PS512 => Some(SignatureAlgorithm::PS512),
            Algorithm::ES256 => Some(SignatureAlgorithm::ES256),
            Algorithm::ES384 => Some(SignatureAlgorithm::ES384),
            Algorithm::EdDSA => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// Case-sensitive, as RFC 7515 §4.1.1 has it.
    fn from_str(name: &str) -> Result<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(Error::UnknownAlgorithm)
    }
}

impl Curve {
    /// The registered name, as it stands in `crv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::Ed25519 => "Ed25519",
        }
    }

    /// The size of one coordinate in bytes.
    pub(crate) const fn coordinate_length(self) -> usize {
        match self {
            Curve::P256 | Curve::Ed25519 => 32,
            Curve::P384 => 48,
        }
    }
}
