//! Device authorization (RFC 8628): the device, the person with the code, and whoever would like to be one.

use futures_util::future::join_all;
use grantor_protocol::Lifetime;
use grantor_protocol::model::{
    AuditKind, ClientId, DeviceApproval, GrantType, RegistrationMode, TenantSettings, UserStatus,
};
use serde_json::{Value, json};

use super::register::native;
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant, encode};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device of the public client `app`, or of another.
pub struct Device {
    pub client_id: &'static str,
    pub device_code: String,
    pub user_code: String,
}

impl TestTenant {
    /// The tenant `acme` with a public client that may let devices in.
    pub async fn with_devices(app: &TestApp, approval: DeviceApproval) -> Self {
        let settings = TenantSettings { device_approval: approval, ..TenantSettings::default() };
        let acme = app.tenant_with("acme", settings).await;
        acme.change_client(app, "app", |client| client.metadata.grant_types.push(GrantType::DeviceCode))
            .await;
        acme
    }

    pub async fn device(&self, app: &TestApp) -> Device {
        let answer = self.ask(app, "app", "openid profile offline_access").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
        Device { client_id: "app", device_code: text("device_code"), user_code: text("user_code") }
    }

    async fn ask(&self, app: &TestApp, client_id: &str, scope: &str) -> Answer {
        let form = [("client_id", client_id), ("scope", scope)];
        app.post(&self.path("/device_authorization"), &form).await
    }

    pub async fn poll(&self, app: &TestApp, device: &Device) -> Answer {
        let form = [
            ("grant_type", GRANT_TYPE),
            ("client_id", device.client_id),
            ("device_code", &device.device_code),
        ];
        app.post(&self.path("/token"), &form).await
    }

    /// Enters a code and sends the form.
    pub async fn enter(&self, app: &TestApp, browser: &mut Browser, user_code: &str) -> Answer {
        let page = browser.get(app, &self.path("/activate")).await;
        assert_eq!(page.status, 200, "{page:?}");
        let form = [("csrf", page.field("csrf")), ("user_code", user_code.to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(app, &self.path("/activate"), &form).await
    }

    /// The consent page of a device whose code is entered here.
    async fn at_consent(&self, app: &TestApp, browser: &mut Browser, device: &Device) -> Answer {
        let mut answer = self.enter(app, browser, &device.user_code).await;
        if answer.location().contains("/login?") {
            let page = browser.follow(app, &answer).await;
            answer = self.sign_in(app, browser, &page).await;
        }
        assert!(answer.location().contains("/consent?"), "{answer:?}");
        browser.follow(app, &answer).await
    }

    /// Everything that a person does; gives the last page.
    pub async fn answer_device(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        device: &Device,
        decision: &str,
    ) -> Answer {
        let page = self.at_consent(app, browser, device).await;
        let answer = self.decide(app, browser, &page, decision).await;
        assert!(answer.location().starts_with("/t/acme/activate/callback?interaction="), "{answer:?}");
        browser.follow(app, &answer).await
    }
}

#[track_caller]
fn expect_unknown(answer: &Answer) {
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("That code is not right"), "{answer:?}");
}

fn claims(token: &Value) -> Value {
    grantor_jose::unverified_claims(token.as_str().unwrap()).unwrap()
}

/// A code that no device has.
fn wrong(number: usize) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |digit: usize| char::from(LETTERS[digit % 20]);
    format!("ZZZZ-ZZ{}{}", letter(number / 20), letter(number))
}

on_both! {
    /// A device that asks is a use of its client: it is not taken away from under it.
    async fn a_device_keeps_its_client(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let unused_lifetime = Lifetime::from_seconds(86_400);
        acme.change_tenant(&app, |tenant| tenant.settings.registration.unused_lifetime = unused_lifetime).await;
        let mut document = native();
        document["grant_types"] = json!([GRANT_TYPE]);
        let registered = acme.registered(&app, &document).await;
        let client_id = registered["client_id"].as_str().unwrap();
        app.clock.advance(86_399);
        assert_eq!(acme.ask(&app, client_id, "openid").await.status, 200);
        app.clock.advance(1);
        assert_eq!(app.app.delete_unused_clients(10).await.unwrap(), 0);
        assert_eq!(acme.ask(&app, client_id, "openid").await.status, 200);
        app.clock.advance(86_400);
        app.app.delete_unused_clients(10).await.unwrap();
        acme.ask(&app, client_id, "openid").await.expect_error(401, "invalid_client");
    }

    /// RFC 8628 §3.1 to §3.5, all of it once.
    async fn a_device_is_let_in(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let answer = acme.ask(&app, "app", "openid profile offline_access").await;
        let begun = answer.json();
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert!(begun["device_code"].as_str().unwrap().starts_with("gdc_"));
        assert_eq!(begun["verification_uri"], "https://id.example/t/acme/activate");
        let user_code = begun["user_code"].as_str().unwrap();
        let complete = format!("https://id.example/t/acme/activate?user_code={user_code}");
        assert_eq!((&begun["verification_uri_complete"], &begun["expires_in"]), (&json!(complete), &json!(600)));
        assert_eq!(begun["interval"], 5);
        let device = Device {
            client_id: "app",
            device_code: begun["device_code"].as_str().unwrap().to_owned(),
            user_code: user_code.to_lowercase().replace('-', " "),
        };
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");

        let mut browser = Browser::at("198.51.100.4");
        let consent = acme.at_consent(&app, &mut browser, &device).await;
        for shown in [user_code, "The app", "just now", "in front of you"] {
            assert!(consent.body.contains(shown), "{shown}: {consent:?}");
        }
        assert!(!consent.body.contains("You will be returned"), "{consent:?}");
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        let page = browser.follow(&app, &answer).await;
        assert!(page.body.contains("Your device is connected"), "{page:?}");

        app.clock.advance(5);
        let tokens = acme.poll(&app, &device).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        let tokens = tokens.json();
        assert_eq!(tokens["scope"], "openid profile offline_access");
        let id_token = claims(&tokens["id_token"]);
        let sub = acme.user.id.to_string();
        assert_eq!((&id_token["sub"], &id_token["aud"]), (&json!(sub), &json!("app")));
        assert_eq!(id_token["auth_time"], 1_800_000_000);
        assert_eq!(id_token["amr"], json!(["pwd"]));
        assert!(id_token.get("nonce").is_none());
        let userinfo = acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(userinfo.json()["name"], "Ada Lovelace");
        assert_eq!(acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.status, 200);
        for kind in [AuditKind::DeviceEntered, AuditKind::DeviceApproved] {
            assert_eq!(acme.audited(&app, kind).await, 1, "{kind:?}");
        }
        // The person finds it in their account, takes it back, and it is over.
        let account = browser.get(&app, "/t/acme/account").await;
        assert!(account.body.contains("The app"), "{account:?}");
        let form = [("csrf", account.field("csrf")), ("client_id", "app".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&app, "/t/acme/account/revoke", &form).await;
        let userinfo = acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await;
        userinfo.expect_error(401, "invalid_token");
    }

    /// RFC 8628 §3.1: the client as it is registered, and the rules of every authorization request.
    async fn requests_that_are_refused(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let path = acme.path("/device_authorization");
        for (form, status, error) in [
            (&[("scope", "openid")][..], 401, "invalid_client"),
            (&[("client_id", "nobody")], 401, "invalid_client"),
            (&[("client_id", "web")], 401, "invalid_client"),
            (&[("client_id", "app"), ("scope", "unknown")], 400, "invalid_scope"),
            (&[("client_id", "app"), ("resource", "https://other.example")], 400, "invalid_target"),
            (&[("client_id", "app"), ("scope", "openid"), ("scope", "openid")], 400, "invalid_request"),
            (&[("client_id", "app"), ("client_secret", "x")], 401, "invalid_client"),
        ] {
            app.post(&path, form).await.expect_error(status, error);
        }
        let basic = app.post_as(("web", &acme.secret), &path, &[("scope", "openid")]).await;
        assert_eq!(basic.status, 200, "{basic:?}");
        acme.change_client(&app, "app", |client| {
            client.metadata.grant_types = vec![GrantType::AuthorizationCode];
        })
        .await;
        acme.ask(&app, "app", "openid").await.expect_error(400, "unauthorized_client");
    }

    /// RFC 8628 §3.3.1: a link fills the code in, and nothing more happens; what it brings stays a code.
    async fn a_link_never_sends_the_form(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let mut browser = Browser::default();
        let link = acme.path(&format!("/activate?{}", encode(&[("user_code", &device.user_code.to_lowercase())])));
        let page = browser.get(&app, &link).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains(&format!("value=\"{}\"", device.user_code)), "{page:?}");
        assert!(!page.body.contains("<script") && !page.body.contains("http-equiv"), "{page:?}");
        assert_eq!(acme.audited(&app, AuditKind::DeviceEntered).await, 0);
        for brought in ["\"><script>", "BCDF", "", &"B".repeat(5000)] {
            let page = browser.get(&app, &acme.path(&format!("/activate?{}", encode(&[("user_code", brought)])))).await;
            assert!(page.body.contains("name=\"user_code\" type=\"text\" value=\"\""), "{page:?}");
        }
        browser.get(&app, &acme.path("/activate?user_code=A&user_code=B")).await.expect_error_page(400);
        // Right or wrong cannot be seen from the page either.
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
    }

    /// RFC 9700 §4.7: the form that takes a code is its browser's, and this site's.
    async fn forms_of_somebody_else(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let (mut browser, mut attacker) = (Browser::default(), Browser::default());
        let page = browser.get(&app, &acme.path("/activate")).await;
        let theirs = attacker.get(&app, &acme.path("/activate")).await;
        for csrf in ["", "x", &theirs.field("csrf")] {
            let form = [("csrf", csrf), ("user_code", &device.user_code)];
            browser.post(&app, &acme.path("/activate"), &form).await.expect_error_page(403);
        }
        let csrf = page.field("csrf");
        let form = [("csrf", csrf.as_str()), ("user_code", &device.user_code)];
        Browser::default().post(&app, &acme.path("/activate"), &form).await.expect_error_page(403);
        browser.post_from(&app, &acme.path("/activate"), &form, "cross-site").await.expect_error_page(403);
        assert_eq!(acme.audited(&app, AuditKind::DeviceEntered).await, 0);

        // Nobody goes on with another browser's interaction, and nobody sees how it ended.
        let consent = acme.at_consent(&app, &mut browser, &device).await;
        acme.at_consent(&app, &mut attacker, &device).await;
        acme.decide(&app, &mut attacker, &consent, "allow").await.expect_error_page(400);
        let interaction = consent.field("interaction");
        let callback = acme.path(&format!("/activate/callback?interaction={interaction}"));
        browser.get(&app, &callback).await.expect_error_page(400);
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert_eq!(answer.location(), callback);
        assert_eq!(browser.get(&app, &callback).await.status, 200);
        attacker.get(&app, &callback).await.expect_error_page(400);
        Browser::default().get(&app, &callback).await.expect_error_page(400);
    }

    /// RFC 8628 §5.1: ten wrong codes, and that browser, or that address, has to wait.
    async fn whoever_tries_all_codes(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        for mut guesser in [Browser::default(), Browser::at("198.51.100.4")] {
            for number in 0..10 {
                expect_unknown(&acme.enter(&app, &mut guesser, &wrong(number)).await);
            }
            for code in [&wrong(10), &device.user_code] {
                let refused = acme.enter(&app, &mut guesser, code).await;
                refused.expect_error_page(429);
                assert_eq!(refused.header("retry-after"), Some("600"));
                assert!(refused.body.contains("10 minutes"), "{refused:?}");
            }
        }
        // Another browser at the same address has to wait too; elsewhere nobody does.
        acme.enter(&app, &mut Browser::at("198.51.100.4"), &device.user_code).await.expect_error_page(429);
        let elsewhere = acme.enter(&app, &mut Browser::at("198.51.100.5"), &device.user_code).await;
        assert!(elsewhere.location().contains("/login?"), "{elsewhere:?}");
        app.clock.advance(599);
        let mut late = Browser::at("198.51.100.4");
        acme.enter(&app, &mut late, &wrong(11)).await.expect_error_page(429);
        app.clock.advance(1);
        expect_unknown(&acme.enter(&app, &mut late, &wrong(11)).await);
    }

    /// RFC 8628 §5.1: right codes neither cost attempts nor give them back; a crowd gets no more.
    async fn what_counts_as_an_attempt(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let mut guesser = Browser::default();
        for number in 0..9 {
            expect_unknown(&acme.enter(&app, &mut guesser, &wrong(number)).await);
            let own = acme.device(&app).await;
            assert_eq!(acme.enter(&app, &mut guesser, &own.user_code).await.status, 303);
            // What no device can have says nothing about any.
            expect_unknown(&acme.enter(&app, &mut guesser, "AAAA-AAAA").await);
        }
        expect_unknown(&acme.enter(&app, &mut guesser, &wrong(9)).await);
        acme.enter(&app, &mut guesser, &wrong(10)).await.expect_error_page(429);

        let mut crowd = Browser::at("203.0.113.9");
        crowd.get(&app, &acme.path("/activate")).await;
        let tries = (0..40).map(|number| {
            let (app, acme, mut browser) = (&app, &acme, crowd.clone());
            async move { acme.enter(app, &mut browser, &wrong(number)).await }
        });
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 10);
        assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 30);
    }

    /// RFC 8628 §5.1: a code opens the way five times; whoever is on it may still arrive.
    async fn a_code_that_is_entered_too_often(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let mut person = Browser::default();
        let consent = acme.at_consent(&app, &mut person, &device).await;
        for _ in 1..5 {
            assert_eq!(acme.enter(&app, &mut Browser::default(), &device.user_code).await.status, 303);
        }
        expect_unknown(&acme.enter(&app, &mut Browser::default(), &device.user_code).await);
        let answer = acme.decide(&app, &mut person, &consent, "allow").await;
        assert!(person.follow(&app, &answer).await.body.contains("connected"));
        assert_eq!(acme.poll(&app, &device).await.status, 200);
    }

    /// RFC 8628 §3.5: pending writes nothing; too fast is slower every time, on every node.
    async fn polling(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let rows = app.app.store.tenant(acme.tenant.id);
        let stored = async || {
            let hash = grantor_protocol::Secret::presented(device.device_code.as_str()).hash();
            rows.device_with_grant(&hash).await.unwrap().unwrap().0
        };
        let (before, jobs) = (stored().await, app.app.store.write_statistics().jobs);
        for _ in 0..3 {
            acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
            app.clock.advance(5);
        }
        assert_eq!(stored().await, before);
        assert_eq!(app.app.store.write_statistics().jobs, jobs, "a poll in time writes nothing");

        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
        for interval in [10, 15, 20] {
            app.clock.advance(1);
            acme.poll(&app, &device).await.expect_error(400, "slow_down");
            assert_eq!(stored().await.poll_interval.seconds(), interval);
        }
        app.clock.advance(19);
        acme.poll(&app, &device).await.expect_error(400, "slow_down");
        let other_node = app.second_node().await;
        app.clock.advance(24);
        acme.poll(&other_node, &device).await.expect_error(400, "slow_down");
        app.clock.advance(30);
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
        // Once it is let in, nobody waits for the interval.
        acme.answer_device(&app, &mut Browser::default(), &device, "allow").await;
        assert_eq!(acme.poll(&app, &device).await.status, 200);
    }

    /// RFC 8628 §3.5: denied is denied, for the device and for whoever comes after.
    async fn denial_is_final(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let (mut first, mut second) = (Browser::default(), Browser::default());
        let consent = acme.at_consent(&app, &mut second, &device).await;
        let page = acme.answer_device(&app, &mut first, &device, "deny").await;
        assert!(page.body.contains("stays out"), "{page:?}");
        acme.poll(&app, &device).await.expect_error(400, "access_denied");
        acme.decide(&app, &mut second, &consent, "allow").await.expect_error_page(400);
        expect_unknown(&acme.enter(&app, &mut second, &device.user_code).await);
        app.clock.advance(3600);
        acme.poll(&app, &device).await.expect_error(400, "access_denied");
        assert_eq!(acme.audited(&app, AuditKind::DeviceDenied).await, 1);
        assert_eq!(acme.audited(&app, AuditKind::DeviceApproved).await, 0);
    }

    /// Of all who answer at a time one does.
    async fn one_answer_counts(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let (mut one, mut other) = (Browser::default(), Browser::default());
        let (page, others) = (acme.at_consent(&app, &mut one, &device).await, acme.at_consent(&app, &mut other, &device).await);
        let (allowed, denied) = tokio::join!(
            acme.decide(&app, &mut one, &page, "allow"),
            acme.decide(&app, &mut other, &others, "deny")
        );
        let answer = acme.poll(&app, &device).await;
        match (allowed.status.as_u16(), denied.status.as_u16()) {
            (303, 400) => assert_eq!(answer.status, 200, "{answer:?}"),
            (400, 303) => answer.expect_error(400, "access_denied"),
            other => panic!("{other:?}"),
        }
    }

    /// RFC 8628 §3.4, RFC 9700 §4.5: tokens once; whoever comes again ends them.
    async fn a_device_code_is_good_once(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        acme.answer_device(&app, &mut Browser::default(), &device, "allow").await;
        let answers = join_all((0..50).map(|_| acme.poll(&app, &device))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(won.len(), 1);
        lost.iter().for_each(|answer| answer.expect_error(400, "invalid_grant"));
        let tokens = won[0].json();
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(400, "invalid_grant");
        assert!(acme.audited(&app, AuditKind::DeviceCodeReplayed).await >= 1);
    }

    /// RFC 8628 §3.4: a device code is its client's, its tenant's, and neither a user code nor any other.
    async fn codes_of_somebody_else(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        beta.change_client(&app, "app", |client| client.metadata.grant_types.push(GrantType::DeviceCode)).await;
        let device = acme.device(&app).await;
        expect_unknown(&beta.enter(&app, &mut Browser::default(), &device.user_code).await);
        beta.poll(&app, &device).await.expect_error(400, "invalid_grant");
        acme.answer_device(&app, &mut Browser::default(), &device, "allow").await;
        let form = [("grant_type", GRANT_TYPE), ("device_code", device.device_code.as_str())];
        let stolen = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
        stolen.expect_error(400, "invalid_grant");
        beta.poll(&app, &device).await.expect_error(400, "invalid_grant");
        for device_code in [device.user_code.as_str(), "gdc_1", "x"] {
            let wrong = Device { client_id: "app", device_code: device_code.to_owned(), user_code: String::new() };
            acme.poll(&app, &wrong).await.expect_error(400, "invalid_grant");
        }
        let missing = [("grant_type", GRANT_TYPE), ("client_id", "app")];
        app.post(&acme.path("/token"), &missing).await.expect_error(400, "invalid_request");
        acme.redeem(&app, &device.device_code).await.expect_error(400, "invalid_grant");
        assert_eq!(acme.poll(&app, &device).await.status, 200, "none of it did any harm");
    }

    /// RFC 8628 §3.2, §3.5: the codes expire, wherever their way has led.
    async fn codes_expire_at_every_step(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let [untouched, entered, consented, approved] =
            [acme.device(&app).await, acme.device(&app).await, acme.device(&app).await, acme.device(&app).await];
        let mut signing_in = Browser::default();
        let at_login = acme.enter(&app, &mut signing_in, &entered.user_code).await;
        let login = signing_in.follow(&app, &at_login).await;
        let mut consenting = Browser::default();
        let consent = acme.at_consent(&app, &mut consenting, &consented).await;
        acme.answer_device(&app, &mut Browser::default(), &approved, "allow").await;
        app.clock.advance(600);
        expect_unknown(&acme.enter(&app, &mut Browser::default(), &untouched.user_code).await);
        acme.sign_in(&app, &mut signing_in, &login).await.expect_error_page(400);
        acme.decide(&app, &mut consenting, &consent, "allow").await.expect_error_page(400);
        for device in [untouched, entered, consented, approved] {
            acme.poll(&app, &device).await.expect_error(400, "expired_token");
        }
        assert_eq!(acme.audited(&app, AuditKind::DeviceApproved).await, 1);
    }

    /// A person who is locked, or an application that is, lets nothing in.
    async fn locked_before_the_tokens(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let [approved, consented] = [acme.device(&app).await, acme.device(&app).await];
        let mut browser = Browser::default();
        acme.answer_device(&app, &mut browser, &approved, "allow").await;
        let consent = acme.at_consent(&app, &mut browser, &consented).await;
        let admin = app.platform("platform-admin").await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        assert_eq!(admin.patch(&user, &json!({ "status": "locked" })).await.status, 200);
        acme.poll(&app, &approved).await.expect_error(400, "invalid_grant");
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        assert!(answer.location().contains("/login?"), "{answer:?}");
        acme.poll(&app, &consented).await.expect_error(400, "authorization_pending");
        acme.change_user(&app, |user| user.status = UserStatus::Active).await;
        acme.change_client(&app, "app", |client| client.enabled = false).await;
        expect_unknown(&acme.enter(&app, &mut Browser::default(), &consented.user_code).await);
        acme.poll(&app, &consented).await.expect_error(401, "invalid_client");
    }

    /// RFC 8628 §5.4: asked every time, by an application that is otherwise trusted, too; and what was
    /// allowed for a device holds in a browser like every consent.
    async fn consent_is_asked_for_every_time(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        acme.change_client(&app, "app", |client| client.metadata.skip_consent = true).await;
        let mut browser = Browser::default();
        for _ in 0..2 {
            let device = acme.device(&app).await;
            let page = acme.answer_device(&app, &mut browser, &device, "allow").await;
            assert!(page.body.contains("connected"), "{page:?}");
        }
        let client_id = ClientId::parse("app").unwrap();
        let consent = app.app.store.tenant(acme.tenant.id).consent(acme.user.id, &client_id).await.unwrap();
        assert_eq!(consent.unwrap().scope.to_string(), "openid profile offline_access");
    }

    /// Another account on the consent page, and another tab that signed in meanwhile.
    async fn somebody_else_answers(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let device = acme.device(&app).await;
        let mut browser = Browser::default();
        let page = acme.at_consent(&app, &mut browser, &device).await;
        let switch = acme.decide(&app, &mut browser, &page, "switch").await;
        let login = browser.follow(&app, &switch).await;
        let again = acme.sign_in(&app, &mut browser, &login).await;
        // The page of the session before is not this session's.
        acme.decide(&app, &mut browser, &page, "allow").await.expect_error_page(403);
        let page = browser.follow(&app, &again).await;
        let answer = acme.decide(&app, &mut browser, &page, "allow").await;
        assert!(browser.follow(&app, &answer).await.body.contains("connected"));
        assert_eq!(acme.poll(&app, &device).await.status, 200);
    }
}
