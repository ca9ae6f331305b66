use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, Ed25519KeyPair, KeyPair as _};
use biscuit::jwa::SignatureAlgorithm;
use biscuit::jws::Secret;
use ring::signature::KeyPair as _;
use serde::Serialize;

use crate::encoding::{base64url, push_base64url};
use crate::jwk::{KeyUse, Parameters, PublicJwk};
use crate::{Algorithm, Curve, Error, Result, SecretBytes, VerificationKey};

/// A private key that signs tokens with ES256, RS256, PS256 or EdDSA: parsed once, cheap to clone. Debug shows
/// `kid` and algorithm only.
#[derive(Clone)]
pub struct SigningKey(Arc<Inner>);

struct Inner {
    algorithm: Algorithm,
    kid: String,
    /// The header after `typ`, which alone differs between the tokens of one key.
    header_end: String,
    signer: Signer,
    public_jwk: PublicJwk,
    verification_key: VerificationKey,
}

enum Signer {
    Biscuit(SignatureAlgorithm, Secret),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key (RSA: 2048 bits, which takes about 0.1 s) and returns it with its PKCS #8 form, to be
    /// sealed and stored.
    ///
    /// # Errors
    /// [`Error::AlgorithmNotAllowed`] for an algorithm that this crate only verifies, [`Error::Cryptography`].
    pub fn generate(algorithm: Algorithm, kid: &str) -> Result<(SigningKey, SecretBytes)> {
        let pkcs8 = generate_pkcs8(algorithm)?;
        Ok((SigningKey::from_pkcs8(algorithm, kid, pkcs8.expose())?, pkcs8))
    }

    /// Reads a private key from PKCS #8 in DER (RFC 5208, RFC 5958).
    ///
    /// # Errors
    /// [`Error::AlgorithmNotAllowed`] for an algorithm that this crate only verifies, [`Error::Malformed`] if the
    /// key is not one, not for this algorithm, or an RSA key outside 2048 to 4096 bits.
    pub fn from_pkcs8(algorithm: Algorithm, kid: &str, pkcs8: &[u8]) -> Result<SigningKey> {
        let (signer, parameters) = parse_pkcs8(algorithm, pkcs8)?;
        let public_jwk = PublicJwk {
            parameters,
            kid: Some(kid.to_owned()),
            key_use: Some(KeyUse::Signature),
            alg: Some(algorithm.as_str().to_owned()),
        };
        let quoted_kid = serde_json::Value::from(kid).to_string();
        Ok(SigningKey(Arc::new(Inner {
            algorithm,
            kid: kid.to_owned(),
            header_end: format!(r#","alg":"{algorithm}","kid":{quoted_kid}}}"#),
            signer,
            verification_key: VerificationKey::from_public_jwk(public_jwk.clone())?,
            public_jwk,
        })))
    }

    /// Signs claims as a compact JWS (RFC 7515 §7.1) whose header has `typ`, `alg` and `kid`.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the claims cannot be written as JSON, [`Error::Cryptography`].
    pub fn sign<C: Serialize + ?Sized>(&self, typ: &str, claims: &C) -> Result<String> {
        let header = format!(r#"{{"typ":{}{}"#, serde_json::Value::from(typ), self.0.header_end);
        self.sign_with_header(&header, claims)
    }

    /// Signs claims as a compact JWS whose header has `typ`, `alg` and the public key as `jwk`, and no `kid`: what
    /// a DPoP proof is (RFC 9449 §4.2).
    ///
    /// # Errors
    /// As [`SigningKey::sign`].
    pub fn sign_with_jwk<C: Serialize + ?Sized>(&self, typ: &str, claims: &C) -> Result<String> {
        let jwk = &self.0.public_jwk.parameters;
        let header = serde_json::json!({ "typ": typ, "alg": self.0.algorithm, "jwk": jwk }).to_string();
        self.sign_with_header(&header, claims)
    }

    fn sign_with_header<C: Serialize + ?Sized>(&self, header: &str, claims: &C) -> Result<String> {
        let claims = serde_json::to_vec(claims).map_err(|_| Error::Malformed("claims are not JSON"))?;
        let mut token = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 400);
        push_base64url(&mut token, header.as_bytes());
        token.push('.');
        push_base64url(&mut token, &claims);
        match &self.0.signer {
            Signer::Biscuit(algorithm, secret) => {
                let signature =
                    algorithm.sign(token.as_bytes(), secret).map_err(|_| Error::Cryptography("signature"))?;
                token.push('.');
                push_base64url(&mut token, &signature);
            }
            Signer::Ed25519(key_pair) => {
                let signature =
                    key_pair.try_sign(token.as_bytes()).map_err(|_| Error::Cryptography("signature"))?;
                token.push('.');
                push_base64url(&mut token, signature.as_ref());
            }
        }
        Ok(token)
    }

    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The public key with `kid`, `use` and `alg`, as it is to be published.
    pub fn public_jwk(&self) -> &PublicJwk {
        &self.0.public_jwk
    }

    /// The key that verifies what this one signs.
    pub fn verification_key(&self) -> &VerificationKey {
        &self.0.verification_key
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("kid", &self.0.kid)
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}

/// The public parameters of an RSA private key in PKCS #8.
pub(crate) fn rsa_parameters(key_pair: &ring::rsa::KeyPair) -> Parameters {
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key_pair.public_key());
    Parameters::Rsa { n: base64url(&public.n), e: base64url(&public.e) }
}

fn generate_pkcs8(algorithm: Algorithm) -> Result<SecretBytes> {
    let failed = |_| Error::Cryptography("key generation");
    match algorithm {
        Algorithm::ES256 => {
            let key = aws_lc_rs::signature::EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .map_err(failed)?;
            Ok(SecretBytes::new(key.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()))
        }
        Algorithm::RS256 | Algorithm::PS256 => {
            let key = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
            Ok(SecretBytes::new(pkcs8.as_ref().to_vec()))
        }
        Algorithm::EdDSA => {
            let key = Ed25519KeyPair::generate().map_err(failed)?;
            Ok(SecretBytes::new(key.to_pkcs8().map_err(failed)?.as_ref().to_vec()))
        }
        _ => Err(Error::AlgorithmNotAllowed),
    }
}

fn parse_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<(Signer, Parameters)> {
    let malformed = Error::Malformed("not a PKCS #8 key for the algorithm");
    match algorithm {
        Algorithm::ES256 => {
            let key_pair = ring::signature::EcdsaKeyPair::from_pkcs8(
                &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8,
                &ring::rand::SystemRandom::new(),
            )
            .map_err(|_| malformed)?;
            let parameters = Parameters::from_point(Curve::P256, key_pair.public_key().as_ref())?;
            Ok((
                Signer::Biscuit(SignatureAlgorithm::ES256, Secret::EcdsaKeyPair(Arc::new(key_pair))),
                parameters,
            ))
        }
        Algorithm::RS256 | Algorithm::PS256 => {
            let key_pair = ring::rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| malformed)?;
            let parameters = rsa_parameters(&key_pair);
            let name = algorithm.biscuit().ok_or(Error::AlgorithmNotAllowed)?;
            Ok((Signer::Biscuit(name, Secret::RsaKeyPair(Arc::new(key_pair))), parameters))
        }
        Algorithm::EdDSA => {
            let key_pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| malformed)?;
            let x = base64url(key_pair.public_key().as_ref());
            Ok((Signer::Ed25519(key_pair), Parameters::Okp { crv: Curve::Ed25519, x }))
        }
        _ => Err(Error::AlgorithmNotAllowed),
    }
}
