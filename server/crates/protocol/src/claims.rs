//! Claims of the tokens that we issue.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha512};

use crate::model::{Acr, Client, GrantId, SigningAlgorithm, TokenId};
use crate::{Scope, Timestamp};

/// A JWT access token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    pub iss: String,
    pub exp: i64,
    pub aud: Audience,
    /// The user, or the client itself where no user is involved.
    pub sub: String,
    pub client_id: String,
    pub iat: i64,
    pub jti: TokenId,
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// RFC 9068 §2.2.1, RFC 9470 §6.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    /// The grant that the token belongs to, so that revoking the grant ends it; absent where a
    /// client acts for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<GrantId>,
    /// The key or certificate that whoever uses the token must have (RFC 7800 §3.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorClaim>,
}

impl AccessTokenClaims {
    /// Whether the token is this client's business: it was issued to it, or is for it or for a resource
    /// that it may name.
    pub fn concerns(&self, client: &Client) -> bool {
        self.client_id == client.client_id.as_str()
            || self.aud.contains(client.client_id.as_str())
            || client.metadata.resources.iter().any(|resource| self.aud.contains(resource))
    }
}

/// What a token is bound to, as the claim `cnf` says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// Thumbprint of a DPoP key (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    DpopKey(String),
    /// Thumbprint of a client certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

impl Confirmation {
    /// `token_type` of the tokens bound so (RFC 9449 §5; RFC 8705 §3 leaves it at Bearer).
    pub const fn token_type(bound: Option<&Self>) -> &'static str {
        match bound {
            Some(Self::DpopKey(_)) => "DPoP",
            Some(Self::Certificate(_)) | None => "Bearer",
        }
    }
}

/// The claim `act` (RFC 8693 §4.1): who acts, and for whom that one acted before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorClaim {
    pub sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<ActorClaim>>,
}

/// One audience as a string, several as an array (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// Whether the token is for `audience`.
    pub fn contains(&self, audience: &str) -> bool {
        self.iter().any(|held| held == audience)
    }

    /// The audiences.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(audience) => std::slice::from_ref(audience),
            Self::Several(audiences) => audiences,
        }
        .iter()
        .map(String::as_str)
    }
}

impl From<Vec<String>> for Audience {
    fn from(mut audiences: Vec<String>) -> Self {
        match (audiences.len(), audiences.pop()) {
            (1, Some(audience)) => Self::One(audience),
            (_, last) => {
                audiences.extend(last);
                Self::Several(audiences)
            }
        }
    }
}

/// A claim is there and is no time.
pub(crate) struct NotATime;

/// A NumericDate (RFC 7519 §2), cut down to the second, of a range that leaves room for leeways.
pub(crate) fn numeric_date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, NotATime> {
    const LATEST: f64 = 253_402_300_799.0;
    match claims.get(name).map(Value::as_f64) {
        None => Ok(None),
        Some(Some(seconds)) if (0.0..=LATEST).contains(&seconds) => {
            Ok(Some(Timestamp::from_unix_seconds(seconds as i64)))
        }
        Some(_) => Err(NotATime),
    }
}

/// An ID token (OpenID Connect Core §2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    pub sid: String,
    /// OpenID Connect Core §3.1.3.6; known once the access token is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// OpenID Connect Core §3.3.2.11.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// What the scope opens about the user, where no access token is issued that would open the
    /// UserInfo endpoint (OpenID Connect Core §5.4).
    #[serde(flatten)]
    pub user: serde_json::Map<String, serde_json::Value>,
}

/// The left half of the token's hash, by the hash function of the ID token's algorithm (OpenID
/// Connect Core §3.1.3.6); EdDSA with Ed25519 hashes with SHA-512.
pub fn left_half_hash(algorithm: SigningAlgorithm, token: &str) -> String {
    match algorithm {
        SigningAlgorithm::ES256 | SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
            URL_SAFE_NO_PAD.encode(&Sha256::digest(token)[..16])
        }
        SigningAlgorithm::EdDSA => URL_SAFE_NO_PAD.encode(&Sha512::digest(token)[..32]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_audience_is_a_string() {
        for (audiences, json) in
            [(vec!["a".to_owned()], r#""a""#), (vec!["a".to_owned(), "b".to_owned()], r#"["a","b"]"#)]
        {
            let audience = Audience::from(audiences.clone());
            assert_eq!(serde_json::to_string(&audience).unwrap(), json);
            assert_eq!(audience.iter().collect::<Vec<_>>(), audiences);
        }
    }

    /// The example of OpenID Connect Core Appendix A.3.
    #[test]
    fn at_hash_of_openid_connect_core_a_3() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(left_half_hash(SigningAlgorithm::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
