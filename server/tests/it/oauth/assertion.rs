//! Keys and JWTs of clients and of strangers, good ones and forged ones.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_jose::{Algorithm, PublicJwk, SigningKey};
use grantor_protocol::client_auth::JWT_BEARER;
use grantor_protocol::model::{AuthenticationMethod, Client};
use serde_json::{Value, json};

use crate::support::{START, TestTenant, client};

/// Somebody's key pair, for every algorithm of JWS that is advertised here or might be.
pub struct Signer {
    algorithm: String,
    /// PKCS #8, or the secret of an algorithm that has one.
    key: Vec<u8>,
    jwk: Value,
}

impl Signer {
    pub fn new(algorithm: Algorithm, kid: &str) -> Self {
        Self::named(algorithm.as_str(), kid)
    }

    /// For the algorithm of this name. Whoever uses `none` or an algorithm with a secret publishes an
    /// ES256 key, and tries to pass its text off as the secret.
    pub fn named(algorithm: &str, kid: &str) -> Self {
        // It takes long to make one, and nobody here needs two.
        static RSA: LazyLock<(Vec<u8>, Value)> = LazyLock::new(|| generated(Algorithm::RS256));
        let (mut key, mut jwk) = match algorithm {
            "ES384" => elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            "ES512" => elliptic(&ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"),
            "EdDSA" => generated(Algorithm::EdDSA),
            rsa if rsa.starts_with("RS") || rsa.starts_with("PS") => RSA.clone(),
            _ => generated(Algorithm::ES256),
        };
        jwk["kid"] = json!(kid);
        // As many clients register it.
        jwk.as_object_mut().unwrap().remove("alg");
        if algorithm.starts_with("HS") {
            key = serde_json::to_vec(&jwk).unwrap();
        }
        Self { algorithm: algorithm.to_owned(), key, jwk }
    }

    /// For an algorithm with a secret, and this secret.
    pub fn with_secret(algorithm: &str, secret: &str) -> Self {
        Self { key: secret.as_bytes().to_vec(), ..Self::named(algorithm, "k1") }
    }

    pub fn es256(kid: &str) -> Self {
        Self::new(Algorithm::ES256, kid)
    }

    /// The public key as clients register it, without `alg`.
    pub fn jwk(&self) -> Value {
        self.jwk.clone()
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
        let header = json!({ "typ": "JWT", "alg": self.algorithm, "kid": self.jwk["kid"] });
        self.sign_with(&header, claims)
    }

    /// The thumbprint of the public key (RFC 7638).
    pub fn thumbprint(&self) -> String {
        PublicJwk::parse(&self.jwk).unwrap().thumbprint_sha256()
    }

    /// A DPoP proof (RFC 9449 §4.2).
    pub fn prove(&self, claims: &Value) -> String {
        let mut jwk = self.jwk();
        jwk.as_object_mut().unwrap().retain(|name, _| !["kid", "use"].contains(&name.as_str()));
        self.sign_with(&json!({ "typ": "dpop+jwt", "alg": self.algorithm, "jwk": jwk }), claims)
    }

    /// Signs under any header, whatever it says.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        compact(header, claims, |input| self.signature(input))
    }

    fn signature(&self, input: &[u8]) -> Vec<u8> {
        let (random, key) = (SystemRandom::new(), self.key.as_slice());
        let elliptic = |algorithm| {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, key).unwrap();
            key.sign(&random, input).unwrap().as_ref().to_vec()
        };
        let rsa = |padding| {
            let key = RsaKeyPair::from_pkcs8(key).unwrap();
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(padding, &random, input, &mut signature).unwrap();
            signature
        };
        let hmac = |algorithm| hmac::sign(&hmac::Key::new(algorithm, key), input).as_ref().to_vec();
        match self.algorithm.as_str() {
            "ES256" => elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "ES512" => elliptic(&ECDSA_P521_SHA512_FIXED_SIGNING),
            "EdDSA" => Ed25519KeyPair::from_pkcs8(key).unwrap().sign(input).as_ref().to_vec(),
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "HS256" => hmac(hmac::HMAC_SHA256),
            "HS384" => hmac(hmac::HMAC_SHA384),
            "HS512" => hmac(hmac::HMAC_SHA512),
            "none" => vec![],
            unknown => panic!("nobody can sign with {unknown}"),
        }
    }

    /// HMAC-SHA-256, as HS256 signs.
    pub fn hmac(secret: &[u8], input: &[u8]) -> Vec<u8> {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input).as_ref().to_vec()
    }
}

/// A key for this algorithm: in PKCS #8, and its JWK.
fn generated(algorithm: Algorithm) -> (Vec<u8>, Value) {
    let (key, pkcs8) = SigningKey::generate(algorithm, "").unwrap();
    (pkcs8.expose().to_vec(), serde_json::to_value(key.public_jwk()).unwrap())
}

/// A key of this curve: in PKCS #8, and its JWK (RFC 7518 §6.2.1).
fn elliptic(algorithm: &'static EcdsaSigningAlgorithm, curve: &str) -> (Vec<u8>, Value) {
    let key = EcdsaKeyPair::generate(algorithm).unwrap();
    // An uncompressed point: one byte that says so, and both coordinates.
    let point = &key.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let jwk = json!({ "kty": "EC", "crv": curve, "x": x, "y": y, "use": "sig" });
    (key.to_pkcs8v1().unwrap().as_ref().to_vec(), jwk)
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
