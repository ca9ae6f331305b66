//! Bad input: the standard's own error, a page where nothing is proven, and nothing written.

use grantor_protocol::model::TenantStatus;
use poem::http::{Method, header};

use crate::on_both;
use crate::support::{
    Answer, Browser, FORM, PASSWORD, REDIRECT_URI, TestApp, TestTenant, basic, encode, form_request, request,
};

/// Endpoints of machines.
const JSON: [(Method, &str); 10] = [
    (Method::GET, "/.well-known/openid-configuration"),
    (Method::GET, "/.well-known/oauth-authorization-server"),
    (Method::GET, "/jwks"),
    (Method::POST, "/token"),
    (Method::POST, "/par"),
    (Method::POST, "/device_authorization"),
    (Method::POST, "/revoke"),
    (Method::POST, "/introspect"),
    (Method::GET, "/userinfo"),
    (Method::POST, "/userinfo"),
];

/// Endpoints of people.
const PAGES: [(Method, &str); 56] = [
    (Method::GET, "/authorize"),
    (Method::POST, "/authorize"),
    (Method::GET, "/login"),
    (Method::POST, "/login"),
    (Method::GET, "/consent"),
    (Method::POST, "/consent"),
    (Method::GET, "/activate"),
    (Method::POST, "/activate"),
    (Method::GET, "/activate/callback"),
    (Method::GET, "/account"),
    (Method::POST, "/account/revoke"),
    (Method::GET, "/account/profile"),
    (Method::POST, "/account/profile"),
    (Method::GET, "/account/password"),
    (Method::POST, "/account/password"),
    (Method::POST, "/invitation/passkey"),
    (Method::GET, "/account/devices"),
    (Method::GET, "/account/sessions"),
    (Method::POST, "/account/sessions"),
    (Method::GET, "/account/applications"),
    (Method::GET, "/account/data"),
    (Method::POST, "/account/data"),
    (Method::GET, "/account/deletion"),
    (Method::POST, "/account/deletion"),
    (Method::POST, "/account/verify"),
    (Method::GET, "/recover"),
    (Method::POST, "/recover"),
    (Method::GET, "/recover/password"),
    (Method::POST, "/recover/password"),
    (Method::GET, "/invitation"),
    (Method::POST, "/invitation"),
    (Method::GET, "/verify"),
    (Method::POST, "/verify"),
    (Method::POST, "/magic-link"),
    (Method::GET, "/magic-link/open"),
    (Method::POST, "/magic-link/open"),
    (Method::POST, "/login/upstream"),
    (Method::GET, "/login/callback"),
    (Method::GET, "/account/providers"),
    (Method::POST, "/account/providers/link"),
    (Method::POST, "/account/providers/unlink"),
    (Method::GET, "/login/second-factor"),
    (Method::POST, "/login/second-factor"),
    (Method::GET, "/login/new-authenticator"),
    (Method::POST, "/login/new-authenticator"),
    (Method::POST, "/login/continue"),
    (Method::POST, "/login/passkey"),
    (Method::POST, "/login/passkey/options"),
    (Method::GET, "/account/security"),
    (Method::POST, "/account/security"),
    (Method::GET, "/account/security/add"),
    (Method::POST, "/account/security/add"),
    (Method::POST, "/account/security/options"),
    (Method::POST, "/account/security/recovery-codes"),
    (Method::GET, "/logout"),
    (Method::POST, "/logout"),
];

async fn ask(app: &TestApp, method: &Method, path: &str) -> Answer {
    if method == Method::POST { app.post_body(path, "a=b").await } else { app.get(path).await }
}

async fn every_endpoint_refuses(app: &TestApp, slug: &str, status: u16) {
    for (method, path) in JSON {
        ask(app, &method, &format!("/t/{slug}{path}")).await.expect_error(status, "invalid_request");
    }
    for document in ["openid-configuration", "oauth-authorization-server"] {
        let answer = app.get(&format!("/.well-known/{document}/t/{slug}")).await;
        answer.expect_error(status, "invalid_request");
    }
    for (method, path) in PAGES {
        ask(app, &method, &format!("/t/{slug}{path}")).await.expect_error_page(status);
    }
}

/// Variants of a good form that are none (RFC 6749 Appendix B, §3.1).
fn malformed(good: &str) -> Vec<String> {
    let with = |more: &str| format!("{good}&{more}");
    let mut bodies: Vec<_> =
        ["x=%", "x=%4", "x=%zz", "%=1", "x=%FF", "x=%C3%28", "x=%00", "x=%0A", "x=%1b", "x=%7F"]
            .map(with)
            .into();
    bodies.push(with(&format!("x={}", "a".repeat(8193))));
    bodies.push(with(&(0..64).map(|number| format!("p{number}=1&")).collect::<String>()));
    bodies
}

/// Bodies with each parameter twice, the second time with another value or none (RFC 6749 §3.1).
fn duplicated(good: &str) -> Vec<(String, String)> {
    let names = good.split('&').map(|pair| pair.split('=').next().unwrap());
    names
        .flat_map(|name| ["x", ""].map(|value| (name.to_owned(), format!("{good}&{name}={value}"))))
        .collect()
}

/// More than 64 KiB of well-formed parameters.
fn oversize(good: &str) -> String {
    format!("{good}{}", format!("&x={}", "a".repeat(8000)).repeat(9))
}

/// How much the tenant's audit trail holds.
async fn trail(app: &TestApp, acme: &TestTenant) -> usize {
    app.app.store.tenant(acme.tenant.id).audit_events(10_000).await.unwrap().len()
}

on_both! {
    /// CONTRACT: unknown tenants do not exist, suspended ones answer nothing, and come back unharmed.
    async fn a_tenant_that_is_unknown_or_suspended(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let long = "a".repeat(2000);
        every_endpoint_refuses(&app, "nobody", 404).await;
        for slug in ["ACME", "acme%20", "%00", "acme%2F..", "%ff", "'", &long] {
            app.get(&format!("/t/{slug}/jwks")).await.expect_error(404, "invalid_request");
        }
        acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Suspended).await;
        every_endpoint_refuses(&app, "acme", 403).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(403, "invalid_request");
        acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Active).await;
        assert_eq!(acme.refresh(&app, refresh_token).await.status, 200);
    }

    /// RFC 6749 §3.2, RFC 7009 §2.1, RFC 7662 §2.1: forms, and nothing else.
    async fn a_content_type_that_is_no_form(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let body = encode(&acme.redemption("app", &code));
        for content_type in ["", "application/json", "text/plain", "multipart/form-data; boundary=x", "/"] {
            let post = |path: &str| {
                let builder = request(Method::POST, path);
                let builder =
                    if content_type.is_empty() { builder } else { builder.content_type(content_type) };
                app.send(builder.body(body.clone()))
            };
            for path in ["/token", "/par", "/device_authorization", "/revoke", "/introspect"] {
                post(&acme.path(path)).await.expect_error(400, "invalid_request");
            }
            for path in ["/authorize", "/login", "/consent", "/activate", "/account/revoke", "/logout"] {
                post(&acme.path(path)).await.expect_error_page(400);
            }
            post("/setup").await.expect_error_page(400);
            post("/setup/passkey").await.expect_error_page(400);
        }
        let spelled = "Application/X-WWW-Form-URLEncoded; charset=UTF-8";
        let post = request(Method::POST, &acme.path("/token")).content_type(spelled).body(body);
        assert_eq!(app.send(post).await.status, 200);
    }

    /// RFC 6749 §5.2: whatever is wrong with the form, and the code is good afterwards.
    async fn forms_for_the_token_endpoint(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let good = encode(&acme.redemption("app", &code));
        let (path, before) = (acme.path("/token"), trail(&app, &acme).await);
        let duplicated = duplicated(&good).into_iter().map(|(_, body)| body);
        for body in malformed(&good).into_iter().chain(duplicated).chain([oversize(&good)]) {
            app.post_body(&path, &body).await.expect_error(400, "invalid_request");
        }
        let raw = [good.as_bytes(), b"&x=\xff\xfe"].concat();
        let raw = request(Method::POST, &path).content_type(FORM).body(raw);
        app.send(raw).await.expect_error(400, "invalid_request");
        for (missing, status, error) in [
            ("grant_type", 400, "invalid_request"),
            ("code", 400, "invalid_request"),
            ("code_verifier", 400, "invalid_grant"),
            ("client_id", 401, "invalid_client"),
        ] {
            let rest: Vec<_> = acme.redemption("app", &code);
            let absent: Vec<_> = rest.iter().copied().filter(|(name, _)| *name != missing).collect();
            app.post(&path, &absent).await.expect_error(status, error);
            // RFC 6749 §3.1: without a value is as good as absent.
            let empty: Vec<_> =
                rest.iter().map(|(name, value)| (*name, if *name == missing { "" } else { value })).collect();
            app.post(&path, &empty).await.expect_error(status, error);
        }
        let refresh = [("grant_type", "refresh_token"), ("client_id", "app")];
        app.post(&path, &refresh).await.expect_error(400, "invalid_request");
        for grant_type in ["password", "implicit", "authorization_code ", "AUTHORIZATION_CODE"] {
            let form = [("grant_type", grant_type), ("client_id", "app")];
            app.post(&path, &form).await.expect_error(400, "unsupported_grant_type");
        }
        let form = [("grant_type", "client_credentials"), ("client_id", "app")];
        app.post(&path, &form).await.expect_error(400, "unauthorized_client");
        assert_eq!(trail(&app, &acme).await, before);
        assert_eq!(app.post_body(&path, &good).await.status, 200);
    }

    /// RFC 7009 §2.2.1, RFC 7662 §2.3.
    async fn forms_for_revocation_and_introspection(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.confidential_tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let good = encode(&[("token", refresh_token), ("token_type_hint", "refresh_token")]);
        let before = trail(&app, &acme).await;
        for path in ["/revoke", "/introspect"] {
            let duplicated = duplicated(&good).into_iter().map(|(_, body)| body);
            let missing = ["".to_owned(), "token=".to_owned(), "token_type_hint=refresh_token".to_owned()];
            for body in malformed(&good).into_iter().chain(duplicated).chain(missing).chain([oversize(&good)])
            {
                let post = form_request(&acme.path(path), &body)
                    .header(header::AUTHORIZATION, basic("web", &acme.secret));
                app.send(post.finish()).await.expect_error(400, "invalid_request");
            }
        }
        assert_eq!(trail(&app, &acme).await, before);
        assert_eq!(acme.introspect(&app, refresh_token).await["active"], true);
    }

    /// RFC 6749 §3.1, §4.1.2.1, RFC 9700 §4.11: while client and redirect URI are not proven there is a
    /// page, and no redirect.
    async fn authorization_requests_that_prove_nothing(app: TestApp) {
        let mut acme = app.acme().await;
        let good = encode(&acme.authorization("app"));
        let mut queries = malformed(&good);
        let proofs = ["client_id", "redirect_uri"];
        queries.extend(
            duplicated(&good)
                .into_iter()
                .filter(|(name, _)| proofs.contains(&name.as_str()))
                .map(|(_, query)| query),
        );
        for redirect_uri in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/CB",
            "https://app.example:443/cb",
            "http://app.example/cb",
            "https://evil.example/cb",
            "https://app.example@evil.example/cb",
            "https://app.example/cb#x",
            "https://app.example/cb/../cb",
            "//app.example/cb",
            "/cb",
            "javascript:alert(1)",
            "https://app.example.evil.example/cb",
        ] {
            let changed = acme.authorization("app").into_iter().filter(|(name, _)| *name != "redirect_uri");
            queries.push(encode(&changed.chain([("redirect_uri", redirect_uri)]).collect::<Vec<_>>()));
        }
        for client_id in ["", "nobody", "APP", "app%20", "%C3%A9"] {
            queries.push(good.replace("client_id=app", &format!("client_id={client_id}")));
        }
        // With two registered redirect URIs the request must say which (RFC 6749 §3.1.2.3).
        let mut two = crate::support::client(&acme.tenant, "two");
        two.metadata.redirect_uris.push("https://app.example/other".to_owned());
        acme.add_client(&app, two).await;
        let unnamed = acme.authorization("two").into_iter().filter(|(name, _)| *name != "redirect_uri");
        queries.push(encode(&unnamed.collect::<Vec<_>>()));
        for query in &queries {
            app.get(&acme.path(&format!("/authorize?{query}"))).await.expect_error_page(400);
            app.post_body(&acme.path("/authorize"), query).await.expect_error_page(400);
        }
        app.post_body(&acme.path("/authorize"), &oversize(&good)).await.expect_error_page(400);
        app.get(&acme.path("/authorize")).await.expect_error_page(400);
        // RFC 9101 §6.2: a request object that is none proves nothing, whatever stands beside it.
        for more in ["request=eyJ", "request_uri=urn:x", "request=eyJ&request_uri=urn:x"] {
            app.get(&acme.path(&format!("/authorize?{good}&{more}"))).await.expect_error_page(400);
        }
        acme.change_client(&app, "app", |client| client.enabled = false).await;
        app.get(&acme.path(&format!("/authorize?{good}"))).await.expect_error_page(400);
    }

    /// RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 7636 §4.4.1, RFC 8707 §2: after that the
    /// client is told.
    async fn authorization_requests_with_a_mistake(app: TestApp) {
        let acme = app.acme().await;
        let good = acme.authorization("app");
        let without = |name: &str| good.iter().copied().filter(|(held, _)| *held != name).collect::<Vec<_>>();
        for name in ["response_type", "code_challenge", "code_challenge_method"] {
            app.get(&acme.authorize(&without(name))).await.expect_redirected_error("invalid_request");
        }
        for (name, value, error) in [
            ("response_type", "token", "unsupported_response_type"),
            ("response_type", "id_token", "unsupported_response_type"),
            ("response_type", "code id_token", "unsupported_response_type"),
            ("response_mode", "web_message", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "s256", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("scope", "openid admin", "invalid_scope"),
            ("scope", "openid \"", "invalid_scope"),
            ("resource", "https://unknown.example", "invalid_target"),
            ("prompt", "none login", "invalid_request"),
            ("prompt", "create", "invalid_request"),
            ("max_age", "-1", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("registration", "{}", "registration_not_supported"),
        ] {
            let mut parameters = without(name);
            parameters.push((name, value));
            app.get(&acme.authorize(&parameters)).await.expect_redirected_error(error);
            app.post(&acme.path("/authorize"), &parameters).await.expect_redirected_error(error);
        }
        for (name, query) in duplicated(&encode(&good)) {
            if !["client_id", "redirect_uri"].contains(&name.as_str()) {
                let answer = app.get(&acme.path(&format!("/authorize?{query}"))).await;
                answer.expect_redirected_error("invalid_request");
            }
        }
        acme.change_client(&app, "app", |client| client.metadata.grant_types.clear()).await;
        app.get(&acme.authorize(&good)).await.expect_redirected_error("unauthorized_client");
    }

    /// The forms of the pages: refused ones leave the interaction and the session as they were.
    async fn forms_of_the_pages(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let page = browser.follow(&app, &begun).await;
        let own = |page: &Answer| {
            encode(&[("csrf", page.field("csrf").as_str()), ("interaction", &page.field("interaction"))])
        };
        let login = format!("{}&{}", own(&page), encode(&[("username", "ada"), ("password", PASSWORD)]));
        refuses(&app, &mut browser, &acme.path("/login"), &login).await;
        let consent = browser.post_body(&app, &acme.path("/login"), &login).await;
        assert!(consent.location().starts_with("/t/acme/consent?"), "{consent:?}");

        let allow = own(&browser.follow(&app, &consent).await) + "&decision=allow";
        refuses(&app, &mut browser, &acme.path("/consent"), &allow).await;
        let maybe = allow.replace("decision=allow", "decision=maybe");
        browser.post_body(&app, &acme.path("/consent"), &maybe).await.expect_error_page(400);
        let answer = browser.post_body(&app, &acme.path("/consent"), &allow).await;
        assert!(answer.location().starts_with(REDIRECT_URI), "{answer:?}");

        let account = browser.get(&app, &acme.path("/account")).await;
        let revoke = encode(&[("csrf", account.field("csrf").as_str()), ("client_id", "app")]);
        refuses(&app, &mut browser, &acme.path("/account/revoke"), &revoke).await;
        refuses(&app, &mut browser, &acme.path("/logout"), &revoke).await;
        let account = browser.get(&app, &acme.path("/account")).await;
        assert!(account.body.contains("The app"), "{account:?}");
    }

    /// RFC 9110 §15.5.6.
    async fn a_method_that_is_not_offered(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let offered = JSON.iter().chain(&PAGES).cloned().collect::<Vec<_>>();
        for (_, path) in &offered {
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if !offered.contains(&(method.clone(), path)) {
                    let query = encode(&acme.redemption("app", &code));
                    let answer =
                        app.send(request(method.clone(), &acme.path(&format!("{path}?{query}"))).finish());
                    let answer = answer.await;
                    assert_eq!(answer.status, 405, "{method} {path}");
                    let methods = offered.iter().filter(|(_, held)| held == path).map(|(method, _)| method.as_str());
                    let mut allow: Vec<_> = methods.collect();
                    if allow.contains(&"GET") {
                        allow.push("HEAD");
                    }
                    let allow = allow.join(", ");
                    assert_eq!(answer.header("allow"), Some(allow.as_str()), "{method} {path}");
                }
            }
        }
        assert_eq!(acme.redeem(&app, &code).await.status, 200);
    }
}

/// Every spoilt variant of a good form gets an error page.
async fn refuses(app: &TestApp, browser: &mut Browser, path: &str, good: &str) {
    let duplicated = duplicated(good).into_iter().map(|(_, body)| body);
    for body in malformed(good).into_iter().chain(duplicated).chain([oversize(good)]) {
        browser.post_body(app, path, &body).await.expect_error_page(400);
    }
}
