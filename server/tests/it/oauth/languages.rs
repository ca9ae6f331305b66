//! In which language the pages are: what the application asks for, what the browser prefers, what the tenant speaks.

use grantor_protocol::model::TenantSettings;

use crate::on_both;
use crate::support::{Answer, Browser, TestApp};

#[track_caller]
fn expect_language(page: &Answer, tag: &str) {
    assert!(page.body.contains(&format!("<html lang=\"{tag}\" dir=\"ltr\">")), "{tag}: {page:?}");
    assert_eq!(page.header("vary"), Some("Accept-Language"), "{page:?}");
}

on_both! {
    /// OpenID Connect Core §3.1.2.1, RFC 9110 §12.5.4: `ui_locales` comes first, and what is not known is no error.
    async fn who_chooses_the_language(app: TestApp) {
        let settings =
            || TenantSettings { default_locale: Some("de".to_owned()), ..TenantSettings::default() };
        let english = app.acme().await;
        let german = app.tenant_with("germania", settings()).await;
        for (acme, ui_locales, browser, expected) in [
            (&english, None, None, "en"),
            (&english, None, Some("de-AT,en;q=0.8"), "de"),
            (&english, Some("fr-CA en"), Some("de"), "en"),
            (&english, Some("de"), Some("en"), "de"),
            (&english, Some("\u{fc} --- de"), Some("en"), "de"),
            (&english, Some("fr"), Some("de"), "de"),
            (&german, None, None, "de"),
            (&german, Some("ar"), Some("fr"), "de"),
            (&german, None, Some("en-GB"), "en"),
        ] {
            let mut browser = browser.map_or_else(Browser::default, |tags| Browser::default().speaking(tags));
            let mut request = acme.authorization("app");
            request.extend(ui_locales.map(|tags| ("ui_locales", tags)));
            let begun = browser.get(&app, &acme.authorize(&request)).await;
            let sign_in = browser.follow(&app, &begun).await;
            expect_language(&sign_in, expected);
            let wrong = acme.sign_in_as(&app, &mut browser, &sign_in, "nobody").await;
            expect_language(&wrong, expected);
            let signed_in = acme.sign_in(&app, &mut browser, &wrong).await;
            let consent = browser.follow(&app, &signed_in).await;
            expect_language(&consent, expected);
            let allow = if expected == "de" { ">Erlauben</button>" } else { ">Allow</button>" };
            assert!(consent.body.contains(allow), "{consent:?}");
        }
    }

    /// A page that nothing was found for is in the browser's language as well.
    async fn errors_are_in_the_language_of_the_browser(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default().speaking("de");
        for path in [acme.path("/authorize?client_id=nobody"), "/t/nobody/account".to_owned()] {
            let page = browser.get(&app, &path).await;
            expect_language(&page, "de");
            assert!(page.body.contains("Referenz"), "{page:?}");
        }
        // What changes something is done in a task of its own.
        let page = browser.post(&app, &acme.path("/login"), &[("interaction", "x")]).await;
        page.expect_error_page(400);
        expect_language(&page, "de");
    }
}
