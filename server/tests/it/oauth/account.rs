//! A person's own pages, and who gets at them.

use grantor_protocol::model::{AuditKind, RateKind, Session, SignInIdentifier, TenantSettings, User};
use grantor_protocol::{Lifetime, Secret};
use grantor_store::{Page, SessionFilter, Sort};

use super::console;
use crate::on_both;
use crate::support::{Answer, Browser, PASSWORD, TestApp, TestTenant};

const NEW: &str = "velvet otter canal brick";

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";

/// What a session must not be older than (protocol: `FRESH`).
const FRESH: u32 = 600;

impl TestTenant {
    /// A browser in which this person is signed in.
    async fn browser_of(&self, app: &TestApp, username: &str) -> Browser {
        let mut browser = Browser::at("198.51.100.7").called(FIREFOX);
        let begun = browser.get(app, &self.path("/login")).await;
        let page = browser.follow(app, &begun).await;
        let answer = self.sign_in_as(app, &mut browser, &page, username).await;
        assert_eq!(answer.location(), self.path("/account"));
        browser
    }

    /// Sends the form of a page of the account as the page would.
    async fn send(&self, app: &TestApp, browser: &mut Browser, page: &str, form: &[(&str, &str)]) -> Answer {
        let path = self.path(&format!("/account/{page}"));
        let csrf = browser.get(app, &path).await.field("csrf");
        let form: Vec<_> = form.iter().copied().chain([("csrf", csrf.as_str())]).collect();
        browser.post(app, &path, &form).await
    }

    async fn is_signed_in(&self, app: &TestApp, browser: &Browser) -> bool {
        browser.clone().get(app, &self.path("/account")).await.status == 200
    }

    async fn stored(&self, app: &TestApp) -> Option<User> {
        app.app.store.tenant(self.tenant.id).user(self.user.id).await.unwrap()
    }

    async fn live_sessions(&self, app: &TestApp) -> Vec<Session> {
        let page = Page { limit: 100, cursor: None, q: None, sort: Sort::default() };
        let filter = SessionFilter { user: None, live: Some(true) };
        let now = app.app.clock.now();
        let listing = app.app.store.tenant(self.tenant.id).list_sessions(&page, filter, now).await.unwrap();
        listing.items.into_iter().map(|(session, _)| session).collect()
    }

    /// The identifier of the session that a browser is in.
    async fn session_of(&self, app: &TestApp, browser: &Browser) -> String {
        let cookie = Secret::presented(browser.cookie(&format!("grantor-session-{}", self.slug)).unwrap());
        let signed_in = app.app.signed_in(self.tenant.id, Some(&cookie)).await.unwrap();
        signed_in.unwrap().session.id.to_string()
    }

    /// A sign-in that an old one is sent through, up to where it leads.
    async fn again(&self, app: &TestApp, browser: &mut Browser, sent: &Answer) -> String {
        let begun = browser.follow(app, sent).await;
        let page = browser.follow(app, &begun).await;
        self.sign_in(app, browser, &page).await.location().to_owned()
    }
}

fn with_sign_in(change: impl FnOnce(&mut grantor_protocol::model::SignInPolicy)) -> TenantSettings {
    let mut settings = TenantSettings::default();
    change(&mut settings.sign_in);
    settings
}

on_both! {
    async fn every_page_is_for_whoever_is_signed_in(app: TestApp) {
        let acme = app.acme().await;
        let mut ada = acme.browser_of(&app, "ada").await;
        for page in ["profile", "password", "sessions", "applications", "data"] {
            let path = acme.path(&format!("/account/{page}"));
            let shown = ada.get(&app, &path).await;
            assert_eq!(shown.status, 200, "{page}: {shown:?}");
            let current = format!("<a href=\"{path}\" aria-current=\"page\">");
            assert!(shown.body.contains(&current), "{page}: {shown:?}");
            // Whoever is not goes through the sign-in page and comes back.
            let mut stranger = Browser::default();
            let sent = stranger.get(&app, &path).await;
            assert_eq!(acme.again(&app, &mut stranger, &sent).await, path);
        }
        // An address of somebody else's is nothing to go back to.
        for page in ["https://evil.example", "//evil.example", "../logout", "PROFILE", ""] {
            let mut stranger = Browser::default();
            let sent = stranger.get(&app, &acme.path(&format!("/login?page={page}"))).await;
            let page = stranger.follow(&app, &sent).await;
            let signed_in = acme.sign_in(&app, &mut stranger, &page).await;
            assert_eq!(signed_in.location(), "/t/acme/account");
        }
    }

    async fn the_profile(app: TestApp) {
        let acme = app.acme().await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let form = [("name", " Ada King "), ("nickname", ""), ("website", "https://ada.example/"), ("locale", "en-GB")];
        let saved = acme.send(&app, &mut ada, "profile", &form).await;
        assert!(ada.follow(&app, &saved).await.body.contains("role=\"status\""));
        let user = acme.stored(&app).await.unwrap();
        assert_eq!(user.profile.name.as_deref(), Some("Ada King"));
        assert_eq!((user.profile.nickname.as_deref(), user.profile.locale.as_deref()), (None, Some("en-GB")));
        assert_eq!((user.username.as_str(), user.email_verified), ("ada", true));
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, 1);
        // The same once more changes nothing.
        acme.send(&app, &mut ada, "profile", &form).await.location();
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, 1);

        let long = "a".repeat(2000);
        for (field, value) in [("website", "javascript:alert(1)"), ("picture", "\"><i>"), ("zoneinfo", "../x"), ("locale", "?"), ("name", long.as_str())] {
            let refused = acme.send(&app, &mut ada, "profile", &[(field, value)]).await;
            assert_eq!(refused.status, 422, "{field}: {refused:?}");
            assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{field}: {refused:?}");
            assert!(!refused.body.contains("\"><i>"), "{refused:?}");
        }
        assert_eq!(acme.stored(&app).await.unwrap(), user);
    }

    /// Whoever can change the address gets the account: it needs a fresh sign-in, and is nobody's proven
    /// address after that.
    async fn what_one_signs_in_with(app: TestApp) {
        let acme = app.acme().await;
        acme.add_user(&app, "bob").await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let names = |email| [("form", "names"), ("email", email), ("username", "countess")];
        acme.send(&app, &mut ada, "profile", &names("ada@new.example")).await.location();
        let user = acme.stored(&app).await.unwrap();
        assert_eq!((user.email.as_deref(), user.email_verified), (Some("ada@new.example"), false));
        assert_eq!(user.username, "ada", "the tenant does not let people change it");

        let page = ada.get(&app, &acme.path("/account/profile")).await;
        assert!(page.body.contains("id=\"email\"") && !page.body.contains("id=\"username\""), "{page:?}");
        let refused = acme.send(&app, &mut ada, "profile", &names("no address")).await;
        assert!(refused.status == 422 && refused.body.contains("email-problem"), "{refused:?}");

        app.clock.advance(FRESH);
        let page = ada.get(&app, &acme.path("/account/profile")).await;
        assert!(!page.body.contains("id=\"email\""), "{page:?}");
        let sent = acme.send(&app, &mut ada, "profile", &names("late@new.example")).await;
        assert_eq!(sent.location(), "/t/acme/login?page=profile");
        assert_eq!(acme.again(&app, &mut ada, &sent).await, "/t/acme/account/profile");
        assert_eq!(acme.stored(&app).await.unwrap().email.as_deref(), Some("ada@new.example"));
        acme.send(&app, &mut ada, "profile", &names("")).await.location();
        assert_eq!(acme.stored(&app).await.unwrap().email, None);
    }

    async fn a_user_name_where_the_tenant_lets_people_change_it(app: TestApp) {
        let settings = with_sign_in(|policy| {
            policy.change_username = true;
            policy.identifier = SignInIdentifier::Email;
        });
        let acme = app.tenant_with("acme", settings).await;
        acme.add_user(&app, "bob").await;
        let mut ada = acme.browser_of(&app, "ada@acme.example").await;
        for (username, email, field) in [
            ("Bob", "ada@acme.example", "username"),
            ("", "ada@acme.example", "username"),
            // Nobody could sign in without it.
            ("ada", "", "email"),
        ] {
            let form = [("form", "names"), ("username", username), ("email", email)];
            let refused = acme.send(&app, &mut ada, "profile", &form).await;
            assert_eq!(refused.status, 422, "{refused:?}");
            assert!(refused.body.contains(&format!("id=\"{field}-problem\"")), "{refused:?}");
        }
        let form = [("form", "names"), ("username", "countess"), ("email", "ADA@acme.example")];
        acme.send(&app, &mut ada, "profile", &form).await.location();
        let user = acme.stored(&app).await.unwrap();
        assert_eq!((user.username.as_str(), user.email_verified), ("countess", true), "the same address");
    }

    /// The other browsers are signed out, and the cookie from before is nobody's.
    async fn the_password(app: TestApp) {
        let acme = app.acme().await;
        let other = acme.browser_of(&app, "ada").await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let before = ada.clone();
        for (current, new, again) in [
            ("wrong", NEW, NEW),
            ("", NEW, NEW),
            (PASSWORD, "short", "short"),
            (PASSWORD, "Password1234!", "Password1234!"),
            (PASSWORD, NEW, "velvet otter canal bricks"),
        ] {
            let form = [("current", current), ("new", new), ("again", again)];
            let refused = acme.send(&app, &mut ada, "password", &form).await;
            assert_eq!(refused.status, 422, "{new}: {refused:?}");
            assert!(refused.body.contains("role=\"alert\""), "{new}: {refused:?}");
            assert!(current.is_empty() || !refused.body.contains(NEW), "{refused:?}");
        }
        assert!(acme.is_signed_in(&app, &other).await);
        assert_eq!(acme.audited(&app, AuditKind::SignInFailed).await, 2);

        let form = [("current", PASSWORD), ("new", NEW), ("again", NEW)];
        let changed = acme.send(&app, &mut ada, "password", &form).await;
        assert_eq!(changed.location(), "/t/acme/account/password?password");
        assert!(acme.is_signed_in(&app, &ada).await);
        assert!(!acme.is_signed_in(&app, &before).await, "the cookie is another");
        assert!(!acme.is_signed_in(&app, &other).await);
        assert_eq!(acme.live_sessions(&app).await.len(), 1);
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, 1);
        let mut stranger = Browser::default();
        let begun = stranger.get(&app, &acme.path("/login")).await;
        let page = stranger.follow(&app, &begun).await;
        assert_eq!(acme.sign_in(&app, &mut stranger, &page).await.status, 422, "the old one is no more");
    }

    /// Two that know the same password do not both change it.
    async fn a_race_for_the_password(app: TestApp) {
        let acme = app.acme().await;
        let (mut one, mut other) = (acme.browser_of(&app, "ada").await, acme.browser_of(&app, "ada").await);
        let change = async |browser: &mut Browser, new: &str| {
            acme.send(&app, browser, "password", &[("current", PASSWORD), ("new", new), ("again", new)]).await
        };
        let (first, second) = tokio::join!(change(&mut one, NEW), change(&mut other, "brick canal otter velvet"));
        let done = [&first, &second].into_iter().filter(|answer| {
            answer.header("location").is_some_and(|location| location.ends_with("?password"))
        });
        assert_eq!(done.count(), 1, "{first:?} {second:?}");
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, 1);
        assert_eq!(acme.live_sessions(&app).await.len(), 1);
    }

    /// NIST SP 800-63B-4 §5.2: a browser that stays away is signed out, one that comes back in time is not.
    async fn a_browser_that_stays_away(app: TestApp) {
        let mut settings = TenantSettings::default();
        settings.lifetimes.session_idle = Lifetime::from_seconds(1800);
        let acme = app.tenant_with("acme", settings).await;
        let ada = acme.browser_of(&app, "ada").await;
        for _ in 0..3 {
            app.clock.advance(1700);
            assert!(acme.is_signed_in(&app, &ada).await);
        }
        app.clock.advance(1800);
        assert!(!acme.is_signed_in(&app, &ada).await);
        assert!(acme.live_sessions(&app).await.is_empty());
    }

    /// Whoever finds a session open guesses no more here than at the sign-in page.
    async fn wrong_passwords_count_as_those_of_sign_ins(app: TestApp) {
        let mut settings = TenantSettings::default();
        *settings.rate_limits.of_mut(RateKind::FailedSignIn) = "1/hour burst 2".parse().ok();
        let acme = app.tenant_with("acme", settings).await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let form = |current| [("current", current), ("new", NEW), ("again", NEW)];
        for _ in 0..2 {
            assert_eq!(acme.send(&app, &mut ada, "password", &form("wrong")).await.status, 422);
        }
        acme.send(&app, &mut ada, "password", &form(PASSWORD)).await.expect_error_page(429);
        let mut neighbour = Browser::at("198.51.100.7");
        let begun = neighbour.get(&app, &acme.path("/login")).await;
        let page = neighbour.follow(&app, &begun).await;
        acme.sign_in(&app, &mut neighbour, &page).await.expect_error_page(429);
    }

    async fn a_first_password_needs_a_fresh_sign_in(app: TestApp) {
        let acme = app.acme().await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let none = "UPDATE users SET password = NULL WHERE username = 'ada'";
        app.execute(none).await;
        let form = [("new", NEW), ("again", NEW)];
        app.clock.advance(FRESH);
        let sent = acme.send(&app, &mut ada, "password", &form).await;
        assert_eq!(sent.location(), "/t/acme/login?page=password");
        assert_eq!(acme.stored(&app).await.unwrap().password, None);
    }

    async fn where_one_is_signed_in(app: TestApp) {
        let acme = app.acme().await;
        let bob = acme.add_user(&app, "bob").await;
        let beta = app.tenant_with("beta", TenantSettings::default()).await;
        let of_bob = acme.browser_of(&app, "bob").await;
        let of_beta = beta.browser_of(&app, "ada").await;
        let (phone, mut ada) = (acme.browser_of(&app, "ada").await, acme.browser_of(&app, "ada").await);
        let sessions = acme.live_sessions(&app).await;
        let foreign = sessions.iter().find(|session| session.user_id == bob.id).unwrap().id.to_string();
        let beta_session = beta.live_sessions(&app).await[0].id.to_string();

        let page = ada.get(&app, &acme.path("/account/sessions")).await;
        assert_eq!(page.body.matches("Firefox on Linux</bdi>").count(), 4, "{page:?}");
        assert_eq!(page.body.matches("<bdi>198.51.100.7</bdi>").count(), 2, "{page:?}");
        assert_eq!(page.body.matches("class=\"badge\"").count(), 1, "{page:?}");
        assert!(!page.body.contains(&foreign), "{page:?}");

        // Another's and nobody's are answered alike.
        for id in [foreign.as_str(), &beta_session, "019d5f3c-0000-7000-8000-000000000000", "x"] {
            acme.send(&app, &mut ada, "sessions", &[("session", id)]).await.expect_error_page(400);
        }
        assert!(acme.is_signed_in(&app, &of_bob).await && beta.is_signed_in(&app, &of_beta).await);

        let phones = acme.session_of(&app, &phone).await;
        for _ in 0..2 {
            let ended = acme.send(&app, &mut ada, "sessions", &[("session", &phones)]).await;
            assert_eq!(ended.location(), "/t/acme/account/sessions?ended");
        }
        assert!(!acme.is_signed_in(&app, &phone).await && acme.is_signed_in(&app, &ada).await);
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);
        let this = acme.session_of(&app, &ada).await;
        let out = acme.send(&app, &mut ada, "sessions", &[("session", &this)]).await;
        assert!(out.status == 200 && ada.cookie("grantor-session-acme").is_none(), "{out:?}");
        assert!(acme.is_signed_in(&app, &of_bob).await);
    }

    /// Everywhere else leaves this session and its tokens; everywhere leaves nothing.
    async fn signing_out_elsewhere_and_everywhere(app: TestApp) {
        let acme = app.acme().await;
        acme.add_user(&app, "bob").await;
        let of_bob = acme.browser_of(&app, "bob").await;
        let (mut phone, mut ada) = (acme.browser_of(&app, "ada").await, acme.browser_of(&app, "ada").await);
        let tokens = async |browser: &mut Browser| {
            let code = acme.code(&app, browser, "app").await;
            acme.redeem(&app, &code).await.json()["access_token"].as_str().unwrap().to_owned()
        };
        let (of_phone, of_ada) = (tokens(&mut phone).await, tokens(&mut ada).await);
        let ended = acme.send(&app, &mut ada, "sessions", &[("session", "others")]).await;
        assert_eq!(ended.location(), "/t/acme/account/sessions?others");
        assert!(!acme.is_signed_in(&app, &phone).await && acme.is_signed_in(&app, &ada).await);
        assert_eq!(acme.userinfo(&app, &of_phone).await.status, 401);
        assert_eq!(acme.userinfo(&app, &of_ada).await.status, 200);

        let out = acme.send(&app, &mut ada, "sessions", &[("session", "all")]).await;
        assert!(out.body.contains("You are signed out"), "{out:?}");
        assert_eq!(acme.userinfo(&app, &of_ada).await.status, 401);
        assert_eq!(acme.live_sessions(&app).await.len(), 1);
        assert!(acme.is_signed_in(&app, &of_bob).await);
    }

    /// RFC 9700 §4.7: a form is good in the session that it was made for, be the other one the same person's.
    async fn forms_of_another_session(app: TestApp) {
        let acme = app.tenant_with("acme", with_sign_in(|policy| policy.account_deletion = true)).await;
        let (mut phone, mut ada) = (acme.browser_of(&app, "ada").await, acme.browser_of(&app, "ada").await);
        let foreign = phone.get(&app, &acme.path("/account")).await.field("csrf");
        for page in ["profile", "password", "sessions", "revoke", "data", "deletion"] {
            for csrf in [foreign.as_str(), ""] {
                let form = [
                    ("csrf", csrf), ("username", "ada"), ("session", "all"), ("client_id", "app"),
                    ("current", PASSWORD), ("new", NEW), ("again", NEW), ("name", "X"),
                ];
                let path = acme.path(&format!("/account/{page}"));
                ada.post(&app, &path, &form).await.expect_error_page(403);
            }
        }
        assert_eq!(acme.stored(&app).await, Some(acme.user.clone()));
        assert_eq!(acme.live_sessions(&app).await.len(), 2);
    }

    async fn ones_own_data(app: TestApp) {
        let acme = app.acme().await;
        acme.add_user(&app, "bob").await;
        acme.browser_of(&app, "bob").await;
        let mut ada = acme.browser_of(&app, "ada").await;
        acme.code(&app, &mut ada, "app").await;
        let answer = acme.send(&app, &mut ada, "data", &[]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"acme-account.json\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let data = answer.json();
        assert_eq!(data["user"]["username"], "ada");
        for kind in ["sessions", "grants"] {
            assert_eq!(data[kind]["items"].as_array().unwrap().len(), 1, "{kind}: {data:#}");
        }
        assert_eq!(data["consents"][0]["client_name"], "The app");
        let events = data["events"]["items"].as_array().unwrap();
        assert!(events.iter().any(|event| event["kind"] == "sign_in.succeeded"), "{data:#}");
        assert!(events.iter().all(|event| event["actor"]["id"] == acme.user.id.to_string()), "{data:#}");
        assert!(!answer.body.contains("argon2"), "{data:#}");

        app.clock.advance(FRESH);
        let sent = acme.send(&app, &mut ada, "data", &[]).await;
        assert_eq!(acme.again(&app, &mut ada, &sent).await, "/t/acme/account/data");
        assert_eq!(acme.send(&app, &mut ada, "data", &[]).await.status, 200);
    }

    async fn leaving(app: TestApp) {
        let acme = app.acme().await;
        let mut ada = acme.browser_of(&app, "ada").await;
        let csrf = ada.get(&app, &acme.path("/account")).await.field("csrf");
        let form = [("csrf", csrf.as_str()), ("username", "ada")];
        let path = acme.path("/account/deletion");
        ada.post(&app, &path, &form).await.expect_error_page(403);
        assert!(acme.stored(&app).await.is_some());

        acme.change_tenant(&app, |tenant| tenant.settings.sign_in.account_deletion = true).await;
        for typed in ["", "bob", "ada@acme.example"] {
            let refused = acme.send(&app, &mut ada, "deletion", &[("username", typed)]).await;
            assert_eq!(refused.status, 422, "{refused:?}");
        }
        app.clock.advance(FRESH);
        let sent = acme.send(&app, &mut ada, "deletion", &[("username", "ada")]).await;
        assert_eq!(sent.location(), "/t/acme/login?page=deletion");
        assert!(acme.stored(&app).await.is_some());
        assert_eq!(acme.again(&app, &mut ada, &sent).await, path);
        let kept = ada.clone();
        let gone = acme.send(&app, &mut ada, "deletion", &[("username", " Ada ")]).await;
        assert!(gone.status == 200 && gone.body.contains("Your account is deleted"), "{gone:?}");
        assert_eq!((acme.stored(&app).await, ada.cookie("grantor-session-acme")), (None, None));
        assert!(!acme.is_signed_in(&app, &kept).await && acme.live_sessions(&app).await.is_empty());
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, 1);
    }

    async fn the_last_administrator_stays(app: TestApp) {
        console::administrator(&app).await;
        let store = app.app.store.tenants();
        let mut system = store.by_slug("system").await.unwrap().unwrap();
        system.settings.sign_in.account_deletion = true;
        store.update(&system, None, vec![]).await.unwrap();
        app.app.changed(&grantor_store::Change::Everything);
        let mut browser = Browser::default();
        let begun = browser.get(&app, "/t/system/login").await;
        let page = browser.follow(&app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [
            ("csrf", csrf.as_str()), ("interaction", &interaction),
            ("username", "root@id.example"), ("password", PASSWORD),
        ];
        browser.post(&app, "/t/system/login", &form).await.location();
        let page = browser.get(&app, "/t/system/account/deletion").await;
        let (csrf, name) = (page.field("csrf"), "root@id.example");
        let form = [("csrf", csrf.as_str()), ("username", name)];
        let refused = browser.post(&app, "/t/system/account/deletion", &form).await;
        assert!(refused.status == 422 && refused.body.contains("last administrator"), "{refused:?}");
        assert_eq!(browser.get(&app, "/t/system/account").await.status, 200);
    }
}
