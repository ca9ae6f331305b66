//! What biscuit leaves to its caller, one test each; then algorithm confusion in all its forms.

use biscuit::jws::Secret;
use serde_json::{Value, json};

use super::{Claims, HMAC_SECRET, RSA, bare_jwk, new_key, p384, signed_by_biscuit, unsigned};
use crate::encoding::{base64url, decode_base64url};
use crate::{
    Algorithm, Error, Header, KeySet, MAX_TOKEN_LENGTH, NumericDate, VerificationKey, unverified_claims,
};

fn set_of(jwk: Value) -> KeySet {
    KeySet::parse(&json!({ "keys": [jwk] })).unwrap()
}

#[test]
fn an_ec_token_against_an_rsa_jwk_without_alg_is_an_error_and_no_panic() {
    let set = set_of(bare_jwk(&RSA.0));
    let ec = new_key(Algorithm::ES256, "");
    let with_kid = ec.sign("JWT", &json!({ "iss": "me" })).unwrap();
    let without_kid = ec.sign_with_jwk("JWT", &json!({ "iss": "me" })).unwrap();
    let (p384, _) = p384();
    let es384 =
        signed_by_biscuit(&json!({ "alg": "ES384" }), &json!({ "iss": "me" }), Algorithm::ES384, &p384);
    for token in [with_kid, without_kid, es384] {
        assert_eq!(set.verify::<Claims>(&token, &Algorithm::ALL).unwrap_err(), Error::NoMatchingKey);
        assert_eq!(
            set.keys()[0].verify::<Claims>(&token, &Algorithm::ALL).unwrap_err(),
            Error::AlgorithmNotAllowed
        );
    }
}

#[test]
fn an_es512_token_against_an_rsa_jwk_without_alg_is_an_error_and_no_panic() {
    let token = unsigned(r#"{"alg":"ES512"}"#);
    let refused = set_of(bare_jwk(&RSA.0)).verify::<Claims>(&token, &Algorithm::ALL).unwrap_err();
    assert_eq!(refused, Error::UnknownAlgorithm);
}

#[test]
fn an_rsa_token_against_an_ec_jwk_without_alg_is_an_error_and_no_panic() {
    let key = VerificationKey::from_jwk(&bare_jwk(&new_key(Algorithm::ES256, ""))).unwrap();
    let token = RSA.0.sign("JWT", &json!({ "iss": "me" })).unwrap();
    assert_eq!(key.verify::<Claims>(&token, &Algorithm::ALL).unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn an_rsa_public_key_is_never_an_hmac_secret() {
    let jwk = bare_jwk(&RSA.0);
    let n = decode_base64url(jwk["n"].as_str().unwrap()).unwrap();
    let claims = json!({ "iss": "me" });
    for secret in [n, jwk["n"].as_str().unwrap().into(), jwk.to_string().into_bytes()] {
        let header = json!({ "alg": "HS256" });
        let token = signed_by_biscuit(&header, &claims, Algorithm::HS256, &Secret::Bytes(secret));
        let key = VerificationKey::from_jwk(&jwk).unwrap();
        for allowed in [&Algorithm::ALL[..], &[Algorithm::HS256], &[Algorithm::RS256]] {
            assert_eq!(key.verify::<Claims>(&token, allowed).unwrap_err(), Error::AlgorithmNotAllowed);
        }
    }
}

#[test]
fn an_asymmetric_token_against_an_hmac_secret_is_refused() {
    let key = VerificationKey::from_hmac_secret(HMAC_SECRET).unwrap();
    for signer in [new_key(Algorithm::ES256, ""), new_key(Algorithm::EdDSA, ""), RSA.0.clone()] {
        let token = signer.sign("JWT", &json!({ "iss": "me" })).unwrap();
        assert_eq!(key.verify::<Claims>(&token, &Algorithm::ALL).unwrap_err(), Error::AlgorithmNotAllowed);
    }
}

#[test]
fn alg_none_is_refused_in_every_spelling() {
    let set = set_of(bare_jwk(&RSA.0));
    for name in ["none", "None", "NONE", "nOnE", ""] {
        let header = base64url(json!({ "alg": name }).to_string().as_bytes());
        let claims = base64url(br#"{"iss":"me"}"#);
        for signature in ["", "AAAA"] {
            let token = format!("{header}.{claims}.{signature}");
            assert_eq!(Header::peek(&token).unwrap_err(), Error::UnknownAlgorithm);
            assert_eq!(set.verify::<Claims>(&token, &Algorithm::ALL).unwrap_err(), Error::UnknownAlgorithm);
        }
    }
}

#[test]
fn a_jwk_without_alg_verifies_only_what_is_allowed_and_one_with_alg_only_that() {
    let claims = json!({ "iss": "me" });
    let ps256 =
        signed_by_biscuit(&json!({ "alg": "PS256" }), &claims, Algorithm::PS256, &super::rsa_secret());
    let bare = VerificationKey::from_jwk(&bare_jwk(&RSA.0)).unwrap();
    assert!(bare.verify::<Claims>(&ps256, &[Algorithm::PS256]).is_ok());
    assert_eq!(bare.verify::<Claims>(&ps256, &[Algorithm::RS256]).unwrap_err(), Error::AlgorithmNotAllowed);
    assert_eq!(bare.verify::<Claims>(&ps256, &[]).unwrap_err(), Error::AlgorithmNotAllowed);
    let rs256_only = RSA.0.verification_key();
    assert_eq!(rs256_only.verify::<Claims>(&ps256, &Algorithm::ALL).unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn any_crit_and_b64_are_refused() {
    for header in [
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"ES256","crit":[]}"#,
        r#"{"alg":"ES256","crit":null}"#,
        r#"{"alg":"ES256","b64":false}"#,
        r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"ES256","b64":true}"#,
    ] {
        assert_eq!(Header::peek(&unsigned(header)).unwrap_err(), Error::CriticalHeader, "{header}");
    }
}

#[test]
fn typ_is_compared_without_case_and_prefix() {
    let header =
        |typ: &str| Header::peek(&unsigned(&json!({ "alg": "ES256", "typ": typ }).to_string())).unwrap();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert!(header(typ).is_typ("at+jwt"), "{typ}");
    }
    for typ in
        ["", "JWT", "at+jwt ", "application/", "x/at+jwt", "application/application/at+jwt", "äpplication/"]
    {
        assert!(!header(typ).is_typ("at+jwt"), "{typ}");
    }
    assert!(!Header::peek(&unsigned(r#"{"alg":"ES256"}"#)).unwrap().is_typ("JWT"));
}

#[test]
fn a_repeated_member_makes_a_header_malformed_at_any_depth() {
    for header in [
        r#"{"alg":"ES256","alg":"RS256"}"#,
        r#"{"alg":"ES256","x":1,"x":1}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}"#,
        r#"{"alg":"ES256","x":[{"y":1,"y":2}]}"#,
    ] {
        assert!(matches!(Header::peek(&unsigned(header)), Err(Error::Malformed(_))), "{header}");
    }
}

#[test]
fn a_header_member_of_the_wrong_type_is_malformed() {
    for header in [
        r#"{}"#,
        r#"[]"#,
        r#""alg""#,
        r#"{"alg":256}"#,
        r#"{"alg":null}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","typ":[]}"#,
        r#"{"alg":"ES256","cty":{}}"#,
        r#"{"alg":"ES256","jwk":"key"}"#,
        r#"{"alg":"ES256"} x"#,
        r#"{"alg":"ES256""#,
    ] {
        assert!(matches!(Header::peek(&unsigned(header)), Err(Error::Malformed(_))), "{header}");
    }
}

#[test]
fn anything_but_three_parts_of_strict_base64url_is_malformed() {
    let token = new_key(Algorithm::ES256, "kid").sign("JWT", &json!({ "iss": "me" })).unwrap();
    assert!(Header::peek(&token).is_ok());
    let [header, claims, signature] = [0, 1, 2].map(|index| token.split('.').nth(index).unwrap().to_owned());
    for wrong in [
        String::new(),
        ".".into(),
        "..".into(),
        format!("{header}.{claims}"),
        format!("{token}."),
        format!("{token}.{claims}"),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}==.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{header}.{claims}.{}", signature.replace(['-', '_'], "+") + "+"),
        // One character more than whole bytes, and a last character with bits that mean nothing.
        format!("{header}.{claims}.AAAAA"),
        format!("{header}.{claims}.AB"),
    ] {
        assert!(matches!(Header::peek(&wrong), Err(Error::Malformed(_))), "{wrong}");
    }
}

#[test]
fn a_token_past_the_limit_is_too_large() {
    let at_limit = "a".repeat(MAX_TOKEN_LENGTH);
    assert_eq!(Header::peek(&at_limit).unwrap_err(), Error::Malformed("not three parts"));
    let past_limit = "a".repeat(MAX_TOKEN_LENGTH + 1);
    assert_eq!(Header::peek(&past_limit).unwrap_err(), Error::TooLarge);
    assert_eq!(
        RSA.0.verification_key().verify::<Claims>(&past_limit, &Algorithm::ALL).unwrap_err(),
        Error::TooLarge
    );
    assert_eq!(unverified_claims::<Claims>(&past_limit).unwrap_err(), Error::TooLarge);
    assert_eq!(crate::jwe::Header::peek(&past_limit.repeat(2)).unwrap_err(), Error::TooLarge);
}

#[test]
fn a_jwk_with_a_private_member_is_refused_wherever_it_stands() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let mut jwk = bare_jwk(&RSA.0);
        jwk[name] = json!("AQAB");
        let header = json!({ "alg": "RS256", "jwk": jwk }).to_string();
        assert_eq!(Header::peek(&unsigned(&header)).unwrap_err(), Error::PrivateKeyMaterial, "{name}");
        assert_eq!(VerificationKey::from_jwk(&jwk).unwrap_err(), Error::PrivateKeyMaterial, "{name}");
        let jwks = json!({ "keys": [bare_jwk(&RSA.0), jwk] });
        assert_eq!(KeySet::parse(&jwks).unwrap_err(), Error::PrivateKeyMaterial, "{name}");
    }
}

#[test]
fn a_published_key_has_every_member_once_and_no_private_one() {
    let ec = new_key(Algorithm::ES256, "kid");
    let Value::Object(written) = json!(ec.public_jwk()) else { panic!("not an object") };
    let (x, y) = (&written["x"], &written["y"]);
    let expected =
        format!(r#"{{"kty":"EC","crv":"P-256","x":{x},"y":{y},"kid":"kid","use":"sig","alg":"ES256"}}"#);
    assert_eq!(serde_json::to_string(ec.public_jwk()).unwrap(), expected);

    let written = serde_json::to_string(RSA.0.public_jwk()).unwrap();
    for name in ["kty", "n", "e", "kid", "use", "alg"] {
        assert_eq!(written.matches(&format!("\"{name}\":")).count(), 1, "{name} in {written}");
    }
    let Value::Object(members) = json!(RSA.0.public_jwk()) else { panic!("not an object") };
    assert_eq!(members.len(), 6);
}

#[test]
fn an_exp_with_a_fraction_is_read() {
    #[derive(serde::Deserialize)]
    struct WithExp {
        exp: NumericDate,
    }
    let key = new_key(Algorithm::ES256, "kid");
    let token = key.sign("JWT", &json!({ "exp": 1.5e9 })).unwrap();
    let verified = key.verification_key().verify::<WithExp>(&token, &[Algorithm::ES256]).unwrap();
    assert_eq!(verified.claims.exp, NumericDate(1_500_000_000));
}

#[test]
fn numeric_dates_are_read_within_range_and_written_as_integers() {
    let read = |text: &str| serde_json::from_str::<NumericDate>(text).map(|date| date.0).ok();
    for (text, seconds) in [
        ("0", 0),
        ("1700000000", 1_700_000_000),
        ("1700000000.999", 1_700_000_000),
        ("1.7e9", 1_700_000_000),
        ("-0.5", -1),
        ("9007199254740992", 1 << 53),
    ] {
        assert_eq!(read(text), Some(seconds), "{text}");
    }
    for text in [
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "1e300",
        "-1e300",
        "1e999",
        "NaN",
        "null",
        "\"1700000000\"",
        "[1]",
        "true",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    assert_eq!(json!(NumericDate(1_700_000_000)).to_string(), "1700000000");
}

#[test]
fn claims_are_refused_by_name_and_never_by_value() {
    let key = new_key(Algorithm::ES256, "kid");
    let verify = |claims: Value| {
        let token = key.sign("JWT", &claims).unwrap();
        key.verification_key().verify::<Claims>(&token, &[Algorithm::ES256]).unwrap_err().to_string()
    };
    assert_eq!(verify(json!({ "sub": "secret" })), "claims: missing field `iss`");
    assert_eq!(verify(json!({ "iss": ["secret"] })), "claims: a claim has the wrong type");
    assert_eq!(verify(json!("secret")), "claims: a claim has the wrong type");
}

#[test]
fn unverified_claims_can_be_looked_at() {
    assert_eq!(unverified_claims(&unsigned(r#"{"alg":"ES256"}"#)), Ok(Claims { iss: "me".into() }));
    assert_eq!(unverified_claims::<Claims>(&unsigned(r#"{"alg":"none"}"#)), Err(Error::UnknownAlgorithm));
}
