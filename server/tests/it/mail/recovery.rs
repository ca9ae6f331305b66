use grantor_protocol::model::{AuditKind, MessageKind, UserStatus};

use super::ANOTHER;
use crate::on_both;
use crate::support::{Browser, MAIL_FROM, PASSWORD, TestApp};

/// What a page shows of one browser's own, taken out.
fn without_csrf(body: &str) -> String {
    let mut parts = body.splitn(2, "name=\"csrf\" value=\"");
    let (before, after) = (parts.next().unwrap(), parts.next());
    after.map_or_else(|| before.to_owned(), |after| format!("{before}{}", after.split_once('"').unwrap().1))
}

on_both! {
    async fn a_forgotten_password(app: TestApp) {
        let acme = app.acme().await;
        let mut signed_in = Browser::default();
        acme.tokens(&app).await;
        acme.code(&app, &mut signed_in, "app").await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.path("/login")).await;
        let sign_in = browser.follow(&app, &begun).await;
        assert!(sign_in.body.contains("href=\"/t/acme/recover\""), "{sign_in:?}");

        let answer = acme.recover(&app, &mut browser, " ADA@acme.example ").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mail = app.one_mail().await;
        assert_eq!(mail.header("to"), "ada@acme.example");
        assert_eq!(mail.header("from"), format!("Acme <{MAIL_FROM}>"));
        assert_eq!(mail.header("auto-submitted"), "auto-generated");
        assert!(mail.header("message-id").ends_with("@id.example>"), "{mail:?}");
        assert_eq!(mail.header("subject"), "Choose a new password for Acme");
        let link = mail.link();
        assert!(link.starts_with("/t/acme/recover/password?link=gol_"), "{link}");

        // Programs that look at mail open links: that does nothing.
        let mut elsewhere = Browser::default();
        for _ in 0..2 {
            let page = elsewhere.get(&app, &link).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
            assert_eq!(page.field("link"), mail.secret());
        }
        assert!(acme.signs_in_with(&app, PASSWORD).await);
        let short = acme.choose(&app, &link, "short").await;
        assert_eq!(short.status, 422, "{short:?}");
        assert_eq!(acme.choose(&app, &link, ANOTHER).await.status, 200);
    }

    /// A message is in its reader's language, in the tenant's where that is not spoken here, or in English.
    async fn mail_in_the_readers_language(app: TestApp) {
        let acme = app.acme().await;
        for (own, default, heading) in [
            (Some("de-AT"), None, "Neues Passwort wählen"),
            (Some("fr"), Some("de"), "Neues Passwort wählen"),
            (Some("en"), Some("de"), "Choose a new password"),
            (None, None, "Choose a new password"),
        ] {
            acme.change_user(&app, |user| user.profile.locale = own.map(str::to_owned)).await;
            let default = default.map(str::to_owned);
            acme.change_tenant(&app, |tenant| tenant.settings.default_locale.clone_from(&default)).await;
            acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
            let mail = app.one_mail().await;
            assert!(mail.text.contains(heading), "{mail:?}");
            assert!(mail.link().starts_with("/t/acme/recover/password?link=gol_"), "{mail:?}");
        }
    }

    /// A reset ends what somebody who knew the old password may have; it signs nobody in.
    async fn what_a_reset_ends(app: TestApp) {
        let acme = app.acme().await;
        let mut signed_in = Browser::default();
        let code = acme.code(&app, &mut signed_in, "app").await;
        let tokens = acme.redeem(&app, &code).await.json();
        let mut browser = Browser::default();
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        let mails = app.mail().await;
        assert_eq!(mails.len(), 2);
        let (first, second) = (mails[0].link(), mails[1].link());
        assert_ne!(first, second);
        let answer = acme.choose(&app, &first, ANOTHER).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.contains("grantor-known-acme="), "it signs nobody in: {cookie}");
        assert!(answer.body.contains("signed out everywhere"), "{answer:?}");

        assert_eq!(signed_in.get(&app, &acme.path("/account")).await.location(), "/t/acme/login");
        acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.expect_error(400, "invalid_grant");
        assert!(!acme.signs_in_with(&app, PASSWORD).await);
        assert!(acme.signs_in_with(&app, ANOTHER).await);
        for link in [first, second] {
            Browser::default().get(&app, &link).await.expect_error_page(400);
            acme.choose(&app, &link, PASSWORD).await.expect_error_page(400);
        }
        assert!(acme.signs_in_with(&app, ANOTHER).await);
        assert_eq!(acme.audited(&app, AuditKind::PasswordReset).await, 1);
        assert_eq!(acme.audited(&app, AuditKind::MessageRequested).await, 2);
        let events = app.app.store.tenant(acme.tenant.id).audit_events(1000).await.unwrap();
        let requested = events.iter().find(|event| event.kind == AuditKind::MessageRequested).unwrap();
        assert_eq!(requested.detail["message"], "password_reset");
        assert!(requested.origin.is_some(), "where it was asked for");
    }

    /// NIST SP 800-63B-4 §3.2.2: whoever tries passwords keeps nobody out who reads their mail.
    async fn a_reset_while_somebody_tries_passwords(app: TestApp) {
        let acme = app.acme().await;
        acme.change_tenant(&app, |tenant| {
            tenant.settings.rate_limits.failed_sign_in_account = "1/hour burst 2".parse().ok();
        })
        .await;
        for _ in 0..3 {
            assert!(!acme.signs_in_with(&app, ANOTHER).await);
        }
        let mut browser = Browser::default();
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        let link = app.one_mail().await.link();
        let (path, secret) = link.split_once("?link=").unwrap();
        let chosen = browser.post(&app, path, &[("link", secret), ("password", ANOTHER)]).await;
        assert_eq!(chosen.status, 200, "{chosen:?}");
        assert!(!acme.signs_in_with(&app, ANOTHER).await, "another browser waits");
        assert!(acme.signs_in_at(&app, &mut browser, ANOTHER).await);
    }

    /// OWASP ASVS 5.0 §6.3.8: the answer does not tell who has an account.
    async fn nobody_learns_who_has_an_account(app: TestApp) {
        let acme = app.acme().await;
        acme.newcomer(&app).await;
        let mut browser = Browser::default();
        let known = acme.recover(&app, &mut browser, "ada@acme.example").await;
        let table = ["nobody@acme.example", "grace@acme.example", "ada@acme.example", "\u{e4}da@acme.example", "a@b"];
        for address in table {
            let other = acme.recover(&app, &mut browser, address).await;
            assert_eq!((other.status, &other.body), (known.status, &known.body), "{address}");
            assert_eq!(other.headers.len(), known.headers.len(), "{address}");
        }
        // Twice for who has a password, and never for who has none to forget.
        let mails = app.mail().await;
        assert!(mails.iter().all(|mail| mail.header("to") == "ada@acme.example"), "{mails:?}");
        assert_eq!(mails.len(), 2);

        acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        let locked = acme.recover(&app, &mut browser, "ada@acme.example").await;
        assert_eq!((locked.status, &locked.body), (known.status, &known.body));
        assert_eq!(app.mail().await, []);
        // What is no address is said to be none, whoever asks.
        for address in ["ada", "", &format!("{}@acme.example", "a".repeat(250))] {
            let answer = acme.recover(&app, &mut browser, address).await;
            assert_eq!(answer.status, 422, "{answer:?}");
        }
        let [first, second] = ["ada", "bob"].map(|name| {
            let mut browser = browser.clone();
            let (app, acme) = (&app, &acme);
            async move { acme.recover(app, &mut browser, name).await.body }
        });
        let (first, second) = (first.await, second.await);
        assert_eq!(
            without_csrf(&first).replace("value=\"ada\"", ""),
            without_csrf(&second).replace("value=\"bob\"", ""),
        );
    }

    async fn links_that_are_over(app: TestApp) {
        let acme = app.acme().await;
        let other = app.tenant_with("other", Default::default()).await;
        let mut browser = Browser::default();
        let link = async || {
            acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
            app.one_mail().await.link()
        };

        // Another tenant's, another kind's, nobody's.
        let first = link().await;
        let secret = first.split_once("?link=").unwrap().1;
        let (longer, cut) = (format!("{secret}x"), &secret[..secret.len() - 1]);
        for path in ["/t/other/recover/password", "/t/acme/verify", "/t/acme/invitation"] {
            browser.get(&app, &format!("{path}?link={secret}")).await.expect_error_page(400);
            let form = [("link", secret), ("password", ANOTHER)];
            browser.post(&app, path, &form).await.expect_error_page(400);
        }
        for wrong in ["", "gol_", &longer, cut, "\u{0}"] {
            let form = [("link", wrong), ("password", ANOTHER)];
            browser.post(&app, "/t/acme/recover/password", &form).await.expect_error_page(400);
        }
        assert!(other.signs_in_with(&app, PASSWORD).await && acme.signs_in_with(&app, PASSWORD).await);

        // The address is another's meanwhile.
        acme.change_user(&app, |user| user.email = Some("lovelace@acme.example".to_owned())).await;
        acme.choose(&app, &first, ANOTHER).await.expect_error_page(400);
        acme.change_user(&app, |user| user.email = Some("ada@acme.example".to_owned())).await;

        // The user is locked meanwhile.
        acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        acme.choose(&app, &first, ANOTHER).await.expect_error_page(400);
        acme.change_user(&app, |user| user.status = UserStatus::Active).await;

        // It expires.
        app.clock.advance(MessageKind::PasswordReset.lifetime().seconds() - 1);
        assert_eq!(browser.get(&app, &first).await.status, 200);
        app.clock.advance(1);
        browser.get(&app, &first).await.expect_error_page(400);
        acme.choose(&app, &first, ANOTHER).await.expect_error_page(400);
        assert!(acme.signs_in_with(&app, PASSWORD).await);

        // An administrator sets a password meanwhile.
        let second = link().await;
        let admin = app.tenant_api(&acme.tenant, "user-manager").await;
        let path = format!("/tenants/acme/users/{}/password", acme.user.id);
        let set = admin.post(&path, &serde_json::json!({ "password": "set by somebody else" })).await;
        assert_eq!(set.status, 200);
        acme.choose(&app, &second, ANOTHER).await.expect_error_page(400);
        assert_eq!(acme.audited(&app, AuditKind::PasswordReset).await, 0);
    }

    async fn a_link_that_two_use_at_a_time(app: TestApp) {
        let acme = app.acme().await;
        acme.recover(&app, &mut Browser::default(), "ada@acme.example").await;
        let link = app.one_mail().await.link();
        let passwords = ["a first new password", "a second new password"];
        let (first, second) =
            tokio::join!(acme.choose(&app, &link, passwords[0]), acme.choose(&app, &link, passwords[1]));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        let winner = passwords[usize::from(first.status != 200)];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        assert!(acme.signs_in_with(&app, winner).await);
        assert_eq!(acme.audited(&app, AuditKind::PasswordReset).await, 1);
    }

    /// Nobody fills somebody else's mailbox, whichever way the address is typed.
    async fn a_mailbox_is_not_flooded(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        let mut bodies = vec![];
        for number in 0..8 {
            let address = if number % 2 == 0 { "ada@acme.example" } else { "ADA@ACME.example" };
            bodies.push(acme.recover(&app, &mut browser, address).await.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "it is not said");
        assert_eq!(app.mail().await.len(), 5);
        app.clock.advance(3599);
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        assert_eq!(app.mail().await, []);
        app.clock.advance(1);
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        app.one_mail().await;
    }

    async fn a_tenant_without_resets(app: TestApp) {
        let acme = app.acme().await;
        let mut browser = Browser::default();
        acme.recover(&app, &mut browser, "ada@acme.example").await;
        acme.change_tenant(&app, |tenant| tenant.settings.sign_in.password_reset = false).await;
        assert_eq!(app.mail().await, [], "what was asked for before");
        browser.get(&app, &acme.path("/recover")).await.expect_error_page(404);
        let begun = browser.get(&app, &acme.path("/login")).await;
        let page = browser.follow(&app, &begun).await;
        assert!(!page.body.contains("/recover"), "{page:?}");
        let form = [("csrf", page.field("csrf")), ("email", "ada@acme.example".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&app, &acme.path("/recover"), &form).await.expect_error_page(404);
        assert_eq!(app.mail().await, []);

        // Administrators may all the same.
        let admin = app.tenant_api(&acme.tenant, "user-manager").await;
        let path = format!("/tenants/acme/users/{}/send-password-reset", acme.user.id);
        assert_eq!(admin.send(poem::http::Method::POST, &path, &[], None).await.status, 202);
        let link = app.one_mail().await.link();
        assert_eq!(acme.choose(&app, &link, ANOTHER).await.status, 200);
        assert!(acme.signs_in_with(&app, ANOTHER).await);
    }
}
