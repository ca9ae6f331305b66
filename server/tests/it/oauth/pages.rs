//! What every page carries: headers that keep it from being framed, cached, sniffed or scripted, and
//! the tenant's look.

use crate::on_both;
use crate::support::{Answer, Browser, TestApp};

#[track_caller]
fn expect_page(name: &str, answer: &Answer) {
    let header =
        |header: &str| answer.header(header).unwrap_or_else(|| panic!("{name}: no {header}: {answer:?}"));
    assert_eq!(header("content-type"), "text/html; charset=utf-8", "{name}");
    assert_eq!(header("x-frame-options"), "DENY", "{name}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{name}");
    assert_eq!(header("cache-control"), "no-store", "{name}");
    assert_eq!(header("referrer-policy"), "no-referrer", "{name}");
    assert!(header("strict-transport-security").starts_with("max-age="), "{name}");
    let policy = header("content-security-policy");
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
    {
        assert!(policy.contains(directive), "{name}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{name}: {policy}");
    // Nothing that the policy would block.
    for inline in ["<style", " style=", "<script>", " onload=", " onclick=", "javascript:"] {
        assert!(!answer.body.contains(inline), "{name}: {inline}");
    }
}

on_both! {
    async fn headers_of_every_page(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let mut request: Vec<(&str, &str)> = acme.authorization("app");
        request.push(("response_mode", "form_post"));
        let begun = browser.get(&app, &acme.authorize(&request)).await;
        let sign_in = browser.follow(&app, &begun).await;
        expect_page("sign in", &sign_in);
        let wrong = [
            ("csrf", sign_in.field("csrf")),
            ("interaction", sign_in.field("interaction")),
            ("username", "ada".to_owned()),
        ];
        let wrong: Vec<_> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
        expect_page("sign in failed", &browser.post(&app, &acme.path("/login"), &wrong).await);
        let signed_in = acme.sign_in(&app, &mut browser, &sign_in).await;
        let consent = browser.follow(&app, &signed_in).await;
        expect_page("consent", &consent);
        expect_page("form post", &acme.decide(&app, &mut browser, &consent, "allow").await);
        expect_page("account", &browser.get(&app, &acme.path("/account")).await);
        expect_page("interaction over", &browser.follow(&app, &begun).await);
        expect_page("no such client", &browser.get(&app, &acme.path("/authorize?client_id=nobody")).await);
        expect_page("forged", &browser.post(&app, &acme.path("/logout"), &[("csrf", "x")]).await);
        expect_page("unknown tenant", &app.get("/t/nobody/account").await);
        expect_page("setup", &app.get("/setup?setup=gsu_x").await);
        expect_page("callback", &app.get("/console/callback").await);
        let sign_out = browser.get(&app, &acme.path("/logout")).await;
        expect_page("sign out", &sign_out);
        let form = [("csrf", sign_out.field("csrf"))];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        expect_page("signed out", &browser.post(&app, &acme.path("/logout"), &form).await);
    }

    /// RFC 9700 §4.12: redirects are 303 and say nothing of where they come from.
    async fn headers_of_redirects(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        let answered = acme.decide(&app, &mut browser, &consent, "allow").await;
        for redirect in [begun, signed_in, answered] {
            redirect.location();
            assert_eq!(redirect.header("cache-control"), Some("no-store"));
            assert_eq!(redirect.header("referrer-policy"), Some("no-referrer"));
        }
    }
}
