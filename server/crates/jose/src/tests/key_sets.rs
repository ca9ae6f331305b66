use serde_json::{Value, json};

use super::{Claims, HMAC_SECRET, RSA, bare_jwk, new_key, p384};
use crate::encoding::base64url;
use crate::{Algorithm, Error, KeySet, MAX_KEYS, SigningKey, VerificationKey};

fn token(key: &SigningKey) -> String {
    key.sign("JWT", &json!({ "iss": "me" })).unwrap()
}

#[test]
fn keys_that_cannot_be_used_are_skipped_and_the_rest_are_kept() {
    let good = new_key(Algorithm::ES256, "good");
    let ed25519 = new_key(Algorithm::EdDSA, "ed25519");
    let weak = json!({ "kty": "RSA", "n": base64url(&[0xff; 128]), "e": "AQAB" });
    let mut encryption = json!(RSA.0.public_jwk());
    encryption["use"] = json!("enc");
    let jwks = json!({ "keys": [
        { "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" },
        { "kty": "OKP", "crv": "X25519", "x": base64url(&[9; 32]) },
        { "kty": "EC", "crv": "secp256k1", "alg": "ES256K", "x": base64url(&[1; 32]), "y": base64url(&[2; 32]) },
        { "kty": "EC", "crv": "P-256", "x": 5 },
        { "kty": 5 },
        {},
        "key",
        null,
        weak,
        encryption,
        good.public_jwk(),
        ed25519.public_jwk(),
        p384().1,
    ]});
    let set = KeySet::parse(&jwks).unwrap();
    assert_eq!(
        set.keys().iter().map(VerificationKey::kid).collect::<Vec<_>>(),
        [Some("good"), Some("ed25519"), None]
    );
    for key in [&good, &ed25519] {
        assert!(set.verify::<Claims>(&token(key), &Algorithm::ALL).is_ok());
    }
}

#[test]
fn a_set_without_a_keys_array_or_with_too_many_is_refused() {
    for wrong in [json!(null), json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": null })] {
        assert_eq!(KeySet::parse(&wrong).unwrap_err(), Error::Malformed("no keys array"));
    }
    assert!(KeySet::parse(&json!({ "keys": [] })).unwrap().keys().is_empty());
    let key = new_key(Algorithm::ES256, "kid");
    let keys = |count| json!({ "keys": vec![json!(key.public_jwk()); count] });
    assert_eq!(KeySet::parse(&keys(MAX_KEYS)).unwrap().keys().len(), MAX_KEYS);
    assert_eq!(KeySet::parse(&keys(MAX_KEYS + 1)).unwrap_err(), Error::TooLarge);
}

#[test]
fn a_symmetric_key_in_a_published_set_is_private_key_material() {
    let jwks = json!({ "keys": [{ "kty": "oct", "k": base64url(HMAC_SECRET) }] });
    assert_eq!(KeySet::parse(&jwks).unwrap_err(), Error::PrivateKeyMaterial);
}

#[test]
fn the_kid_chooses_the_key_and_no_other_is_tried() {
    let (a, b) = (new_key(Algorithm::ES256, "a"), new_key(Algorithm::ES256, "b"));
    let set: KeySet = [&a, &b].map(|key| key.verification_key().clone()).into_iter().collect();
    assert!(set.verify::<Claims>(&token(&b), &[Algorithm::ES256]).is_ok());

    let stranger = new_key(Algorithm::ES256, "c");
    assert_eq!(
        set.verify::<Claims>(&token(&stranger), &[Algorithm::ES256]).unwrap_err(),
        Error::NoMatchingKey
    );
    let impostor = new_key(Algorithm::ES256, "a");
    assert_eq!(
        set.verify::<Claims>(&token(&impostor), &[Algorithm::ES256]).unwrap_err(),
        Error::BadSignature
    );
    let other_type = new_key(Algorithm::EdDSA, "a");
    let refused = set.verify::<Claims>(&token(&other_type), &[Algorithm::EdDSA]).unwrap_err();
    assert_eq!(refused, Error::AlgorithmNotAllowed);
}

#[test]
fn keys_that_share_a_kid_are_all_tried() {
    let (a, b) = (new_key(Algorithm::ES256, "same"), new_key(Algorithm::ES256, "same"));
    let set: KeySet = [&RSA.0, &a, &b].map(|key| key.verification_key().clone()).into_iter().collect();
    for key in [&a, &b] {
        assert!(set.verify::<Claims>(&token(key), &[Algorithm::ES256]).is_ok());
    }
}

#[test]
fn without_kid_every_key_of_the_type_is_tried() {
    let keys =
        [Algorithm::ES256, Algorithm::EdDSA, Algorithm::ES256].map(|algorithm| new_key(algorithm, "kid"));
    let set: KeySet = keys.iter().map(|key| key.verification_key().clone()).collect();
    for key in &keys {
        let token = key.sign_with_jwk("JWT", &json!({ "iss": "me" })).unwrap();
        assert!(set.verify::<Claims>(&token, &Algorithm::ALL).is_ok());
    }
    let stranger = new_key(Algorithm::ES256, "kid").sign_with_jwk("JWT", &json!({ "iss": "me" })).unwrap();
    assert_eq!(set.verify::<Claims>(&stranger, &Algorithm::ALL).unwrap_err(), Error::BadSignature);
}

#[test]
fn use_key_ops_and_alg_must_permit_signatures() {
    let with = |name: &str, value: Value| {
        let mut jwk = bare_jwk(&new_key(Algorithm::ES256, ""));
        jwk[name] = value;
        VerificationKey::from_jwk(&jwk)
    };
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("key_ops", json!(["sign", "verify"])),
        ("alg", json!("ES256")),
        ("ext", json!(true)),
        ("x5c", json!(["anything"])),
    ] {
        assert!(with(name, value.clone()).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!("other")),
        ("key_ops", json!(["sign"])),
        ("key_ops", json!([])),
        ("key_ops", json!("verify")),
        ("alg", json!("ES384")),
        ("alg", json!("RS256")),
        ("alg", json!("HS256")),
        ("alg", json!("ES512")),
        ("alg", json!("ECDH-ES")),
        ("alg", json!("none")),
    ] {
        assert!(matches!(with(name, value.clone()), Err(Error::UnsupportedKey(_))), "{name} {value}");
    }
    for (name, value) in [("use", json!(1)), ("alg", json!(1)), ("kid", json!(1)), ("kty", json!(1))] {
        assert!(matches!(with(name, value.clone()), Err(Error::Malformed(_))), "{name} {value}");
    }
}

#[test]
fn rsa_keys_are_of_2048_to_4096_bits_and_odd() {
    let parse = |n: Vec<u8>, e: &[u8]| {
        VerificationKey::from_jwk(&json!({ "kty": "RSA", "n": base64url(&n), "e": base64url(e) }))
    };
    let modulus = |bytes: usize| [vec![0x80; bytes - 1], vec![1]].concat();
    assert!(parse(modulus(256), &[1, 0, 1]).is_ok());
    assert!(parse(modulus(512), &[3]).is_ok());
    assert_eq!(parse(modulus(128), &[1, 0, 1]).unwrap_err(), Error::WeakKey);
    let almost = [vec![0x7f], modulus(255)].concat();
    assert_eq!(parse(almost, &[1, 0, 1]).unwrap_err(), Error::WeakKey);
    assert_eq!(parse(modulus(513), &[1, 0, 1]).unwrap_err(), Error::UnsupportedKey("size"));
    assert_eq!(parse(modulus(256), &[0xff; 8]).unwrap_err(), Error::UnsupportedKey("size"));
    for (n, e) in [
        (vec![], &[1, 0, 1][..]),
        (vec![0x80; 256], &[1, 0, 1]),
        ([vec![0], modulus(256)].concat(), &[1, 0, 1]),
        (modulus(256), &[]),
        (modulus(256), &[1]),
        (modulus(256), &[2]),
        (modulus(256), &[0, 1, 0, 1]),
    ] {
        assert!(matches!(parse(n, e), Err(Error::Malformed(_))), "{e:?}");
    }
}

#[test]
fn points_are_whole_and_on_their_curve() {
    let good = bare_jwk(&new_key(Algorithm::ES256, ""));
    let (_, p384) = p384();
    let with = |name: &str, value: Value| {
        let mut jwk = good.clone();
        jwk[name] = value;
        VerificationKey::from_jwk(&jwk)
    };
    assert!(with("x", good["x"].clone()).is_ok());
    for (name, value) in [
        ("x", json!(base64url(&[1; 32]))),
        ("y", json!(base64url(&[0; 32]))),
        ("x", json!(base64url(&[1; 31]))),
        ("y", json!(base64url(&[1; 33]))),
        ("x", json!("")),
        ("x", json!(format!("{}=", good["x"].as_str().unwrap()))),
        ("x", p384["x"].clone()),
        ("crv", json!("P-384")),
    ] {
        assert!(matches!(with(name, value.clone()), Err(Error::Malformed(_))), "{name} {value}");
    }
    for curve in ["P-521", "secp256k1", "Ed25519", "p-256", ""] {
        assert_eq!(with("crv", json!(curve)).unwrap_err(), Error::UnsupportedKey("curve"));
    }
    let okp =
        |x: &[u8]| VerificationKey::from_jwk(&json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(x) }));
    assert!(matches!(okp(&[1; 31]), Err(Error::Malformed(_))));
}

#[test]
fn hmac_secrets_are_as_long_as_the_hash() {
    assert_eq!(VerificationKey::from_hmac_secret(&[7; 31]).unwrap_err(), Error::WeakKey);
    for (length, fitting) in [
        (32, &[Algorithm::HS256][..]),
        (47, &[Algorithm::HS256]),
        (48, &[Algorithm::HS256, Algorithm::HS384]),
        (64, &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]),
    ] {
        let key = VerificationKey::from_hmac_secret(&HMAC_SECRET[..length]).unwrap();
        let fits: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm)).collect();
        assert_eq!(fits, fitting, "{length}");
    }
}
