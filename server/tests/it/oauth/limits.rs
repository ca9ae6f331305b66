//! Rate limits, and that one tenant's crowd is not another's.

use std::sync::Arc;

use futures_util::future::join_all;
use grantor::http::{Metrics, offered};
use grantor_protocol::Id;
use grantor_protocol::model::{
    AuditKind, RateKind, RateLimits, RegistrationMode, TenantSettings, TenantStatus, User, UserStatus,
};
use poem::http::Method;
use serde_json::json;

use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, START, TestApp, TestTenant};

impl TestTenant {
    /// A tenant with this rate for one kind of request, and open to registration.
    async fn limited(app: &TestApp, slug: &str, kind: RateKind, rate: &str) -> Self {
        let mut settings = TenantSettings::default();
        settings.registration.mode = Some(RegistrationMode::Open);
        *settings.rate_limits.of_mut(kind) = Some(rate.parse().unwrap());
        app.tenant_with(slug, settings).await
    }

    async fn client_credentials(&self, app: &TestApp) -> Answer {
        let form = [("grant_type", "client_credentials")];
        app.post_as(("web", &self.secret), &self.path("/token"), &form).await
    }

    /// One try of a password in a browser that has not signed in.
    async fn try_password(&self, app: &TestApp, browser: &mut Browser, password: &str) -> Answer {
        self.try_as(app, browser, ("ada", password)).await
    }

    async fn try_as(&self, app: &TestApp, browser: &mut Browser, (name, password): (&str, &str)) -> Answer {
        let begun = browser.get(app, &self.path("/login")).await;
        let page = browser.follow(app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [
            ("csrf", csrf.as_str()),
            ("interaction", &interaction),
            ("username", name),
            ("password", password),
        ];
        browser.post(app, &self.path("/login"), &form).await
    }
}

/// Only what is served from memory has no limit.
#[tokio::test]
async fn every_address_of_a_tenant_names_its_limit() {
    let app = TestApp::sqlite().await;
    for route in offered(&app.app, &Arc::new(Metrics::new())) {
        let free =
            !route.path.starts_with("/t/:slug/") || ["metadata", "jwks", "theme"].contains(&route.name);
        for (method, limit) in route.methods.iter().zip(&route.limits) {
            assert_eq!(limit.is_none(), free, "{method} {}", route.path);
        }
        assert_eq!(route.methods.len(), route.limits.len());
        if ["/t/:slug/login", "/t/:slug/account/password"].contains(&route.path) {
            assert_eq!(route.limits, [Some(RateKind::Authorize), Some(RateKind::SignIn)]);
        }
    }
}

on_both! {
    async fn over_the_limit_is_429_in_the_endpoints_own_words(app: TestApp) {
        let json = |answer: Answer| answer.expect_error(429, "temporarily_unavailable");
        let page = |answer: Answer| answer.expect_error_page(429);
        for (number, kind) in RateKind::ALL.into_iter().enumerate() {
            let slug = format!("tenant-{number}");
            let path = |path: &str| format!("/t/{slug}{path}");
            let limited = TestTenant::limited(&app, &slug, kind, "1/minute burst 2").await;
            let ask = async || match kind {
                RateKind::SignIn => Some(app.post(&path("/login"), &[]).await),
                RateKind::Token => Some(limited.client_credentials(&app).await),
                RateKind::Registration => Some(limited.register(&app, None, &json!({})).await),
                RateKind::RegistrationAddress => Some(app.get(&path("/register/x")).await),
                RateKind::Device => Some(app.post(&path("/device_authorization"), &[]).await),
                RateKind::Introspection => Some(app.post(&path("/introspect"), &[]).await),
                RateKind::Authorize => Some(app.get(&path("/authorize")).await),
                RateKind::FailedSignIn | RateKind::FailedSignInAccount | RateKind::Admin => None,
            };
            for _ in 0..2 {
                let Some(answer) = ask().await else { break };
                assert_ne!(answer.status, 429, "{kind:?}");
            }
            let Some(refused) = ask().await else { continue };
            assert_eq!(refused.header("retry-after"), Some("60"), "{kind:?}");
            assert_eq!(refused.header("cache-control"), Some("no-store"), "{kind:?}");
            match kind {
                RateKind::SignIn | RateKind::Authorize => page(refused),
                _ => json(refused),
            }
            app.clock.advance(59);
            assert_eq!(ask().await.unwrap().header("retry-after"), Some("1"), "{kind:?}");
            // Nobody gets a new bucket by changing something about the tenant.
            limited.change_tenant(&app, |tenant| tenant.name = "Another name".to_owned()).await;
            assert_eq!(ask().await.unwrap().status, 429, "{kind:?}");
            app.clock.advance(1);
            assert_ne!(ask().await.unwrap().status, 429, "{kind:?}");
            // What is there for everybody goes on.
            assert_eq!(app.get(&path("/jwks")).await.status, 200);
        }
    }

    async fn what_is_not_there_is_not_limited(app: TestApp) {
        let acme = TestTenant::limited(&app, "acme", RateKind::Token, "1/hour").await;
        acme.client_credentials(&app).await;
        for _ in 0..20 {
            app.post("/t/nobody/token", &[]).await.expect_error(404, "invalid_request");
            app.get("/t/nobody/authorize").await.expect_error_page(404);
        }
        acme.client_credentials(&app).await.expect_error(429, "temporarily_unavailable");
        acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Suspended).await;
        acme.client_credentials(&app).await.expect_error(403, "invalid_request");
    }

    /// RFC 4291 §2.5.4: an IPv6 subscriber has 2^64 addresses.
    async fn only_wrong_passwords_of_one_network_count_tightly(app: TestApp) {
        let acme = TestTenant::limited(&app, "acme", RateKind::FailedSignIn, "1/hour burst 3").await;
        let at = |address: &str| Browser::at(address);
        for _ in 0..10 {
            let mut browser = at("2001:db8::1");
            assert_eq!(acme.try_password(&app, &mut browser, PASSWORD).await.status, 303);
        }
        for address in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
            assert_eq!(acme.try_password(&app, &mut at(address), "wrong").await.status, 422);
        }
        let hashed = app.app.passwords.hashed();
        let refused = acme.try_password(&app, &mut at("2001:db8::4"), PASSWORD).await;
        refused.expect_error_page(429);
        assert_eq!(refused.header("retry-after"), Some("3600"));
        assert_eq!(app.app.passwords.hashed(), hashed, "nothing was hashed");
        for address in ["2001:db8:0:1::1", "192.0.2.1"] {
            assert_eq!(acme.try_password(&app, &mut at(address), PASSWORD).await.status, 303);
        }
        // Another tenant's are its own.
        let other = app.tenant_with("other", TenantSettings::default()).await;
        assert_eq!(other.try_password(&app, &mut at("2001:db8::1"), PASSWORD).await.status, 303);
        app.clock.advance(3600);
        assert_eq!(acme.try_password(&app, &mut at("2001:db8::1"), PASSWORD).await.status, 303);
    }

    /// NIST SP 800-63B-4 §3.2.2: one account's passwords are tried a few times, wherever from, and whoever tries
    /// them keeps nobody out. A name that nobody has is counted as well.
    async fn wrong_passwords_of_one_account_count_from_everywhere(app: TestApp) {
        let acme = TestTenant::limited(&app, "acme", RateKind::FailedSignInAccount, "1/hour burst 3").await;
        let at = |number: u8| Browser::at(&format!("192.0.2.{number}"));
        let mut own = at(200);
        assert_eq!(acme.try_password(&app, &mut own, PASSWORD).await.status, 303);
        let hashed = app.app.passwords.hashed();
        for names in [["ada", " ADA ", "Ada", "ada"], ["nobody", "Nobody", "NOBODY", "nobody"]] {
            for (name, (number, status)) in names.into_iter().zip([(1, 422), (2, 422), (3, 422), (4, 429)]) {
                let mut browser = at(number);
                browser.put_cookie("__Host-grantor-known-acme", "made up");
                assert_eq!(acme.try_as(&app, &mut browser, (name, "wrong")).await.status, status, "{name}");
            }
        }
        let refused = acme.try_password(&app, &mut at(5), PASSWORD).await;
        refused.expect_error_page(429);
        assert_eq!(refused.header("retry-after"), Some("3600"));
        assert_eq!(app.app.passwords.hashed() - hashed, 6, "what is refused is not hashed");

        assert_eq!(acme.try_password(&app, &mut own, PASSWORD).await.status, 303, "their own browser");
        for status in [422, 422, 422, 429] {
            assert_eq!(acme.try_password(&app, &mut own, "wrong").await.status, status);
        }
        app.clock.advance(3600);
        assert_eq!(acme.try_password(&app, &mut at(5), PASSWORD).await.status, 303);
    }

    /// OWASP ASVS 5.0 §6.3.8: neither the words nor the work tell who has an account.
    async fn whoever_cannot_sign_in_costs_the_same(app: TestApp) {
        let acme = app.acme().await;
        acme.add_user(&app, "bob").await;
        acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        let without = User {
            id: Id::generate(START, app.app.entropy.as_ref()),
            username: "carol".to_owned(),
            email: None,
            password: None,
            ..acme.user.clone()
        };
        app.app.store.tenant(acme.tenant.id).create_user(&without, vec![]).await.unwrap();
        let mut answers = vec![];
        for (name, password) in [("bob", "wrong"), ("carol", PASSWORD), ("ada", PASSWORD), ("nobody", PASSWORD), ("", "")] {
            let hashed = app.app.passwords.hashed();
            let answer = acme.try_as(&app, &mut Browser::default(), (name, password)).await;
            assert_eq!((answer.status.as_u16(), app.app.passwords.hashed() - hashed), (422, 1), "{name}: {answer:?}");
            // What is one browser's own, and what was typed.
            let shown: Vec<_> = answer.body.lines().filter(|line| !line.contains(" value=")).map(str::to_owned).collect();
            assert!(shown.iter().any(|line| line.contains("role=\"alert\"")), "{answer:?}");
            answers.push((name, shown));
        }
        for (name, shown) in &answers[1..4] {
            assert_eq!(shown, &answers[0].1, "{name}");
        }
    }

    async fn a_crowd_tries_no_more_passwords_than_one(app: TestApp) {
        let acme = TestTenant::limited(&app, "acme", RateKind::FailedSignIn, "1/hour burst 4").await;
        let mut browser = Browser::at("198.51.100.1");
        let begun = browser.get(&app, &acme.path("/login")).await;
        let page = browser.follow(&app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", "ada"), ("password", "no")];
        let tries = (0..30).map(|_| {
            let mut browser = browser.clone();
            let (app, acme) = (&app, &acme);
            async move { browser.post(app, &acme.path("/login"), &form).await }
        });
        let answers = join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 4);
        assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 26);
        assert_eq!(acme.audited(&app, AuditKind::SignInFailed).await, 4);
    }

    /// Ten times its limit costs a tenant's neighbours nothing: what is refused reads, writes and hashes
    /// nothing.
    async fn a_noisy_tenant_makes_no_work(app: TestApp) {
        let rate_limits = RateLimits {
            sign_in: "10/hour".parse().ok(),
            token: "10/hour".parse().ok(),
            authorize: "2/hour".parse().ok(),
            ..RateLimits::default()
        };
        let settings = TenantSettings { rate_limits, ..TenantSettings::default() };
        let noisy = app.tenant_with("noisy", settings).await;
        let quiet = app.tenant_with("quiet", TenantSettings::default()).await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &noisy.path("/login")).await;
        let page = browser.follow(&app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", "ada"), ("password", "no")];
        let hashed = app.app.passwords.hashed();
        let tries = (0..100).map(|_| {
            let mut browser = browser.clone();
            let (app, noisy) = (&app, &noisy);
            async move { browser.post(app, &noisy.path("/login"), &form).await }
        });
        let (noise, answered) = tokio::join!(join_all(tries), quiet.tokens(&app));
        assert!(answered["access_token"].is_string());
        assert_eq!(noise.iter().filter(|answer| answer.status == 429).count(), 90);
        assert_eq!(app.app.passwords.hashed() - hashed, 11, "ten of the noisy one's, one of the quiet one's");
        assert_eq!(noisy.audited(&app, AuditKind::SignInFailed).await, 10);
        let before = app.app.store.write_statistics();
        let asked = join_all((0..100).map(|_| noisy.client_credentials(&app))).await;
        assert_eq!(asked.iter().filter(|answer| answer.status == 200).count(), 10);
        assert_eq!(quiet.client_credentials(&app).await.status, 200);
        assert_eq!(app.app.store.write_statistics(), before);
    }

    async fn registrations_are_bounded_by_network(app: TestApp) {
        let kind = RateKind::RegistrationAddress;
        let acme = TestTenant::limited(&app, "acme", kind, "1/minute burst 1").await;
        // A connection from a trusted proxy is whose the proxy says; nobody else's word counts.
        for (connection, forwarded, status) in [
            ("192.0.2.1", "203.0.113.1", 201),
            ("192.0.2.2", "203.0.113.1", 429),
            ("192.0.2.1", "203.0.113.2", 201),
            ("198.51.100.1", "203.0.113.3", 201),
            ("198.51.100.1", "203.0.113.4", 429),
            ("203.0.113.2", "203.0.113.5", 429),
        ] {
            let document = json!({ "redirect_uris": ["https://app.example/cb"], "software_version": connection });
            let request = crate::support::request(Method::POST, &acme.path("/register"))
                .content_type("application/json")
                .header("x-forwarded-for", forwarded)
                .body(document.to_string());
            let answer = app.send(Browser::at(connection).connected(request)).await;
            assert_eq!(answer.status, status, "{connection} {forwarded} {answer:?}");
        }
    }
}
