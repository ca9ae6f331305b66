//! Request objects and pushed requests: which may be used, and which must be.

use grantor_protocol::model::{AuthenticationMethod, GrantType};
use serde_json::json;

use super::super::assertion::Signer;
use super::super::jar::claims_of;
use super::super::par;
use super::{ALGORITHMS, Subject, expect_registration, metadata};
use crate::support::{Answer, Browser, Site, TestTenant};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "request_parameter_supported" => by_value(subject, member).await,
        "request_uri_parameter_supported" => by_reference(subject, member).await,
        "require_request_uri_registration" => from_anywhere(subject, member).await,
        "request_object_signing_alg_values_supported" => algorithms(subject, member).await,
        "require_signed_request_object" => unsigned(subject, member).await,
        "require_pushed_authorization_requests" => unpushed(subject, member).await,
        _ => return false,
    }
    true
}

/// A client of this name that signs what it asks for.
async fn signing(subject: &Subject<'_>, client_id: &str, request_uris: Vec<String>) -> Signer {
    let signer = Signer::es256("k1");
    let mut client = signer.client(&subject.acme, client_id);
    client.metadata.request_uris = request_uris;
    subject.add_client(client).await;
    signer
}

#[track_caller]
fn expect_code(answer: &Answer) {
    assert!(answer.location_parameter("code").is_some_and(|code| code.starts_with("gac_")), "{answer:?}");
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"), "{answer:?}");
}

#[track_caller]
fn expect_page(answer: &Answer, error: &str) {
    answer.expect_error_page(400);
    assert!(answer.body.contains(error), "{answer:?}");
}

/// RFC 9101 §5.1: a good one is answered, a bad one called so; or none at all (OpenID Connect Core §6.1).
async fn by_value(subject: &Subject<'_>, member: &str) {
    let signer = signing(subject, "by-value", vec![]).await;
    let object = signer.sign(&claims_of(&subject.acme, "by-value"));
    let answer = subject.authorized(&[("client_id", "by-value"), ("request", &object)]).await;
    let broken = subject.authorized(&[("client_id", "by-value"), ("request", "x")]).await;
    if subject.flag(member) {
        expect_code(&answer);
        expect_page(&broken, "invalid_request_object");
    } else {
        expect_page(&answer, "request_not_supported");
        expect_page(&broken, "request_not_supported");
    }
}

/// RFC 9101 §5.2.
async fn by_reference(subject: &Subject<'_>, member: &str) {
    let site = Site::start().await;
    let address = site.url("/request");
    let signer = signing(subject, "by-reference", vec![address.clone()]).await;
    site.answer("/request", "200 OK", &signer.sign(&claims_of(&subject.acme, "by-reference")));
    let answer = subject.authorized(&[("client_id", "by-reference"), ("request_uri", &address)]).await;
    if subject.flag(member) {
        expect_code(&answer);
        assert_ne!(site.requests(), 0);
    } else {
        expect_page(&answer, "request_uri_not_supported");
        assert_eq!(site.requests(), 0);
    }
}

/// OpenID Connect Discovery §3, RFC 9101 §10.4: what is not registered is not even asked for.
async fn from_anywhere(subject: &Subject<'_>, member: &str) {
    let site = Site::start().await;
    let address = site.url("/anywhere");
    let signer = signing(subject, "from-anywhere", vec![site.url("/registered")]).await;
    site.answer("/anywhere", "200 OK", &signer.sign(&claims_of(&subject.acme, "from-anywhere")));
    let answer = subject.authorized(&[("client_id", "from-anywhere"), ("request_uri", &address)]).await;
    if subject.flag(member) {
        expect_page(&answer, "invalid_request_uri");
        assert_eq!(site.requests(), 0);
    } else {
        expect_code(&answer);
    }
}

/// RFC 9101 §6.2, §10.1: at the authorization endpoint, pushed, and for a client that registers one.
async fn algorithms(subject: &Subject<'_>, member: &str) {
    let registering = subject.registering("objects").await;
    for (name, supported) in subject.universe(member, &ALGORITHMS) {
        let (signer, client_id) = (Signer::named(&name, "k1"), format!("object-{name}"));
        let mut client = signer.client(&subject.acme, &client_id);
        client.metadata.token_endpoint_auth_method = AuthenticationMethod::None;
        client.metadata.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        subject.add_client(client).await;
        let object = signer.sign(&claims_of(&subject.acme, &client_id));
        let request = [("client_id", client_id.as_str()), ("request", object.as_str())];
        let answer = subject.authorized(&request).await;
        let pushed = subject.app.post(&subject.acme.path("/par"), &request).await;
        if supported {
            expect_code(&answer);
            par::request_uri(&pushed);
        } else {
            expect_page(&answer, "invalid_request_object");
            pushed.expect_error(400, "invalid_request_object");
        }
        let document = json!({
            "redirect_uris": ["https://signer.example/cb"],
            "jwks": { "keys": [Signer::named("RS256", "k1").jwk(), Signer::es256("k2").jwk()] },
            "request_object_signing_alg": name,
        });
        let answer = registering.register(subject.app, None, &document).await;
        expect_registration(&answer, "request_object_signing_alg", &name, supported);
    }
}

/// RFC 9101 §10.5: of everybody, or of those alone who registered for it.
async fn unsigned(subject: &Subject<'_>, member: &str) {
    let required = subject.flag(member);
    let mut client = subject.client("always-signs");
    client.metadata.require_signed_request_object = true;
    subject.add_client(client).await;
    for (client_id, refused) in [("app", required), ("always-signs", true)] {
        expect_refusal_if(refused, &subject.authorized(&subject.acme.authorization(client_id)).await);
    }
}

/// RFC 9126 §5, §6: as the tenant is set, and of a client that registered for it in any case.
async fn unpushed(subject: &Subject<'_>, member: &str) {
    let required = subject.flag(member);
    let other = subject
        .sibling("pushing", |settings| settings.require_pushed_authorization_requests = !required)
        .await;
    assert_eq!(metadata(subject.app, &other).await[member], !required);
    for (tenant, required) in [(&subject.acme, required), (&other, !required)] {
        plain_and_pushed(subject, tenant, "web", required).await;
        tenant
            .change_client(subject.app, "app", |client| {
                client.metadata.require_pushed_authorization_requests = true;
            })
            .await;
        plain_and_pushed(subject, tenant, "app", true).await;
        tenant
            .change_client(subject.app, "app", |client| {
                client.metadata.require_pushed_authorization_requests = false;
            })
            .await;
    }
}

async fn plain_and_pushed(
    subject: &Subject<'_>,
    tenant: &TestTenant,
    client_id: &'static str,
    required: bool,
) {
    let (app, plain) = (subject.app, tenant.authorization(client_id));
    expect_refusal_if(required, &tenant.authorized(app, &mut Browser::default(), &plain).await);
    let path = tenant.path("/par");
    let pushed = match client_id {
        "web" => app.post_as(("web", &tenant.secret), &path, &plain).await,
        _ => app.post(&path, &plain).await,
    };
    let request_uri = par::request_uri(&pushed);
    let request = [("client_id", client_id), ("request_uri", request_uri.as_str())];
    expect_code(&tenant.authorized(app, &mut Browser::default(), &request).await);
}

#[track_caller]
fn expect_refusal_if(refused: bool, answer: &Answer) {
    if refused {
        assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"), "{answer:?}");
        assert_eq!(answer.location_parameter("code"), None, "{answer:?}");
    } else {
        expect_code(answer);
    }
}
