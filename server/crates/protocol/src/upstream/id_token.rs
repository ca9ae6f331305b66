//! Whether an ID token whose signature is proven vouches for somebody (OpenID Connect Core §3.1.3.7).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::MAX_SUBJECT_LENGTH;
use crate::claims::numeric_date;
use crate::{Lifetime, Timestamp};

/// How far a provider's clock may be off.
const LEEWAY: Lifetime = Lifetime::from_seconds(60);

/// How long ago a token may have been made; it comes at once.
const LONGEST_AGE: Lifetime = Lifetime::from_seconds(600);

/// What an ID token has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    /// The `alg` that it is signed with.
    pub algorithm: &'a str,
    /// The access token that came with it.
    pub access_token: &'a str,
    /// What was asked for, in seconds.
    pub max_age: Option<u32>,
}

/// Why an ID token vouches for nobody, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotVouched(pub &'static str);

impl fmt::Display for NotVouched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the ID token's {}", self.0)
    }
}

impl std::error::Error for NotVouched {}

/// Checks the claims and gives the `sub`.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_id_token<'a>(
    claims: &'a Map<String, Value>,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<&'a str, NotVouched> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err(NotVouched("iss is not the provider"));
    }
    check_audience(claims, expected.client_id)?;
    check_times(claims, expected.max_age, now)?;
    if text("nonce") != Some(expected.nonce) {
        return Err(NotVouched("nonce is not the one that was sent"));
    }
    if let Some(at_hash) = claims.get("at_hash") {
        // An algorithm without a hash that we know has no at_hash that could be compared.
        let hash = half_hash(expected.algorithm, expected.access_token);
        if hash.is_none() || at_hash.as_str() != hash.as_deref() {
            return Err(NotVouched("at_hash is not the access token's"));
        }
    }
    match text("sub") {
        Some(sub)
            if !sub.is_empty() && sub.len() <= MAX_SUBJECT_LENGTH && !sub.chars().any(char::is_control) =>
        {
            Ok(sub)
        }
        _ => Err(NotVouched("sub is absent or malformed")),
    }
}

/// The token is for us, and if it is for others too it was made for us (§3.1.3.7, 3 to 5).
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), NotVouched> {
    let several = match claims.get("aud") {
        Some(Value::String(audience)) if audience == client_id => false,
        Some(Value::Array(audiences)) if audiences.iter().any(|held| held == client_id) => {
            audiences.len() > 1
        }
        _ => return Err(NotVouched("aud is not this client")),
    };
    match claims.get("azp") {
        None if several => Err(NotVouched("azp is absent, and there are several audiences")),
        Some(azp) if azp != client_id => Err(NotVouched("azp is not this client")),
        _ => Ok(()),
    }
}

fn check_times(claims: &Map<String, Value>, max_age: Option<u32>, now: Timestamp) -> Result<(), NotVouched> {
    let time = |name: &str| numeric_date(claims, name).ok().flatten();
    match time("exp") {
        Some(exp) if now < exp + LEEWAY => {}
        _ => return Err(NotVouched("exp is over or absent")),
    }
    match time("iat") {
        Some(iat) if iat <= now + LEEWAY && now <= iat + LONGEST_AGE => {}
        _ => return Err(NotVouched("iat is not of now")),
    }
    let Some(max_age) = max_age else { return Ok(()) };
    match time("auth_time") {
        Some(auth_time) if now <= auth_time + Lifetime::from_seconds(max_age) + LEEWAY => Ok(()),
        _ => Err(NotVouched("auth_time is longer ago than was asked, or absent")),
    }
}

/// The left half of a token's hash by the hash function of a JWS algorithm (OpenID Connect Core §3.1.3.6); Ed25519
/// hashes with SHA-512.
pub fn half_hash(algorithm: &str, token: &str) -> Option<String> {
    let half = match algorithm {
        "RS256" | "PS256" | "ES256" => Sha256::digest(token)[..16].to_vec(),
        "RS384" | "PS384" | "ES384" => Sha384::digest(token)[..24].to_vec(),
        "RS512" | "PS512" | "EdDSA" => Sha512::digest(token)[..32].to_vec(),
        _ => return None,
    };
    Some(URL_SAFE_NO_PAD.encode(half))
}
