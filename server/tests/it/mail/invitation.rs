use grantor_protocol::model::{AuditKind, MessageKind, PasskeyUse, UserStatus};
use poem::http::Method;
use serde_json::json;

use super::ANOTHER;
use crate::admin::Api;
use crate::oauth::authenticator::Device;
use crate::on_both;
use crate::support::{Browser, TestApp};

on_both! {
    async fn an_invitation(app: TestApp) {
        let acme = app.acme().await;
        let grace = acme.newcomer(&app).await;
        let admin = app.platform("platform-admin").await;
        let path = format!("/tenants/acme/users/{}/invite", grace.id);
        let invited = admin.send(Method::POST, &path, &[], None).await;
        assert_eq!((invited.status.as_u16(), invited.body.as_str()), (202, ""));
        let mail = app.one_mail().await;
        assert_eq!(mail.header("to"), "grace@acme.example");
        assert_eq!(mail.header("subject"), "You are invited to Acme");
        let older = mail.link();
        assert!(older.starts_with("/t/acme/invitation?link=gol_"), "{older}");
        assert_eq!(Browser::default().get(&app, &older).await.status, 200);

        // Another ends the one before.
        app.clock.advance(60);
        admin.send(Method::POST, &path, &[], None).await;
        let newer = app.one_mail().await.link();
        Browser::default().get(&app, &older).await.expect_error_page(400);
        acme.choose(&app, &older, ANOTHER).await.expect_error_page(400);

        app.clock.advance(6 * 86_400);
        let mut browser = Browser::default();
        let page = browser.get(&app, &newer).await;
        let form = [("link", page.field("link")), ("password", "grace is my name".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = browser.post(&app, &acme.path("/invitation"), &form).await;
        assert_eq!(refused.status, 422, "{refused:?}");
        let form = [("link", form[0].1), ("password", ANOTHER)];
        let accepted = browser.post(&app, &acme.path("/invitation"), &form).await;
        assert_eq!(accepted.location(), "/t/acme/account");
        let account = browser.follow(&app, &accepted).await;
        assert!(account.body.contains("grace@acme.example"), "{account:?}");
        assert!(app.user(&acme.tenant, &grace).await.email_verified);
        assert_eq!(acme.audited(&app, AuditKind::InvitationAccepted).await, 1);
        acme.choose(&app, &newer, "yet another password").await.expect_error_page(400);

        let admin = app.tenant_api(&acme.tenant, "user-manager").await;
        let again = admin.send(Method::POST, &path, &[], None).await;
        again.expect_problem(409, "protected");
    }

    /// A passkey takes the place of the first password where the tenant takes one alone.
    async fn an_invitation_with_a_passkey(app: TestApp) {
        let acme = app.acme().await;
        let grace = acme.newcomer(&app).await;
        let admin = app.platform("platform-admin").await;
        admin.send(Method::POST, &format!("/tenants/acme/users/{}/invite", grace.id), &[], None).await;
        let link = app.one_mail().await.link();
        let mut browser = Browser::default();
        let page = browser.get(&app, &link).await;
        assert!(page.body.contains("a passkey instead"), "{page:?}");
        let secret = page.field("link");
        let challenge = async |browser: &mut Browser| {
            let path = acme.path("/invitation/passkey");
            browser.post(&app, &path, &[("link", secret.as_str())]).await.json()
        };
        let path = acme.path("/invitation");
        let begun = challenge(&mut browser).await;
        let form = [("link", secret.as_str()), ("ceremony", begun["ceremony"].as_str().unwrap()), ("credential", "{}")];
        let refused = browser.post(&app, &path, &form).await;
        assert!(refused.status == 422 && refused.body.contains("role=\"alert\""), "{refused:?}");
        let mut device = Device::new(true);
        let begun = challenge(&mut browser).await;
        let credential = device.create(&begun["options"]);
        let form = [("link", secret.as_str()), ("ceremony", begun["ceremony"].as_str().unwrap()), ("credential", &credential)];
        let accepted = browser.post(&app, &path, &form).await;
        assert_eq!(accepted.location(), "/t/acme/account");
        assert!(browser.follow(&app, &accepted).await.body.contains("grace@acme.example"));
        browser.post(&app, &path, &form).await.expect_error_page(400);
        let stored = app.user(&acme.tenant, &grace).await;
        assert!(stored.password.is_none() && stored.email_verified, "{stored:?}");
        assert_eq!(acme.audited(&app, AuditKind::InvitationAccepted).await, 1);
        assert_eq!(acme.audited(&app, AuditKind::AuthenticatorChanged).await, 1);

        acme.change_tenant(&app, |tenant| tenant.settings.sign_in.passkeys = PasskeyUse::SecondFactor).await;
        let answer = browser.post(&app, &acme.path("/invitation/passkey"), &[("link", secret.as_str())]).await;
        answer.expect_error_page(404);
    }

    async fn an_invitation_that_is_over(app: TestApp) {
        let acme = app.acme().await;
        let grace = acme.newcomer(&app).await;
        let path = format!("/tenants/acme/users/{}", grace.id);
        let invite = async |admin: &Api<'_>| {
            assert_eq!(admin.send(Method::POST, &format!("{path}/invite"), &[], None).await.status, 202);
            app.one_mail().await.link()
        };
        let link = invite(&app.platform("platform-admin").await).await;
        app.clock.advance(MessageKind::Invitation.lifetime().seconds());
        acme.choose(&app, &link, ANOTHER).await.expect_error_page(400);

        // Somebody gave them a password meanwhile: it is not replaced.
        let admin = app.tenant_api(&acme.tenant, "user-manager").await;
        let link = invite(&admin).await;
        let set = admin.post(&format!("{path}/password"), &json!({ "password": "given by somebody" })).await;
        assert_eq!(set.status, 200);
        acme.choose(&app, &link, ANOTHER).await.expect_error_page(400);
        assert!(!app.user(&acme.tenant, &grace).await.email_verified);
    }

    async fn whom_nobody_can_write_to(app: TestApp) {
        let acme = app.acme().await;
        let grace = acme.newcomer(&app).await;
        let admin = app.tenant_api(&acme.tenant, "user-manager").await;
        let path = format!("/tenants/acme/users/{}", grace.id);
        let steps = ["invite", "send-password-reset", "send-verification"];
        admin.patch(&path, &json!({ "email": null })).await.document(200);
        for step in steps {
            let answer = admin.send(Method::POST, &format!("{path}/{step}"), &[], None).await;
            answer.expect_problem(400, "invalid-request");
            assert!(answer.body.contains("/email"), "{answer:?}");
        }
        let document = json!({ "email": "grace@acme.example", "status": "locked" });
        admin.patch(&path, &document).await.document(200);
        for step in steps {
            admin.send(Method::POST, &format!("{path}/{step}"), &[], None).await.expect_problem(409, "protected");
        }
        assert_eq!(app.user(&acme.tenant, &grace).await.status, UserStatus::Locked);
        admin.patch(&path, &json!({ "status": "active", "email_verified": true })).await.document(200);
        let verified = admin.send(Method::POST, &format!("{path}/send-verification"), &[], None).await;
        verified.expect_problem(409, "protected");
        assert_eq!(app.mail().await, []);

        // A mailbox is not flooded, by an administrator neither.
        for _ in 0..5 {
            assert_eq!(admin.send(Method::POST, &format!("{path}/invite"), &[], None).await.status, 202);
        }
        let sixth = admin.send(Method::POST, &format!("{path}/invite"), &[], None).await;
        assert_eq!((sixth.status.as_u16(), sixth.header("retry-after")), (429, Some("3600")), "{sixth:?}");
        assert_eq!(app.mail().await.len(), 1, "the last one, which ended those before it");
        assert_eq!(acme.audited(&app, AuditKind::MessageRequested).await, 5);
    }

    /// An address is verified by a link to it, if it is still the user's.
    async fn verifying_an_address(app: TestApp) {
        let acme = app.acme().await;
        acme.change_user(&app, |user| user.email_verified = false).await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        let account = browser.get(&app, &acme.path("/account")).await;
        assert!(account.body.contains("action=\"/t/acme/account/verify\""), "{account:?}");
        let form = [("csrf", account.field("csrf"))];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&app, &acme.path("/account/verify"), &[("csrf", "x")]).await.expect_error_page(403);
        let sent = browser.post(&app, &acme.path("/account/verify"), &form).await;
        assert_eq!(sent.location(), "/t/acme/account?sent");
        let link = app.one_mail().await.link();
        assert!(link.starts_with("/t/acme/verify?link=gol_"), "{link}");
        let page = Browser::default().get(&app, &link).await;
        assert!(page.body.contains("ada@acme.example"), "{page:?}");
        assert!(!app.user(&acme.tenant, &acme.user).await.email_verified, "looking verifies nothing");

        let verify = async |link: &str| {
            let (path, secret) = link.split_once("?link=").unwrap();
            Browser::default().post(&app, path, &[("link", secret)]).await
        };
        let change = async |email: &str| {
            acme.change_user(&app, |user| user.email = Some(email.to_owned())).await;
        };
        change("lovelace@acme.example").await;
        verify(&link).await.expect_error_page(400);
        assert!(!app.user(&acme.tenant, &acme.user).await.email_verified);
        change("ada@acme.example").await;
        assert_eq!(verify(&link).await.status, 200);
        assert!(app.user(&acme.tenant, &acme.user).await.email_verified);
        verify(&link).await.expect_error_page(400);
        assert_eq!(acme.audited(&app, AuditKind::EmailVerified).await, 1);
        let account = browser.get(&app, &acme.path("/account")).await;
        assert!(!account.body.contains("/account/verify"), "{account:?}");
        browser.post(&app, &acme.path("/account/verify"), &form).await.location();
        assert_eq!(app.mail().await, [], "there is nothing to verify");
        Browser::default().post(&app, &acme.path("/account/verify"), &form).await.location();
    }
}
