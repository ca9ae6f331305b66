//! What a request makes the person do: `prompt`, `max_age` and `login_hint` (OpenID Connect Core
//! §3.1.2.1).

use grantor_protocol::model::{SigningAlgorithm, TenantSettings};
use serde_json::{Value, json};

use super::assertion::{Signer, compact};
use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant};

/// An authorization request of the public client with one more parameter.
async fn begin(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    (name, value): (&str, &str),
) -> Answer {
    let mut parameters = acme.authorization("app");
    parameters.retain(|(held, _)| *held != name);
    let parameters: Vec<_> = parameters.into_iter().chain([(name, value)]).collect();
    browser.get(app, &acme.authorize(&parameters)).await
}

#[track_caller]
fn expect_code(answer: &Answer) {
    assert!(answer.location().starts_with(&format!("{REDIRECT_URI}?code=gac_")), "{answer:?}");
}

#[track_caller]
fn expect_page(answer: &Answer, page: &str) {
    assert!(answer.location().starts_with(&format!("/t/acme/{page}?interaction=")), "{answer:?}");
}

on_both! {
    /// OpenID Connect Core §3.1.2.6: `none` never shows a page.
    async fn prompt_none(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let ask = async |browser: &mut Browser| begin(&app, &acme, browser, ("prompt", "none")).await;
        ask(&mut browser).await.expect_redirected_error("login_required");

        let account = browser.get(&app, &acme.path("/login")).await;
        let page = browser.follow(&app, &account).await;
        acme.sign_in(&app, &mut browser, &page).await;
        ask(&mut browser).await.expect_redirected_error("consent_required");

        acme.code(&app, &mut browser, "app").await;
        expect_code(&ask(&mut browser).await);
        // More than was consented to needs consent again.
        let mut parameters = acme.authorization("app");
        parameters.retain(|(name, _)| *name != "scope");
        parameters.extend([("prompt", "none"), ("scope", "openid offline_access")]);
        let more = browser.get(&app, &acme.authorize(&parameters)).await;
        more.expect_redirected_error("consent_required");

        // Whoever is not signed in elsewhere is not here.
        ask(&mut Browser::default()).await.expect_redirected_error("login_required");
        app.clock.advance(12 * 3600);
        ask(&mut browser).await.expect_redirected_error("login_required");
    }

    /// `login` and `select_account` ask for the password even of somebody who is signed in, and cannot be
    /// stepped over by going to the consent page.
    async fn prompt_login(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        for prompt in ["login", "select_account", "login consent"] {
            app.clock.advance(60);
            let begun = begin(&app, &acme, &mut browser, ("prompt", prompt)).await;
            expect_page(&begun, "login");
            let aside = browser.get(&app, &begun.location().replace("/login?", "/consent?")).await;
            let stepped = acme.decide(&app, &mut browser, &aside, "allow").await;
            expect_page(&stepped, "login");

            let page = browser.follow(&app, &begun).await;
            let mut answer = acme.sign_in(&app, &mut browser, &page).await;
            if prompt.contains("consent") {
                expect_page(&answer, "consent");
                let consent = browser.follow(&app, &answer).await;
                answer = acme.decide(&app, &mut browser, &consent, "allow").await;
            }
            expect_code(&answer);
            let code = answer.location_parameter("code").unwrap();
            let tokens = acme.redeem(&app, &code).await.json();
            let claims: serde_json::Value =
                grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
            assert_eq!(claims["auth_time"], claims["iat"]);
        }
    }

    /// `consent` asks although everything is allowed already, also for a client that needs none.
    async fn prompt_consent(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        expect_code(&begin(&app, &acme, &mut browser, ("prompt", "")).await);
        expect_page(&begin(&app, &acme, &mut browser, ("prompt", "consent")).await, "consent");
        acme.change_client(&app, "app", |client| client.metadata.skip_consent = true).await;
        expect_page(&begin(&app, &acme, &mut browser, ("prompt", "consent")).await, "consent");
        expect_code(&begin(&app, &acme, &mut browser, ("scope", "openid offline_access")).await);
    }

    /// `max_age` counts from the sign-in, and a client can have a default of its own.
    async fn max_age(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        app.clock.advance(100);
        expect_code(&begin(&app, &acme, &mut browser, ("max_age", "100")).await);
        expect_page(&begin(&app, &acme, &mut browser, ("max_age", "99")).await, "login");
        expect_page(&begin(&app, &acme, &mut browser, ("max_age", "0")).await, "login");
        let mut parameters = acme.authorization("app");
        parameters.extend([("prompt", "none"), ("max_age", "99")]);
        let silent = browser.get(&app, &acme.authorize(&parameters)).await;
        silent.expect_redirected_error("login_required");

        acme.change_client(&app, "app", |client| client.metadata.default_max_age = Some(10)).await;
        let begun = begin(&app, &acme, &mut browser, ("prompt", "")).await;
        expect_page(&begun, "login");
        let page = browser.follow(&app, &begun).await;
        let answer = acme.sign_in(&app, &mut browser, &page).await;
        expect_code(&answer);
        expect_code(&begin(&app, &acme, &mut browser, ("prompt", "")).await);
    }

    /// OpenID Connect Core §3.1.2.1: an answer is about the user whom the ID token names, expired or not,
    /// or it is an error. What is no ID token of ours names nobody.
    async fn id_token_hint(app: TestApp) {
        let acme = app.acme().await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let own = acme.redeem(&app, &code).await.json()["id_token"].as_str().unwrap().to_owned();
        let claims: Value = grantor_jose::unverified_claims(&own).unwrap();
        let (context, foreign) = (acme.context(&app).await, beta.context(&app).await);
        let key = context.keys.active(SigningAlgorithm::ES256).unwrap();
        let mut other = claims.clone();
        other["sub"] = json!(beta.user.id.to_string());
        let other = key.sign("JWT", &other).unwrap();
        let silent = async |browser: &mut Browser, hint: &str| {
            let mut parameters = acme.authorization("app");
            parameters.push(("prompt", "none"));
            let parameters: Vec<_> = parameters.into_iter().chain([("id_token_hint", hint)]).collect();
            browser.get(&app, &acme.authorize(&parameters)).await
        };
        expect_code(&silent(&mut browser, &own).await);
        silent(&mut browser, &other).await.expect_redirected_error("login_required");
        silent(&mut Browser::default(), &own).await.expect_redirected_error("login_required");
        let unreadable = [
            foreign.keys.active(SigningAlgorithm::ES256).unwrap().sign("JWT", &claims).unwrap(),
            key.sign("at+jwt", &claims).unwrap(),
            Signer::es256(key.kid()).sign(&claims),
            compact(&json!({ "alg": "none", "typ": "JWT", "kid": key.kid() }), &claims, |_| vec![]),
            "x".to_owned(),
        ];
        for hint in &unreadable {
            silent(&mut browser, hint).await.expect_redirected_error("login_required");
            expect_code(&begin(&app, &acme, &mut browser, ("id_token_hint", hint)).await);
        }
        app.clock.advance(3600);
        expect_code(&silent(&mut browser, &own).await);

        // With a page: whoever the hint does not name is asked to make way, and if they do not, the client
        // is told.
        expect_code(&begin(&app, &acme, &mut browser, ("id_token_hint", &own)).await);
        let begun = begin(&app, &acme, &mut browser, ("id_token_hint", &other)).await;
        expect_page(&begun, "login");
        let page = browser.follow(&app, &begun).await;
        acme.sign_in(&app, &mut browser, &page).await.expect_redirected_error("login_required");
    }

    /// The hint is in the form already, escaped; it signs nobody in.
    async fn login_hint(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        for (hint, shown) in [("ada@acme.example", "ada@acme.example"), ("\"><i>", "&#34;&#62;&#60;i&#62;")] {
            let begun = begin(&app, &acme, &mut browser, ("login_hint", hint)).await;
            let page = browser.follow(&app, &begun).await;
            assert_eq!(page.status, 200);
            assert!(
                page.body.contains(&format!("name=\"username\" type=\"text\" value=\"{shown}\"")),
                "{page:?}"
            );
        }
    }
}
