use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::jwk::has_private_members;
use crate::verify::{allowed_header, read_claims};
use crate::{Algorithm, Error, Result, VerificationKey, Verified};

/// The most keys that a JWK Set may hold, so that a token without `kid` costs a bounded number of attempts.
pub const MAX_KEYS: usize = 64;

/// The keys of a JWK Set (RFC 7517 §5) that can verify signatures.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<VerificationKey>,
}

impl KeySet {
    /// Parses each key by itself and skips those it cannot use: unknown types and curves, encryption keys, weak
    /// keys (RFC 7517 §5 asks for that).
    ///
    /// # Errors
    /// [`Error::Malformed`] if `keys` is not an array, [`Error::TooLarge`] past [`MAX_KEYS`],
    /// [`Error::PrivateKeyMaterial`] if any key, usable or not, has private parts: its owner has published it.
    pub fn parse(jwks: &Value) -> Result<KeySet> {
        let keys = jwks.get("keys").and_then(Value::as_array).ok_or(Error::Malformed("no keys array"))?;
        if keys.len() > MAX_KEYS {
            return Err(Error::TooLarge);
        }
        if keys.iter().filter_map(Value::as_object).any(has_private_members) {
            return Err(Error::PrivateKeyMaterial);
        }
        Ok(keys.iter().filter_map(|key| VerificationKey::from_jwk(key).ok()).collect())
    }

    /// The usable keys, in the order of the set.
    pub fn keys(&self) -> &[VerificationKey] {
        &self.keys
    }

    /// Verifies a compact JWS with the key that its `kid` names, or, when it names none, with any key that fits
    /// its `alg`; and reads its claims.
    ///
    /// # Errors
    /// Those of [`VerificationKey::verify`]; [`Error::NoMatchingKey`] if no key has the `kid`, or without `kid` if
    /// no key fits.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, allowed: &[Algorithm]) -> Result<Verified<C>> {
        let header = allowed_header(token, allowed)?;
        let named = |key: &&VerificationKey| match header.kid.as_deref() {
            Some(kid) => key.kid() == Some(kid),
            None => key.fits(header.algorithm),
        };
        let mut outcome = Err(Error::NoMatchingKey);
        for key in self.keys.iter().filter(named) {
            outcome = key.verified_payload(token, header.algorithm);
            if outcome.is_ok() {
                break;
            }
        }
        let claims = read_claims(&outcome?)?;
        Ok(Verified { header, claims })
    }
}

impl FromIterator<VerificationKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerificationKey>>(keys: I) -> KeySet {
        KeySet { keys: keys.into_iter().collect() }
    }
}
