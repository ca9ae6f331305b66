use proptest::prelude::*;

use super::*;
use crate::model::{RegistrationBounds, RegistrationPolicy, TenantSettings};
use crate::testing;

fn policy(change: impl FnOnce(&mut RegistrationPolicy)) -> Policy {
    let mut settings = TenantSettings::default();
    change(&mut settings.registration);
    testing::policy_of(&settings)
}

fn register_with(policy: &Policy, document: Value) -> Result<ClientMetadata, Error> {
    let members = members(document.to_string().as_bytes())?;
    metadata(&members, Source::Request, Bounds { policy, token: None, statement: None })
}

fn register(document: Value) -> Result<ClientMetadata, Error> {
    register_with(&policy(|_| {}), document)
}

/// The code of the error and what it names first.
fn refused(result: Result<ClientMetadata, Error>) -> (ErrorCode, String) {
    let error = result.unwrap_err();
    let named = error.description.split([':', '[']).next().unwrap_or_default().to_owned();
    (error.code, named)
}

/// RFC 7591 §2.
#[test]
fn defaults_are_those_of_the_standard() {
    let given = register(json!({ "redirect_uris": ["https://a.example/cb"] })).unwrap();
    assert_eq!(given.token_endpoint_auth_method, AuthenticationMethod::ClientSecretBasic);
    assert_eq!(given.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(given.response_types, [ResponseType::Code]);
    assert_eq!(given.application_type, ApplicationType::Web);
    assert_eq!(given.scope.to_string(), "openid profile email", "offline_access needs refresh_token");
    let narrow = policy(|policy| policy.default_scope = Scope::parse("openid unheard-of").ok());
    let given = register_with(&narrow, json!({ "redirect_uris": ["https://a.example/cb"] })).unwrap();
    assert_eq!(given.scope.to_string(), "openid");
}

/// RFC 7591 §2, §3.2.1: what is unknown is passed over, what cannot be had is left out.
#[test]
fn asks_for_more_than_there_is() {
    let given = register(json!({
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer", "refresh_token", "authorization_code",
            "client_credentials", "password", "implicit"],
        "response_types": ["code", "token", "code id_token"],
        "token_endpoint_auth_method": "none",
        "scope": "openid offline_access",
        "client_name": "C", "client_name#fr": "F", "unheard_of": { "a": [1] }, "logo_uri": null,
        "skip_consent": true, "profile": "oidc-legacy", "token_exchange": { "impersonation": true },
        "resources": ["https://api.example"], "device_approval": "user", "access_token_format": "opaque",
    }))
    .unwrap();
    assert_eq!(given.grant_types, [GrantType::RefreshToken, GrantType::AuthorizationCode]);
    assert_eq!(given.response_types, [ResponseType::Code]);
    assert_eq!(given.application_type, ApplicationType::Native);
    assert_eq!(given.scope.to_string(), "openid offline_access");
    assert_eq!(given.client_name, "C");
    let unprivileged = ClientMetadata::default();
    assert_eq!(
        (given.skip_consent, given.profile, &given.token_exchange, given.device_approval),
        (false, None, &unprivileged.token_exchange, None)
    );
    assert_eq!((given.access_token_format, given.resources.len()), (None, 0));
}

/// RFC 7591 §3.2.2: the error says which member and why.
#[test]
fn names_what_is_refused() {
    use ErrorCode::{InvalidClientMetadata as M, InvalidRedirectUri as R, UnapprovedSoftwareStatement as S};
    let cases: [(Value, ErrorCode, &str); 34] = [
        (json!({}), R, "redirect_uris"),
        (json!({ "redirect_uris": "https://a.example" }), R, "redirect_uris"),
        (json!({ "redirect_uris": [1] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["data:text/html,x"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["https://a.example/#x"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["http://a.example/"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["https://u@a.example/"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["https://a.example/\u{0}"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["http://127.0.0.1.evil.example/"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["http://localhost@evil.example/"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["https://a.example/*"] }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["http://localhost/"], "application_type": "web" }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["com.a.b:/cb"], "application_type": "web" }), R, "redirect_uris"),
        (json!({ "redirect_uris": ["https://a.example"], "application_type": "x" }), M, "application_type"),
        (json!({ "grant_types": ["password"] }), M, "grant_types"),
        (json!({ "grant_types": ["client_credentials"] }), M, "grant_types"),
        (json!({ "grant_types": ["refresh_token"] }), M, "grant_types"),
        (json!({ "grant_types": "authorization_code" }), M, "grant_types"),
        (json!({ "response_types": ["token"] }), M, "response_types"),
        (json!({ "token_endpoint_auth_method": "basic" }), M, "token_endpoint_auth_method"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), M, "jwks"),
        (json!({ "scope": "openid unheard-of" }), M, "scope"),
        (json!({ "scope": "a\"b" }), M, "scope"),
        (json!({ "scope": ["openid"] }), M, "scope"),
        (json!({ "subject_type": "pairwise" }), M, "subject_type"),
        (json!({ "id_token_signed_response_alg": "none" }), M, "id_token_signed_response_alg"),
        (json!({ "client_name": 1 }), M, "client_name"),
        (json!({ "client_name": "a\u{0}b" }), M, "client_name"),
        (json!({ "logo_uri": "javascript:alert(1)" }), M, "logo_uri"),
        (json!({ "contacts": ["nobody"] }), M, "contacts"),
        (json!({ "jwks": { "keys": [] }, "jwks_uri": "https://a.example/jwks" }), M, "jwks_uri"),
        (json!({ "post_logout_redirect_uris": ["javascript:x"] }), M, "post_logout_redirect_uris"),
        (json!({ "software_statement": "e30.e30." }), S, "software_statement"),
    ];
    for (document, code, field) in cases {
        let mut whole =
            if code == R { json!({}) } else { json!({ "redirect_uris": ["https://a.example/cb"] }) };
        whole.as_object_mut().unwrap().extend(document.as_object().unwrap().clone());
        assert_eq!(refused(register(whole)), (code, field.to_owned()), "{document}");
    }
    for body in ["", "[]", "null", "{\"a\":1,\"a\":2}", "{\"a\":1}x", "\u{feff}{}"] {
        assert_eq!(members(body.as_bytes()).unwrap_err().code, M, "{body}");
    }
}

#[test]
fn the_policy_bounds_what_is_given() {
    let closed = policy(|policy| {
        policy.redirect_uri_hosts = vec!["a.example".to_owned(), "*.b.example".to_owned()];
        policy.loopback_redirect_uris = false;
        policy.private_use_redirect_uris = false;
        policy.scope = Scope::parse("openid").ok();
    });
    let with = |uri: &str| register_with(&closed, json!({ "redirect_uris": [uri] }));
    for uri in
        ["https://a.example/cb", "https://x.b.example/", "https://x.y.b.example/", "https://A.example/"]
    {
        assert_eq!(with(uri).map(|given| given.scope.to_string()), Ok("openid".to_owned()), "{uri}");
    }
    for uri in [
        "https://b.example/",
        "https://xb.example/",
        "https://a.example.evil.example/",
        "https://evil.example/a.example",
        "http://localhost/",
        "https://localhost/",
        "http://[::1]:8/",
        "com.example.app:/cb",
    ] {
        assert_eq!(refused(with(uri)), (ErrorCode::InvalidRedirectUri, "redirect_uris".to_owned()), "{uri}");
    }
    let document = json!({ "redirect_uris": ["https://a.example/"], "scope": "openid email" });
    let error = register_with(&closed, document).unwrap_err();
    assert!(error.description.contains("scope email is not for clients that register themselves"), "{error}");
}

/// What an initial access token allows is a part of what the policy allows.
#[test]
fn an_initial_access_token_narrows_the_policy() {
    let policy = policy(|policy| policy.scope = Scope::parse("openid profile").ok());
    let token = RegistrationBounds {
        redirect_uri_hosts: vec!["a.example".to_owned()],
        scope: Scope::parse("openid email").ok(),
        grant_types: Some(vec![GrantType::AuthorizationCode, GrantType::ClientCredentials]),
        resources: Some(vec!["https://api.example".to_owned()]),
    };
    let bounds = Bounds { policy: &policy, token: Some(&token), statement: None };
    let register = |document: Value| metadata(document.as_object().unwrap(), Source::Request, bounds);
    let given = register(json!({
        "redirect_uris": ["https://a.example/cb"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    }))
    .unwrap();
    assert_eq!(given.grant_types, [GrantType::AuthorizationCode], "client_credentials the policy forbids");
    assert_eq!(given.scope.to_string(), "openid");
    assert_eq!(given.resources, ["https://api.example"]);
    let elsewhere = register(json!({ "redirect_uris": ["https://b.example/cb"] }));
    assert_eq!(refused(elsewhere).0, ErrorCode::InvalidRedirectUri);
}

#[test]
fn tells_what_was_registered() {
    let given = register(json!({ "redirect_uris": ["https://a.example/cb"], "software_id": "s" })).unwrap();
    let told = registered(&given);
    assert_eq!(told["scope"], "openid profile email");
    assert_eq!(told["software_id"], "s");
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    for absent in ["client_name", "jwks", "dpop_bound_access_tokens", "skip_consent", "contacts"] {
        assert!(!told.contains_key(absent), "{absent}");
    }
    // What is told can be registered again and is the same.
    assert_eq!(register(Value::Object(told)).unwrap().fingerprint(None), given.fingerprint(None));
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("https://a.example/cb".to_owned()),
        Just("http://localhost/cb".to_owned()),
        Just("com.example.app:/cb".to_owned()),
        Just("https://b.example/cb".to_owned()),
        Just("authorization_code".to_owned()),
        Just("refresh_token".to_owned()),
        Just("client_credentials".to_owned()),
        Just("urn:ietf:params:oauth:grant-type:device_code".to_owned()),
        Just("code".to_owned()),
        Just("none".to_owned()),
        Just("client_secret_post".to_owned()),
        Just("openid email offline_access".to_owned()),
        Just("native".to_owned()),
        ".{0,12}",
    ];
    let leaf = prop_oneof![
        4 => text.prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    prop_oneof![3 => leaf.clone(), 2 => proptest::collection::vec(leaf, 0..4).prop_map(Value::from)]
}

const NAMES: [&str; 14] = [
    "redirect_uris",
    "grant_types",
    "response_types",
    "token_endpoint_auth_method",
    "scope",
    "application_type",
    "client_name",
    "jwks",
    "contacts",
    "logo_uri",
    "post_logout_redirect_uris",
    "default_max_age",
    "skip_consent",
    "resources",
];

proptest! {
    #[test]
    fn bodies_never_panic(body: Vec<u8>) {
        let _refused_or_not = members(&body);
    }

    /// Whatever is taken is within the policy.
    #[test]
    fn what_is_accepted_satisfies_the_policy(
        document in proptest::collection::btree_map(proptest::sample::select(NAMES.to_vec()), value(), 0..8),
        uris in proptest::collection::vec(value(), 0..3),
        source in proptest::sample::select(vec![Source::Request, Source::Document]),
        strict: bool,
    ) {
        let policy = policy(|policy| if strict {
            policy.redirect_uri_hosts = vec!["a.example".to_owned()];
            policy.loopback_redirect_uris = false;
            policy.private_use_redirect_uris = false;
            policy.grant_types = vec![GrantType::AuthorizationCode];
            policy.scope = Scope::parse("openid").ok();
        });
        let mut document: Map<String, Value> =
            document.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        document.entry("redirect_uris").or_insert(Value::from(uris));
        let bounds = Bounds { policy: &policy, token: None, statement: None };
        let Ok(given) = metadata(&document, source, bounds) else { return Ok(()) };
        prop_assert_eq!(registration::check(&given, &policy), Ok(()));
        prop_assert!(given.grant_types.iter().all(|held| policy.registration.grant_types.contains(held)));
        prop_assert!(given.scope.iter().all(|token| bounds.allow_scope(token)));
        for uri in given.redirect_uris.iter().chain(&given.post_logout_redirect_uris) {
            prop_assert_eq!(redirect_uri::check_registration(uri), Ok(()));
            prop_assert!(bounds.allow_redirect_uri(uri).is_ok());
            prop_assert!(!strict || uri.starts_with("https://a.example"));
        }
        let privileged = (given.skip_consent, given.profile, given.device_approval, given.access_token_format);
        prop_assert_eq!(privileged, (false, None, None, None));
        prop_assert!(given.resources.is_empty());
        prop_assert!(source == Source::Request || !given.token_endpoint_auth_method.uses_secret());
    }
}
