use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{self, ISSUER, NOW};

const LIMITS: ParamLimits = ParamLimits { count: 64, value_length: 8192 };

fn claims() -> Value {
    json!({
        "iss": "app",
        "aud": ISSUER,
        "client_id": "app",
        "redirect_uri": "https://app.example/cb",
        "response_type": "code",
        "scope": "openid",
    })
}

fn read(claims: &Value) -> Result<Params, Error> {
    parameters(claims.as_object().unwrap(), &testing::client(), &testing::policy(), LIMITS, NOW)
}

/// RFC 9101 §4: strings as they are, numbers as they are written, several resources as several.
#[test]
fn claims_become_parameters() {
    let mut claims = claims();
    claims["max_age"] = json!(60);
    claims["resource"] = json!(["https://a.example", "https://b.example"]);
    claims["claims"] = json!({ "id_token": { "acr": null } });
    claims["display"] = Value::Null;
    claims["exp"] = json!(NOW.unix_seconds() as f64 + 0.5);
    claims["aud"] = json!([ISSUER, "https://other.example"]);
    let params = read(&claims).unwrap();
    assert_eq!(params.get("max_age"), Some("60"));
    assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    assert_eq!(params.get("claims"), Some(r#"{"id_token":{"acr":null}}"#));
    assert_eq!(params.get("client_id"), Some("app"));
    for absent in ["iss", "aud", "exp", "display"] {
        assert_eq!(params.get(absent), None, "{absent}");
    }
}

/// RFC 9101 §4, §6.2, §10.8.
#[test]
fn refuses_what_is_not_this_clients_request_to_this_issuer_now() {
    let now = NOW.unix_seconds();
    let cases = [
        ("iss", json!("other")),
        ("iss", Value::Null),
        ("aud", json!("https://id.example/t/other")),
        ("aud", json!(["https://id.example/t/other"])),
        ("aud", json!(7)),
        ("aud", Value::Null),
        ("exp", json!(now - 30)),
        ("exp", json!("soon")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("nbf", json!(now + 31)),
        ("iat", json!(now + 31)),
        ("client_id", json!("other")),
        ("client_id", Value::Null),
        ("sub", json!("app")),
        ("sub", json!("ada")),
        ("request", json!("a.b.c")),
        ("request_uri", json!("https://app.example/r")),
        ("resource", json!([1])),
        ("state", json!("a\nb")),
        ("state", json!("x".repeat(8193))),
    ];
    for (name, value) in cases {
        let mut claims = claims();
        claims[name] = value.clone();
        let error = read(&claims).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequestObject, "{name} {value}");
    }
    for name in ["iss", "aud", "client_id"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(read(&claims).is_err(), "no {name}");
    }
}

/// OpenID Connect Core §6.2: the address, whatever fragment it has.
#[test]
fn only_registered_addresses_count() {
    let mut client = testing::client();
    client.metadata.request_uris = vec!["https://app.example/r?a=1#hash".to_owned()];
    for (uri, expected) in [
        ("https://app.example/r?a=1", Some("https://app.example/r?a=1")),
        ("https://app.example/r?a=1#other", Some("https://app.example/r?a=1")),
        ("https://app.example/r", None),
        ("https://app.example/r?a=1&b=2", None),
        ("https://APP.example/r?a=1", None),
        ("http://app.example/r?a=1", None),
    ] {
        assert_eq!(registered(uri, &client).ok(), expected, "{uri}");
    }
}

proptest! {
    /// Whatever a client signs, what comes of it is parameters or the one error.
    #[test]
    fn never_panics(name in "[a-z_]{0,12}", text: String, number: f64, several: Vec<bool>) {
        for value in [json!(text), json!(number), json!(several), json!({ name.clone(): number })] {
            let mut claims = claims();
            claims[name.as_str()] = value;
            if let Err(error) = read(&claims) {
                prop_assert_eq!(error.code, ErrorCode::InvalidRequestObject);
            }
        }
    }
}
