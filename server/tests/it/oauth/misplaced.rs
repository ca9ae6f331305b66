//! Codes, tokens and sessions where they do not belong.

use grantor_protocol::claims::AccessTokenClaims;
use grantor_protocol::model::{SigningAlgorithm, TenantSettings};
use serde_json::{Value, json};

use super::assertion::{Signer, compact};
use crate::on_both;
use crate::support::{Browser, REDIRECT_URI, TestApp, TestTenant, VERIFIER};

/// A neighbour of `acme` with the same names for everything.
async fn neighbour(app: &TestApp) -> TestTenant {
    app.tenant_with("beta", TenantSettings::default()).await
}

on_both! {
    /// RFC 6749 §4.1.2: a code lives a minute.
    async fn a_code_that_has_expired(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        app.clock.advance(60);
        acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");
        let tokens = acme.tokens(&app).await;
        app.clock.advance(30 * 86_400);
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
    }

    /// RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9700 §4.8.2: a code is bound to its client, its redirect URI
    /// and its verifier; a failed attempt spends nothing.
    async fn a_code_that_was_stolen(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "web").await;
        acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");

        let credentials = ("web", acme.secret.as_str());
        let long = "a".repeat(129);
        for (name, value) in [
            ("redirect_uri", "https://app.example/cb/"),
            ("redirect_uri", "https://evil.example/"),
            ("code_verifier", ""),
            ("code_verifier", &VERIFIER[..42]),
            ("code_verifier", "aBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            ("code_verifier", crate::support::CHALLENGE),
            ("code_verifier", &long),
            ("code", "gac_0000000000000000000000000000000000000000000"),
            ("code", &code.to_uppercase()),
        ] {
            let form = acme.redemption("web", &code);
            let form: Vec<_> = form
                .into_iter()
                .map(|(held, good)| (held, if held == name { value } else { good }))
                .collect();
            let answer = app.post_as(credentials, &acme.path("/token"), &form).await;
            answer.expect_error(400, "invalid_grant");
        }
        let form = acme.redemption("web", &code);
        assert_eq!(app.post_as(credentials, &acme.path("/token"), &form).await.status, 200);
    }

    /// RFC 6749 §6: a refresh token is its client's, and no code.
    async fn a_refresh_token_that_was_stolen(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let answer = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
        answer.expect_error(400, "invalid_grant");
        acme.redeem(&app, refresh_token).await.expect_error(400, "invalid_grant");
        for other in ["access_token", "id_token"] {
            acme.refresh(&app, tokens[other].as_str().unwrap()).await.expect_error(400, "invalid_grant");
        }
        assert_eq!(acme.refresh(&app, refresh_token).await.status, 200);
    }

    /// What one tenant gave is worth nothing at another, though all names are the same there; and
    /// trying does no harm.
    async fn what_belongs_to_another_tenant(app: TestApp) {
        let (acme, beta) = (app.acme().await, neighbour(&app).await);
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let tokens = acme.tokens(&app).await;
        let token = |name: &str| tokens[name].as_str().unwrap();

        let confidential = acme.confidential_tokens(&app).await;
        for name in ["access_token", "refresh_token"] {
            let token = confidential[name].as_str().unwrap();
            assert_eq!(beta.introspect(&app, token).await, json!({ "active": false }));
            assert_eq!(acme.introspect(&app, token).await["active"], true);
        }
        beta.redeem(&app, &code).await.expect_error(400, "invalid_grant");
        beta.refresh(&app, token("refresh_token")).await.expect_error(400, "invalid_grant");
        beta.userinfo(&app, token("access_token")).await.expect_error(401, "invalid_token");
        for name in ["access_token", "refresh_token"] {
            let revoked = beta.revoke(&app, token(name)).await;
            assert_eq!((revoked.status.as_u16(), revoked.body.as_str()), (200, ""));
        }
        let form = [("grant_type", "client_credentials")];
        let answer = app.post_as(("web", &acme.secret), &beta.path("/token"), &form).await;
        answer.expect_error(401, "invalid_client");

        assert_eq!(acme.redeem(&app, &code).await.status, 200);
        assert_eq!(acme.userinfo(&app, token("access_token")).await.status, 200);
        assert_eq!(acme.refresh(&app, token("refresh_token")).await.status, 200);
    }

    /// A session, an interaction and a form's token are their tenant's.
    async fn a_browser_at_another_tenant(app: TestApp) {
        let (acme, beta) = (app.acme().await, neighbour(&app).await);
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        let session = browser.cookie("grantor-session-acme").unwrap().to_owned();
        let own = browser.cookie("grantor-browser-acme").unwrap().to_owned();
        browser.put_cookie("__Host-grantor-session-beta", &session);
        browser.put_cookie("__Host-grantor-browser-beta", &own);
        let account = browser.get(&app, &beta.path("/account")).await;
        assert_eq!(account.location(), "/t/beta/login");
        let asked = browser.get(&app, &beta.authorize(&beta.authorization("app"))).await;
        assert!(asked.location().starts_with("/t/beta/login?"), "{asked:?}");

        let mut parameters = acme.authorization("app");
        parameters.push(("prompt", "login"));
        let begun = browser.get(&app, &acme.authorize(&parameters)).await;
        let page = browser.follow(&app, &begun).await;
        let address = begun.location().replace("/t/acme/", "/t/beta/");
        browser.get(&app, &address).await.expect_error_page(400);
        browser.get(&app, &address.replace("login", "consent")).await.expect_error_page(400);
        beta.sign_in(&app, &mut browser, &page).await.expect_error_page(400);
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let allow = [("csrf", csrf.as_str()), ("interaction", &interaction), ("decision", "allow")];
        browser.post(&app, &beta.path("/consent"), &allow).await.expect_error_page(400);
        let answer = acme.sign_in(&app, &mut browser, &page).await;
        assert!(answer.location().starts_with(REDIRECT_URI), "{answer:?}");
    }

    /// RFC 9068 §4, RFC 8725 §3.1, §3.11, RFC 6750 §3.1: only a JWT of `typ` at+jwt that a key of this
    /// tenant signed is an access token.
    async fn what_only_looks_like_an_access_token(app: TestApp) {
        let (acme, beta) = (app.acme().await, neighbour(&app).await);
        let tokens = acme.confidential_tokens(&app).await;
        let good = tokens["access_token"].as_str().unwrap();
        let claims: Value = grantor_jose::unverified_claims(good).unwrap();
        let contexts = (acme.context(&app).await, beta.context(&app).await);
        let own = contexts.0.keys.active(SigningAlgorithm::ES256).unwrap();
        let foreign = contexts.1.keys.active(SigningAlgorithm::ES256).unwrap();
        let (signed, payload) =
            good.rsplit_once('.').map(|(signed, _)| signed.split_once('.').unwrap()).unwrap();
        let signature = good.rsplit_once('.').unwrap().1;
        let jwk = serde_json::to_vec(own.public_jwk()).unwrap();
        let none = json!({ "typ": "at+jwt", "alg": "none", "kid": own.kid() });
        let symmetric = json!({ "typ": "at+jwt", "alg": "HS256", "kid": own.kid() });
        let stranger = Signer::es256(own.kid());
        let header = json!({ "typ": "at+jwt", "alg": "ES256", "kid": own.kid() });
        let with_key = json!({ "typ": "at+jwt", "alg": "ES256", "kid": own.kid(), "jwk": stranger.jwk() });
        let mut other = claims.clone();
        other["iss"] = json!(beta.tenant.issuer);
        for token in [
            tokens["id_token"].as_str().unwrap().to_owned(),
            tokens["refresh_token"].as_str().unwrap().to_owned(),
            own.sign("JWT", &claims).unwrap(),
            own.sign("", &claims).unwrap(),
            own.sign("at+jwt", &json!({ "sub": acme.user.id.to_string() })).unwrap(),
            own.sign("at+jwt", &other).unwrap(),
            foreign.sign("at+jwt", &claims).unwrap(),
            compact(&none, &claims, |_| vec![]),
            compact(&symmetric, &claims, |input| Signer::hmac(&jwk, input)),
            stranger.sign_with(&header, &claims),
            stranger.sign_with(&with_key, &claims),
            format!("{signed}.{payload}."),
            format!("{signed}.{payload}"),
            format!("{signed}.{}.{signature}", payload.to_lowercase()),
            format!("{good}.x"),
            "x".to_owned(),
            "...".to_owned(),
        ] {
            acme.userinfo(&app, &token).await.expect_error(401, "invalid_token");
            if Some(token.as_str()) != tokens["refresh_token"].as_str() {
                assert_eq!(acme.introspect(&app, &token).await, json!({ "active": false }), "{token}");
            }
        }
        assert_eq!(acme.introspect(&app, good).await["active"], true);
        // The same keys, claims and way of signing make a good one, so it was not those.
        let again: AccessTokenClaims = serde_json::from_value(claims).unwrap();
        let again = own.sign("application/at+jwt", &again).unwrap();
        assert_eq!(acme.userinfo(&app, &again).await.status, 200);
    }

    /// RFC 6750 §3: how the token is asked for and what is said of a bad one.
    async fn an_access_token_that_is_not_presented_or_is_over(app: TestApp) {
        let acme = app.acme().await;
        let bare = app.get(&acme.path("/userinfo")).await;
        assert_eq!((bare.status.as_u16(), bare.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(bare.body, "");
        let tokens = acme.confidential_tokens(&app).await;
        let access_token = tokens["access_token"].as_str().unwrap();
        // RFC 6750 §2.3: never in the address.
        let in_query = app.get(&acme.path(&format!("/userinfo?access_token={access_token}"))).await;
        assert_eq!(in_query.status, 401);
        app.clock.advance(599);
        assert_eq!(acme.introspect(&app, access_token).await["active"], true);
        assert_eq!(acme.userinfo(&app, access_token).await.status, 200);
        app.clock.advance(1);
        let late = acme.userinfo(&app, access_token).await;
        late.expect_error(401, "invalid_token");
        assert!(late.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
        assert_eq!(acme.introspect(&app, access_token).await, json!({ "active": false }));
    }
}
