//! How a tenant's pages look, and what they say and link to in its own name.

use grantor_protocol::model::{Branding, TenantSettings, TenantTexts};

use super::logo::{GIF, Stranger, gif};
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

async fn branded(app: &TestApp, branding: Branding) -> TestTenant {
    app.tenant_with("acme", TenantSettings { branding, ..TenantSettings::default() }).await
}

/// The sign-in page in a language.
async fn sign_in_page(app: &TestApp, acme: &TestTenant, language: &str) -> Answer {
    let mut browser = Browser::default();
    let mut parameters = acme.authorization("web");
    parameters.push(("ui_locales", language));
    let begun = browser.get(app, &acme.authorize(&parameters)).await;
    browser.follow(app, &begun).await
}

on_both! {
    /// The tenant's name and colours, at an address that changes with them.
    async fn the_look_of_a_tenant(app: TestApp) {
        let branding = Branding {
            primary_color: Some("#7a1f5c".to_owned()),
            background_color: Some("#fdf6e3".to_owned()),
            ..Branding::default()
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

    /// What the tenant says is text, in the reader's language or in the tenant's own.
    async fn the_words_of_a_tenant(app: TestApp) {
        let texts = |sign_in: &str| TenantTexts { sign_in: Some(sign_in.to_owned()), footer: None };
        let footer = Some("Acme <b>Limited</b>".to_owned());
        let english = TenantTexts { footer, ..texts("Use your staff account.") };
        let branding = Branding {
            policy_uri: Some("https://acme.example/privacy?a=1&b=2".to_owned()),
            tos_uri: Some("https://acme.example/terms".to_owned()),
            support_uri: Some("https://acme.example/help".to_owned()),
            texts: [("en".to_owned(), english)].into(),
            ..Branding::default()
        };
        let acme = branded(&app, branding).await;
        let page = sign_in_page(&app, &acme, "en").await.body;
        assert!(page.contains("Use your staff account."), "{page}");
        assert!(page.contains("Acme &#60;b&#62;Limited&#60;/b&#62;"), "{page}");
        for (address, text) in
            [("help", "Help"), ("privacy?a=1&#38;b=2", "Privacy"), ("terms", "Terms")]
        {
            let link = format!("<a href=\"https://acme.example/{address}\" target=\"_blank\" rel=\"noopener noreferrer\">{text}</a>");
            assert!(page.contains(&link), "{text} {page}");
        }
        let elsewhere = app.get(&acme.path("/login/second-factor")).await;
        assert!(elsewhere.body.contains("Acme &#60;b&#62;Limited"), "every page: {elsewhere:?}");

        let german = sign_in_page(&app, &acme, "de").await.body;
        assert!(german.contains("Datenschutz") && !german.contains("staff account"), "{german}");
        acme.change_tenant(&app, |tenant| tenant.settings.default_locale = Some("en".to_owned())).await;
        let german = sign_in_page(&app, &acme, "de").await.body;
        assert!(german.contains("Use your staff account."), "{german}");
        acme.change_tenant(&app, |tenant| {
            let own = texts("Mit dem Konto der Firma.");
            tenant.settings.branding.texts.insert("de".to_owned(), own);
        })
        .await;
        let german = sign_in_page(&app, &acme, "de").await.body;
        assert!(german.contains("Mit dem Konto der Firma.") && !german.contains("Limited"), "{german}");

        // RFC 8414 §2.
        let metadata = app.get(&acme.path("/.well-known/openid-configuration")).await.json();
        assert_eq!(metadata["op_policy_uri"], "https://acme.example/privacy?a=1&b=2");
        assert_eq!(metadata["op_tos_uri"], "https://acme.example/terms");
    }

    /// The logo comes from this server: whose it is does not learn who signs in.
    async fn the_logo_of_a_tenant(app: TestApp) {
        let acme = branded(&app, Branding::default()).await;
        let own = acme.path("/logo");
        assert_eq!(app.get(&own).await.status, 404, "there is none");
        let stranger = Stranger::answering(gif()).await;
        acme.change_tenant(&app, |tenant| {
            tenant.settings.branding.logo_uri = Some(stranger.logo_uri.clone());
        })
        .await;
        let page = sign_in_page(&app, &acme, "en").await.body;
        let address = page.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
        assert!(address.starts_with(&format!("{own}?v=")), "{address}");
        assert!(!page.contains(&stranger.logo_uri), "{page}");
        for _ in 0..3 {
            let shown = app.get(address).await;
            assert_eq!((shown.status.as_u16(), shown.body.as_bytes()), (200, GIF), "{shown:?}");
            assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
        }
        assert_eq!(stranger.asked(), 1);
    }
}
