//! What every page carries: headers that keep it from being framed, cached, sniffed or scripted, and
//! the tenant's look.

use grantor_protocol::model::{Branding, TenantSettings};

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

    /// The tenant's name and colours, at an address that changes with them.
    async fn the_look_of_a_tenant(app: TestApp) {
        let branding = Branding {
            primary_color: Some("#7a1f5c".to_owned()),
            background_color: Some("#fdf6e3".to_owned()),
        };
        let acme = app.tenant_with("acme", TenantSettings { branding, ..TenantSettings::default() }).await;
        let mut browser = Browser::default();
        let stylesheets = async |browser: &mut Browser| {
            let begun = browser.get(&app, &acme.path("/login")).await;
            let page = browser.follow(&app, &begun).await;
            assert!(page.body.contains("<bdi>Acme</bdi>"), "{page:?}");
            let links = page.body.split("<link rel=\"stylesheet\" href=\"").skip(1);
            links.map(|link| link.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let before = stylesheets(&mut browser).await;
        for address in &before {
            let css = app.get(address).await;
            assert_eq!(css.status, 200, "{address}");
            assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
            assert_eq!(css.header("cache-control"), Some("public, max-age=31536000, immutable"));
            assert_eq!(css.header("x-content-type-options"), Some("nosniff"));
        }
        let theme = app.get(&acme.path("/theme.css")).await.body.to_lowercase();
        assert!(theme.contains("#7a1f5c") && theme.contains("#fdf6e3"), "{theme}");

        acme.change_tenant(&app, |tenant| {
            tenant.settings.branding.primary_color = Some("#0b6e4f".to_owned());
        })
        .await;
        let after = stylesheets(&mut browser).await;
        assert_eq!(after[0], before[0]);
        assert_ne!(after[1], before[1]);
        let theme = app.get(&after[1]).await.body.to_lowercase();
        assert!(theme.contains("#0b6e4f") && !theme.contains("#7a1f5c"), "{theme}");
        assert_eq!(app.get("/t/nobody/theme.css").await.status, 404);
        assert_eq!(app.get("/assets/nothing.css").await.status, 404);
    }
}
