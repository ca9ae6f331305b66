use serde_json::{Map, Value, json};

use super::*;
use crate::authorize::Prompt;
use crate::model::{ClaimMapping, IdentityProvider, IdentityProviderSettings, LinkByEmail, User, UserStatus};
use crate::testing::{NOW, SeededEntropy, TENANT, params, user};
use crate::{Id, Secret};

const ISSUER: &str = "https://login.example";

fn settings() -> IdentityProviderSettings {
    IdentityProviderSettings {
        display_name: "Example".to_owned(),
        issuer: ISSUER.to_owned(),
        client_id: "us".to_owned(),
        scopes: "openid email".to_owned(),
        position: 0,
        claims: ClaimMapping::default(),
        create_users: true,
        link_by_email: LinkByEmail::Never,
        domains: vec![],
    }
}

fn configuration() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://login.example/authorize?tenant=1",
        "token_endpoint": "https://login.example/token",
        "jwks_uri": "https://keys.example/jwks",
    })
}

fn metadata() -> ProviderMetadata {
    ProviderMetadata::read(ISSUER, configuration().to_string().as_bytes()).unwrap()
}

fn with(mut document: Value, member: &str, value: Value) -> Value {
    match value {
        Value::Null => document.as_object_mut().unwrap().remove(member),
        value => document.as_object_mut().unwrap().insert(member.to_owned(), value),
    };
    document
}

/// OpenID Connect Discovery §4.
#[test]
fn the_configuration_stands_below_the_issuer() {
    for (issuer, address) in [
        (ISSUER, "https://login.example/.well-known/openid-configuration"),
        ("https://login.example/", "https://login.example/.well-known/openid-configuration"),
        ("https://login.example/a", "https://login.example/a/.well-known/openid-configuration"),
    ] {
        assert_eq!(configuration_address(issuer), address);
    }
}

/// OpenID Connect Discovery §3, §4.3; RFC 8414 §3.3.
#[test]
fn a_configuration_is_taken_or_not() {
    let read = |document: Value| ProviderMetadata::read(ISSUER, document.to_string().as_bytes());
    let good = configuration();
    for (member, value) in [
        ("userinfo_endpoint", json!("https://login.example/me")),
        ("userinfo_endpoint", json!("http://127.0.0.1:8080/me")),
        ("response_types_supported", json!(["code id_token", "code"])),
        ("token_endpoint", json!("http://localhost:8080/token")),
        ("token_endpoint", json!("http://[::1]:8080/token")),
        ("anything", json!([1])),
    ] {
        assert!(read(with(good.clone(), member, value.clone())).is_ok(), "{member}: {value}");
    }
    for (member, value) in [
        ("issuer", json!("https://login.example/")),
        ("issuer", json!("https://LOGIN.example")),
        ("issuer", json!("https://evil.example")),
        ("issuer", Value::Null),
        ("issuer", json!([ISSUER])),
        ("authorization_endpoint", Value::Null),
        ("authorization_endpoint", json!("http://login.example/authorize")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("https://login.example/#x")),
        ("authorization_endpoint", json!("/authorize")),
        ("token_endpoint", json!("https://me:secret@login.example/token")),
        ("token_endpoint", json!("http://10.0.0.1/token")),
        ("jwks_uri", Value::Null),
        ("jwks_uri", json!("data:application/json,{}")),
        ("userinfo_endpoint", json!("http://login.example/me")),
        ("response_types_supported", json!(["id_token"])),
    ] {
        assert!(read(with(good.clone(), member, value.clone())).is_err(), "{member}: {value}");
    }
    assert!(ProviderMetadata::read(ISSUER, b"<html>").is_err());
    assert!(ProviderMetadata::read(ISSUER, b"[]").is_err());
}

/// OpenID Connect Core §9.
#[test]
fn a_client_authenticates_as_the_provider_takes_it() {
    let basic = Ok(ClientAuthentication::Basic);
    for (methods, expected) in [
        (Value::Null, basic),
        (json!(["client_secret_basic", "client_secret_post"]), basic),
        (json!(["private_key_jwt", "client_secret_post"]), Ok(ClientAuthentication::Post)),
    ] {
        let document = with(configuration(), "token_endpoint_auth_methods_supported", methods);
        let metadata = ProviderMetadata::read(ISSUER, document.to_string().as_bytes()).unwrap();
        assert_eq!(metadata.client_authentication(true), expected);
        assert_eq!(metadata.client_authentication(false), Ok(ClientAuthentication::None));
    }
    let document = with(configuration(), "token_endpoint_auth_methods_supported", json!(["private_key_jwt"]));
    let metadata = ProviderMetadata::read(ISSUER, document.to_string().as_bytes()).unwrap();
    assert!(metadata.client_authentication(true).is_err());
}

/// OpenID Connect Core §3.1.2.1, RFC 7636 §4.3.
#[test]
fn a_provider_is_asked_for_a_code_with_pkce_and_a_nonce() {
    let secrets = FlowSecrets {
        state: Secret::presented("gus_1"),
        nonce: "n1".to_owned(),
        // RFC 7636 Appendix B.
        code_verifier: Secret::presented(crate::testing::VERIFIER),
    };
    let wanted = Wanted {
        prompt: Prompt { login: true, consent: true, ..Prompt::default() },
        max_age: Some(0),
        login_hint: Some("ada@login.example&x".to_owned()),
    };
    let ask = |wanted| {
        let address =
            authorization_request(&metadata(), &settings(), "https://id.example/cb", &secrets, wanted);
        url::Url::parse(&address.unwrap()).unwrap()
    };
    let address = ask(&wanted);
    assert_eq!(address.path(), "/authorize");
    let query: Vec<_> = address.query_pairs().into_owned().collect();
    let expected = [
        ("tenant", "1"),
        ("response_type", "code"),
        ("client_id", "us"),
        ("redirect_uri", "https://id.example/cb"),
        ("scope", "openid email"),
        ("state", "gus_1"),
        ("nonce", "n1"),
        ("code_challenge", crate::testing::CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "login"),
        ("max_age", "0"),
        ("login_hint", "ada@login.example&x"),
    ];
    assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(!address.as_str().contains(crate::testing::VERIFIER));
    assert_eq!(ask(&Wanted::default()).query_pairs().count(), 9);
}

/// RFC 9207 §2.4, RFC 9700 §4.4: a code goes to the provider that it is from.
#[test]
fn an_answer_of_another_provider_is_refused() {
    let document = with(configuration(), "authorization_response_iss_parameter_supported", json!(true));
    let naming = ProviderMetadata::read(ISSUER, document.to_string().as_bytes()).unwrap();
    let code = || Ok(Answered::Code(Secret::presented("c")));
    for (query, silent, named) in [
        ("code=c", code(), Err(())),
        ("code=c&iss=https%3A%2F%2Flogin.example", code(), code()),
        ("code=c&iss=https%3A%2F%2Flogin.example%2F", Err(()), Err(())),
        ("code=c&iss=https%3A%2F%2Fevil.example", Err(()), Err(())),
        // RFC 6749 §3.1: what has no value is not there.
        ("code=c&iss=", code(), Err(())),
        ("error=access_denied", Ok(Answered::Error("access_denied".to_owned())), Err(())),
        ("error=x%20y&code=c", Ok(Answered::Error("malformed".to_owned())), Err(())),
        ("code=", Err(()), Err(())),
        ("", Err(()), Err(())),
    ] {
        assert_eq!(answered(&params(query), &metadata()).map_err(|_| ()), silent, "{query}");
        assert_eq!(answered(&params(query), &naming).map_err(|_| ()), named, "{query}");
    }
}

fn claims() -> Value {
    let now = NOW.unix_seconds();
    json!({ "iss": ISSUER, "sub": "1", "aud": "us", "exp": now + 300, "iat": now, "nonce": "n1" })
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn check(claims: Value, max_age: Option<u32>) -> Result<String, NotVouched> {
    let expected = Expected {
        issuer: ISSUER,
        client_id: "us",
        nonce: "n1",
        algorithm: "RS256",
        access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
        max_age,
    };
    check_id_token(&object(claims), expected, NOW).map(str::to_owned)
}

/// OpenID Connect Core §3.1.3.7.
#[test]
fn an_id_token_vouches_or_not() {
    let now = NOW.unix_seconds();
    assert_eq!(check(claims(), None).unwrap(), "1");
    for (member, value) in [
        ("aud", json!(["us"])),
        ("azp", json!("us")),
        ("exp", json!(now - 59)),
        ("iat", json!(now + 60)),
        ("iat", json!(now as f64 - 0.5)),
        // The example of OpenID Connect Core Appendix A.3.
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RQ")),
        ("extra", json!({ "x": 1 })),
    ] {
        assert!(check(with(claims(), member, value.clone()), None).is_ok(), "{member}: {value}");
    }
    for (member, value) in [
        ("iss", json!("https://evil.example")),
        ("iss", json!("https://login.example/")),
        ("iss", Value::Null),
        ("aud", json!("them")),
        ("aud", json!([])),
        ("aud", json!(["them"])),
        // Several audiences, and nobody says for whom it was made (§2, azp).
        ("aud", json!(["us", "them"])),
        ("aud", Value::Null),
        ("azp", json!("them")),
        ("azp", json!(["us"])),
        ("exp", json!(now - 60)),
        ("exp", json!("never")),
        ("exp", Value::Null),
        ("iat", json!(now + 61)),
        ("iat", json!(now - 601)),
        ("iat", Value::Null),
        ("nonce", json!("n2")),
        ("nonce", json!("")),
        ("nonce", Value::Null),
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RR")),
        ("at_hash", json!(1)),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("a\0b")),
        ("sub", json!("s".repeat(256))),
    ] {
        assert!(check(with(claims(), member, value.clone()), None).is_err(), "{member}: {value}");
    }
    let several = with(with(claims(), "aud", json!(["us", "them"])), "azp", json!("us"));
    assert!(check(several, None).is_ok());
}

/// OpenID Connect Core §3.1.3.7, 12: what was asked for was done.
#[test]
fn somebody_signed_in_there_as_lately_as_was_asked() {
    let now = NOW.unix_seconds();
    let signed_in = |ago: i64| with(claims(), "auth_time", json!(now - ago));
    assert!(check(signed_in(100), Some(60)).is_ok());
    assert!(check(signed_in(121), Some(60)).is_err());
    assert!(check(signed_in(61), Some(0)).is_err());
    assert!(check(claims(), Some(3600)).is_err());
    assert!(check(claims(), None).is_ok());
}

/// OpenID Connect Core §5.1.
#[test]
fn claims_say_what_can_be_taken() {
    let told = object(json!({
        "preferred_username": " ada ",
        "email": "ada@login.example",
        "email_verified": true,
        "name": "Ada\u{0}",
        "given_name": 7,
        "family_name": "",
        "picture": "javascript:alert(1)",
        "locale": "en",
        "upn": "ada@corp.example",
    }));
    let identity = Identity::of("1", &told, &ClaimMapping::default());
    assert_eq!(identity.username.as_deref(), Some("ada"));
    assert_eq!(identity.email.as_deref(), Some("ada@login.example"));
    assert!(identity.email_verified);
    assert_eq!(identity.profile.locale.as_deref(), Some("en"));
    let profile = &identity.profile;
    assert_eq!((&profile.name, &profile.given_name, &profile.family_name), (&None, &None, &None));
    assert_eq!(profile.picture, None);

    let mapping =
        ClaimMapping { email: "upn".to_owned(), username: String::new(), ..ClaimMapping::default() };
    let identity = Identity::of("1", &told, &mapping);
    assert_eq!((identity.email.as_deref(), identity.username), (Some("ada@corp.example"), None));
    for (verified, expected) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("false"), false),
        (json!(1), false),
        (Value::Null, false),
    ] {
        let told = object(with(Value::Object(told.clone()), "email_verified", verified.clone()));
        assert_eq!(Identity::of("1", &told, &ClaimMapping::default()).email_verified, expected, "{verified}");
    }
    for email in ["ada", "@x", "ada@", "a da@x.example", "<ada@x.example\n>"] {
        let told = object(json!({ "email": email, "email_verified": true }));
        let identity = Identity::of("1", &told, &ClaimMapping::default());
        assert_eq!((identity.email, identity.email_verified), (None, false), "{email}");
    }
}

fn somebody(number: u8) -> User {
    User {
        id: Id::from_bytes([number; 16]),
        email: Some("ada@login.example".to_owned()),
        email_verified: true,
        status: UserStatus::Active,
        ..user()
    }
}

fn coming(email_verified: bool) -> Identity {
    Identity {
        subject: "1".to_owned(),
        email: Some("Ada@login.example".to_owned()),
        email_verified,
        ..Identity::default()
    }
}

/// A known identity signs its user in, and nobody else.
#[test]
fn who_is_linked_is_who_it_is() {
    let (ada, grace) = (somebody(1), somebody(2));
    let locked = User { status: UserStatus::Locked, ..ada.clone() };
    let whose = |known| whose(&coming(true), &settings(), known);
    let linked = Known { linked: Some(&ada), ..Known::default() };
    assert_eq!(whose(linked), Ok(Whose::Linked(ada.id)));
    assert_eq!(whose(Known { with_address: Some(&grace), ..linked }), Ok(Whose::Linked(ada.id)));
    assert_eq!(whose(Known { linked: Some(&locked), ..Known::default() }), Err(Refused::NotAdmitted));

    // From the account page.
    let asking = Known { asking: Some(&ada), ..Known::default() };
    assert_eq!(whose(asking), Ok(Whose::Link(ada.id)));
    assert_eq!(whose(Known { linked: Some(&ada), ..asking }), Ok(Whose::Linked(ada.id)));
    assert_eq!(whose(Known { linked: Some(&grace), ..asking }), Err(Refused::LinkedElsewhere));
    assert_eq!(whose(Known { has_another: true, ..asking }), Err(Refused::HasAnother));
    // Whoever has the address does not matter: they proved both.
    assert_eq!(whose(Known { with_address: Some(&grace), ..asking }), Ok(Whose::Link(ada.id)));
}

/// An address is taken over only where everybody has verified it.
#[test]
fn an_address_that_is_somebodys_stays_theirs() {
    let believed = IdentityProviderSettings { link_by_email: LinkByEmail::Verified, ..settings() };
    let ada = somebody(1);
    let unverified = User { email_verified: false, ..ada.clone() };
    let renamed = User {
        username: "ada@login.example".to_owned(),
        email: Some("x@y.example".to_owned()),
        ..ada.clone()
    };
    let locked = User { status: UserStatus::Locked, ..ada.clone() };
    let with_address = |user| Known { with_address: Some(user), ..Known::default() };
    let taken = Err(Refused::AddressTaken);
    assert_eq!(whose(&coming(true), &believed, with_address(&ada)), Ok(Whose::Link(ada.id)));
    for (identity, settings, known) in [
        (coming(true), settings(), with_address(&ada)),
        (coming(false), believed.clone(), with_address(&ada)),
        (coming(true), believed.clone(), with_address(&unverified)),
        (coming(true), believed.clone(), with_address(&renamed)),
        (coming(true), believed.clone(), Known { is_administrator: true, ..with_address(&ada) }),
        (coming(true), believed.clone(), Known { has_another: true, ..with_address(&ada) }),
    ] {
        assert_eq!(whose(&identity, &settings, known), taken, "{identity:?} {known:?}");
    }
    assert_eq!(whose(&coming(true), &believed, with_address(&locked)), Err(Refused::NotAdmitted));
}

#[test]
fn who_is_nobody_becomes_somebody_where_that_is_wanted() {
    let closed = IdentityProviderSettings { create_users: false, ..settings() };
    assert_eq!(whose(&coming(false), &settings(), Known::default()), Ok(Whose::New));
    assert_eq!(whose(&coming(true), &closed, Known::default()), Err(Refused::NotAdmitted));
}

/// Where one user's name is another's address, the name signs in: no address becomes a name.
#[test]
fn a_new_user_is_called_by_no_address() {
    let named = |username: Option<&str>, email: Option<&str>| Identity {
        username: username.map(str::to_owned),
        email: email.map(str::to_owned),
        ..Identity::default()
    };
    for (identity, first) in [
        (named(Some("ada"), Some("x@y.example")), "ada"),
        (named(Some("ceo@corp.example"), None), "ceo"),
        (named(None, Some("grace@y.example")), "grace"),
        (named(Some("@x"), None), "company"),
        (named(None, None), "company"),
    ] {
        let names: Vec<_> = usernames(&identity, "company", &SeededEntropy::default()).collect();
        assert_eq!((names[0].as_str(), names[1].clone()), (first, format!("{first}-2")));
        assert_eq!(names.len(), 10);
        assert!(names.iter().all(|name| !name.contains('@')));
    }
    let long = named(Some(&"é".repeat(255)), None);
    assert!(usernames(&long, "company", &SeededEntropy::default()).all(|name| name.chars().count() <= 255));
}

#[test]
fn a_domain_leads_to_its_provider() {
    let provider = |name: &str, enabled: bool, domains: &[&str]| IdentityProvider {
        tenant_id: TENANT,
        name: name.to_owned(),
        enabled,
        settings: IdentityProviderSettings {
            domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            ..settings()
        },
        client_secret: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    };
    let providers = [
        provider("off", false, &["a.example"]),
        provider("one", true, &["a.example", "b.example"]),
        provider("two", true, &["b.example"]),
    ];
    for (login, expected) in [
        ("ada@a.example", Some("one")),
        (" ADA@A.Example ", Some("one")),
        ("x@y@b.example", Some("one")),
        ("ada@sub.a.example", None),
        ("a.example", None),
        ("ada@", None),
        ("", None),
    ] {
        let found = provider_for(login, &providers).map(|provider| provider.name.as_str());
        assert_eq!(found, expected, "{login}");
    }
}
