//! One whole sign-in, from the authorization request to the end of the refresh token.

use poem::http::Method;
use serde_json::Value;

use crate::on_both;
use crate::support::{Browser, REDIRECT_URI, TestApp, request};

fn claims(jwt: &str) -> Value {
    grantor_jose::unverified_claims(jwt).unwrap()
}

on_both! {
    /// RFC 6749 §4.1, OpenID Connect Core §3.1.
    async fn a_person_signs_in_and_the_client_gets_its_tokens(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();

        let begun = browser.get(&app, &acme.authorize(&acme.authorization("web"))).await;
        assert!(begun.location().starts_with("/t/acme/login?interaction="), "{begun:?}");
        let page = browser.follow(&app, &begun).await;
        assert_eq!(page.status, 200);
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        assert!(consent.body.contains("The web"), "{consent:?}");
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().starts_with(&format!("{REDIRECT_URI}?code=gac_")), "{answer:?}");
        assert_eq!(answer.location_parameter("state").as_deref(), Some("s1"));
        assert_eq!(answer.location_parameter("iss").as_deref(), Some("https://id.example/t/acme"));

        let code = answer.location_parameter("code").unwrap();
        let tokens =
            app.post_as(("web", &acme.secret), &acme.path("/token"), &acme.redemption("web", &code)).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        assert_eq!(tokens.header("cache-control"), Some("no-store"));
        let tokens = tokens.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 600);
        assert_eq!(tokens["scope"], "openid profile email");

        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id_token["iss"], "https://id.example/t/acme");
        assert_eq!(id_token["aud"], "web");
        assert_eq!(id_token["nonce"], "n1");
        assert_eq!(id_token["sub"], acme.user.id.to_string());

        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let userinfo = request(Method::GET, &acme.path("/userinfo")).header("authorization", bearer).finish();
        let userinfo = app.send(userinfo).await.json();
        assert_eq!(userinfo["email"], "ada@acme.example");
        assert_eq!(userinfo["name"], "Ada Lovelace");
    }

    /// The second time nobody is asked anything; after the consent is taken back they are.
    async fn consent_is_remembered_until_it_is_revoked(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        let again = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        assert!(again.location().starts_with(REDIRECT_URI), "{again:?}");

        let account = browser.get(&app, &acme.path("/account")).await;
        assert!(account.body.contains("The app"), "{account:?}");
        let csrf = account.field("csrf");
        let form = [("csrf", csrf.as_str()), ("client_id", "app")];
        let revoked = browser.post(&app, &acme.path("/account/revoke"), &form).await;
        assert_eq!(revoked.location(), "/t/acme/account/applications?removed");
        let asked = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        assert!(asked.location().starts_with("/t/acme/consent?"), "{asked:?}");
    }

    /// RFC 6749 §6, OAuth 2.1 §4.3.1.
    async fn a_refresh_token_is_rotated_and_a_retry_gets_the_same_successor(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let first = tokens["refresh_token"].as_str().unwrap();
        let second = acme.refresh(&app, first).await.json();
        app.clock.advance(29);
        let retry = acme.refresh(&app, first).await.json();
        assert_eq!(second["refresh_token"], retry["refresh_token"]);
        assert_ne!(second["access_token"], retry["access_token"]);

        app.clock.advance(1);
        acme.refresh(&app, first).await.expect_error(400, "invalid_grant");
        let successor = second["refresh_token"].as_str().unwrap();
        acme.refresh(&app, successor).await.expect_error(400, "invalid_grant");
        let events = app.app.store.tenant(acme.tenant.id).audit_events(10).await.unwrap();
        assert!(events.iter().any(|event| event.kind.as_str() == "refresh_token.replayed"), "{events:?}");
    }
}
