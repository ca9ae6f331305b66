use serde_json::{Value, json};

use super::{RSA, bare_jwk, new_key};
use crate::encoding::{base64url, decode_base64url};
use crate::jwe::{
    ContentEncryption, DecryptionKey, EncryptionKey, Header, KeyManagement, MAX_LENGTH, decrypt, encrypt,
};
use crate::{Algorithm, Error};

fn keys(algorithm: KeyManagement) -> (DecryptionKey, EncryptionKey) {
    let (private, pkcs8) = match algorithm {
        KeyManagement::EcdhEs => DecryptionKey::generate(algorithm, "kid").unwrap(),
        KeyManagement::RsaOaep256 => {
            let key = DecryptionKey::from_pkcs8(algorithm, "kid", RSA.1.expose()).unwrap();
            (key, RSA.1.clone())
        }
    };
    let stored = DecryptionKey::from_pkcs8(algorithm, "kid", pkcs8.expose()).unwrap();
    assert_eq!(stored.public_jwk(), private.public_jwk());
    let public = EncryptionKey::from_jwk(&json!(private.public_jwk())).unwrap();
    (stored, public)
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&decode_base64url(header).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", base64url(header.to_string().as_bytes()))
}

#[test]
fn what_is_encrypted_is_decrypted_with_every_algorithm() {
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        let (private, public) = keys(algorithm);
        for encryption in [ContentEncryption::A128GCM, ContentEncryption::A256GCM] {
            for plaintext in [&b""[..], b"plaintext", &[7; 40_000]] {
                let token = encrypt(&public, encryption, plaintext, Some("JWT")).unwrap();
                let header = Header::peek(&token).unwrap();
                assert_eq!((header.algorithm, header.encryption), (algorithm, encryption));
                assert_eq!((header.kid.as_deref(), header.cty.as_deref()), (Some("kid"), Some("JWT")));
                assert_eq!(decrypt(&private, &token).unwrap().plaintext.expose(), plaintext);
            }
        }
    }
}

#[test]
fn party_information_takes_part_in_the_key() {
    let (private, public) = keys(KeyManagement::EcdhEs);
    let token = encrypt(&public, ContentEncryption::A256GCM, b"plaintext", None).unwrap();
    let changed = with_header(&token, |header| header["apu"] = json!(base64url(b"Alice")));
    assert_eq!(decrypt(&private, &changed).unwrap_err(), Error::DecryptionFailed);
}

#[test]
fn a_change_in_any_part_is_noticed() {
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        let (private, public) = keys(algorithm);
        let token = encrypt(&public, ContentEncryption::A256GCM, b"plaintext", None).unwrap();
        for (index, part) in token.split('.').enumerate().skip(1) {
            let mut bytes = decode_base64url(part).unwrap();
            let Some(last) = bytes.last_mut() else { continue };
            *last ^= 1;
            let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
            parts[index] = base64url(&bytes);
            assert_eq!(
                decrypt(&private, &parts.join(".")).unwrap_err(),
                Error::DecryptionFailed,
                "part {index}"
            );
        }
        let relabelled = with_header(&token, |header| header["cty"] = json!("JWT"));
        assert_eq!(decrypt(&private, &relabelled).unwrap_err(), Error::DecryptionFailed);
    }
}

#[test]
fn another_key_and_another_algorithm_do_not_decrypt() {
    let (_, ec_public) = keys(KeyManagement::EcdhEs);
    let (ec_stranger, _) = keys(KeyManagement::EcdhEs);
    let (rsa_private, _) = keys(KeyManagement::RsaOaep256);
    let token = encrypt(&ec_public, ContentEncryption::A128GCM, b"plaintext", None).unwrap();
    assert_eq!(decrypt(&ec_stranger, &token).unwrap_err(), Error::DecryptionFailed);
    assert_eq!(decrypt(&rsa_private, &token).unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn a_content_encryption_other_than_the_key_was_made_for_fails() {
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        let (private, public) = keys(algorithm);
        let token = encrypt(&public, ContentEncryption::A128GCM, b"plaintext", None).unwrap();
        let relabelled = with_header(&token, |header| header["enc"] = json!("A256GCM"));
        assert_eq!(decrypt(&private, &relabelled).unwrap_err(), Error::DecryptionFailed);
    }
}

#[test]
fn anything_but_five_parts_of_the_right_sizes_is_malformed() {
    let (private, public) = keys(KeyManagement::EcdhEs);
    let token = encrypt(&public, ContentEncryption::A128GCM, b"plaintext", None).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let with = |index: usize, part: &str| {
        let mut parts = parts.clone();
        parts[index] = part;
        parts.join(".")
    };
    for wrong in [
        parts[..4].join("."),
        format!("{token}."),
        format!("{token}.AAAA"),
        with(1, "AAAA"),
        with(2, ""),
        with(2, "AAAA"),
        with(3, "="),
        with(4, ""),
        with(4, "AAAA"),
    ] {
        assert!(matches!(decrypt(&private, &wrong), Err(Error::Malformed(_))), "{wrong}");
    }
}

#[test]
fn use_key_ops_and_alg_must_permit_encryption() {
    let with = |name: &str, value: Value| {
        let mut jwk = bare_jwk(&new_key(Algorithm::ES256, ""));
        jwk[name] = value;
        EncryptionKey::from_jwk(&jwk)
    };
    for (name, value) in [("use", json!("enc")), ("key_ops", json!(["deriveKey"])), ("alg", json!("ECDH-ES"))]
    {
        assert!(with(name, value.clone()).is_ok(), "{name} {value}");
    }
    for (name, value) in [
        ("use", json!("sig")),
        ("key_ops", json!(["verify"])),
        ("alg", json!("ES256")),
        ("alg", json!("ECDH-ES+A256KW")),
        ("alg", json!("RSA-OAEP-256")),
    ] {
        assert!(matches!(with(name, value.clone()), Err(Error::UnsupportedKey(_))), "{name} {value}");
    }
    let p384 = EncryptionKey::from_jwk(&super::p384().1).unwrap_err();
    assert_eq!(p384, Error::UnsupportedKey("curve"));
}

#[test]
fn a_wrong_header_is_refused_before_any_cryptography() {
    let (private, public) = keys(KeyManagement::EcdhEs);
    let token = encrypt(&public, ContentEncryption::A128GCM, b"plaintext", None).unwrap();
    let refused = |name: &str, value: Value| {
        decrypt(&private, &with_header(&token, |header| header[name] = value)).unwrap_err()
    };
    assert_eq!(refused("crit", json!(["exp"])), Error::CriticalHeader);
    assert_eq!(refused("zip", json!("DEF")), Error::UnknownAlgorithm);
    assert_eq!(refused("alg", json!("RSA1_5")), Error::UnknownAlgorithm);
    assert_eq!(refused("alg", json!("dir")), Error::UnknownAlgorithm);
    assert_eq!(refused("enc", json!("A128CBC-HS256")), Error::UnknownAlgorithm);
    let mut private_epk = bare_jwk(&new_key(Algorithm::ES256, ""));
    private_epk["d"] = json!("AQAB");
    assert_eq!(refused("epk", private_epk), Error::PrivateKeyMaterial);
    for (name, value) in [
        ("alg", json!(1)),
        ("kid", json!(1)),
        ("apu", json!("=")),
        ("epk", json!("key")),
        ("epk", bare_jwk(&new_key(Algorithm::EdDSA, ""))),
        ("epk", json!({ "kty": "EC", "crv": "P-256", "x": base64url(&[1; 32]), "y": base64url(&[1; 32]) })),
    ] {
        assert!(matches!(refused(name, value.clone()), Error::Malformed(_)), "{name} {value}");
    }
}

#[test]
fn what_is_too_large_is_refused_both_ways() {
    let (private, public) = keys(KeyManagement::EcdhEs);
    let plaintext = vec![7; MAX_LENGTH];
    assert_eq!(encrypt(&public, ContentEncryption::A128GCM, &plaintext, None).unwrap_err(), Error::TooLarge);
    assert_eq!(decrypt(&private, &"a".repeat(MAX_LENGTH + 1)).unwrap_err(), Error::TooLarge);
    let largest = vec![7; crate::MAX_TOKEN_LENGTH];
    let token = encrypt(&public, ContentEncryption::A128GCM, &largest, Some("JWT")).unwrap();
    assert_eq!(decrypt(&private, &token).unwrap().plaintext.expose(), largest);
}

#[test]
fn an_encryption_key_is_chosen_by_algorithm_and_use() {
    let signing = new_key(Algorithm::ES256, "signing");
    let mut unmarked = bare_jwk(&new_key(Algorithm::ES256, ""));
    unmarked["kid"] = json!("unmarked");
    let (marked, _) = DecryptionKey::generate(KeyManagement::EcdhEs, "marked").unwrap();
    let find = |keys: Value| {
        let key = EncryptionKey::from_key_set(&json!({ "keys": keys }), KeyManagement::EcdhEs)?;
        Ok(key.kid().map(str::to_owned))
    };
    assert_eq!(find(json!([signing.public_jwk()])), Err(Error::NoMatchingKey));
    assert_eq!(find(json!([RSA.0.public_jwk(), unmarked])), Ok(Some("unmarked".into())));
    assert_eq!(find(json!([unmarked, marked.public_jwk()])), Ok(Some("marked".into())));
    assert_eq!(find(json!([{ "kty": "oct", "k": "AAAA" }])), Err(Error::PrivateKeyMaterial));
}
