//! Every algorithm, across implementations: biscuit (on ring) signs, aws-lc-rs verifies by hand, and so do we.

use aws_lc_rs::signature::{self as aws, UnparsedPublicKey, VerificationAlgorithm};
use aws_lc_rs::{hmac, rsa};
use serde_json::{Value, json};

use super::{Claims, HMAC_SECRET, RSA, bare_jwk, new_key, p384, rsa_secret, signed_by_biscuit};
use crate::encoding::decode_base64url;
use crate::jwk::Parameters;
use crate::{Algorithm, Error, PublicJwk, SigningKey, VerificationKey};

fn split(token: &str) -> (&str, Vec<u8>) {
    let (signing_input, signature) = token.rsplit_once('.').unwrap();
    (signing_input, decode_base64url(signature).unwrap())
}

fn verified_by_aws(parameters: &Parameters, algorithm: Algorithm, token: &str) -> bool {
    let (signing_input, signature) = split(token);
    let verification: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::ES256 => &aws::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &aws::ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDSA => &aws::ED25519,
        _ => {
            let rsa_parameters = match algorithm {
                Algorithm::RS256 => &aws::RSA_PKCS1_2048_8192_SHA256,
                Algorithm::RS384 => &aws::RSA_PKCS1_2048_8192_SHA384,
                Algorithm::RS512 => &aws::RSA_PKCS1_2048_8192_SHA512,
                Algorithm::PS256 => &aws::RSA_PSS_2048_8192_SHA256,
                Algorithm::PS384 => &aws::RSA_PSS_2048_8192_SHA384,
                Algorithm::PS512 => &aws::RSA_PSS_2048_8192_SHA512,
                _ => unreachable!("HMAC has no public key"),
            };
            let (n, e) = parameters.rsa_components().unwrap();
            let key = rsa::PublicKeyComponents { n, e };
            return key.verify(rsa_parameters, signing_input.as_bytes(), &signature).is_ok();
        }
    };
    let key = UnparsedPublicKey::new(verification, parameters.point().unwrap());
    key.verify(signing_input.as_bytes(), &signature).is_ok()
}

/// Ours verifies the token under this algorithm alone, and neither under another nor when a bit is turned.
fn verified_by_us(key: &VerificationKey, algorithm: Algorithm, token: &str) {
    let verified = key.verify::<Claims>(token, &[algorithm]).unwrap();
    assert_eq!(verified.claims, Claims { iss: "me".into() });
    assert_eq!(verified.header.algorithm, algorithm);
    for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
        assert_eq!(key.verify::<Claims>(token, &[other]).unwrap_err(), Error::AlgorithmNotAllowed);
    }
    let (signing_input, mut signature) = split(token);
    signature[10] ^= 1;
    let tampered = format!("{signing_input}.{}", crate::encoding::base64url(&signature));
    assert_eq!(key.verify::<Claims>(&tampered, &[algorithm]).unwrap_err(), Error::BadSignature);
}

fn minimal_token(algorithm: Algorithm, secret: &biscuit::jws::Secret) -> String {
    signed_by_biscuit(&json!({ "alg": algorithm }), &json!({ "iss": "me" }), algorithm, secret)
}

#[test]
fn hmac_tokens_of_biscuit_verify_by_hand_and_here() {
    let key = VerificationKey::from_hmac_secret(HMAC_SECRET).unwrap();
    for (algorithm, by_hand) in [
        (Algorithm::HS256, hmac::HMAC_SHA256),
        (Algorithm::HS384, hmac::HMAC_SHA384),
        (Algorithm::HS512, hmac::HMAC_SHA512),
    ] {
        let token = minimal_token(algorithm, &biscuit::jws::Secret::Bytes(HMAC_SECRET.to_vec()));
        let (signing_input, signature) = split(&token);
        hmac::verify(&hmac::Key::new(by_hand, HMAC_SECRET), signing_input.as_bytes(), &signature).unwrap();
        verified_by_us(&key, algorithm, &token);
    }
}

#[test]
fn rsa_tokens_of_biscuit_verify_by_hand_and_here() {
    let jwk = bare_jwk(&RSA.0);
    let parameters = PublicJwk::parse(&jwk).unwrap().parameters;
    let key = VerificationKey::from_jwk(&jwk).unwrap();
    for algorithm in [
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ] {
        let token = minimal_token(algorithm, &rsa_secret());
        assert!(verified_by_aws(&parameters, algorithm, &token), "{algorithm}");
        verified_by_us(&key, algorithm, &token);
    }
}

#[test]
fn es384_tokens_of_biscuit_verify_by_hand_and_here() {
    let (secret, jwk) = p384();
    let token = minimal_token(Algorithm::ES384, &secret);
    assert!(verified_by_aws(&PublicJwk::parse(&jwk).unwrap().parameters, Algorithm::ES384, &token));
    verified_by_us(&VerificationKey::from_jwk(&jwk).unwrap(), Algorithm::ES384, &token);
}

#[test]
fn tokens_signed_here_verify_by_hand_and_here() {
    let ps256 = SigningKey::from_pkcs8(Algorithm::PS256, "rsa", RSA.1.expose()).unwrap();
    let keys = [new_key(Algorithm::ES256, "a"), new_key(Algorithm::EdDSA, "b"), RSA.0.clone(), ps256];
    for key in keys {
        let token = key.sign("JWT", &json!({ "iss": "me" })).unwrap();
        assert!(verified_by_aws(&key.public_jwk().parameters, key.algorithm(), &token), "{key:?}");
        verified_by_us(key.verification_key(), key.algorithm(), &token);
        let proof = key.sign_with_jwk("dpop+jwt", &json!({ "iss": "me" })).unwrap();
        let header = crate::Header::peek(&proof).unwrap();
        assert_eq!((header.kid, header.typ.as_deref()), (None, Some("dpop+jwt")));
        let embedded = VerificationKey::from_jwk(&header.jwk.unwrap()).unwrap();
        assert_eq!(embedded.public_jwk().unwrap().thumbprint_sha256(), key.public_jwk().thumbprint_sha256());
        verified_by_us(&embedded, key.algorithm(), &proof);
    }
}

#[test]
fn the_header_of_a_signed_token_has_typ_alg_and_kid_alone() {
    let key = new_key(Algorithm::ES256, "quote\"d");
    let token = key.sign("at+jwt", &json!({})).unwrap();
    let header = decode_base64url(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "ES256", "kid": "quote\"d" }));
}

#[test]
fn a_stored_key_is_the_key_that_was_generated() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let (key, pkcs8) = SigningKey::generate(algorithm, "kid").unwrap();
        let stored = SigningKey::from_pkcs8(algorithm, "kid", pkcs8.expose()).unwrap();
        assert_eq!(stored.public_jwk(), key.public_jwk());
        let token = stored.sign("JWT", &json!({ "iss": "me" })).unwrap();
        verified_by_us(key.verification_key(), algorithm, &token);
    }
}

#[test]
fn a_private_key_of_another_type_is_refused() {
    let (_, es256) = SigningKey::generate(Algorithm::ES256, "kid").unwrap();
    let (_, eddsa) = SigningKey::generate(Algorithm::EdDSA, "kid").unwrap();
    for (algorithm, pkcs8) in [
        (Algorithm::ES256, &eddsa),
        (Algorithm::ES256, &RSA.1),
        (Algorithm::EdDSA, &es256),
        (Algorithm::RS256, &es256),
        (Algorithm::PS256, &eddsa),
    ] {
        let refused = SigningKey::from_pkcs8(algorithm, "kid", pkcs8.expose()).unwrap_err();
        assert!(matches!(refused, Error::Malformed(_)), "{algorithm}: {refused:?}");
    }
    for algorithm in [Algorithm::HS256, Algorithm::ES384, Algorithm::RS512] {
        assert_eq!(SigningKey::generate(algorithm, "kid").unwrap_err(), Error::AlgorithmNotAllowed);
    }
}

#[test]
fn algorithm_names_round_trip_and_are_case_sensitive() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        assert_eq!(json!(algorithm), json!(algorithm.as_str()));
    }
    for name in ["none", "None", "", "es256", "ES512", "ES256K", "EDDSA", "RSA-OAEP"] {
        assert_eq!(name.parse::<Algorithm>(), Err(Error::UnknownAlgorithm), "{name}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let (key, pkcs8) = SigningKey::generate(Algorithm::ES256, "kid").unwrap();
    assert_eq!(format!("{key:?}"), r#"SigningKey { kid: "kid", algorithm: ES256, .. }"#);
    assert_eq!(format!("{pkcs8:?}"), "SecretBytes(..)");
    let hmac = VerificationKey::from_hmac_secret(HMAC_SECRET).unwrap();
    assert_eq!(format!("{hmac:?}"), "VerificationKey { kty: Oct, kid: None, alg: None }");
}
