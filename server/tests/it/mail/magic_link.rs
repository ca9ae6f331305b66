use grantor_protocol::model::{AuditKind, SignInPolicy, TenantSettings};

use crate::on_both;
use crate::support::{Answer, Browser, REDIRECT_URI, TestApp, TestTenant};

async fn with_links(app: &TestApp) -> TestTenant {
    let sign_in = SignInPolicy { magic_link: true, ..SignInPolicy::default() };
    app.tenant_with("acme", TenantSettings { sign_in, ..TenantSettings::default() }).await
}

/// The sign-in page of an authorization request.
async fn at_sign_in(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> Answer {
    let begun = browser.get(app, &acme.authorize(&acme.authorization("app"))).await;
    browser.follow(app, &begun).await
}

async fn ask(app: &TestApp, acme: &TestTenant, browser: &mut Browser, page: &Answer, name: &str) -> Answer {
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", name), ("password", "")];
    browser.post(app, &acme.path("/magic-link"), &form).await
}

async fn open(app: &TestApp, browser: &mut Browser, link: &str, csrf: &str) -> Answer {
    let (path, secret) = link.split_once("?link=").unwrap();
    browser.post(app, path, &[("link", secret), ("csrf", csrf)]).await
}

on_both! {
    async fn a_link_signs_in_where_it_was_asked_for(app: TestApp) {
        let acme = with_links(&app).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        assert!(page.body.contains("formaction=\"/t/acme/magic-link\""), "{page:?}");
        assert_eq!(ask(&app, &acme, &mut browser, &page, "ada").await.status, 200);
        let mail = app.one_mail().await;
        assert_eq!(mail.header("to"), "ada@acme.example");
        let link = mail.link();
        assert!(link.starts_with("/t/acme/magic-link/open?link=gol_"), "{link}");

        // Somewhere else it is no use, with a browser cookie of one's own or without one.
        let mut thief = Browser::default();
        let theirs = at_sign_in(&app, &acme, &mut thief).await;
        for mut other in [Browser::default(), thief] {
            let shown = other.get(&app, &link).await;
            assert_eq!(shown.status, 200);
            assert!(shown.body.contains("only in the browser") && !shown.body.contains("<form"), "{shown:?}");
            open(&app, &mut other, &link, &theirs.field("csrf")).await.expect_error_page(403);
            assert_eq!(other.cookie("grantor-session-acme"), None);
        }

        for _ in 0..2 {
            assert_eq!(browser.get(&app, &link).await.status, 200, "looking does nothing");
        }
        let confirm = browser.get(&app, &link).await;
        open(&app, &mut browser, &link, "x").await.expect_error_page(403);
        let signed_in = open(&app, &mut browser, &link, &confirm.field("csrf")).await;
        assert!(signed_in.location().starts_with("/t/acme/consent?"), "{signed_in:?}");
        let consent = browser.follow(&app, &signed_in).await;
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().starts_with(REDIRECT_URI), "{answer:?}");
        open(&app, &mut browser, &link, &confirm.field("csrf")).await.expect_error_page(400);
        browser.get(&app, &link).await.expect_error_page(400);
        assert_eq!(acme.audited(&app, AuditKind::SignInSucceeded).await, 1);
        assert_eq!(acme.audited(&app, AuditKind::EmailVerified).await, 0, "it was known");
    }

    async fn links_that_are_over(app: TestApp) {
        let acme = with_links(&app).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        ask(&app, &acme, &mut browser, &page, "ada@acme.example").await;
        let link = app.one_mail().await.link();
        let csrf = browser.get(&app, &link).await.field("csrf");
        app.clock.advance(600);
        browser.get(&app, &link).await.expect_error_page(400);
        open(&app, &mut browser, &link, &csrf).await.expect_error_page(400);

        // The interaction was finished with a password meanwhile.
        let page = at_sign_in(&app, &acme, &mut browser).await;
        ask(&app, &acme, &mut browser, &page, "ada").await;
        let link = app.one_mail().await.link();
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        acme.decide(&app, &mut browser, &consent, "deny").await;
        open(&app, &mut browser, &link, &csrf).await.expect_error_page(400);

        // The tenant wants it no more.
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        ask(&app, &acme, &mut browser, &page, "ada").await;
        let link = app.one_mail().await.link();
        ask(&app, &acme, &mut browser, &page, "ada").await;
        acme.change_tenant(&app, |tenant| tenant.settings.sign_in.magic_link = false).await;
        assert_eq!(app.mail().await, []);
        browser.get(&app, &link).await.expect_error_page(404);
        open(&app, &mut browser, &link, &page.field("csrf")).await.expect_error_page(404);
        ask(&app, &acme, &mut browser, &page, "ada").await.expect_error_page(404);
        let page = at_sign_in(&app, &acme, &mut browser).await;
        assert!(!page.body.contains("magic-link"), "{page:?}");
        assert_eq!(acme.audited(&app, AuditKind::SignInSucceeded).await, 1, "the one with a password");
    }

    async fn nobody_learns_who_has_an_account(app: TestApp) {
        let acme = with_links(&app).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        let known = ask(&app, &acme, &mut browser, &page, "ada").await;
        for name in ["nobody", "nobody@acme.example", "", &"x".repeat(1000)] {
            let other = ask(&app, &acme, &mut browser, &page, name).await;
            assert_eq!((other.status, &other.body), (known.status, &known.body), "{name}");
        }
        app.one_mail().await;
        // The name and the address are one mailbox.
        for number in 0..8 {
            let name = if number % 2 == 0 { "ada" } else { "ada@acme.example" };
            ask(&app, &acme, &mut browser, &page, name).await;
        }
        assert_eq!(app.mail().await.len(), 4, "and the one before");
        let mut stranger = Browser::default();
        ask(&app, &acme, &mut stranger, &page, "ada").await.expect_error_page(400);
    }

    async fn a_link_that_is_raced(app: TestApp) {
        let acme = with_links(&app).await;
        let mut browser = Browser::default();
        let page = at_sign_in(&app, &acme, &mut browser).await;
        ask(&app, &acme, &mut browser, &page, "ada").await;
        let link = app.one_mail().await.link();
        let csrf = browser.get(&app, &link).await.field("csrf");
        let (mut one, mut other) = (browser.clone(), browser.clone());
        let (first, second) = tokio::join!(open(&app, &mut one, &link, &csrf), open(&app, &mut other, &link, &csrf));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400], "{first:?} {second:?}");
        assert_eq!(acme.audited(&app, AuditKind::SignInSucceeded).await, 1);
    }
}
