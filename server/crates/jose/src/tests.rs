mod algorithms;
mod encryption;
mod guards;
mod key_sets;
mod never_panics;
mod sealing;
mod vectors;

use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use biscuit::jws::Secret;
use ring::signature::KeyPair as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::encoding::{base64url, push_base64url};
use crate::jwk::Parameters;
use crate::{Algorithm, Curve, SecretBytes, SigningKey};

/// An RSA key takes a while to make, so all tests share one.
static RSA: LazyLock<(SigningKey, SecretBytes)> =
    LazyLock::new(|| SigningKey::generate(Algorithm::RS256, "rsa").unwrap());

const HMAC_SECRET: &[u8; 64] = b"sixty-four bytes, which is what HS512 demands of a shared secret";

#[derive(Debug, PartialEq, Deserialize)]
struct Claims {
    iss: String,
}

fn new_key(algorithm: Algorithm, kid: &str) -> SigningKey {
    SigningKey::generate(algorithm, kid).unwrap().0
}

/// The public JWK of a key as a client would send it, without `alg`, `use` and `kid`.
fn bare_jwk(key: &SigningKey) -> Value {
    serde_json::to_value(&key.public_jwk().parameters).unwrap()
}

/// A compact JWS with exactly this header, signed by biscuit.
fn signed_by_biscuit(header: &Value, claims: &Value, algorithm: Algorithm, secret: &Secret) -> String {
    let mut token = String::new();
    push_base64url(&mut token, header.to_string().as_bytes());
    token.push('.');
    push_base64url(&mut token, claims.to_string().as_bytes());
    let signature = algorithm.biscuit().unwrap().sign(token.as_bytes(), secret).unwrap();
    token.push('.');
    push_base64url(&mut token, &signature);
    token
}

/// A token of three parts whose signature is rubbish.
fn unsigned(header: &str) -> String {
    format!("{}.{}.{}", base64url(header.as_bytes()), base64url(br#"{"iss":"me"}"#), base64url(&[7; 64]))
}

fn rsa_secret() -> Secret {
    Secret::RsaKeyPair(Arc::new(ring::rsa::KeyPair::from_pkcs8(RSA.1.expose()).unwrap()))
}

/// A P-384 key, which this crate only verifies with, as biscuit's secret and as a public JWK.
fn p384() -> (Secret, Value) {
    let pkcs8 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let key_pair = ring::signature::EcdsaKeyPair::from_pkcs8(
        &ring::signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        pkcs8.as_ref(),
        &ring::rand::SystemRandom::new(),
    )
    .unwrap();
    let jwk = Parameters::from_point(Curve::P384, key_pair.public_key().as_ref()).unwrap();
    (Secret::EcdsaKeyPair(Arc::new(key_pair)), json!(jwk))
}
