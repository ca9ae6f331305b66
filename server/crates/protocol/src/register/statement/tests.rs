use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::{ClientMetadata, GrantType, RegistrationPolicy, TenantSettings};
use crate::register::{Source, metadata};
use crate::testing::{self, ISSUER, NOW};
use crate::{Lifetime, Scope};

const VENDOR: &str = "https://vendor.example";

fn policy(change: impl FnOnce(&mut RegistrationPolicy)) -> Policy {
    let mut settings = TenantSettings::default();
    settings.registration.trusted_software_statement_issuers = vec![TrustedSoftwareStatementIssuer {
        issuer: VENDOR.to_owned(),
        jwks: None,
        jwks_uri: Some("https://vendor.example/jwks".to_owned()),
    }];
    change(&mut settings.registration);
    testing::policy_of(&settings)
}

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn code(result: Result<impl Sized, Error>) -> Option<ErrorCode> {
    result.err().map(|error| error.code)
}

fn checked(change: &Value) -> Option<ErrorCode> {
    let mut claims = json!({ "iss": VENDOR, "client_name": "Editor" });
    claims.as_object_mut().unwrap().extend(object(change).clone());
    code(check(object(&claims), &policy(|_| {}), NOW))
}

/// What a client gets that asks for `document` with a proven statement of these claims.
fn registered(document: &Value, claims: &Value, policy: &Policy) -> Result<ClientMetadata, Error> {
    let bounds = Bounds { policy, token: None, statement: Some(object(claims)) };
    metadata(object(document), Source::Request, bounds)
}

#[test]
fn takes_a_statement_for_this_tenant_and_for_now() {
    let now = NOW.unix_seconds();
    let endpoint = format!("{ISSUER}/register");
    for change in [
        json!({}),
        json!({ "exp": now + 1, "nbf": now, "iat": now - 86_400, "jti": "1", "sub": "editor" }),
        json!({ "exp": now - 29, "nbf": now + 30 }),
        json!({ "aud": ISSUER }),
        json!({ "aud": endpoint }),
        json!({ "aud": ["https://other.example", endpoint] }),
    ] {
        assert_eq!(checked(&change), None, "{change}");
    }
}

/// RFC 7591 §3.2.2, RFC 7519 §4.1.
#[test]
fn refuses_every_other() {
    use ErrorCode::{InvalidSoftwareStatement as I, UnapprovedSoftwareStatement as U};
    let now = NOW.unix_seconds();
    for (change, expected) in [
        (json!({ "iss": null }), I),
        (json!({ "iss": [VENDOR] }), I),
        (json!({ "iss": "https://vendor.example/" }), U),
        (json!({ "iss": "HTTPS://VENDOR.EXAMPLE" }), U),
        (json!({ "iss": "" }), U),
        (json!({ "exp": now - 30 }), I),
        (json!({ "exp": "never" }), I),
        (json!({ "exp": null }), I),
        (json!({ "exp": 1e300 }), I),
        (json!({ "nbf": now + 31 }), I),
        (json!({ "iat": now + 31 }), I),
        (json!({ "nbf": {} }), I),
        (json!({ "aud": "https://id.example/t/other" }), I),
        (json!({ "aud": format!("{ISSUER}/token") }), I),
        (json!({ "aud": format!("{ISSUER}/") }), I),
        (json!({ "aud": [] }), I),
        (json!({ "aud": null }), I),
        (json!({ "aud": 7 }), I),
    ] {
        assert_eq!(checked(&change), Some(expected), "{change}");
    }
}

#[test]
fn is_read_only_where_somebody_is_trusted() {
    use ErrorCode::{InvalidSoftwareStatement as I, UnapprovedSoftwareStatement as U};
    let (trusting, alone) =
        (policy(|_| {}), policy(|policy| policy.trusted_software_statement_issuers.clear()));
    let long = "x".repeat(MAX_LENGTH + 1);
    for (value, of_trusting, of_alone) in [
        (json!("x.y.z"), None, Some(U)),
        (json!(""), None, Some(U)),
        (json!(null), None, None),
        (json!(7), Some(I), Some(U)),
        (json!(["x.y.z"]), Some(I), Some(U)),
        (json!(long), Some(I), Some(U)),
    ] {
        let document = json!({ "software_statement": value });
        assert_eq!(code(presented(object(&document), &trusting)), of_trusting, "{document}");
        assert_eq!(code(presented(object(&document), &alone)), of_alone, "{document}");
    }
    assert_eq!(presented(object(&json!({ "software_statement": "x" })), &trusting), Ok(Some("x")));
    assert_eq!(presented(&Map::new(), &alone), Ok(None));
}

/// RFC 7591 §2.3, §3.1.1: what the statement says is what counts, and the rest is the client's to say.
#[test]
fn what_it_says_takes_precedence() {
    let asked = json!({
        "client_name": "Impostor", "redirect_uris": ["https://evil.example/cb"], "logo_uri": "https://a.example/l",
        "scope": "openid", "software_statement": "x.y.z", "client_uri": "https://a.example",
        "token_endpoint_auth_method": "none",
    });
    let claims = json!({
        "iss": VENDOR, "sub": "editor", "client_name": "Editor", "redirect_uris": ["https://editor.example/cb"],
        "software_id": "editor", "logo_uri": null, "iat": 1, "jti": "redirect_uris", "skip_consent": true,
        "software_statement": "a.b.c", "resources": ["https://api.example"], "scope": "openid email",
    });
    let given = registered(&asked, &claims, &policy(|_| {})).unwrap();
    assert_eq!(given.client_name, "Editor");
    assert_eq!(given.redirect_uris, ["https://editor.example/cb"]);
    assert_eq!(given.scope.to_string(), "openid email");
    assert_eq!(given.software_id.as_deref(), Some("editor"));
    assert_eq!(given.logo_uri.as_deref(), Some("https://a.example/l"), "null says nothing");
    assert_eq!(given.client_uri.as_deref(), Some("https://a.example"));
    assert!(!given.skip_consent && given.resources.is_empty(), "what only administrators say");
}

/// Whoever vouches for a client gives it nothing that the tenant does not.
#[test]
fn what_it_says_is_bounded_by_the_policy() {
    use ErrorCode::{InvalidClientMetadata as M, InvalidRedirectUri as R};
    let narrow = policy(|policy| {
        policy.redirect_uri_hosts = vec!["a.example".to_owned()];
        policy.scope = Scope::parse("openid").ok();
    });
    let asked = json!({ "redirect_uris": ["https://a.example/cb"] });
    for (claims, expected) in [
        (json!({ "redirect_uris": ["https://b.example/cb"] }), Some(R)),
        (json!({ "redirect_uris": "https://a.example/cb" }), Some(R)),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), Some(R)),
        (json!({ "scope": "openid email" }), Some(M)),
        (json!({ "grant_types": ["client_credentials"] }), Some(M)),
        (json!({ "client_name": 7 }), Some(M)),
        (json!({ "scope": "openid" }), None),
    ] {
        assert_eq!(code(registered(&asked, &claims, &narrow)), expected, "{claims}");
    }
    // Keys are one member or the other, whoever says which.
    let keys = json!({ "redirect_uris": ["https://a.example/cb"], "jwks": { "keys": [] } });
    let claims = json!({ "jwks_uri": "https://vendor.example/keys" });
    assert_eq!(code(registered(&keys, &claims, &narrow)), Some(M));
}

#[test]
fn where_one_is_required_there_is_no_way_without() {
    let demanding = policy(|policy| policy.software_statement = SoftwareStatementDemand::Required);
    let document = json!({ "redirect_uris": ["https://a.example/cb"] });
    let without = |policy: &Policy, source| {
        code(metadata(object(&document), source, Bounds { policy, token: None, statement: None }))
    };
    assert_eq!(without(&demanding, Source::Request), Some(ErrorCode::UnapprovedSoftwareStatement));
    assert_eq!(without(&policy(|_| {}), Source::Request), None);
    assert_eq!(without(&demanding, Source::Document), None, "metadata documents have a switch of their own");
    assert_eq!(code(registered(&document, &json!({}), &demanding)), None);
    // One that is there and that nobody verified is none.
    let unproven = json!({ "redirect_uris": ["https://a.example/cb"], "software_statement": "x.y.z" });
    for policy in [&policy(|_| {}), &demanding] {
        let bounds = Bounds { policy, token: None, statement: None };
        let found = code(metadata(object(&unproven), Source::Request, bounds));
        assert_eq!(found, Some(ErrorCode::UnapprovedSoftwareStatement));
    }
}

proptest! {
    /// Whatever is asked beside it, what a statement says of a client is what the client is.
    #[test]
    fn nothing_beside_it_changes_what_it_says(
        name in "[a-z]{1,8}",
        beside in proptest::collection::btree_map(
            proptest::sample::select(vec!["client_name", "redirect_uris", "grant_types", "scope", "software_id", "tos_uri"]),
            prop_oneof![Just(json!(null)), Just(json!("x")), Just(json!(["https://b.example/"])), any::<bool>().prop_map(Value::from)],
            0..6,
        ),
    ) {
        let claims = json!({
            "iss": VENDOR, "client_name": name, "redirect_uris": ["https://a.example/cb"], "scope": "openid",
            "grant_types": ["authorization_code"], "software_id": "s",
        });
        let beside = Value::Object(beside.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let Ok(given) = registered(&beside, &claims, &policy(|_| {})) else {
            prop_assert!(beside.get("tos_uri").is_some(), "{beside}");
            return Ok(());
        };
        prop_assert_eq!(given.client_name, name);
        prop_assert_eq!(given.redirect_uris, ["https://a.example/cb"]);
        prop_assert_eq!(given.scope.to_string(), "openid");
        prop_assert_eq!(given.grant_types, [GrantType::AuthorizationCode]);
        prop_assert_eq!(given.software_id.as_deref(), Some("s"));
    }

    /// A statement that has ended is refused whenever it is looked at, and no other is for its end.
    #[test]
    fn an_end_is_an_end(exp in 0_i64..4_000_000_000, late in 0_u32..1_000_000) {
        let claims = json!({ "iss": VENDOR, "exp": exp });
        let end = Timestamp::from_unix_seconds(exp) + CLOCK_SKEW;
        let policy = policy(|_| {});
        let looked_at = end + Lifetime::from_seconds(late);
        prop_assert_eq!(code(check(object(&claims), &policy, looked_at)), Some(ErrorCode::InvalidSoftwareStatement));
        let before = Timestamp::from_unix_seconds(end.unix_seconds() - 1);
        prop_assert_eq!(code(check(object(&claims), &policy, before)), None);
    }
}
