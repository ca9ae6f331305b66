//! Keys and JWTs of clients and of strangers, good ones and forged ones.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_jose::{Algorithm, SigningKey};
use grantor_protocol::client_auth::JWT_BEARER;
use grantor_protocol::model::{AuthenticationMethod, Client};
use serde_json::{Value, json};

use crate::support::{START, TestTenant, client};

/// Somebody's key pair.
pub struct Signer {
    key: SigningKey,
    pkcs8: Vec<u8>,
}

impl Signer {
    pub fn new(algorithm: Algorithm, kid: &str) -> Self {
        let (key, pkcs8) = SigningKey::generate(algorithm, kid).unwrap();
        Self { key, pkcs8: pkcs8.expose().to_vec() }
    }

    pub fn es256(kid: &str) -> Self {
        Self::new(Algorithm::ES256, kid)
    }

    /// The public key as clients register it, without `alg` as many do.
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(self.key.public_jwk()).unwrap();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk
    }

    /// A client that proves itself with this key.
    pub fn client(&self, tenant: &TestTenant, client_id: &str) -> Client {
        let mut client = client(&tenant.tenant, client_id);
        client.metadata.token_endpoint_auth_method = AuthenticationMethod::PrivateKeyJwt;
        client.metadata.jwks = Some(json!({ "keys": [self.jwk()] }));
        client
    }

    /// What a good assertion says (RFC 7523 §3), with a `jti` that was not used before.
    pub fn claims(&self, tenant: &TestTenant, client_id: &str) -> Value {
        static USED: AtomicU32 = AtomicU32::new(0);
        let now = START.unix_seconds();
        json!({
            "iss": client_id,
            "sub": client_id,
            "aud": tenant.tenant.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": format!("jti-{}", USED.fetch_add(1, Ordering::Relaxed)),
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.key.sign("JWT", claims).unwrap()
    }

    /// The thumbprint of the public key (RFC 7638).
    pub fn thumbprint(&self) -> String {
        self.key.public_jwk().thumbprint_sha256()
    }

    /// A DPoP proof (RFC 9449 §4.2).
    pub fn prove(&self, claims: &Value) -> String {
        self.key.sign_with_jwk("dpop+jwt", claims).unwrap()
    }

    /// Signs with ES256 under any header, whatever it says.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        compact(header, claims, |input| {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.pkcs8).unwrap();
            key.sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec()
        })
    }

    /// HMAC-SHA-256, as HS256 signs.
    pub fn hmac(secret: &[u8], input: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
    }
}

/// A compact JWS (RFC 7515 §7.1) with any header and any signature.
pub fn compact(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// The parameters of an assertion (RFC 7523 §2.2).
pub fn parameters(assertion: &str) -> [(&str, &str); 2] {
    [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)]
}

/// The token request of a client for itself with an assertion.
pub fn client_credentials(assertion: &str) -> [(&str, &str); 3] {
    let [type_, assertion] = parameters(assertion);
    [("grant_type", "client_credentials"), type_, assertion]
}
