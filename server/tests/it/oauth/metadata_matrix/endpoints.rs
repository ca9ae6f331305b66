//! The issuer and its endpoints, each at its advertised address.

use grantor_jose::{Header, KeySet};
use serde_json::{Value, json};

use super::super::par;
use super::Subject;
use crate::support::{Browser, PUBLIC_URL, TestTenant, encode};

pub async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    match member {
        "issuer" => issuer(subject).await,
        "authorization_endpoint" => authorization(subject).await,
        "token_endpoint" => token(subject).await,
        "jwks_uri" => jwks(subject).await,
        "userinfo_endpoint" => userinfo(subject).await,
        "introspection_endpoint" => introspection(subject).await,
        "revocation_endpoint" => revocation(subject).await,
        "pushed_authorization_request_endpoint" => pushed(subject).await,
        "device_authorization_endpoint" => device(subject).await,
        "end_session_endpoint" => end_session(subject).await,
        _ => return false,
    }
    true
}

/// RFC 8414 §3.3: the metadata's own, the tokens' and that of no other tenant.
async fn issuer(subject: &Subject<'_>) {
    let issuer = subject.value("issuer");
    assert_eq!(*issuer, subject.acme.tenant.issuer);
    assert_eq!(*issuer, format!("{PUBLIC_URL}{}", subject.acme.path("")));
    let tokens = subject.acme.tokens(subject.app).await;
    for token in ["access_token", "id_token"] {
        let claims: Value = grantor_jose::unverified_claims(tokens[token].as_str().unwrap()).unwrap();
        assert_eq!(claims["iss"], *issuer, "{token}");
    }
    let other = subject.sibling("other", |_| {}).await;
    assert_ne!(super::metadata(subject.app, &other).await["issuer"], *issuer);
}

/// RFC 6749 §3.1: by GET and by POST, to the sign-in page.
async fn authorization(subject: &Subject<'_>) {
    let path = subject.endpoint("authorization_endpoint");
    let request = subject.acme.authorization("app");
    let by_get = subject.app.get(&format!("{path}?{}", encode(&request))).await;
    let by_post = subject.app.post(path, &request).await;
    for answer in [by_get, by_post] {
        assert!(answer.location().starts_with("/t/acme/login?interaction="), "{answer:?}");
    }
}

async fn token(subject: &Subject<'_>) {
    let path = subject.endpoint("token_endpoint");
    let code = subject.acme.code(subject.app, &mut subject.browser.clone(), "app").await;
    let redemption = subject.acme.redemption("app", &code);
    let answer = subject.app.post(path, &redemption).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    subject.app.post(path, &redemption).await.expect_error(400, "invalid_grant");
}

/// RFC 7517 §5: what is there proves our tokens, and no others.
async fn jwks(subject: &Subject<'_>) {
    let document = subject.app.get(subject.endpoint("jwks_uri")).await.json();
    let keys = KeySet::parse(&document).unwrap();
    let other = subject.sibling("stranger", |_| {}).await;
    let strangers = other.confidential_tokens(subject.app).await;
    let own = subject.acme.tokens(subject.app).await;
    for token in ["access_token", "id_token"] {
        for (tokens, proven) in [(&own, true), (&strangers, false)] {
            let token = tokens[token].as_str().unwrap();
            let algorithm = Header::peek(token).unwrap().algorithm;
            assert_eq!(keys.verify::<Value>(token, &[algorithm]).is_ok(), proven, "{token}");
        }
    }
}

async fn userinfo(subject: &Subject<'_>) {
    let path = subject.endpoint("userinfo_endpoint");
    let tokens = subject.acme.tokens(subject.app).await;
    let told = subject.app.get_with_token(path, tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.json()["sub"], subject.acme.user.id.to_string());
    let id_token = tokens["id_token"].as_str().unwrap();
    subject.app.get_with_token(path, id_token).await.expect_error(401, "invalid_token");
}

async fn introspection(subject: &Subject<'_>) {
    let path = subject.endpoint("introspection_endpoint");
    let tokens = subject.acme.confidential_tokens(subject.app).await;
    for (token, active) in [(tokens["access_token"].as_str().unwrap(), true), ("unknown", false)] {
        let told = subject.app.post_as(subject.credentials(), path, &[("token", token)]).await;
        assert_eq!((told.status.as_u16(), &told.json()["active"]), (200, &json!(active)), "{told:?}");
    }
}

async fn revocation(subject: &Subject<'_>) {
    let path = subject.endpoint("revocation_endpoint");
    let tokens = subject.acme.tokens(subject.app).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let form = [("client_id", "app"), ("token", refresh_token)];
    let answer = subject.app.post(path, &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    subject.acme.refresh(subject.app, refresh_token).await.expect_error(400, "invalid_grant");
    let access_token = tokens["access_token"].as_str().unwrap();
    subject.acme.userinfo(subject.app, access_token).await.expect_error(401, "invalid_token");
}

/// RFC 9126 §2.2: 201, and the `request_uri` leads on to the sign-in page and to a code.
async fn pushed(subject: &Subject<'_>) {
    let path = subject.endpoint("pushed_authorization_request_endpoint");
    let pushed = subject.app.post(path, &subject.acme.authorization("app")).await;
    let request_uri = par::request_uri(&pushed);
    let request = [("client_id", "app"), ("request_uri", request_uri.as_str())];
    let begun = subject.app.get(&subject.acme.authorize(&request)).await;
    assert!(begun.location().starts_with("/t/acme/login?interaction="), "{begun:?}");
    let answer = subject.authorized(&request).await;
    let code = answer.location_parameter("code").unwrap();
    assert_eq!(subject.acme.redeem(subject.app, &code).await.status, 200);
}

/// RFC 8628 §3.2, §3.3: codes, an address where people enter theirs, and a device that waits meanwhile.
async fn device(subject: &Subject<'_>) {
    let TestTenant { tenant, .. } = &subject.acme;
    let path = subject.endpoint("device_authorization_endpoint");
    let answer = subject.app.post(path, &[("client_id", "app"), ("scope", "openid")]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let begun = answer.json();
    assert_eq!(begun["verification_uri"], format!("{}/activate", tenant.issuer));
    let complete = begun["verification_uri_complete"].as_str().unwrap();
    assert!(complete.contains(begun["user_code"].as_str().unwrap()), "{begun}");
    for address in [begun["verification_uri"].as_str().unwrap(), complete] {
        let page = subject.browser.clone().get(subject.app, address).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("name=\"user_code\""), "{page:?}");
    }
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "app"),
        ("device_code", begun["device_code"].as_str().unwrap()),
    ];
    let waiting = subject.app.post(subject.endpoint("token_endpoint"), &form).await;
    waiting.expect_error(400, "authorization_pending");
}

/// OpenID Connect RP-Initiated Logout §2: the person is signed out and sent back.
async fn end_session(subject: &Subject<'_>) {
    let (app, acme, path) = (subject.app, &subject.acme, subject.endpoint("end_session_endpoint"));
    let back = "https://app.example/bye";
    acme.change_client(app, "app", |client| {
        client.metadata.post_logout_redirect_uris = vec![back.to_owned()];
    })
    .await;
    let mut browser = Browser::default();
    let code = acme.code(app, &mut browser, "app").await;
    let tokens = acme.redeem(app, &code).await.json();
    let hint = tokens["id_token"].as_str().unwrap();
    let kept = browser.clone();
    let account = async |browser: &Browser| browser.clone().get(app, &acme.path("/account")).await.status;
    assert_eq!(account(&kept).await, 200);
    let elsewhere = [("id_token_hint", hint), ("post_logout_redirect_uri", "https://evil.example/")];
    let page = browser.get(app, &format!("{path}?{}", encode(&elsewhere))).await;
    page.expect_error_page(400);
    assert_eq!(account(&kept).await, 200);
    let request = [("id_token_hint", hint), ("post_logout_redirect_uri", back), ("state", "s1")];
    let out = browser.get(app, &format!("{path}?{}", encode(&request))).await;
    assert_eq!(out.location(), format!("{back}?state=s1"));
    assert_eq!(account(&kept).await, 303);
}
