//! Metadata and keys: what is advertised is accepted, what is not is refused (RFC 8414, OpenID Connect
//! Discovery, RFC 7517 §5).

use grantor_jose::Algorithm;
use grantor_protocol::Scope;
use grantor_protocol::model::AuthenticationMethod;
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::assertion::{self, Signer};
use super::client_auth::{Clients, ENDPOINTS};
use crate::on_both;
use crate::support::{Answer, TestApp, TestTenant, request};

const ADDRESSES: [&str; 4] = [
    "/t/acme/.well-known/openid-configuration",
    "/t/acme/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration/t/acme",
    "/.well-known/oauth-authorization-server/t/acme",
];

async fn metadata(app: &TestApp) -> Value {
    app.get(ADDRESSES[0]).await.json()
}

pub fn advertised(metadata: &Value, member: &str) -> Vec<String> {
    let values = metadata[member].as_array().unwrap_or_else(|| panic!("no {member}"));
    assert!(!values.is_empty(), "{member}");
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// Values of a member that the server might or might not support, those it advertises among them, each
/// with whether it does.
pub fn universe(metadata: &Value, member: &str, others: &[&str]) -> Vec<(String, bool)> {
    let mut universe: Vec<_> = advertised(metadata, member).into_iter().map(|value| (value, true)).collect();
    for other in others {
        if !universe.iter().any(|(value, _)| value == other) {
            universe.push(((*other).to_owned(), false));
        }
    }
    assert!(universe.iter().any(|(_, supported)| !supported), "{member}");
    universe
}

/// What the authorization endpoint makes of one parameter: an error code, or none if it goes on.
pub async fn authorization_error(
    app: &TestApp,
    acme: &TestTenant,
    name: &str,
    value: &str,
) -> Option<String> {
    let mut parameters: Vec<(&str, &str)> = acme.authorization("app");
    parameters.retain(|(held, _)| *held != name);
    parameters.push((name, value));
    let answer = app.get(&acme.authorize(&parameters)).await;
    if answer.status == 200 {
        return None;
    }
    answer.location_parameter("error")
}

async fn conditional(app: &TestApp, path: &str, etag: &str) -> Answer {
    app.send(request(Method::GET, path).header(header::IF_NONE_MATCH, etag).finish()).await
}

/// A document that is cached and validated (RFC 9110 §13.1.2).
async fn expect_cacheable(app: &TestApp, path: &str) -> Answer {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let etag = answer.header("etag").unwrap().to_owned();
    for held in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let unchanged = conditional(app, path, &held).await;
        assert_eq!((unchanged.status.as_u16(), unchanged.body.as_str()), (304, ""), "{held}");
        assert_eq!(unchanged.header("etag"), Some(etag.as_str()));
        assert_eq!(unchanged.header("cache-control"), Some("public, max-age=300"));
    }
    assert_eq!(conditional(app, path, "\"x\"").await.status, 200);
    answer
}

on_both! {
    /// RFC 8414 §3.1, OpenID Connect Discovery §4: four addresses, one document.
    async fn four_addresses(app: TestApp) {
        app.acme().await;
        let first = expect_cacheable(&app, ADDRESSES[0]).await;
        assert_eq!(first.header("content-type"), Some("application/json"));
        for address in &ADDRESSES[1..] {
            let other = expect_cacheable(&app, address).await;
            assert_eq!((&other.body, other.header("etag")), (&first.body, first.header("etag")));
        }
        insta::assert_json_snapshot!("metadata", first.json());
    }

    /// RFC 7517 §5: the public keys and nothing private.
    async fn keys_are_public(app: TestApp) {
        let acme = app.acme().await;
        let jwks = expect_cacheable(&app, &acme.path("/jwks")).await;
        assert_eq!(jwks.header("content-type"), Some("application/jwk-set+json"));
        let jwks = jwks.json();
        for key in jwks["keys"].as_array().unwrap() {
            let mut members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            match key["kty"].as_str().unwrap() {
                "EC" => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]),
                _ => assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]),
            }
        }
    }

    /// RFC 8414 §2: the authorization endpoint does what the metadata say, and no more.
    async fn what_the_authorization_endpoint_supports(app: TestApp) {
        let acme = app.acme().await;
        let metadata = metadata(&app).await;
        for (member, name, refusal, others) in [
            (
                "response_types_supported",
                "response_type",
                "unsupported_response_type",
                &["token", "id_token", "none", "code id_token", "code token", "code id_token token"][..],
            ),
            (
                "response_modes_supported",
                "response_mode",
                "invalid_request",
                &["query.jwt", "fragment.jwt", "form_post.jwt", "jwt", "web_message"],
            ),
            (
                "code_challenge_methods_supported",
                "code_challenge_method",
                "invalid_request",
                &["plain", "S512"],
            ),
            ("prompt_values_supported", "prompt", "invalid_request", &["create", "NONE"]),
            ("scopes_supported", "scope", "invalid_scope", &["address", "phone", "admin"]),
        ] {
            for (value, supported) in universe(&metadata, member, others) {
                let error = authorization_error(&app, &acme, name, &value).await;
                let error =
                    error.filter(|error| !(name == "prompt" && value == "none" && error == "login_required"));
                let expected = if supported { None } else { Some(refusal) };
                assert_eq!(error.as_deref(), expected, "{name}={value}");
            }
        }
        for (parameter, member, error) in [
            ("request", "request_parameter_supported", "invalid_request_object"),
            ("request_uri", "request_uri_parameter_supported", "invalid_request_uri"),
        ] {
            assert_eq!(metadata[member], true);
            let answer = app.get(&acme.authorize(&[("client_id", "app"), (parameter, "x")])).await;
            answer.expect_error_page(400);
            assert!(answer.body.contains(error), "{answer:?}");
        }
        assert_eq!(metadata["require_request_uri_registration"], true);
        assert_eq!(metadata["require_signed_request_object"], false);
        assert_eq!(metadata["require_pushed_authorization_requests"], false);
        assert_eq!(authorization_error(&app, &acme, "prompt", "login").await, None, "neither is required");
    }

    /// RFC 8414 §2: so does the token endpoint.
    async fn what_the_token_endpoint_supports(app: TestApp) {
        let mut acme = app.acme().await;
        let metadata = metadata(&app).await;
        let others = [
            "password",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:openid:params:grant-type:ciba",
        ];
        for (grant_type, supported) in universe(&metadata, "grant_types_supported", &others) {
            let form = [("grant_type", grant_type.as_str())];
            let answer = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
            let refused = answer.json()["error"] == "unsupported_grant_type";
            assert_eq!(refused, !supported, "{grant_type} {answer:?}");
        }
        // Each advertised method authenticates a client that is registered with it.
        let clients = Clients::of(&app, &mut acme).await;
        let metadata = self::metadata(&app).await;
        for (endpoint, member) in ENDPOINTS.into_iter().zip(["token", "introspection", "revocation"]) {
            let member = format!("{member}_endpoint_auth_methods_supported");
            for (method, supported) in
                universe(&metadata, &member, &["none", "client_secret_jwt", "tls_client_auth", "attest_jwt_client_auth"])
            {
                let Ok(method) = method.parse::<AuthenticationMethod>() else {
                    assert!(!supported, "{method}");
                    continue;
                };
                let answer = clients.ask(&app, &acme, method.as_str(), method, endpoint).await;
                // At the token endpoint a public client was recognised, though this grant is not for it.
                let recognised =
                    answer.status == 200 || (supported && answer.json()["error"] == "unauthorized_client");
                assert_eq!(recognised, supported, "{member} {method:?} {answer:?}");
            }
        }
        // And with each advertised algorithm that we can sign with here.
        let algorithms = advertised(&metadata, "token_endpoint_auth_signing_alg_values_supported");
        let symmetric: Vec<_> = algorithms.iter().filter(|name| name.starts_with("HS")).collect();
        assert_eq!(symmetric, ["HS256"], "client_secret_jwt");
        assert!(!algorithms.iter().any(|name| name == "none"), "{algorithms:?}");
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256] {
            assert!(algorithms.iter().any(|name| name == algorithm.as_str()), "{algorithm:?}");
            let signer = Signer::new(algorithm, "k1");
            let client_id = format!("with-{}", algorithm.as_str());
            acme.add_client(&app, signer.client(&acme, &client_id)).await;
            let assertion = signer.sign(&signer.claims(&acme, &client_id));
            let answer = app.post(&acme.path("/token"), &assertion::client_credentials(&assertion)).await;
            assert_eq!(answer.status, 200, "{algorithm:?} {answer:?}");
        }
    }

    /// OpenID Connect Discovery §3: ID tokens in every advertised algorithm, subjects as advertised, and
    /// every endpoint at its advertised address.
    async fn what_id_tokens_and_addresses_say(app: TestApp) {
        let acme = app.acme().await;
        let metadata = metadata(&app).await;
        let mut subjects = vec![];
        for name in advertised(&metadata, "id_token_signing_alg_values_supported") {
            let algorithm = name.parse().unwrap();
            acme.change_client(&app, "app", |client| {
                client.metadata.id_token_signed_response_alg = Some(algorithm)
            })
            .await;
            let tokens = acme.tokens(&app).await;
            let id_token = tokens["id_token"].as_str().unwrap();
            let header = grantor_jose::Header::peek(id_token).unwrap();
            assert_eq!(header.algorithm.as_str(), name);
            let jwks = grantor_jose::KeySet::parse(&app.get(&acme.path("/jwks")).await.json()).unwrap();
            let verified = jwks.verify::<Value>(id_token, &[header.algorithm]).unwrap();
            subjects.push(verified.claims["sub"].clone());
        }
        let web = acme.confidential_tokens(&app).await;
        let web: Value = grantor_jose::unverified_claims(web["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(metadata["subject_types_supported"], json!(["public"]));
        assert!(subjects.iter().all(|subject| *subject == web["sub"]), "{subjects:?}");
        for member in web.as_object().unwrap().keys().filter(|member| *member != "at_hash") {
            assert!(advertised(&metadata, "claims_supported").contains(member), "{member}");
        }
        for (member, value) in metadata.as_object().unwrap() {
            if member.ends_with("_endpoint") || member == "jwks_uri" {
                let path = value.as_str().unwrap().strip_prefix(crate::support::PUBLIC_URL).unwrap();
                assert_ne!(app.get(path).await.status, 404, "{member}");
            }
        }
    }

    /// Scopes of the tenant's own are advertised, asked for and granted.
    async fn scopes_of_the_tenants_own(app: TestApp) {
        let acme = app.acme().await;
        acme.change_tenant(&app, |tenant| {
            tenant.settings.scopes.push(grantor_protocol::model::ScopeDescription {
                name: "notes:read".to_owned(),
                description: "read your notes".to_owned(),
            });
        })
        .await;
        assert!(advertised(&metadata(&app).await, "scopes_supported").contains(&"notes:read".to_owned()));
        let refused = authorization_error(&app, &acme, "scope", "notes:read").await;
        assert_eq!(refused.as_deref(), Some("invalid_scope"), "the client is not registered for it");
        let scope = Scope::parse("openid notes:read").unwrap();
        acme.change_client(&app, "app", |client| client.metadata.scope = scope).await;
        assert_eq!(authorization_error(&app, &acme, "scope", "notes:read").await, None);
    }
}
