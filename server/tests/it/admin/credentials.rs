//! Access tokens and console sessions.

use grantor_jose::SigningKey;
use grantor_protocol::model::SigningAlgorithm;
use poem::http::{Method, header};
use serde_json::{Value, json};

use super::{ADMIN_API, Api};
use crate::oauth::console;
use crate::support::{
    Answer, Browser, PUBLIC_URL, REDIRECT_URI, TestApp, TestTenant, VERIFIER, client, request,
};

/// An access token for the admin API that a client got for the tenant's user.
pub async fn users_token(app: &TestApp, acme: &TestTenant) -> String {
    let mut tool = client(&acme.tenant, "tool");
    tool.metadata.token_endpoint_auth_method = grantor_protocol::model::AuthenticationMethod::None;
    tool.metadata.grant_types = vec![grantor_protocol::model::GrantType::AuthorizationCode];
    tool.metadata.resources = vec![ADMIN_API.to_owned()];
    app.app.store.tenant(acme.tenant.id).create_client(&tool, vec![]).await.unwrap();
    let mut browser = Browser::default();
    let mut parameters = acme.authorization("tool");
    parameters.push(("resource", ADMIN_API));
    let answer = acme.authorized(app, &mut browser, &parameters).await;
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code in {answer:?}"));
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "tool"),
        ("code", code.as_str()),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT_URI),
        ("resource", ADMIN_API),
    ];
    let answer = app.post(&acme.path("/token"), &form).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

#[track_caller]
fn expect_refused(answer: &Answer, name: &str) {
    assert_eq!(answer.status, 401, "{name}: {answer:?}");
    answer.expect_problem(401, "unauthenticated");
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""),
        "{name}: {answer:?}"
    );
}

/// Claims of an access token that counts, changed, and signed with the tenant's own key.
async fn forged(app: &TestApp, slug: &str, typ: &str, change: impl FnOnce(&mut Value)) -> String {
    let context = app.app.any_tenant(slug).await.unwrap();
    let now = app.app.clock.now().unix_seconds();
    let mut claims = json!({
        "iss": context.tenant.issuer, "sub": "account", "client_id": "account", "aud": ADMIN_API,
        "iat": now, "exp": now + 60, "jti": "01890000-0000-7000-8000-000000000000",
    });
    change(&mut claims);
    context.keys.active(SigningAlgorithm::ES256).unwrap().sign(typ, &claims).unwrap()
}

crate::on_both! {
    async fn only_access_tokens_for_this_api_count(app: TestApp) {
        let acme = app.acme().await;
        let (_, secret) = app.service_account(&acme.tenant, "account").await;
        let good = forged(&app, "acme", "at+jwt", |_| {}).await;
        assert_eq!(app.api_with(good).get("/me").await.status, 200);

        let id_token = acme.tokens(&app).await["id_token"].as_str().unwrap().to_owned();
        let (foreign_key, _) = SigningKey::generate(grantor_jose::Algorithm::ES256, "x").unwrap();
        let other = app.other().await;
        let others_key = app.app.any_tenant(&other.slug).await.unwrap();
        let acmes_claims = json!({
            "iss": acme.tenant.issuer, "sub": "account", "client_id": "account", "aud": ADMIN_API,
            "iat": 0, "exp": i64::from(i32::MAX), "jti": "01890000-0000-7000-8000-000000000000",
        });
        let at = "at+jwt";
        let bound = async |cnf: Value| forged(&app, "acme", "at+jwt", |claims| claims["cnf"] = cnf).await;
        let cases = [
            ("bound to a DPoP key (RFC 9449 §7.2)", bound(json!({ "jkt": "x" })).await),
            ("bound to a certificate (RFC 8705 §3)", bound(json!({ "x5t#S256": "x" })).await),
            ("an ID token", id_token),
            ("not a token", "gat_something".to_owned()),
            ("typ", forged(&app, "acme", "JWT", |_| {}).await),
            ("aud", forged(&app, "acme", at, |claims| claims["aud"] = json!("https://id.example")).await),
            ("aud of the issuer", forged(&app, "acme", at, |claims| claims["aud"] = claims["iss"].clone()).await),
            ("aud of a neighbour", forged(&app, "acme", at, |claims| claims["aud"] = json!(format!("{ADMIN_API}/"))).await),
            ("expired", forged(&app, "acme", at, |claims| claims["exp"] = claims["iat"].clone()).await),
            ("iss elsewhere", forged(&app, "acme", at, |claims| claims["iss"] = json!("https://evil.example/t/acme")).await),
            ("iss of nobody", forged(&app, "acme", at, |claims| claims["iss"] = json!("https://id.example/t/nobody")).await),
            ("iss with a slash", forged(&app, "acme", at, |claims| claims["iss"] = json!("https://id.example/t/acme/")).await),
            ("iss of another tenant", forged(&app, "acme", at, |claims| claims["iss"] = json!("https://id.example/t/other")).await),
            ("another tenant's key", others_key.keys.active(SigningAlgorithm::ES256).unwrap().sign(at, &acmes_claims).unwrap()),
            ("nobody's key", foreign_key.sign(at, &acmes_claims).unwrap()),
            ("no such client", forged(&app, "acme", at, |claims| {
                claims["sub"] = json!("ghost");
                claims["client_id"] = json!("ghost");
            }).await),
            ("sub is not the client", forged(&app, "acme", at, |claims| claims["sub"] = json!(acme.user.id.to_string())).await),
        ];
        for (name, token) in cases {
            expect_refused(&app.api_with(token).get("/me").await, name);
        }

        let token = app.service_token("acme", "account", &secret, ADMIN_API).await;
        let api: Api<'_> = app.api_with(&token);
        assert_eq!(api.get("/me").await.status, 200);
        app.clock.advance(600);
        expect_refused(&api.get("/me").await, "expired by the clock");
    }

    async fn a_revoked_token_ends(app: TestApp) {
        let acme = app.acme().await;
        let (_, secret) = app.service_account(&acme.tenant, "account").await;
        let token = app.service_token("acme", "account", &secret, ADMIN_API).await;
        assert_eq!(app.api_with(&token).get("/me").await.status, 200);
        let answer = app.post_as(("account", &secret), "/t/acme/revoke", &[("token", &token)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        expect_refused(&app.api_with(&token).get("/me").await, "revoked");
    }

    async fn a_disabled_client_is_out(app: TestApp) {
        let acme = app.acme().await;
        let (_, secret) = app.service_account(&acme.tenant, "account").await;
        let api = app.api_with(app.service_token("acme", "account", &secret, ADMIN_API).await);
        assert_eq!(api.get("/me").await.status, 200);
        let admin = app.platform("platform-admin").await;
        let disabled = admin.patch("/tenants/acme/clients/account", &json!({ "enabled": false })).await;
        assert_eq!(disabled.status, 200, "{disabled:?}");
        expect_refused(&api.get("/me").await, "disabled");
    }

    /// What has the name of a deleted client is another client, whatever role it is given.
    async fn a_client_made_anew_has_no_use_of_the_old_ones_tokens(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let old = app.tenant_api(&acme.tenant, "tenant-owner").await.token;
        assert_eq!(app.api_with(&old).get("/tenants/acme").await.status, 200);
        assert_eq!(admin.delete("/tenants/acme/clients/account-tenant-owner").await.status, 204);
        app.clock.advance(1);
        let new = app.tenant_api(&acme.tenant, "tenant-owner").await;
        assert_eq!(new.get("/tenants/acme").await.status, 200);
        expect_refused(&app.api_with(&old).get("/tenants/acme").await, "revoked");
        assert_eq!(acme.introspect(&app, &old).await, json!({ "active": false }));
    }

    async fn a_users_token_is_for_the_user(app: TestApp) {
        let acme = app.acme().await;
        let api = app.api_with(users_token(&app, &acme).await);
        let me = api.get("/me").await.document(200);
        assert_eq!((&me["subject"], &me["email"]), (&json!(acme.user.id.to_string()), &json!("ada@acme.example")));
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.delete(&format!("/tenants/acme/users/{}", acme.user.id)).await.status, 204);
        expect_refused(&api.get("/me").await, "deleted");
    }

    /// RFC 6750 §3.1: without credentials there is no error code.
    async fn credentials_are_asked_for(app: TestApp) {
        for authorization in [None, Some("Basic YTpi"), Some("Bearer"), Some("nonsense")] {
            let mut builder = request(Method::GET, "/admin/v1/me");
            if let Some(authorization) = authorization {
                builder = builder.header(header::AUTHORIZATION, authorization);
            }
            let answer = app.send(builder.finish()).await;
            answer.expect_problem(401, "unauthenticated");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{answer:?}");
        }
    }

    /// The cookie alone changes nothing: another site can make a browser send it.
    async fn a_console_session_needs_its_csrf_header_to_change_things(app: TestApp) {
        console::administrator(&app).await;
        let browser = console::signed_in(&app).await;
        let cookie = format!("__Host-grantor-console={}", browser.cookie("grantor-console").unwrap());
        let send = async |method: Method, csrf: Option<&str>| {
            let mut builder = request(method.clone(), "/admin/v1/tenants/fresh")
                .header(header::COOKIE, &cookie);
            if let Some(csrf) = csrf {
                builder = builder.header("x-grantor-csrf", csrf);
            }
            app.send(builder.content_type("application/json").body(r#"{"name":"Fresh"}"#)).await
        };
        let me = request(Method::GET, "/admin/v1/me").header(header::COOKIE, &cookie);
        let me = app.send(me.finish()).await.document(200);
        assert_eq!(me["roles"], json!([{ "role": "platform-admin", "tenant": "*" }]));
        let csrf = me["csrf_token"].as_str().unwrap();

        send(Method::PUT, None).await.expect_problem(403, "forged-request");
        send(Method::PUT, Some("nonsense")).await.expect_problem(403, "forged-request");
        assert_eq!(send(Method::PUT, Some(csrf)).await.status, 201);
        assert_eq!(send(Method::GET, None).await.status, 200);
        assert_eq!(send(Method::DELETE, None).await.status, 403);

        app.clock.advance(12 * 3600);
        let over = send(Method::GET, Some(csrf)).await;
        over.expect_problem(401, "unauthenticated");
    }
}

#[test]
fn the_resource_is_where_the_api_is() {
    assert_eq!(ADMIN_API, format!("{PUBLIC_URL}/admin/v1"));
}
