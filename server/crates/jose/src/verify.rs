use std::fmt;

use biscuit::Empty;
use biscuit::jws::{Compact, Secret};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::encoding::decode_base64url;
use crate::header::{Header, parts};
use crate::jwk::{KeyUse, Parameters, PublicJwk, permits};
use crate::{Algorithm, Curve, Error, KeyType, Result, eddsa};

/// A key that verifies signatures, parsed once. Debug shows its type and `kid`, never a secret.
#[derive(Clone)]
pub struct VerificationKey {
    material: Material,
    /// The only algorithm the key is for, if its JWK says so.
    algorithm: Option<Algorithm>,
    jwk: Option<PublicJwk>,
}

#[derive(Clone)]
enum Material {
    Hmac { secret: Secret, length: usize },
    Rsa(Secret),
    Ec(Curve, Secret),
    Ed25519(Vec<u8>),
}

/// A token whose signature is proven. Time, audience and everything else its claims say is still to be checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<C> {
    pub header: Header,
    pub claims: C,
}

impl VerificationKey {
    /// Parses one public JWK: EC on P-256 or P-384, RSA of 2048 to 4096 bits, or OKP with Ed25519.
    ///
    /// # Errors
    /// As [`PublicJwk::parse`]; further [`Error::UnsupportedKey`] if `use`, `key_ops` or `alg` say that the key
    /// is not for verifying signatures.
    pub fn from_jwk(jwk: &Value) -> Result<VerificationKey> {
        let public = PublicJwk::parse(jwk)?;
        if !permits(jwk, KeyUse::Signature) {
            return Err(Error::UnsupportedKey("not for signatures"));
        }
        VerificationKey::from_public_jwk(public)
    }

    pub(crate) fn from_public_jwk(jwk: PublicJwk) -> Result<VerificationKey> {
        let material = match &jwk.parameters {
            Parameters::Ec { crv, .. } => Material::Ec(*crv, Secret::PublicKey(jwk.parameters.point()?)),
            Parameters::Okp { .. } => Material::Ed25519(jwk.parameters.point()?),
            Parameters::Rsa { n, e } => {
                let key = serde_json::json!({ "kty": "RSA", "n": n, "e": e });
                let key: biscuit::jwk::RSAKeyParameters =
                    serde_json::from_value(key).map_err(|_| Error::Malformed("not an RSA key"))?;
                Material::Rsa(key.into())
            }
        };
        let mut key = VerificationKey { material, algorithm: None, jwk: None };
        if let Some(name) = &jwk.alg {
            let algorithm = name.parse().map_err(|_| Error::UnsupportedKey("alg"))?;
            if !key.fits(algorithm) {
                return Err(Error::UnsupportedKey("alg"));
            }
            key.algorithm = Some(algorithm);
        }
        key.jwk = Some(jwk);
        Ok(key)
    }

    /// A secret shared with a client, for `client_secret_jwt` (OpenID Connect Core §9). It serves the HMAC
    /// algorithms whose hash is no longer than the secret (RFC 7518 §3.2).
    ///
    /// # Errors
    /// [`Error::WeakKey`] below 32 bytes.
    pub fn from_hmac_secret(secret: &[u8]) -> Result<VerificationKey> {
        if Algorithm::HS256.minimum_secret_length().is_none_or(|minimum| secret.len() < minimum) {
            return Err(Error::WeakKey);
        }
        let material = Material::Hmac { secret: Secret::Bytes(secret.to_vec()), length: secret.len() };
        Ok(VerificationKey { material, algorithm: None, jwk: None })
    }

    /// Whether the key is one that the algorithm works with, and its `alg`, if it has one, is that algorithm.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        let material_fits = match &self.material {
            Material::Hmac { length, .. } => {
                algorithm.minimum_secret_length().is_some_and(|minimum| *length >= minimum)
            }
            Material::Rsa(_) => algorithm.key_type() == KeyType::Rsa,
            Material::Ec(curve, _) => algorithm.curve() == Some(*curve),
            Material::Ed25519(_) => algorithm == Algorithm::EdDSA,
        };
        material_fits && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// The key's `kid`, if it came from a JWK that has one.
    pub fn kid(&self) -> Option<&str> {
        self.public_jwk()?.kid()
    }

    /// The public key, for its thumbprint; none for an HMAC secret.
    pub fn public_jwk(&self) -> Option<&PublicJwk> {
        self.jwk.as_ref()
    }

    /// Verifies a compact JWS with this key, whatever `kid` the token names, and reads its claims.
    ///
    /// # Errors
    /// Those of [`Header::peek`]; [`Error::AlgorithmNotAllowed`] if `alg` is not in `allowed` or does not fit the
    /// key; [`Error::BadSignature`]; [`Error::Claims`] if the payload is not a `C`.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, allowed: &[Algorithm]) -> Result<Verified<C>> {
        let header = allowed_header(token, allowed)?;
        let payload = self.verified_payload(token, header.algorithm)?;
        Ok(Verified { header, claims: read_claims(&payload)? })
    }

    /// Verifies the signature. The algorithm must come from a header read by [`allowed_header`].
    pub(crate) fn verified_payload(&self, token: &str, algorithm: Algorithm) -> Result<Vec<u8>> {
        // biscuit panics when it is given an algorithm of another key type, so this comes first.
        if !self.fits(algorithm) {
            return Err(Error::AlgorithmNotAllowed);
        }
        let secret = match &self.material {
            Material::Ed25519(public_key) => return eddsa::verify(public_key, token),
            Material::Hmac { secret, .. } | Material::Rsa(secret) | Material::Ec(_, secret) => secret,
        };
        let algorithm = algorithm.biscuit().ok_or(Error::AlgorithmNotAllowed)?;
        match Compact::<Vec<u8>, Empty>::new_encoded(token).into_decoded(secret, algorithm) {
            Ok(Compact::Decoded { payload, .. }) => Ok(payload),
            Ok(Compact::Encoded(_)) => Err(Error::Malformed("token")),
            Err(biscuit::errors::Error::ValidationError(_)) => Err(Error::BadSignature),
            Err(_) => Err(Error::Malformed("token")),
        }
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key_type = self.jwk.as_ref().map_or(KeyType::Oct, PublicJwk::key_type);
        formatter
            .debug_struct("VerificationKey")
            .field("kty", &key_type)
            .field("kid", &self.kid())
            .field("alg", &self.algorithm)
            .finish()
    }
}

/// Reads claims from a token that nobody has verified, to learn whose key would verify it: the `iss` of a client
/// assertion, say. Believe nothing of it.
///
/// # Errors
/// Those of [`Header::peek`], and [`Error::Claims`].
pub fn unverified_claims<C: DeserializeOwned>(token: &str) -> Result<C> {
    Header::peek(token)?;
    let [_, payload, _] = parts(token)?;
    read_claims(&decode_base64url(payload).ok_or(Error::Malformed("payload is not base64url"))?)
}

/// The header of a token whose `alg` is one of those allowed.
pub(crate) fn allowed_header(token: &str, allowed: &[Algorithm]) -> Result<Header> {
    let header = Header::peek(token)?;
    if allowed.contains(&header.algorithm) { Ok(header) } else { Err(Error::AlgorithmNotAllowed) }
}

pub(crate) fn read_claims<C: DeserializeOwned>(payload: &[u8]) -> Result<C> {
    serde_json::from_slice(payload).map_err(|error| Error::Claims(error.into()))
}
