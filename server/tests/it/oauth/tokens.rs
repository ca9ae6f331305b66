//! What tokens are good for, and when they end.

use grantor_protocol::Scope;
use grantor_protocol::model::{AuditKind, GrantType};
use poem::http::Method;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

const ADMIN_API: &str = "https://id.example/admin/v1";

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}"))
}

fn claims(jwt: &str) -> Value {
    grantor_jose::unverified_claims(jwt).unwrap()
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Tokens of the public client for this scope.
async fn tokens_for(app: &TestApp, acme: &TestTenant, scope: &str) -> Value {
    let mut request: Vec<(&str, &str)> = acme.authorization("app");
    request.retain(|(name, _)| *name != "scope");
    request.push(("scope", scope));
    let answer = acme.authorized(app, &mut Browser::default(), &request).await;
    acme.redeem(app, &answer.location_parameter("code").unwrap()).await.json()
}

/// The confidential client asks for itself.
async fn for_itself(app: &TestApp, acme: &TestTenant, more: &[(&str, &str)]) -> Answer {
    let form: Vec<_> = more.iter().copied().chain([("grant_type", "client_credentials")]).collect();
    app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await
}

/// A refresh of the public client with further parameters.
async fn refresh_with(app: &TestApp, acme: &TestTenant, token: &str, more: (&str, &str)) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token), more];
    app.post(&acme.path("/token"), &form).await
}

on_both! {
    /// OpenID Connect Core §5.3, §5.4: what the scope opens, and no more.
    async fn userinfo_by_scope(app: TestApp) {
        let acme = app.acme().await;
        for (scope, expected) in [
            ("openid", vec!["sub"]),
            ("openid profile", vec!["name", "preferred_username", "sub", "updated_at"]),
            ("openid email", vec!["email", "email_verified", "sub"]),
        ] {
            let tokens = tokens_for(&app, &acme, scope).await;
            assert_eq!(tokens["scope"], scope);
            let userinfo = acme.userinfo(&app, text(&tokens, "access_token")).await;
            assert_eq!(userinfo.header("cache-control"), Some("no-store"));
            assert_eq!(keys(&userinfo.json()), expected);
            assert_eq!(userinfo.json()["sub"], claims(text(&tokens, "id_token"))["sub"]);
        }
        // Without openid it is plain OAuth: no ID token, no UserInfo.
        let tokens = tokens_for(&app, &acme, "email").await;
        assert_eq!(tokens.get("id_token"), None);
        let refused = acme.userinfo(&app, text(&tokens, "access_token")).await;
        refused.expect_error(403, "insufficient_scope");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""), "{challenge}");

        let tokens = acme.tokens(&app).await;
        let bearer = format!("bearer {}", text(&tokens, "access_token"));
        let post =
            crate::support::request(Method::POST, &acme.path("/userinfo")).header("authorization", bearer);
        assert_eq!(app.send(post.finish()).await.json()["email"], "ada@acme.example");
    }

    /// RFC 9068 §2, OpenID Connect Core §2, §3.1.3.6.
    async fn claims_of_the_tokens(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let header = grantor_jose::Header::peek(text(&tokens, "access_token")).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        let access_token = claims(text(&tokens, "access_token"));
        let expected =
            ["acr", "aud", "auth_time", "client_id", "exp", "grant_id", "iat", "iss", "jti", "scope", "sub"];
        assert_eq!(keys(&access_token), expected);
        assert_eq!(access_token["iss"], acme.tenant.issuer);
        assert_eq!(access_token["aud"], acme.tenant.issuer);
        assert_eq!(access_token["client_id"], "app");
        assert_eq!(access_token["exp"], access_token["iat"].as_i64().unwrap() + 600);
        let id_token = claims(text(&tokens, "id_token"));
        let algorithm = grantor_protocol::model::SigningAlgorithm::ES256;
        let hash = grantor_protocol::claims::left_half_hash(algorithm, text(&tokens, "access_token"));
        assert_eq!(id_token["at_hash"], hash);
        assert_eq!(id_token["amr"], json!(["pwd"]));
        assert_eq!(id_token["nonce"], "n1");
    }

    /// RFC 7009 §2.1: a refresh token takes its grant with it.
    async fn revoking_a_refresh_token(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let (refresh_token, access_token) = (text(&tokens, "refresh_token"), text(&tokens, "access_token"));
        let other = acme.tokens(&app).await;
        for _ in 0..2 {
            let revoked = acme.revoke(&app, refresh_token).await;
            assert_eq!((revoked.status.as_u16(), revoked.body.as_str()), (200, ""));
            assert_eq!(revoked.header("cache-control"), Some("no-store"));
        }
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        assert_eq!(acme.audited(&app, AuditKind::GrantRevoked).await, 1);
        // Another grant of the same user and client goes on.
        assert_eq!(acme.refresh(&app, text(&other, "refresh_token")).await.status, 200);
    }

    /// RFC 7009 §2.1, RFC 7662 §2.2: an access token ends at once; its grant goes on.
    async fn revoking_an_access_token(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.confidential_tokens(&app).await;
        let access_token = text(&tokens, "access_token");
        assert_eq!(acme.introspect(&app, access_token).await["active"], true);
        assert_eq!(acme.userinfo(&app, access_token).await.status, 200);
        for _ in 0..2 {
            let credentials = ("web", acme.secret.as_str());
            let form = [("token", access_token), ("token_type_hint", "refresh_token")];
            assert_eq!(app.post_as(credentials, &acme.path("/revoke"), &form).await.status, 200);
        }
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        assert_eq!(acme.introspect(&app, access_token).await, json!({ "active": false }));
        assert_eq!(acme.introspect(&app, text(&tokens, "refresh_token")).await["active"], true);
    }

    /// RFC 7009 §2.1, §2.2: nobody ends another client's tokens, and what is unknown is as good as ended.
    async fn revoking_what_is_not_ones_own(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.confidential_tokens(&app).await;
        for name in ["access_token", "refresh_token"] {
            acme.revoke(&app, text(&tokens, name)).await.expect_error(400, "invalid_grant");
            assert_eq!(acme.introspect(&app, text(&tokens, name)).await["active"], true);
        }
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        for unknown in ["x", "grt_x", "a.b.c", &code, text(&tokens, "id_token")] {
            assert_eq!(acme.revoke(&app, unknown).await.status, 200);
        }
        assert_eq!(acme.redeem(&app, &code).await.status, 200);
    }

    /// RFC 7662 §2.2: the client and the resources that a token is for learn of it, nobody else.
    async fn introspection_for_whom(app: TestApp) {
        let mut acme = app.acme().await;
        let method = grantor_protocol::model::AuthenticationMethod::ClientSecretBasic;
        let stranger = acme.add_secret_client(&app, "stranger", method).await;
        let api = acme.add_secret_client(&app, "api", method).await;
        for client_id in ["api", "web"] {
            acme.change_client(&app, client_id, |client| {
                client.metadata.resources = vec![ADMIN_API.to_owned()]
            })
            .await;
        }
        let mut request: Vec<(&str, &str)> = acme.authorization("web");
        request.extend([("resource", ADMIN_API)]);
        let answer = acme.authorized(&app, &mut Browser::default(), &request).await;
        let code = answer.location_parameter("code").unwrap();
        let form = acme.redemption("web", &code);
        let tokens = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await.json();
        assert_eq!(claims(text(&tokens, "access_token"))["aud"], json!([ADMIN_API, acme.tenant.issuer]));

        let ask = async |client_id: &str, secret: &str, token: &str| {
            let form = [("token", token), ("token_type_hint", "access_token")];
            let answer = app.post_as((client_id, secret), &acme.path("/introspect"), &form).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            answer.json()
        };
        for (client_id, secret) in [("web", &acme.secret), ("api", &api)] {
            let shown = ask(client_id, secret, text(&tokens, "access_token")).await;
            let expected =
                [
                "acr", "active", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "scope", "sub", "token_type",
            ];
            assert_eq!(keys(&shown), expected);
            assert_eq!((&shown["active"], &shown["client_id"]), (&json!(true), &json!("web")));
            assert_eq!(shown["sub"], acme.user.id.to_string());
        }
        let inactive = json!({ "active": false });
        assert_eq!(ask("stranger", &stranger, text(&tokens, "access_token")).await, inactive);
        let refresh_token = text(&tokens, "refresh_token");
        assert_eq!(ask("web", &acme.secret, refresh_token).await["scope"], "openid profile email");
        assert_eq!(ask("api", &api, refresh_token).await, inactive);
        assert_eq!(ask("web", &acme.secret, text(&tokens, "id_token")).await, inactive);
        let form = [("client_id", "app"), ("token", refresh_token)];
        app.post(&acme.path("/introspect"), &form).await.expect_error(400, "unauthorized_client");
    }

    /// RFC 6749 §4.4, RFC 8707 §2: a client for itself, for one audience, with nothing to refresh.
    async fn client_credentials(app: TestApp) {
        let acme = app.acme().await;
        let tokens = for_itself(&app, &acme, &[]).await;
        assert_eq!(tokens.header("cache-control"), Some("no-store"));
        let tokens = tokens.json();
        assert_eq!(keys(&tokens), ["access_token", "expires_in", "scope", "token_type"]);
        assert_eq!(tokens["scope"], "profile email");
        let own = claims(text(&tokens, "access_token"));
        assert_eq!(keys(&own), ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"]);
        assert_eq!((&own["sub"], &own["client_id"]), (&json!("web"), &json!("web")));
        assert_eq!(own["aud"], acme.tenant.issuer);
        acme.userinfo(&app, text(&tokens, "access_token")).await.expect_error(403, "insufficient_scope");
        assert_eq!(for_itself(&app, &acme, &[("scope", "email")]).await.json()["scope"], "email");
        for scope in ["openid", "email offline_access", "phone", "email \u{e9}"] {
            for_itself(&app, &acme, &[("scope", scope)]).await.expect_error(400, "invalid_scope");
        }
        let resource = ("resource", ADMIN_API);
        for_itself(&app, &acme, &[resource]).await.expect_error(400, "invalid_target");
        acme.change_client(&app, "web", |client| client.metadata.resources = vec![ADMIN_API.to_owned()])
            .await;
        for more in [&[][..], &[resource], &[resource, resource]] {
            let tokens = for_itself(&app, &acme, more).await.json();
            assert_eq!(claims(text(&tokens, "access_token"))["aud"], ADMIN_API);
        }
        let unknown = [resource, ("resource", "https://unknown.example")];
        for_itself(&app, &acme, &unknown).await.expect_error(400, "invalid_target");

        // Registered, and gone since: by default it is refused like by name.
        let gone = vec!["https://unknown.example".to_owned(), ADMIN_API.to_owned()];
        acme.change_client(&app, "web", |client| client.metadata.resources = gone).await;
        for_itself(&app, &acme, &[]).await.expect_error(400, "invalid_target");
        assert_eq!(for_itself(&app, &acme, &[resource]).await.status, 200);

        acme.change_client(&app, "web", |client| client.metadata.grant_types = vec![GrantType::RefreshToken])
            .await;
        for_itself(&app, &acme, &[]).await.expect_error(400, "unauthorized_client");
    }

    /// RFC 6749 §6: a refresh may ask for less, once; never for more.
    async fn narrowing_the_scope_of_a_refresh(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let refresh_token = text(&tokens, "refresh_token");
        for scope in ["openid offline_access", "openid phone", "\""] {
            let answer = refresh_with(&app, &acme, refresh_token, ("scope", scope)).await;
            answer.expect_error(400, "invalid_scope");
        }
        let foreign = refresh_with(&app, &acme, refresh_token, ("resource", ADMIN_API)).await;
        foreign.expect_error(400, "invalid_target");
        let narrow = refresh_with(&app, &acme, refresh_token, ("scope", "email")).await.json();
        assert_eq!((&narrow["scope"], narrow.get("id_token")), (&json!("email"), None));
        acme.userinfo(&app, text(&narrow, "access_token")).await.expect_error(403, "insufficient_scope");
        let full = acme.refresh(&app, text(&narrow, "refresh_token")).await.json();
        assert_eq!(full["scope"], "openid profile email");
        // OpenID Connect Core §12.2: the same person and sign-in, and no nonce.
        let (first, later) = (claims(text(&tokens, "id_token")), claims(text(&full, "id_token")));
        for name in ["iss", "sub", "aud", "auth_time", "sid"] {
            assert_eq!(first[name], later[name], "{name}");
        }
        assert_eq!(later.get("nonce"), None);
    }

    /// OAuth 2.1 §4.3.1: a confidential client's refresh token stays, until the grant's longest life.
    async fn refresh_of_a_confidential_client(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.confidential_tokens(&app).await;
        let refresh_token = text(&tokens, "refresh_token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let refresh = || app.post_as(("web", &acme.secret), "/t/acme/token", &form);
        for days in [0, 40, 139] {
            app.clock.advance(days * 86_400);
            let refreshed = refresh().await;
            assert_eq!(refreshed.status, 200, "{refreshed:?}");
            assert_eq!(refreshed.json().get("refresh_token"), None);
        }
        app.clock.advance(86_400);
        refresh().await.expect_error(400, "invalid_grant");
    }

    /// A public client's is replaced and lives on while it is used, but not beyond the grant.
    async fn refresh_of_a_public_client_ends_with_the_grant(app: TestApp) {
        let acme = app.acme().await;
        let mut tokens = acme.tokens(&app).await;
        for _ in 0..6 {
            app.clock.advance(30 * 86_400 - 1);
            let next = acme.refresh(&app, text(&tokens, "refresh_token")).await.json();
            assert_ne!(next["refresh_token"], tokens["refresh_token"]);
            tokens = next;
        }
        app.clock.advance(6);
        acme.refresh(&app, text(&tokens, "refresh_token")).await.expect_error(400, "invalid_grant");
    }

    /// RFC 6749 §5.2: a client that may not refresh gets nothing to refresh with.
    async fn a_client_without_the_refresh_grant(app: TestApp) {
        let acme = app.acme().await;
        let held = acme.tokens(&app).await;
        let grant_types = vec![GrantType::AuthorizationCode];
        acme.change_client(&app, "app", |client| client.metadata.grant_types = grant_types).await;
        assert_eq!(acme.tokens(&app).await.get("refresh_token"), None);
        acme.refresh(&app, text(&held, "refresh_token")).await.expect_error(400, "unauthorized_client");
        acme.change_client(&app, "app", |client| client.metadata.scope = Scope::default()).await;
        let mut browser = Browser::default();
        let refused = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        refused.expect_redirected_error("invalid_scope");
    }

    /// A user who is locked or deleted has nothing left: no session, no code, no token.
    async fn a_user_who_is_locked_or_deleted(app: TestApp) {
        let acme = app.acme().await;
        let api = app.platform("platform-admin").await;
        let path = format!("/tenants/acme/users/{}", acme.user.id);
        for deleted in [false, true] {
            let mut browser = Browser::default();
            let code = acme.code(&app, &mut browser, "app").await;
            let tokens = acme.confidential_tokens(&app).await;
            let mut request = acme.authorization("web");
            request.push(("prompt", "consent"));
            let pending = browser.get(&app, &acme.authorize(&request)).await;
            let answer = match deleted {
                true => api.delete(&path).await,
                false => api.patch(&path, &json!({ "status": "locked" })).await,
            };
            assert!(answer.status.is_success(), "{answer:?}");

            acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");
            let form = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
            let refresh = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
            refresh.expect_error(400, "invalid_grant");
            acme.userinfo(&app, text(&tokens, "access_token")).await.expect_error(401, "invalid_token");
            for name in ["access_token", "refresh_token"] {
                assert_eq!(acme.introspect(&app, text(&tokens, name)).await, json!({ "active": false }));
            }
            assert_eq!(browser.get(&app, &acme.path("/account")).await.location(), "/t/acme/login");
            assert!(pending.location().starts_with("/t/acme/consent?"), "{pending:?}");
            let page = browser.follow(&app, &pending).await;
            assert!(page.location().starts_with("/t/acme/login?"), "{page:?}");
            if !deleted {
                // Unlocked they start anew: what was ended stays ended.
                assert_eq!(api.patch(&path, &json!({ "status": "active" })).await.status, 200);
                acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");
                assert_eq!(browser.get(&app, &acme.path("/account")).await.location(), "/t/acme/login");
            }
        }
    }

    /// A client that is deleted takes everything with it.
    async fn a_client_that_is_deleted(app: TestApp) {
        let acme = app.acme().await;
        let api = app.platform("platform-admin").await;
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let tokens = acme.tokens(&app).await;
        let mut request = acme.authorization("app");
        request.push(("prompt", "consent"));
        let pending = browser.get(&app, &acme.authorize(&request)).await;
        assert_eq!(api.delete("/tenants/acme/clients/app").await.status, 204);
        acme.redeem(&app, &code).await.expect_error(401, "invalid_client");
        acme.refresh(&app, text(&tokens, "refresh_token")).await.expect_error(401, "invalid_client");
        acme.userinfo(&app, text(&tokens, "access_token")).await.expect_error(401, "invalid_token");
        browser.follow(&app, &pending).await.expect_error_page(400);
        browser.get(&app, &acme.authorize(&request)).await.expect_error_page(400);
        let account = browser.get(&app, &acme.path("/account")).await;
        assert!(account.status == 200 && !account.body.contains("The app"), "{account:?}");
    }
}
