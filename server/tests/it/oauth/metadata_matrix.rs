//! Every member of the metadata, for every profile: advertised if and only if accepted (CONTRACT §4). A member
//! without an arm in [`try_member`] fails the test. Those that some tenants do not have are tried where they are.

use grantor_jose::Algorithm;
use grantor_protocol::model::{AuthenticationMethod, SigningAlgorithm, TenantSettings};
use grantor_protocol::{Profile, metadata::ASSERTION_ALGORITHMS};
use serde_json::{Value, json};

use super::assertion::{self, Signer};
use super::client_auth::{Clients, ENDPOINTS};
use super::discovery::{advertised, authorization_error, universe};
use crate::on_both;
use crate::support::{Answer, Browser, PUBLIC_URL, TestApp, TestTenant, encode};

/// Endpoints that some tenants do not have; where they are not advertised, nothing answers.
const OPTIONAL_ENDPOINTS: [(&str, &str); 4] = [
    ("pushed_authorization_request_endpoint", "/par"),
    ("device_authorization_endpoint", "/device_authorization"),
    ("registration_endpoint", "/register"),
    ("backchannel_authentication_endpoint", "/bc-authorize"),
];

struct Subject<'a> {
    app: &'a TestApp,
    acme: &'a TestTenant,
    clients: &'a Clients,
    metadata: &'a Value,
}

/// Tries one member; false for one that nobody has said how to try.
async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    let Subject { app, acme, metadata, .. } = *subject;
    let value = &metadata[member];
    match member {
        "issuer" => assert_eq!(*value, acme.tenant.issuer),
        "authorization_endpoint"
        | "token_endpoint"
        | "jwks_uri"
        | "userinfo_endpoint"
        | "introspection_endpoint"
        | "revocation_endpoint"
        | "end_session_endpoint"
        | "pushed_authorization_request_endpoint"
        | "device_authorization_endpoint"
        | "registration_endpoint"
        | "backchannel_authentication_endpoint" => {
            let path = value.as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap();
            assert!(path.starts_with(&acme.path("/")), "{member} {path}");
            assert_ne!(app.get(path).await.status, 404, "{member}");
        }
        "response_types_supported" => {
            let others = ["token", "id_token", "none", "code id_token", "code token", "id_token token"];
            at_authorization(subject, member, "response_type", "unsupported_response_type", &others).await;
        }
        "response_modes_supported" => {
            let others = ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"];
            at_authorization(subject, member, "response_mode", "invalid_request", &others).await;
        }
        "code_challenge_methods_supported" => {
            at_authorization(subject, member, "code_challenge_method", "invalid_request", &["plain", "S512"])
                .await;
        }
        "prompt_values_supported" => {
            at_authorization(subject, member, "prompt", "invalid_request", &["create", "NONE"]).await;
        }
        "scopes_supported" => {
            at_authorization(subject, member, "scope", "invalid_scope", &["address", "phone", "admin"]).await;
        }
        "grant_types_supported" => grant_types(subject).await,
        "token_endpoint_auth_methods_supported" => methods(subject, member, 0).await,
        "introspection_endpoint_auth_methods_supported" => methods(subject, member, 1).await,
        "revocation_endpoint_auth_methods_supported" => methods(subject, member, 2).await,
        "token_endpoint_auth_signing_alg_values_supported"
        | "introspection_endpoint_auth_signing_alg_values_supported"
        | "revocation_endpoint_auth_signing_alg_values_supported" => {
            assertion_algorithms(subject, member).await
        }
        "id_token_signing_alg_values_supported" => id_token_algorithms(subject).await,
        "subject_types_supported" => assert_eq!(*value, json!(["public"])),
        "claims_supported" => {
            let tokens = tokens(subject).await;
            let claims: Value =
                grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
            let hashes = ["at_hash", "c_hash"];
            for claim in claims.as_object().unwrap().keys().filter(|claim| !hashes.contains(&claim.as_str()))
            {
                assert!(advertised(metadata, member).contains(claim), "{claim}");
            }
        }
        "authorization_response_iss_parameter_supported" => {
            let answer = acme.authorized(app, &mut Browser::default(), &acme.authorization("app")).await;
            let iss = answer.location_parameter("iss");
            assert_eq!(iss.as_deref(), value.as_bool().unwrap().then_some(acme.tenant.issuer.as_str()));
        }
        // OpenID Connect Core §5.5: what is not supported is not acted upon.
        "claims_parameter_supported" => assert_eq!(*value, false),
        "request_parameter_supported" => {
            let refused = asked_with(subject, "request", "x").await;
            assert_eq!(refused.body.contains("invalid_request_object"), *value == true, "{refused:?}");
        }
        // RFC 9126 §5: what was pushed may come by request_uri even where nothing else may.
        "request_uri_parameter_supported" => {
            let refused = asked_with(subject, "request_uri", "https://app.example/request").await;
            assert_eq!(refused.body.contains("invalid_request_uri"), *value == true, "{refused:?}");
        }
        "require_pushed_authorization_requests" => {
            let error = app.get(&acme.authorize(&acme.authorization("app"))).await;
            assert_eq!(*value == true, error.location_parameter("error").is_some(), "{error:?}");
        }
        "require_signed_request_object" | "require_request_uri_registration" => assert!(value.is_boolean()),
        "request_object_signing_alg_values_supported" | "dpop_signing_alg_values_supported" => {
            let known = ASSERTION_ALGORITHMS;
            assert!(
                advertised(metadata, member).iter().all(|name| known.contains(&name.as_str())),
                "{value}"
            );
        }
        "client_id_metadata_document_supported" => {
            // RFC 9700 §4.11: what is not a client here gets a page either way; only a supported one is fetched.
            let mut parameters = acme.authorization("app");
            parameters.retain(|(name, _)| *name != "client_id");
            parameters.push(("client_id", "https://127.0.0.1/client"));
            let page = app.get(&acme.path(&format!("/authorize?{}", encode(&parameters)))).await;
            page.expect_error_page(400);
        }
        "tls_client_certificate_bound_access_tokens" => assert!(value.is_boolean()),
        "mtls_endpoint_aliases" => assert!(value.is_object()),
        _ => return false,
    }
    true
}

/// An authorization request with one more parameter.
async fn asked_with(subject: &Subject<'_>, name: &str, value: &str) -> Answer {
    let mut parameters = subject.acme.authorization("app");
    parameters.push((name, value));
    subject.app.get(&subject.acme.authorize(&parameters)).await
}

/// Values of a parameter of authorization requests: refused with this error exactly where they are not advertised.
async fn at_authorization(subject: &Subject<'_>, member: &str, name: &str, refusal: &str, others: &[&str]) {
    for (value, supported) in universe(subject.metadata, member, others) {
        let error = authorization_error(subject.app, subject.acme, name, &value).await;
        assert_eq!(error.as_deref() != Some(refusal), supported, "{name}={value} {error:?}");
    }
}

async fn grant_types(subject: &Subject<'_>) {
    let others = [
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
    ];
    for (grant_type, supported) in universe(subject.metadata, "grant_types_supported", &others) {
        // RFC 7591 §2: registered for the authorization endpoint, and nothing for this one.
        if grant_type == "implicit" {
            continue;
        }
        let credentials = ("web", subject.acme.secret.as_str());
        let form = [("grant_type", grant_type.as_str())];
        let answer = subject.app.post_as(credentials, &subject.acme.path("/token"), &form).await;
        assert_eq!(answer.json()["error"] != "unsupported_grant_type", supported, "{grant_type} {answer:?}");
    }
}

async fn methods(subject: &Subject<'_>, member: &str, endpoint: usize) {
    use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt};
    let advertised = advertised(subject.metadata, member);
    assert!(advertised.iter().all(|method| method.parse::<AuthenticationMethod>().is_ok()), "{advertised:?}");
    for method in [None, ClientSecretBasic, ClientSecretPost, PrivateKeyJwt] {
        let name = method.as_str();
        let answer = subject.clients.ask(subject.app, subject.acme, name, method, ENDPOINTS[endpoint]).await;
        let supported = advertised.iter().any(|advertised| advertised == name);
        // At the token endpoint a public client is recognised, though this grant is not for it.
        let recognised =
            answer.status == 200 || (supported && answer.json()["error"] == "unauthorized_client");
        assert_eq!(recognised, supported, "{member} {name} {answer:?}");
    }
}

/// Each algorithm that we can sign with here, at the token endpoint, which shares its rule with the others.
async fn assertion_algorithms(subject: &Subject<'_>, member: &str) {
    let advertised = advertised(subject.metadata, member);
    assert!(!advertised.iter().any(|name| name == "none"), "{advertised:?}");
    if member.starts_with("token") {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
            let client_id = format!("with-{}", algorithm.as_str());
            let signer = Signer::new(algorithm, "k1");
            let store = subject.app.app.store.tenant(subject.acme.tenant.id);
            store.create_client(&signer.client(subject.acme, &client_id), vec![]).await.unwrap();
            let assertion = signer.sign(&signer.claims(subject.acme, &client_id));
            let form = assertion::client_credentials(&assertion);
            let answer = subject.app.post(&subject.acme.path("/token"), &form).await;
            let supported = advertised.iter().any(|name| name == algorithm.as_str());
            assert_eq!(answer.status == 200, supported, "{algorithm:?} {answer:?}");
        }
    } else {
        assert_eq!(
            advertised,
            super::discovery::advertised(
                subject.metadata,
                "token_endpoint_auth_signing_alg_values_supported"
            )
        );
    }
}

async fn id_token_algorithms(subject: &Subject<'_>) {
    let advertised = advertised(subject.metadata, "id_token_signing_alg_values_supported");
    assert_eq!(advertised, SigningAlgorithm::ALL.map(SigningAlgorithm::as_str));
    assert!(advertised.iter().any(|name| name == "RS256"), "OpenID Connect Discovery §3: {advertised:?}");
    let tokens = tokens(subject).await;
    let header = grantor_jose::Header::peek(tokens["id_token"].as_str().unwrap()).unwrap();
    assert!(advertised.iter().any(|name| name == header.algorithm.as_str()));
}

async fn tokens(subject: &Subject<'_>) -> Value {
    subject.acme.tokens(subject.app).await
}

on_both! {
    async fn every_member_of_every_profile(app: TestApp) {
        for profile in Profile::ALL {
            let settings = TenantSettings { profile, ..TenantSettings::default() };
            let mut acme = app.tenant_with(profile.as_str(), settings).await;
            let clients = Clients::of(&app, &mut acme).await;
            let metadata = app.get(&acme.path("/.well-known/oauth-authorization-server")).await.json();
            let subject = Subject { app: &app, acme: &acme, clients: &clients, metadata: &metadata };
            for member in metadata.as_object().unwrap().keys() {
                assert!(try_member(&subject, member).await, "{member} needs to be tried: say how in try_member");
            }
            for (member, path) in OPTIONAL_ENDPOINTS {
                if metadata[member].is_null() {
                    let path = acme.path(path);
                    for answer in [app.get(&path).await, app.post(&path, &[]).await] {
                        let refused = answer.body.contains(r#""error":"access_denied""#);
                        let closed = answer.status == 404 || answer.status == 405 || refused;
                        assert!(closed, "{profile:?} {member} {answer:?}");
                    }
                }
            }
        }
    }
}
