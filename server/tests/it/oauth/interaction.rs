//! Signing in and consenting: whose the forms, the interactions and the sessions are.

use grantor_protocol::model::{AuditKind, UserStatus};
use poem::http::header;

use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, REDIRECT_URI, TestApp, TestTenant};

/// An interaction at its sign-in page.
async fn at_sign_in(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> Answer {
    let begun = browser.get(app, &acme.authorize(&acme.authorization("app"))).await;
    browser.follow(app, &begun).await
}

/// An interaction at its consent page.
/// Every page that takes a form; from the fourth on they are a session's.
const FORMS: [&str; 11] = [
    "/login",
    "/consent",
    "/activate",
    "/account/revoke",
    "/account/profile",
    "/account/password",
    "/account/sessions",
    "/account/data",
    "/account/deletion",
    "/account/verify",
    "/logout",
];

/// Forms of people whom no session names.
const OTHER_FORMS: [&str; 10] = [
    "/login/upstream",
    "/login/second-factor",
    "/login/new-authenticator",
    "/login/passkey",
    "/recover",
    "/recover/password",
    "/invitation",
    "/verify",
    "/magic-link",
    "/magic-link/open",
];

async fn at_consent(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> Answer {
    let page = at_sign_in(app, acme, browser).await;
    let signed_in = acme.sign_in(app, browser, &page).await;
    browser.follow(app, &signed_in).await
}

/// Sends the sign-in form with this in place of what belongs there.
async fn sign_in_with(
    app: &TestApp,
    acme: &TestTenant,
    browser: &mut Browser,
    page: &Answer,
    (name, value): (&str, &str),
) -> Answer {
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let good =
        [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", "ada"), ("password", PASSWORD)];
    let form = good.map(|(held, good)| (held, if held == name { value } else { good }));
    browser.post(app, &acme.path("/login"), &form).await
}

/// Everything after the headers that a visitor can compare, without what differs between any two pages.
fn seen(page: &Answer, username: &str) -> String {
    let secrets = [page.field("csrf"), page.field("interaction")];
    secrets.iter().fold(page.body.replace(&format!("value=\"{username}\""), ""), |body, secret| {
        body.replace(secret, "")
    })
}

/// Attributes of the cookies that an answer sets, by name.
fn set_cookies(answer: &Answer) -> Vec<(String, String)> {
    let set = answer.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    set.map(|set| {
        let (name, rest) = set.split_once('=').unwrap();
        (name.to_owned(), rest.split_once("; ").unwrap().1.to_owned())
    })
    .collect()
}

on_both! {
    /// A wrong password is answered on the page, and in the same words whoever it is for.
    async fn a_sign_in_that_fails(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        let long = "a".repeat(2000);
        let wrong = sign_in_with(&app, &acme, &mut browser, &page, ("password", "wrong")).await;
        assert_eq!(wrong.status, 422, "{wrong:?}");
        assert!(wrong.body.contains("do not match"), "{wrong:?}");
        for password in ["", " ", &long, &PASSWORD.to_uppercase()] {
            let other = sign_in_with(&app, &acme, &mut browser, &page, ("password", password)).await;
            assert_eq!((other.status, seen(&other, "ada")), (wrong.status, seen(&wrong, "ada")));
        }
        for username in ["nobody", "<b>", ""] {
            let unknown = sign_in_with(&app, &acme, &mut browser, &page, ("username", username)).await;
            assert_eq!(unknown.status, 422);
            assert!(!unknown.body.contains("<b>"), "{unknown:?}");
        }
        let unknown = sign_in_with(&app, &acme, &mut browser, &page, ("username", "nobody")).await;
        assert_eq!(seen(&unknown, "nobody"), seen(&wrong, "ada"));
        acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        let locked = acme.sign_in(&app, &mut browser, &page).await;
        assert_eq!((locked.status, seen(&locked, "ada")), (wrong.status, seen(&wrong, "ada")));
        assert_eq!(browser.cookie("grantor-session-acme"), None);
        assert_eq!(acme.audited(&app, AuditKind::SignInFailed).await, 10);

        // The page is still good, by name or by address and without regard to case.
        acme.change_user(&app, |user| user.status = UserStatus::Active).await;
        let answer = sign_in_with(&app, &acme, &mut browser, &page, ("username", " ADA@acme.example ")).await;
        assert!(answer.location().starts_with("/t/acme/consent?"), "{answer:?}");
        assert_eq!(acme.audited(&app, AuditKind::SignInSucceeded).await, 1);
    }

    /// RFC 9700 §4.7: a form works in the browser that it was made for, on this site, and for its person.
    async fn forms_of_somebody_else(app: TestApp) {
        let acme = app.acme().await;
        let (mut browser, mut attacker) = (Browser::default(), Browser::default());
        let page = at_sign_in(&app, &acme, &mut browser).await;
        let theirs = at_sign_in(&app, &acme, &mut attacker).await;
        for csrf in ["", "x", &theirs.field("csrf"), &page.field("csrf")[1..]] {
            let answer = sign_in_with(&app, &acme, &mut browser, &page, ("csrf", csrf)).await;
            answer.expect_error_page(403);
        }
        for interaction in [theirs.field("interaction"), "x".to_owned(), acme.user.id.to_string()] {
            let answer = sign_in_with(&app, &acme, &mut browser, &page, ("interaction", &interaction)).await;
            answer.expect_error_page(400);
        }
        // Nobody goes on with another browser's interaction, with or without a cookie of their own.
        let address = acme.path(&format!("/login?interaction={}", page.field("interaction")));
        attacker.get(&app, &address).await.expect_error_page(400);
        Browser::default().get(&app, &address).await.expect_error_page(400);
        acme.sign_in(&app, &mut attacker, &page).await.expect_error_page(400);
        acme.sign_in(&app, &mut Browser::default(), &page).await.expect_error_page(400);

        // Fetch Metadata says where a form was sent from.
        let form = [
            ("csrf", page.field("csrf")),
            ("interaction", page.field("interaction")),
            ("username", "ada".to_owned()),
            ("password", PASSWORD.to_owned()),
        ];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        for site in ["cross-site", "same-site"] {
            for path in FORMS.into_iter().chain(OTHER_FORMS) {
                browser.post_from(&app, &acme.path(path), &form, site).await.expect_error_page(403);
            }
            browser.post_from(&app, "/setup", &form, site).await.expect_error_page(403);
            browser.post_from(&app, "/setup/passkey", &form, site).await.expect_error_page(403);
        }

        let consent = at_consent(&app, &acme, &mut browser).await;
        let at_attacker = at_consent(&app, &acme, &mut attacker).await;
        for csrf in [String::new(), page.field("csrf"), at_attacker.field("csrf")] {
            let form = [
                ("csrf", csrf.as_str()),
                ("interaction", &consent.field("interaction")),
                ("decision", "allow"),
            ];
            browser.post(&app, &acme.path("/consent"), &form).await.expect_error_page(403);
            for path in FORMS.into_iter().skip(3) {
                let form = [("csrf", csrf.as_str()), ("client_id", "app")];
                browser.post(&app, &acme.path(path), &form).await.expect_error_page(403);
            }
        }
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().starts_with(REDIRECT_URI), "{answer:?}");
    }

    /// An interaction gives one answer, and only for half an hour.
    async fn an_interaction_that_is_over(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let consent = at_consent(&app, &acme, &mut browser).await;
        let (first, second) =
            tokio::join!(async { acme.decide(&app, &mut browser.clone(), &consent, "allow").await }, async {
                acme.decide(&app, &mut browser.clone(), &consent, "allow").await
            },);
        let (answered, refused) = if first.status == 303 { (first, second) } else { (second, first) };
        assert!(answered.location().starts_with(REDIRECT_URI), "{answered:?}");
        refused.expect_error_page(400);
        for decision in ["allow", "deny", "switch"] {
            acme.decide(&app, &mut browser, &consent, decision).await.expect_error_page(400);
        }
        acme.sign_in(&app, &mut browser, &consent).await.expect_error_page(400);
        let address = acme.path(&format!("/consent?interaction={}", consent.field("interaction")));
        browser.get(&app, &address).await.expect_error_page(400);

        let mut parameters = acme.authorization("app");
        parameters.push(("prompt", "login"));
        let begun = browser.get(&app, &acme.authorize(&parameters)).await;
        let page = browser.follow(&app, &begun).await;
        app.clock.advance(30 * 60);
        browser.follow(&app, &begun).await.expect_error_page(400);
        acme.sign_in(&app, &mut browser, &page).await.expect_error_page(400);
    }

    /// A client that is disabled meanwhile gets nobody any further.
    async fn a_client_that_is_disabled_meanwhile(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let sign_in = browser.follow(&app, &begun).await;
        let mut other = Browser::default();
        let consent = at_consent(&app, &acme, &mut other).await;
        acme.change_client(&app, "app", |client| client.enabled = false).await;
        browser.follow(&app, &begun).await.expect_error_page(400);
        acme.sign_in(&app, &mut browser, &sign_in).await.expect_error_page(400);
        for decision in ["allow", "deny", "switch"] {
            acme.decide(&app, &mut other, &consent, decision).await.expect_error_page(400);
        }
        assert_eq!(acme.audited(&app, AuditKind::ConsentGiven).await, 0);
        assert_eq!(acme.audited(&app, AuditKind::SignInSucceeded).await, 1, "the other browser's");
    }

    /// "Use another account" leads to the sign-in page of the same interaction, and whoever signs in
    /// there is whom the client hears of.
    async fn switching_the_account(app: TestApp) {
        let acme = app.acme().await;
        let grace = acme.add_user(&app, "grace").await;
        let mut browser = Browser::default();
        let consent = at_consent(&app, &acme, &mut browser).await;
        let first = browser.cookie("grantor-session-acme").unwrap().to_owned();
        let switched = acme.decide(&app, &mut browser, &consent, "switch").await;
        assert!(switched.location().starts_with("/t/acme/login?"), "{switched:?}");
        let page = browser.follow(&app, &switched).await;
        let signed_in = acme.sign_in_as(&app, &mut browser, &page, "grace").await;
        assert_ne!(browser.cookie("grantor-session-acme"), Some(first.as_str()));

        // The page that the first one left open in another tab allows nothing in the name of the second.
        acme.decide(&app, &mut browser, &consent, "allow").await.expect_error_page(403);
        let consent = browser.follow(&app, &signed_in).await;
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        let code = answer.location_parameter("code").unwrap();
        let tokens = acme.redeem(&app, &code).await.json();
        let userinfo = acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["sub"], grace.id.to_string());
    }

    /// OWASP session fixation: a sign-in makes a new cookie, and the one before opens nothing any more.
    async fn sessions_are_made_by_signing_in(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        browser.put_cookie("__Host-grantor-session-acme", "gse_planted");
        let page = at_sign_in(&app, &acme, &mut browser).await;
        assert_eq!(browser.cookie("grantor-session-acme"), Some("gse_planted"));
        let anonymous = browser.cookie("grantor-browser-acme").unwrap().to_owned();
        acme.sign_in(&app, &mut browser, &page).await;
        let first = browser.cookie("grantor-session-acme").unwrap().to_owned();
        assert!(first.starts_with("gse_") && first != "gse_planted" && first != anonymous);

        let before = browser.clone();
        let again = browser.get(&app, &acme.path("/login")).await;
        let page = browser.follow(&app, &again).await;
        acme.sign_in(&app, &mut browser, &page).await;
        assert_ne!(browser.cookie("grantor-session-acme"), Some(first.as_str()));
        assert_eq!(browser.get(&app, &acme.path("/account")).await.status, 200);
        let ended = before.clone().get(&app, &acme.path("/account")).await;
        assert_eq!(ended.location(), "/t/acme/login");

        // Without the prefix anybody's neighbour could have set the cookie: it does not count.
        let mut neighbour = Browser::default();
        neighbour.put_cookie("grantor-session-acme", browser.cookie("grantor-session-acme").unwrap());
        assert_eq!(neighbour.get(&app, &acme.path("/account")).await.location(), "/t/acme/login");
    }

    /// Signing out asks first, ends the session for good and takes the cookie away.
    async fn signing_out(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        let kept = browser.clone();
        let page = browser.get(&app, &acme.path("/logout")).await;
        assert!(page.body.contains("Ada Lovelace"), "{page:?}");
        let csrf = page.field("csrf");
        let stay = browser.post(&app, &acme.path("/logout"), &[("csrf", &csrf), ("decision", "stay")]).await;
        assert_eq!(stay.location(), "/t/acme/account");
        let out =
            browser.post(&app, &acme.path("/logout"), &[("csrf", &csrf), ("decision", "sign_out")]).await;
        assert_eq!(out.status, 200, "{out:?}");
        assert_eq!(browser.cookie("grantor-session-acme"), None);
        let stolen = kept.clone().get(&app, &acme.path("/account")).await;
        assert_eq!(stolen.location(), "/t/acme/login");
        let asked = kept.clone().get(&app, &acme.authorize(&acme.authorization("app"))).await;
        assert!(asked.location().starts_with("/t/acme/login?"), "{asked:?}");
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);
        assert_eq!(browser.get(&app, &acme.path("/logout")).await.status, 200);
    }

    /// RFC 6265bis §4.1.3.2.
    async fn attributes_of_cookies(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let always = "Path=/; HttpOnly; SameSite=Lax; Secure";
        let expected = [("__Host-grantor-browser-acme".to_owned(), always.to_owned())];
        assert_eq!(set_cookies(&begun), expected);
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let session = "__Host-grantor-session-acme".to_owned();
        let known = "__Host-grantor-known-acme".to_owned();
        let expected = [
            (session.clone(), format!("{always}; Max-Age=43200")),
            (known, format!("{always}; Max-Age=34560000")),
        ];
        assert_eq!(set_cookies(&signed_in), expected);
        let consent = browser.follow(&app, &signed_in).await;
        assert_eq!(set_cookies(&acme.decide(&app, &mut browser, &consent, "allow").await), []);
        let out = browser.get(&app, &acme.path("/logout")).await;
        let out = browser.post(&app, &acme.path("/logout"), &[("csrf", &out.field("csrf"))]).await;
        assert_eq!(set_cookies(&out), [(session, format!("{always}; Max-Age=0"))]);
    }

    /// The account page lists what was allowed and takes it back, tokens included.
    async fn taking_a_consent_back(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let tokens = acme.redeem(&app, &code).await.json();
        let account = browser.get(&app, &acme.path("/account")).await;
        let form = [("csrf", account.field("csrf")), ("client_id", "app".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&app, &acme.path("/account/revoke"), &form).await.location();
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
        let access_token = tokens["access_token"].as_str().unwrap();
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        assert_eq!(acme.audited(&app, AuditKind::ConsentRevoked).await, 1);
    }
}
