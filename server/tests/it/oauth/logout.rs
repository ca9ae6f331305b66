//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): who is asked, who is signed out, and where
//! nobody is sent.

use grantor_protocol::model::{
    AuditKind, ClientOrigin, KeyState, SignOutRevokes, SigningAlgorithm, TenantSettings,
};
use serde_json::{Value, json};

use super::assertion::{Signer, compact};
use super::key_life::take_due_steps;
use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant, encode};

const BACK: &str = "https://app.example/bye";

/// The tenant with a client that may ask people to be sent back.
async fn acme(app: &TestApp) -> TestTenant {
    tenant_with(app, TenantSettings::default()).await
}

async fn tenant_with(app: &TestApp, settings: TenantSettings) -> TestTenant {
    let acme = app.tenant_with("acme", settings).await;
    for client_id in ["app", "web"] {
        acme.change_client(app, client_id, |client| {
            client.metadata.post_logout_redirect_uris =
                vec![BACK.to_owned(), "http://127.0.0.1/bye".to_owned()];
        })
        .await;
    }
    acme
}

/// Tokens of the public client from a sign-in with this browser.
async fn signed_in(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> Value {
    let code = acme.code(app, browser, "app").await;
    acme.redeem(app, &code).await.json()
}

fn id_token(tokens: &Value) -> &str {
    tokens["id_token"].as_str().unwrap()
}

async fn ask(app: &TestApp, acme: &TestTenant, browser: &mut Browser, request: &[(&str, &str)]) -> Answer {
    browser.get(app, &acme.path(&format!("/logout?{}", encode(request)))).await
}

async fn is_signed_in(app: &TestApp, acme: &TestTenant, browser: &Browser) -> bool {
    browser.clone().get(app, &acme.path("/account")).await.status == 200
}

/// Signs out on the account page.
async fn sign_out(app: &TestApp, acme: &TestTenant, browser: &mut Browser) {
    let csrf = browser.get(app, &acme.path("/account")).await.field("csrf");
    let out = browser.post(app, &acme.path("/logout"), &[("csrf", &csrf)]).await;
    assert_eq!(out.status, 200, "{out:?}");
}

/// Presses a button of the page.
async fn press(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    page: &Answer,
    decision: &str,
) -> Answer {
    browser
        .post(
            app,
            &acme.path("/logout"),
            &answer_of(page, decision)
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect::<Vec<_>>(),
        )
        .await
}

/// All that the page's form sends.
fn answer_of(page: &Answer, decision: &str) -> Vec<(&'static str, String)> {
    let mut form = vec![("csrf", page.field("csrf")), ("decision", decision.to_owned())];
    for name in ["client_id", "post_logout_redirect_uri", "state"] {
        if page.body.contains(&format!("name=\"{name}\"")) {
            form.push((name, page.field(name)));
        }
    }
    form
}

#[track_caller]
fn expect_question(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    assert_eq!(answer.header("location"), None, "{answer:?}");
    assert!(answer.body.contains("Ada Lovelace") && answer.body.contains("value=\"sign_out\""), "{answer:?}");
    assert_eq!(answer.body.contains("role=\"alert\""), status == 400, "{answer:?}");
}

on_both! {
    /// §2: the ID token of this very session spares the question; the answer goes where the client registered.
    async fn a_client_that_proves_itself(app: TestApp) {
        let acme = acme(&app).await;
        let mut browser = Browser::default();
        let tokens = signed_in(&app, &acme, &mut browser).await;
        // §4: an expired ID token is one as well.
        app.clock.advance(3600);
        let kept = browser.clone();
        let request = [
            ("id_token_hint", id_token(&tokens)),
            ("post_logout_redirect_uri", BACK),
            ("state", "a b&c"),
            ("ui_locales", "de"),
            ("logout_hint", "ada"),
        ];
        let out = ask(&app, &acme, &mut browser, &request).await;
        assert_eq!(out.location(), "https://app.example/bye?state=a+b%26c");
        assert_eq!(browser.cookie("grantor-session-acme"), None);
        assert!(!is_signed_in(&app, &acme, &kept).await);
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);
        // §4: to sign out somebody who is signed out is no error.
        let again = ask(&app, &acme, &mut browser, &request).await;
        assert_eq!(again.location(), "https://app.example/bye?state=a+b%26c");
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);
    }

    /// §2: nobody is signed out unasked by a request that proves nothing; the form brings back what is needed.
    async fn a_client_that_only_names_itself(app: TestApp) {
        let acme = acme(&app).await;
        let mut browser = Browser::default();
        signed_in(&app, &acme, &mut browser).await;
        let request = [
            ("client_id", "app"),
            ("post_logout_redirect_uri", "http://127.0.0.1:4711/bye"),
            ("state", "s1"),
        ];
        let page = ask(&app, &acme, &mut browser, &request).await;
        expect_question(&page, 200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' http:;"), "{policy}");
        let stay = press(&app, &acme, &mut browser, &page, "stay").await;
        assert_eq!(stay.location(), "/t/acme/account");
        assert!(is_signed_in(&app, &acme, &browser).await);
        let out = press(&app, &acme, &mut browser, &page, "sign_out").await;
        assert_eq!(out.location(), "http://127.0.0.1:4711/bye?state=s1");
        assert!(!is_signed_in(&app, &acme, &browser).await);
        // The same form once more finds nobody, and belongs to no later session.
        assert_eq!(press(&app, &acme, &mut browser, &page, "sign_out").await.location(), "http://127.0.0.1:4711/bye?state=s1");
        signed_in(&app, &acme, &mut browser).await;
        press(&app, &acme, &mut browser, &page, "sign_out").await.expect_error_page(403);
        assert!(is_signed_in(&app, &acme, &browser).await);
    }

    /// RFC 9700 §4.11: no open redirector, whoever is signed in and whatever else is in order.
    async fn addresses_that_lead_nowhere(app: TestApp) {
        let acme = acme(&app).await;
        let mut browser = Browser::default();
        let tokens = signed_in(&app, &acme, &mut browser).await;
        let hint = id_token(&tokens);
        for uri in [
            "https://evil.example/",
            "https://app.example/bye/",
            "https://app.example/bye?x",
            "https://app.example/bye#x",
            "https://app.example@evil.example/bye",
            "http://127.0.0.1.evil.example/bye",
            "//evil.example/bye",
            "javascript:alert(1)",
            REDIRECT_URI,
        ] {
            for proof in [("client_id", "app"), ("id_token_hint", hint), ("client_id", "nobody"), ("state", "s1")] {
                let request = [proof, ("post_logout_redirect_uri", uri)];
                let page = ask(&app, &acme, &mut browser, &request).await;
                expect_question(&page, 400);
                assert!(!page.body.contains("evil.example"), "{page:?}");
                let nobody = ask(&app, &acme, &mut Browser::default(), &request).await;
                nobody.expect_error_page(400);
            }
        }
        // A registered address without a client, and with a client that does not exist or is disabled.
        for request in [
            vec![("post_logout_redirect_uri", BACK)],
            vec![("post_logout_redirect_uri", BACK), ("client_id", "nobody")],
            vec![("post_logout_redirect_uri", BACK), ("client_id", "web"), ("id_token_hint", hint)],
        ] {
            expect_question(&ask(&app, &acme, &mut browser, &request).await, 400);
            ask(&app, &acme, &mut Browser::default(), &request).await.expect_error_page(400);
        }
        acme.change_client(&app, "app", |client| client.enabled = false).await;
        let disabled = [("id_token_hint", hint), ("post_logout_redirect_uri", BACK)];
        let page = ask(&app, &acme, &mut browser, &disabled).await;
        expect_question(&page, 400);
        // A form that somebody has changed signs out and leads nowhere.
        let csrf = page.field("csrf");
        let form = [("csrf", csrf.as_str()), ("client_id", "web"), ("post_logout_redirect_uri", "https://evil.example/")];
        let out = browser.post(&app, &acme.path("/logout"), &form).await;
        assert_eq!((out.status.as_u16(), out.header("location")), (200, None), "{out:?}");
        assert!(!is_signed_in(&app, &acme, &browser).await);
    }

    /// §2, §4: what is no ID token of this tenant, of this session, proves nothing.
    async fn hints_that_prove_nothing(app: TestApp) {
        let acme = acme(&app).await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let (mut browser, mut other) = (Browser::default(), Browser::default());
        let tokens = signed_in(&app, &acme, &mut browser).await;
        let elsewhere = signed_in(&app, &acme, &mut other).await;
        let foreign = signed_in(&app, &beta, &mut Browser::default()).await;
        let good: Value = grantor_jose::unverified_claims(id_token(&tokens)).unwrap();
        let header = grantor_jose::Header::peek(id_token(&tokens)).unwrap();
        let kid = header.kid.unwrap();
        let stranger = Signer::es256(&kid);
        let context = acme.context(&app).await;
        let key = context.keys.active(SigningAlgorithm::ES256).unwrap();
        let own = |change: fn(&mut Value)| {
            let mut claims = good.clone();
            change(&mut claims);
            key.sign("JWT", &claims).unwrap()
        };
        let mut parts: Vec<_> = id_token(&tokens).split('.').collect();
        parts[2] = "";
        let unsigned = parts.join(".");
        for (name, hint, status) in [
            ("another session of the same user", id_token(&elsewhere).to_owned(), 200),
            ("another user", own(|claims| claims["sub"] = json!("019a0000-0000-7000-8000-000000000000")), 200),
            ("no sid", own(|claims| drop(claims.as_object_mut().unwrap().remove("sid"))), 200),
            ("another issuer", own(|claims| claims["iss"] = json!("https://id.example/t/beta")), 400),
            ("another tenant", id_token(&foreign).to_owned(), 400),
            ("forged", stranger.sign(&good), 400),
            ("alg none", compact(&json!({ "alg": "none", "typ": "JWT", "kid": kid }), &good, |_| vec![]), 400),
            ("no signature", unsigned, 400),
            ("an access token", tokens["access_token"].as_str().unwrap().to_owned(), 400),
            ("no token at all", "x".to_owned(), 400),
        ] {
            let page = ask(&app, &acme, &mut browser, &[("id_token_hint", &hint)]).await;
            expect_question(&page, status);
            assert!(is_signed_in(&app, &acme, &browser).await, "{name}");
            // Nor is anybody redirected by what was not believed.
            let request = [("id_token_hint", hint.as_str()), ("client_id", "app"), ("post_logout_redirect_uri", BACK)];
            let nobody = ask(&app, &acme, &mut Browser::default(), &request).await;
            if status == 400 {
                nobody.expect_error_page(400);
            } else {
                assert_eq!(nobody.location(), BACK, "{name}");
            }
        }
        assert!(is_signed_in(&app, &acme, &other).await);
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 0);
    }

    /// A key that has retired is published still, and proves what it signed.
    async fn a_hint_of_a_retired_key(app: TestApp) {
        let acme = acme(&app).await;
        app.clock.advance(90 * 86_400);
        take_due_steps(&app).await;
        app.clock.advance(86_400 - 60);
        let mut browser = Browser::default();
        let tokens = signed_in(&app, &acme, &mut browser).await;
        app.clock.advance(60);
        take_due_steps(&app).await;
        let kid = grantor_jose::Header::peek(id_token(&tokens)).unwrap().kid.unwrap();
        let keys = app.app.store.tenant(acme.tenant.id).signing_keys().await.unwrap();
        let key = keys.iter().find(|key| key.id.to_string() == kid).unwrap();
        assert_eq!(key.state, KeyState::Retired);
        let out = ask(&app, &acme, &mut browser, &[("id_token_hint", id_token(&tokens))]).await;
        assert!(out.body.contains("You are signed out"), "{out:?}");
        assert!(!is_signed_in(&app, &acme, &browser).await);
    }

    /// §2: a client may post its request from its own site. That is no forged answer, and comes without cookies.
    async fn a_request_that_another_site_posts(app: TestApp) {
        let acme = acme(&app).await;
        let mut browser = Browser::default();
        let tokens = signed_in(&app, &acme, &mut browser).await;
        let hint = id_token(&tokens);
        let request = [("id_token_hint", hint), ("post_logout_redirect_uri", BACK), ("state", "s&1"), ("x", "y")];
        let posted = Browser::default().post_from(&app, &acme.path("/logout"), &request, "cross-site").await;
        let again = format!("/t/acme/logout?{}", encode(&request[..3]));
        assert_eq!(posted.location(), again);
        assert!(is_signed_in(&app, &acme, &browser).await);
        assert_eq!(browser.follow(&app, &posted).await.location(), "https://app.example/bye?state=s%261");
        assert!(!is_signed_in(&app, &acme, &browser).await);

        signed_in(&app, &acme, &mut browser).await;
        let posted = browser.post_from(&app, &acme.path("/logout"), &[("client_id", "app")], "cross-site").await;
        let page = browser.follow(&app, &posted).await;
        expect_question(&page, 200);
        // The answer itself must be this site's and this browser's.
        let (csrf, mut attacker) = (page.field("csrf"), Browser::default());
        signed_in(&app, &acme, &mut attacker).await;
        let theirs = ask(&app, &acme, &mut attacker, &[]).await.field("csrf");
        for (form, site) in [
            (vec![("csrf", csrf.as_str()), ("decision", "sign_out")], "cross-site"),
            (vec![("csrf", csrf.as_str())], "same-site"),
            (vec![("decision", "sign_out")], "same-origin"),
            (vec![("csrf", ""), ("client_id", "app")], "same-origin"),
            (vec![("csrf", theirs.as_str()), ("decision", "sign_out")], "same-origin"),
        ] {
            browser.post_from(&app, &acme.path("/logout"), &form, site).await.expect_error_page(403);
        }
        assert!(is_signed_in(&app, &acme, &browser).await);
        let twice = acme.path("/logout?client_id=app&client_id=web");
        browser.get(&app, &twice).await.expect_error_page(400);
    }

    /// RFC 9700 §4.11.2: whoever registers oneself gets no redirector, but a link on a page.
    async fn a_client_that_registered_itself(app: TestApp) {
        let acme = acme(&app).await;
        acme.change_client(&app, "app", |client| {
            let (fetched_at, fresh_until) = (client.created_at, client.created_at);
            client.origin = ClientOrigin::MetadataDocument { fetched_at, fresh_until };
        })
        .await;
        let request = [("client_id", "app"), ("post_logout_redirect_uri", BACK)];
        let page = ask(&app, &acme, &mut Browser::default(), &request).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, None), "{page:?}");
        assert!(page.body.contains("href=\"https://app.example/bye\""), "{page:?}");
        // Its own ID token, which it gets at any time, proves something in that session alone.
        let mut browser = Browser::default();
        let tokens = signed_in(&app, &acme, &mut browser).await;
        let request = [("id_token_hint", id_token(&tokens)), ("post_logout_redirect_uri", BACK)];
        let page = ask(&app, &acme, &mut Browser::default(), &request).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, None), "{page:?}");
        let mut other = Browser::default();
        signed_in(&app, &acme, &mut other).await;
        expect_question(&ask(&app, &acme, &mut other, &request).await, 200);
        assert_eq!(ask(&app, &acme, &mut browser, &request).await.location(), BACK);
        let page = ask(&app, &acme, &mut browser, &request).await;
        assert_eq!((page.status.as_u16(), page.header("location")), (200, None), "signed out: {page:?}");
    }

    /// The tenant says which grants end with the session in which they were given.
    async fn what_ends_with_a_session(app: TestApp) {
        use SignOutRevokes::{All, None, Online};
        for (revokes, online_ends, offline_ends) in [(None, false, false), (Online, true, false), (All, true, true)] {
            let slug = format!("acme-{revokes:?}").to_lowercase();
            let settings = TenantSettings { sign_out_revokes: revokes, ..TenantSettings::default() };
            let acme = app.tenant_with(&slug, settings).await;
            acme.add_user(&app, "grace").await;
            for replaced in [false, true] {
                let mut browser = Browser::default();
                let mut offline = acme.authorization("app");
                offline.retain(|(name, _)| *name != "scope");
                offline.push(("scope", "openid offline_access"));
                let mut given = vec![];
                for (request, ends) in [(acme.authorization("app"), online_ends), (offline, offline_ends)] {
                    let answer = acme.authorized(&app, &mut browser, &request).await;
                    let code = answer.location_parameter("code").unwrap();
                    given.push((acme.redeem(&app, &code).await.json(), ends));
                }
                let unused = acme.code(&app, &mut browser, "app").await;
                // Another browser's session is none of this one's business.
                let elsewhere = acme.tokens(&app).await;
                if replaced {
                    let begun = browser.get(&app, &acme.path("/login")).await;
                    let page = browser.follow(&app, &begun).await;
                    acme.sign_in_as(&app, &mut browser, &page, "grace").await;
                } else {
                    sign_out(&app, &acme, &mut browser).await;
                }
                given.push((elsewhere, false));
                for (tokens, ends) in &given {
                    let access_token = tokens["access_token"].as_str().unwrap();
                    let status = if *ends { 401 } else { 200 };
                    assert_eq!(acme.userinfo(&app, access_token).await.status.as_u16(), status, "{slug} {replaced}");
                    let refreshed = acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await;
                    assert_eq!(refreshed.status.as_u16(), if *ends { 400 } else { 200 }, "{slug} {replaced}");
                }
                let late = acme.redeem(&app, &unused).await;
                assert_eq!(late.status.as_u16(), if online_ends { 400 } else { 200 }, "{slug} {late:?}");
            }
        }
    }

    /// Whoever signs in again has not signed out: their clients keep what they have, until they do. An ID
    /// token from before is still one of the session (`sid`).
    async fn signing_in_again(app: TestApp) {
        let settings = TenantSettings { sign_out_revokes: SignOutRevokes::All, ..TenantSettings::default() };
        let acme = tenant_with(&app, settings).await;
        for by_client in [false, true] {
            let mut browser = Browser::default();
            let tokens = signed_in(&app, &acme, &mut browser).await;
            let unused = acme.code(&app, &mut browser, "app").await;
            let before = browser.clone();
            app.clock.advance(1);
            let mut request = acme.authorization("app");
            request.push(("prompt", "login"));
            let begun = browser.get(&app, &acme.authorize(&request)).await;
            let page = browser.follow(&app, &begun).await;
            acme.sign_in(&app, &mut browser, &page).await;
            assert!(!is_signed_in(&app, &acme, &before).await, "the cookie from before");

            let refreshed = acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await;
            assert_eq!(refreshed.status, 200, "{refreshed:?}");
            let late = acme.redeem(&app, &unused).await;
            assert_eq!(late.status, 200, "{late:?}");
            if by_client {
                ask(&app, &acme, &mut browser, &[("id_token_hint", id_token(&tokens))]).await;
            } else {
                sign_out(&app, &acme, &mut browser).await;
            }
            assert!(!is_signed_in(&app, &acme, &browser).await);
            for given in [refreshed.json(), late.json()] {
                let ended = acme.refresh(&app, given["refresh_token"].as_str().unwrap()).await;
                ended.expect_error(400, "invalid_grant");
            }
        }
    }
}
