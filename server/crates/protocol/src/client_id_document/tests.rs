use serde_json::json;

use super::*;
use crate::model::{AuthenticationMethod, TenantSettings};
use crate::testing;

const ADDRESS: &str = "https://app.example/client.json";

fn policy_trusting(hosts: &[&str]) -> Policy {
    let mut settings = TenantSettings::default();
    settings.registration.trusted_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    testing::policy_of(&settings)
}

/// Draft §3.
#[test]
fn addresses_have_one_form() {
    let any = policy_trusting(&[]);
    for good in
        [ADDRESS, "https://a.example:8443/x?y=1", "https://a.example/", "https://a.example/.well-known/c"]
    {
        assert_eq!(check_address(good, &any), Ok(()), "{good}");
    }
    for bad in [
        "https://",
        "https://a.example",
        "https://a.example?x=/y",
        "https://a.example/c#f",
        "https://a.example/c#",
        "https://u@a.example/c",
        "https://u:p@a.example/c",
        "https://@a.example/c",
        "https://a.example/./c",
        "https://a.example/x/../c",
        "https://a.example/x/..",
        "https://a.example/x/%2e%2E/c",
        "https://a.example/x\\..\\c",
    ] {
        assert_eq!(
            check_address(bad, &any).map_err(|error| error.code),
            Err(ErrorCode::InvalidClient),
            "{bad}"
        );
    }
    for (trusted, is_taken) in
        [("app.example", true), ("*.example", true), ("*.app.example", false), ("other.example", false)]
    {
        assert_eq!(check_address(ADDRESS, &policy_trusting(&[trusted])).is_ok(), is_taken, "{trusted}");
    }
    assert_eq!(host("https://app.example:8443/c").as_deref(), Some("app.example:8443"));
    assert_eq!(host("0190f3a4"), None);
}

/// Draft §4, §4.1; MCP authorization, client registration.
#[test]
fn documents_are_checked() {
    let policy = policy_trusting(&[]);
    let read = |document: &Value| metadata(ADDRESS, document.to_string().as_bytes(), &policy);
    let good = json!({
        "client_id": ADDRESS, "client_name": "App", "redirect_uris": ["http://localhost/callback"],
        "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
        "scope": "openid elsewhere:read", "id_token_signed_response_alg": "ES512",
    });
    let given = read(&good).unwrap();
    assert_eq!(given.grant_types.len(), 2);
    assert_eq!(given.token_endpoint_auth_method, AuthenticationMethod::None);
    assert_eq!((given.scope.to_string().as_str(), given.id_token_signed_response_alg), ("openid", None));
    let bad = [
        json!({ "client_id": "https://app.example:443/client.json" }),
        json!({ "client_id": "https://APP.example/client.json" }),
        json!({ "client_id": null }),
        json!({ "client_name": " " }),
        json!({ "client_name": null }),
        json!({ "redirect_uris": [] }),
        json!({ "redirect_uris": ["javascript:alert(1)"] }),
        json!({ "client_secret": "s" }),
        json!({ "client_secret_expires_at": 0 }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
        json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic"] }),
        json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        json!({ "grant_types": ["password"] }),
    ];
    for change in bad {
        let mut document = good.clone();
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_eq!(read(&document).map_err(|error| error.code), Err(ErrorCode::InvalidClient), "{change}");
    }
    for body in ["", "[]", "<html>", "{\"client_id\":1,\"client_id\":2}"] {
        assert!(metadata(ADDRESS, body.as_bytes(), &policy).is_err(), "{body}");
    }
}

/// Without a method there is nothing to prove; of several, the one that proves something is taken.
#[test]
fn the_best_method_is_taken() {
    let policy = policy_trusting(&[]);
    let method = |change: Value| {
        let mut document = json!({
            "client_id": ADDRESS, "client_name": "App", "redirect_uris": ["https://app.example/cb"],
            "jwks": { "keys": [] },
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        metadata(ADDRESS, document.to_string().as_bytes(), &policy).unwrap().token_endpoint_auth_method
    };
    assert_eq!(method(json!({})), AuthenticationMethod::None);
    let both = json!({ "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"] });
    assert_eq!(method(both), AuthenticationMethod::PrivateKeyJwt);
    let named = json!({
        "token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    });
    assert_eq!(method(named), AuthenticationMethod::None);
}
