//! Whatever an attacker sends, the answer is an error: never a panic, and never success.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{HMAC_SECRET, RSA, bare_jwk, new_key, p384};
use crate::encoding::base64url;
use crate::jwe::{self, ContentEncryption, DecryptionKey, EncryptionKey, KeyManagement};
use crate::{Algorithm, Header, KeySet, MasterKey, SigningKey, VerificationKey, unverified_claims};

/// One key of every type, without `alg`, so that nothing but the type stands in an attacker's way.
static KEYS: LazyLock<Vec<VerificationKey>> = LazyLock::new(|| {
    let jwks = [bare_jwk(&RSA.0), bare_jwk(&SIGNERS[0]), bare_jwk(&SIGNERS[1]), p384().1];
    let mut keys: Vec<_> = jwks.iter().map(|jwk| VerificationKey::from_jwk(jwk).unwrap()).collect();
    keys.push(VerificationKey::from_hmac_secret(HMAC_SECRET).unwrap());
    keys
});
static SIGNERS: LazyLock<[SigningKey; 2]> =
    LazyLock::new(|| [Algorithm::ES256, Algorithm::EdDSA].map(|algorithm| new_key(algorithm, "kid")));
static DECRYPTION_KEYS: LazyLock<[DecryptionKey; 2]> = LazyLock::new(|| {
    let rsa = DecryptionKey::from_pkcs8(KeyManagement::RsaOaep256, "kid", RSA.1.expose()).unwrap();
    [rsa, DecryptionKey::generate(KeyManagement::EcdhEs, "kid").unwrap().0]
});

/// Tries a string as every kind of token with every kind of key; tells whether any took it.
fn accepted_by_anyone(token: &str) -> bool {
    let _ = (Header::peek(token), jwe::Header::peek(token), unverified_claims::<Value>(token));
    let set: KeySet = KEYS.iter().cloned().collect();
    set.verify::<Value>(token, &Algorithm::ALL).is_ok()
        || KEYS.iter().any(|key| key.verify::<Value>(token, &Algorithm::ALL).is_ok())
        || DECRYPTION_KEYS.iter().any(|key| jwe::decrypt(key, token).is_ok())
}

fn any_algorithm() -> impl Strategy<Value = String> {
    let mut names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.as_str().to_owned()).collect();
    names.extend(["none", "ES512", "ES256K", "dir", "RSA-OAEP-256", "ECDH-ES", ""].map(str::to_owned));
    prop::sample::select(names)
}

/// Mostly one that keeps the token base64url, so that the change reaches what lies behind.
fn any_character() -> impl Strategy<Value = char> {
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_', '.']);
    prop_oneof![9 => prop::sample::select(alphabet.collect::<Vec<_>>()), 1 => any::<char>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[A-Za-z0-9_=-]{0,90}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "alg", "kid", "typ", "jwk", "kty", "crv", "x", "y", "n", "e", "use", "key_ops", "keys", "enc",
            "epk"
        ])
        .prop_map(str::to_owned),
        ".{0,8}"
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text(text in any::<String>()) {
        prop_assert!(!accepted_by_anyone(&text));
    }

    #[test]
    fn arbitrary_parts(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..7)) {
        let token = parts.iter().map(|part| base64url(part)).collect::<Vec<_>>().join(".");
        prop_assert!(!accepted_by_anyone(&token));
    }

    #[test]
    fn arbitrary_headers(header in any_json(), rest in "[A-Za-z0-9_-]{0,90}\\.[A-Za-z0-9_-]{0,90}(\\.[A-Za-z0-9_-]{0,90}){0,2}") {
        let token = format!("{}.{rest}", base64url(header.to_string().as_bytes()));
        prop_assert!(!accepted_by_anyone(&token));
    }

    #[test]
    fn any_algorithm_with_any_signature(
        algorithm in any_algorithm(),
        kid in prop::option::of("[a-z]{1,3}"),
        signature in prop_oneof![Just(vec![]), Just(vec![0; 64]), prop::collection::vec(any::<u8>(), 0..600)],
    ) {
        let header = json!({ "alg": algorithm, "kid": kid.unwrap_or_default(), "jwk": bare_jwk(&SIGNERS[0]) });
        let claims = base64url(br#"{"iss":"me"}"#);
        let token = format!("{}.{claims}.{}", base64url(header.to_string().as_bytes()), base64url(&signature));
        prop_assert!(!accepted_by_anyone(&token));
    }

    #[test]
    fn mutated_tokens(index in 0_usize..3, at in any::<prop::sample::Index>(), character in any_character()) {
        let key = SIGNERS.get(index).unwrap_or(&RSA.0);
        let token = key.sign_with_jwk("JWT", &json!({ "iss": "me" })).unwrap();
        prop_assert!(accepted_by_anyone(&token));
        let mutated = replaced(&token, at.index(token.len()), character);
        prop_assert_eq!(accepted_by_anyone(&mutated), mutated == token);
        prop_assert!(!accepted_by_anyone(&token[..at.index(token.len())]));
    }

    #[test]
    fn mutated_encrypted_tokens(index in 0_usize..2, at in any::<prop::sample::Index>(), character in any_character()) {
        let key = EncryptionKey::from_jwk(&json!(DECRYPTION_KEYS[index].public_jwk())).unwrap();
        let token = jwe::encrypt(&key, ContentEncryption::A256GCM, b"plaintext", None).unwrap();
        prop_assert!(accepted_by_anyone(&token));
        let mutated = replaced(&token, at.index(token.len()), character);
        prop_assert_eq!(accepted_by_anyone(&mutated), mutated == token);
        prop_assert!(!accepted_by_anyone(&token[..at.index(token.len())]));
    }

    #[test]
    fn arbitrary_keys(json in any_json(), name in "[a-z]{1,3}") {
        let _ = VerificationKey::from_jwk(&json);
        let _ = EncryptionKey::from_jwk(&json);
        let mut jwk = bare_jwk(&RSA.0);
        jwk[name] = json.clone();
        let jwks = json!({ "keys": [json, jwk] });
        let _ = KeySet::parse(&jwks);
        let _ = EncryptionKey::from_key_set(&jwks, KeyManagement::EcdhEs);
    }

    #[test]
    fn arbitrary_sealed_values(mut sealed in prop::collection::vec(any::<u8>(), 0..100), genuine_start in any::<bool>()) {
        let key = MasterKey::new([7; 32]).unwrap();
        if genuine_start && sealed.len() > 5 {
            sealed[0] = 1;
            sealed[1..5].copy_from_slice(&key.id());
        }
        prop_assert!(key.open(b"", &sealed).is_err());
    }

    #[test]
    fn arbitrary_private_keys(pkcs8 in prop::collection::vec(any::<u8>(), 0..100)) {
        for algorithm in Algorithm::ALL {
            prop_assert!(SigningKey::from_pkcs8(algorithm, "kid", &pkcs8).is_err());
        }
    }
}

fn replaced(token: &str, at: usize, character: char) -> String {
    let mut characters: Vec<char> = token.chars().collect();
    characters[at] = character;
    characters.into_iter().collect()
}
