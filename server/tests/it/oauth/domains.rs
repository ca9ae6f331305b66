//! Issuers at domains of the tenants' own: what answers there, what answers nowhere else any more (RFC 8414
//! §3.3, RFC 9207), and which hosts count.

use poem::http::{Method, header};
use serde_json::{Value, json};

use crate::admin::domains::verified;
use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant, request};

const DOMAIN: &str = "login.acme.example";
const ISSUER: &str = "https://login.acme.example";
const METADATA: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// Verifies a domain of the tenant's and moves the tenant's issuer there.
pub async fn move_to(app: &TestApp, slug: &str, domain: &str) {
    let admin = app.platform("platform-admin").await;
    let path = format!("/tenants/{slug}/domains/{domain}");
    verified(app, &admin, &path).await;
    assert_eq!(admin.patch(&path, &json!({ "primary": true })).await.status, 200);
}

/// The tenant as its clients see it at its domain.
fn at_domain(acme: TestTenant) -> TestTenant {
    TestTenant { base: String::new(), ..acme }
}

async fn get_at(app: &TestApp, host: &str, path: &str) -> Answer {
    app.send(request(Method::GET, path).header(header::HOST, host).finish()).await
}

fn claims(tokens: &Value, member: &str) -> Value {
    grantor_jose::unverified_claims(tokens[member].as_str().unwrap()).unwrap()
}

on_both! {
    /// RFC 6749 §4.1 from the domain's metadata to UserInfo.
    async fn a_person_signs_in_at_the_domain(app: TestApp) {
        let acme = app.acme().await;
        move_to(&app, "acme", DOMAIN).await;
        let acme = at_domain(acme);
        app.at(Some(DOMAIN));
        let metadata = app.get(METADATA[0]).await.json();
        assert_eq!(metadata["issuer"], ISSUER);
        for (member, value) in metadata.as_object().unwrap() {
            if member.ends_with("_endpoint") || member == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/")), "{member}: {value}");
            }
        }

        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("web"))).await;
        assert!(begun.location().starts_with("/login?interaction="), "{begun:?}");
        let set = begun.header("set-cookie").unwrap();
        assert!(set.starts_with("__Host-grantor-browser-acme=") && !set.contains("Domain"), "{set}");
        let page = browser.follow(&app, &begun).await;
        assert!(page.body.contains("action=\"/login\"") && page.body.contains("href=\"/theme.css"), "{page:?}");
        assert!(!page.body.contains("/t/acme"), "{page:?}");
        for link in page.body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            assert_eq!(app.get(link).await.status, 200, "{link}");
        }
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        assert!(signed_in.location().starts_with("/consent?interaction="), "{signed_in:?}");
        let consent = browser.follow(&app, &signed_in).await;
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().starts_with(&format!("{REDIRECT_URI}?code=gac_")), "{answer:?}");
        assert_eq!(answer.location_parameter("iss").as_deref(), Some(ISSUER));
        let code = answer.location_parameter("code").unwrap();
        let tokens = app.post_as(("web", &acme.secret), "/token", &acme.redemption("web", &code)).await.json();
        assert_eq!(claims(&tokens, "id_token")["iss"], ISSUER);
        let access_token = claims(&tokens, "access_token");
        assert_eq!((&access_token["iss"], &access_token["aud"]), (&json!(ISSUER), &json!(ISSUER)));
        let bearer = tokens["access_token"].as_str().unwrap();
        assert_eq!(acme.userinfo(&app, bearer).await.json()["email"], "ada@acme.example");
        assert_eq!(acme.introspect(&app, bearer).await["iss"], ISSUER);
        let account = browser.get(&app, "/account").await;
        assert!(account.body.contains("action=\"/logout\""), "{account:?}");
        assert_eq!(app.get("/jwks").await.json()["keys"].as_array().unwrap().len(), 2);
    }

    /// RFC 8414 §3.3: whoever asks an issuer for its metadata gets that issuer's, or none.
    async fn a_tenant_is_where_its_issuer_is_and_nowhere_else(app: TestApp) {
        app.acme().await;
        app.other().await;
        let inserted = METADATA.map(|path| format!("{path}/t/acme"));
        let appended = METADATA.map(|path| format!("/t/acme{path}"));
        let before: Vec<_> = inserted.iter().chain(&appended).map(String::as_str).collect();
        for path in &before {
            assert_eq!(app.get(path).await.json()["issuer"], "https://id.example/t/acme", "{path}");
        }
        for path in METADATA {
            assert_eq!(get_at(&app, DOMAIN, path).await.status, 404, "nobody's yet, and asked for before");
        }
        move_to(&app, "acme", DOMAIN).await;
        for path in METADATA {
            for host in [DOMAIN, "LOGIN.acme.example", "login.acme.example:443"] {
                assert_eq!(get_at(&app, host, path).await.json()["issuer"], ISSUER, "{host}{path}");
            }
            for host in ["acme.example", "x.login.acme.example", "login.acme.example.", "login.acme.example.evil.example", "id.example"] {
                assert_eq!(get_at(&app, host, path).await.status, 404, "{host}{path}");
            }
        }
        let elsewhere = ["/token", "/authorize", "/account", "/jwks", "/theme.css", "/userinfo"].map(|path| format!("/t/acme{path}"));
        for path in before.iter().copied().chain(elsewhere.iter().map(String::as_str)) {
            for host in ["id.example", DOMAIN, "unknown.example"] {
                let answer = match path.ends_with("/token") {
                    true => app.send(request(Method::POST, path).header(header::HOST, host).content_type("application/x-www-form-urlencoded").body("a=b")).await,
                    false => get_at(&app, host, path).await,
                };
                assert!([404, 401].contains(&answer.status.as_u16()), "{host}{path}: {answer:?}");
                assert!(!answer.body.contains("Acme") && answer.header("location").is_none(), "{host}{path}: {answer:?}");
            }
        }
        // Nothing else of the server is at a tenant's domain.
        for path in ["/t/other/jwks", "/admin/v1/me", "/admin/v1/openapi.json", "/console/", "/", "/setup", "/.well-known/openid-configuration/t/other"] {
            assert_eq!(get_at(&app, DOMAIN, path).await.status, 404, "{path}");
        }
        assert_eq!(app.get("/t/other/jwks").await.status, 200);
    }

    async fn a_domain_leads_to_its_own_tenant(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        move_to(&app, "acme", DOMAIN).await;
        move_to(&app, "other", "login.other.example").await;
        let issuer = async |host: &str| get_at(&app, host, METADATA[0]).await.json()["issuer"].clone();
        assert_eq!(issuer(DOMAIN).await, ISSUER);
        assert_eq!(issuer("login.other.example").await, "https://login.other.example");
        app.at(Some(DOMAIN));
        let acme = at_domain(acme);
        let tokens = acme.tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        app.at(Some("login.other.example"));
        acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await.expect_error(401, "invalid_token");
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
        app.at(Some(DOMAIN));
        assert_eq!(acme.refresh(&app, refresh_token).await.status, 200);
    }

    /// Whoever chose the host in a header of their own could fill a proxy's cache with another tenant's.
    async fn forwarding_headers_name_no_host(app: TestApp) {
        app.acme().await;
        move_to(&app, "acme", DOMAIN).await;
        // The second one is a trusted proxy.
        for address in ["198.51.100.7", "192.0.2.1"] {
            let asked = request(Method::GET, METADATA[0])
                .header(header::HOST, "id.example")
                .header("x-forwarded-host", DOMAIN)
                .header("x-original-host", DOMAIN)
                .header(header::FORWARDED, format!("for=203.0.113.9;host={DOMAIN};proto=https"));
            let answer = app.send(Browser::at(address).connected(asked.finish())).await;
            assert_eq!(answer.status, 404, "{address}: {answer:?}");
        }
    }

    /// What the tenant gave stays given; only access tokens name an issuer, and end with it.
    async fn grants_move_with_the_issuer(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let (refresh_token, access_token) =
            (tokens["refresh_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
        let own = acme.confidential_tokens(&app).await["access_token"].as_str().unwrap().to_owned();
        assert_eq!(acme.introspect(&app, &own).await["active"], true);
        move_to(&app, "acme", DOMAIN).await;
        let (home, acme) = ("/t/acme", at_domain(acme));
        app.at(Some(DOMAIN));
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        assert_eq!(acme.introspect(&app, &own).await, json!({ "active": false }));
        let refreshed = acme.refresh(&app, refresh_token).await.json();
        assert_eq!(claims(&refreshed, "access_token")["iss"], ISSUER);
        assert_eq!(acme.userinfo(&app, refreshed["access_token"].as_str().unwrap()).await.status, 200);

        // And back: by taking the domain away.
        app.at(None);
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.delete(&format!("/tenants/acme/domains/{DOMAIN}")).await.status, 204);
        assert_eq!(get_at(&app, DOMAIN, METADATA[0]).await.status, 404);
        let acme = TestTenant { base: home.to_owned(), ..acme };
        acme.userinfo(&app, refreshed["access_token"].as_str().unwrap()).await.expect_error(401, "invalid_token");
        let returned = acme.refresh(&app, refreshed["refresh_token"].as_str().unwrap()).await.json();
        assert_eq!(claims(&returned, "access_token")["iss"], "https://id.example/t/acme");
    }

    async fn a_suspended_tenant_is_closed_at_its_domain_too(app: TestApp) {
        app.acme().await;
        move_to(&app, "acme", DOMAIN).await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.post("/tenants/acme/suspend", &json!({})).await.status, 200);
        for path in METADATA.into_iter().chain(["/jwks"]) {
            get_at(&app, DOMAIN, path).await.expect_error(403, "invalid_request");
        }
        get_at(&app, DOMAIN, "/account").await.expect_error_page(403);
        assert_eq!(app.get("/t/acme/jwks").await.status, 404);
        assert_eq!(admin.post("/tenants/acme/resume", &json!({})).await.status, 200);
        assert_eq!(get_at(&app, DOMAIN, "/jwks").await.status, 200);
        assert_eq!(admin.delete("/tenants/acme").await.status, 202);
        assert_eq!(get_at(&app, DOMAIN, "/jwks").await.status, 404);
    }

    /// The admin API knows whose issuer an access token's is, and takes none of the issuer before.
    async fn the_tenants_administrators_come_along(app: TestApp) {
        let acme = app.acme().await;
        let before = app.tenant_api(&acme.tenant, "tenant-owner").await;
        assert_eq!(before.get("/tenants/acme").await.status, 200);
        move_to(&app, "acme", DOMAIN).await;
        before.get("/tenants/acme").await.expect_problem(401, "unauthenticated");
        let (client_id, secret) = app.service_account(&acme.tenant, "operator").await;
        let form = [("grant_type", "client_credentials"), ("resource", crate::admin::ADMIN_API)];
        app.at(Some(DOMAIN));
        let answer = app.post_as((client_id.as_str(), &secret), "/token", &form).await;
        app.at(None);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        let me = app.api_with(token).get("/me").await.document(200);
        assert_eq!(me["tenant"], "acme");
    }
}
