//! Signing in through another OpenID Connect provider.

mod account;
mod believed;
mod provider;

use grantor_protocol::model::{AuditKind, SignInIdentifier, User, UserStatus};
use serde_json::{Value, json};

use super::assertion::Signer;
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};
use provider::{Provider, SECRET, Trip, challenge};

/// The tenant `acme` with the provider `corp`, and a browser at its sign-in page.
pub struct World {
    pub acme: TestTenant,
    pub signer: Signer,
    pub corp: Provider,
}

impl World {
    pub async fn new(app: &TestApp) -> Self {
        Self::with(app, json!({})).await
    }

    /// With these members of the provider's document.
    pub async fn with(app: &TestApp, members: Value) -> Self {
        let (acme, signer) = (app.acme().await, Signer::es256("k1"));
        let corp = Provider::start(&signer).await;
        let mut document = json!({
            "display_name": "The corporation",
            "issuer": corp.issuer,
            "client_id": "us",
            "client_secret": SECRET,
        });
        document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let admin = app.platform("platform-admin").await;
        let made = admin.put("/tenants/acme/identity-providers/corp", &document).await;
        assert_eq!(made.status, 201, "{made:?}");
        Self { acme, signer, corp }
    }

    /// The sign-in page of a new authorization request, with these parameters beside the usual ones.
    pub async fn page(&self, app: &TestApp, browser: &mut Browser, more: &[(&str, &str)]) -> Answer {
        let parameters: Vec<_> =
            self.acme.authorization("app").into_iter().chain(more.iter().copied()).collect();
        let begun = browser.get(app, &self.acme.authorize(&parameters)).await;
        browser.follow(app, &begun).await
    }

    /// Presses a provider's button.
    pub async fn press(&self, app: &TestApp, browser: &mut Browser, page: &Answer, provider: &str) -> Answer {
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [("csrf", csrf.as_str()), ("interaction", &interaction), ("provider", provider)];
        browser.post(app, &self.acme.path("/login/upstream"), &form).await
    }

    /// A browser that has left for the provider.
    pub async fn left(&self, app: &TestApp, browser: &mut Browser) -> Trip {
        let page = self.page(app, browser, &[]).await;
        Trip::of(&self.press(app, browser, &page, "corp").await)
    }

    /// Leaves and comes back as this subject, with these claims in place of the usual ones.
    pub async fn come_as(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        subject: &str,
        claims: Value,
    ) -> Answer {
        let trip = self.left(app, browser).await;
        let token = self.signer.sign(&self.claims(app, &trip, subject, claims));
        self.corp.back(app, &self.acme, browser, &trip, &token).await
    }

    pub fn claims(&self, app: &TestApp, trip: &Trip, subject: &str, others: Value) -> Value {
        let mut claims = self.corp.claims(app, trip, subject);
        for (name, value) in others.as_object().unwrap() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        claims
    }

    pub async fn user(&self, app: &TestApp, login: &str) -> Option<User> {
        let store = app.app.store.tenant(self.acme.tenant.id);
        store.user_by_login(login, SignInIdentifier::UsernameOrEmail).await.unwrap()
    }
}

/// Expects the sign-in page, good for another try, and nobody signed in.
#[track_caller]
pub fn expect_way_back(answer: &Answer, browser: &Browser, words: &str) {
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains(words), "{words}: {answer:?}");
    assert!(!answer.field("interaction").is_empty());
    assert_eq!(browser.cookie("grantor-session-acme"), None);
}

/// Expects to go on within the tenant, signed in.
#[track_caller]
pub fn expect_signed_in(answer: &Answer, browser: &Browser) {
    assert!(answer.location().starts_with("/t/acme/consent?"), "{answer:?}");
    assert!(browser.cookie("grantor-session-acme").is_some(), "{answer:?}");
}

on_both! {
    /// OpenID Connect Core §3.1: from the button to a code for the client that waits, for somebody whom nobody knew.
    async fn somebody_new(app: TestApp) {
        let world = World::new(&app).await;
        let (acme, corp) = (&world.acme, &world.corp);
        let mut browser = Browser::default();
        let page = world.page(&app, &mut browser, &[("login_hint", "grace@corp.example")]).await;
        assert!(page.body.contains("Sign in with <bdi>The corporation</bdi>"), "{page:?}");
        let leaving = world.press(&app, &mut browser, &page, "corp").await;
        let trip = Trip::of(&leaving);
        assert!(trip.address.as_str().starts_with(&format!("{}/authorize?", corp.issuer)));
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "us"),
            ("redirect_uri", "https://id.example/t/acme/login/callback"),
            ("scope", "openid profile email"),
            ("code_challenge_method", "S256"),
            ("login_hint", "grace@corp.example"),
        ] {
            assert_eq!(trip.asked(name).as_deref(), Some(value), "{name}");
        }
        assert_eq!((trip.asked("prompt"), trip.asked("max_age")), (None, None));

        // The ID token leaves the name out, so the UserInfo endpoint is asked.
        let userinfo = json!({ "sub": "1", "name": "Grace Hopper", "email": "not@this.example" });
        corp.answer("/userinfo", 200, userinfo);
        let token = world.signer.sign(&world.claims(&app, &trip, "1", json!({ "name": null })));
        let back = corp.back(&app, acme, &mut browser, &trip, &token).await;
        expect_signed_in(&back, &browser);
        let asked = &corp.asked("/token")[0];
        // RFC 6749 §2.3.1: both parts are encoded before they become Basic.
        assert_eq!(asked.authorization.as_deref(), Some(crate::support::basic("us", SECRET).as_str()));
        assert_eq!(asked.form["code"], "c1");
        assert_eq!(asked.form["grant_type"], "authorization_code");
        assert_eq!(asked.form["redirect_uri"], "https://id.example/t/acme/login/callback");
        assert_eq!(Some(challenge(&asked.form["code_verifier"])), trip.asked("code_challenge"));
        let bearer = format!("Bearer {}", provider::ACCESS_TOKEN);
        assert_eq!(corp.asked("/userinfo")[0].authorization, Some(bearer));

        let grace = world.user(&app, "grace").await.unwrap();
        assert_eq!(grace.email.as_deref(), Some("grace@corp.example"));
        assert!(!grace.email_verified, "nobody said that the provider is believed");
        assert_eq!((grace.password.is_none(), grace.profile.name.as_deref()), (true, Some("Grace Hopper")));
        let consent = browser.follow(&app, &back).await;
        let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
        let code = answer.location_parameter("code").unwrap();
        let tokens = acme.redeem(&app, &code).await.json();
        let userinfo = acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["sub"], grace.id.to_string());
        assert_eq!(acme.audited(&app, AuditKind::IdentityLinked).await, 1);

        // Next time they are known: no UserInfo, no other user, and whatever they are called there now.
        let mut elsewhere = Browser::default();
        let again = world.come_as(&app, &mut elsewhere, "1", json!({ "preferred_username": "x", "name": null })).await;
        assert!(again.location().starts_with("https://app.example/cb?code="), "{again:?}");
        assert_eq!(corp.asked("/userinfo").len(), 1);
        assert_eq!(corp.asked("/.well-known/openid-configuration").len(), 1);
        assert_eq!(acme.audited(&app, AuditKind::IdentityLinked).await, 1);
        assert!(world.user(&app, "x").await.is_none());

        // Somebody else of the same name gets a number.
        let other = json!({ "email": "other@corp.example" });
        expect_signed_in(&world.come_as(&app, &mut Browser::default(), "2", other).await, &elsewhere);
        assert_eq!(world.user(&app, "grace-2").await.unwrap().email.as_deref(), Some("other@corp.example"));
    }

    /// RFC 6749 §10.12, RFC 9700 §4.7: what one browser left with, no other brings back, and nobody twice.
    async fn a_trip_is_one_browsers_and_ends_once(app: TestApp) {
        let world = World::new(&app).await;
        let (acme, other) = (&world.acme, app.other().await);
        let mut browser = Browser::default();
        let trip = world.left(&app, &mut browser).await;
        let token = world.signer.sign(&world.claims(&app, &trip, "1", json!({})));
        world.corp.vouch(&token);
        let callback = |tenant: &TestTenant, state: &str| {
            tenant.path(&format!("/login/callback?code=c1&state={state}"))
        };
        let back = callback(acme, &trip.state());
        let mut attacker = Browser::default();
        let theirs = world.left(&app, &mut attacker).await;
        for address in [&back, &callback(acme, "gus_unknown"), &callback(&other, &trip.state())] {
            attacker.get(&app, address).await.expect_error_page(400);
            Browser::default().get(&app, address).await.expect_error_page(400);
        }
        // An attacker's own trip, in their victim's browser (login CSRF).
        browser.get(&app, &callback(acme, &theirs.state())).await.expect_error_page(400);
        for query in ["", "?code=c1", "?state=", "?code=c1&state=a&state=b"] {
            browser.get(&app, &acme.path(&format!("/login/callback{query}"))).await.expect_error_page(400);
        }
        assert_eq!(world.corp.asked("/token").len(), 0);
        expect_signed_in(&browser.get(&app, &back).await, &browser);
        browser.get(&app, &back).await.expect_error_page(400);
        assert_eq!(world.corp.asked("/token").len(), 1);

        // It ends with its interaction.
        let mut late = Browser::default();
        let trip = world.left(&app, &mut late).await;
        app.clock.advance(acme.context(&app).await.policy.lifetimes.interaction.seconds());
        late.get(&app, &callback(acme, &trip.state())).await.expect_error_page(400);
    }

    /// What comes back goes in once, however many bring it at the same time.
    async fn a_race_is_won_once(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = Browser::default();
        let trip = world.left(&app, &mut browser).await;
        world.corp.vouch(&world.signer.sign(&world.claims(&app, &trip, "1", json!({}))));
        let back = world.acme.path(&format!("/login/callback?code=c1&state={}", trip.state()));
        let tries = (0..4).map(|_| {
            let (mut browser, app, back) = (browser.clone(), &app, &back);
            async move { browser.get(app, back).await.status.as_u16() }
        });
        let mut statuses = futures_util::future::join_all(tries).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400, 400, 400]);
        assert_eq!(world.corp.asked("/token").len(), 1);
    }

    /// An address that is somebody's is nobody else's, whatever a provider says.
    async fn an_address_is_not_taken_over(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = Browser::default();
        for claims in [
            json!({ "email": "ada@acme.example" }),
            json!({ "email": "ADA@ACME.example", "preferred_username": "ada" }),
        ] {
            let answer = world.come_as(&app, &mut browser, "1", claims).await;
            expect_way_back(&answer, &browser, "Sign in the way you did before");
        }
        // The page that told them takes their password.
        let page = world.come_as(&app, &mut browser, "1", json!({ "email": "ada@acme.example" })).await;
        let signed_in = world.acme.sign_in(&app, &mut browser, &page).await;
        assert!(signed_in.location().starts_with("/t/acme/consent?"), "{signed_in:?}");
        assert_eq!(world.acme.audited(&app, AuditKind::IdentityLinked).await, 0);
        assert!(world.user(&app, "grace").await.is_none());
    }

    /// Where the administrator believes the provider, an address that both have verified makes two people one; but
    /// nobody becomes an administrator so.
    async fn an_address_that_both_have_verified(app: TestApp) {
        let world = World::with(&app, json!({ "link_by_email": "verified" })).await;
        let ada = json!({ "email": "ada@acme.example" });
        let taken = "Sign in the way you did before";
        let mut browser = Browser::default();
        let unsure = json!({ "email": "ada@acme.example", "email_verified": false });
        expect_way_back(&world.come_as(&app, &mut browser, "1", unsure).await, &browser, taken);
        world.acme.change_user(&app, |user| user.email_verified = false).await;
        expect_way_back(&world.come_as(&app, &mut browser, "1", ada.clone()).await, &browser, taken);
        world.acme.change_user(&app, |user| user.email_verified = true).await;
        let role = grantor_store::RoleAssignment {
            subject: grantor_store::Subject::User(world.acme.user.id),
            role: "auditor".to_owned(),
            scope: Some(world.acme.tenant.id),
        };
        let store = app.app.store.tenant(world.acme.tenant.id);
        store.assign(&role, None, app.app.clock.now(), vec![]).await.unwrap();
        expect_way_back(&world.come_as(&app, &mut browser, "1", ada.clone()).await, &browser, taken);
        store.unassign(&role, vec![]).await.unwrap();
        expect_signed_in(&world.come_as(&app, &mut browser, "1", ada).await, &browser);
        let links = store.identity_links_of(world.acme.user.id).await.unwrap();
        assert_eq!((links.len(), links[0].subject.as_str()), (1, "1"));
        // Whoever is new and verified there is so here.
        let mut other = Browser::default();
        expect_signed_in(&world.come_as(&app, &mut other, "2", json!({})).await, &other);
        assert!(world.user(&app, "grace").await.unwrap().email_verified);
    }

    async fn who_is_not_let_in(app: TestApp) {
        let world = World::with(&app, json!({ "create_users": false })).await;
        let mut browser = Browser::default();
        let unknown = world.come_as(&app, &mut browser, "1", json!({})).await;
        expect_way_back(&unknown, &browser, "cannot be used here");
        assert!(world.user(&app, "grace").await.is_none());
        // A locked user is told the same.
        let store = app.app.store.tenant(world.acme.tenant.id);
        let link = grantor_protocol::model::IdentityLink {
            tenant_id: world.acme.tenant.id,
            provider: "corp".to_owned(),
            subject: "1".to_owned(),
            user_id: world.acme.user.id,
            created_at: app.app.clock.now(),
            last_used_at: None,
        };
        store.apply(vec![grantor_protocol::Effect::StoreIdentityLink(Box::new(link))]).await.unwrap();
        world.acme.change_user(&app, |user| user.status = UserStatus::Locked).await;
        let locked = world.come_as(&app, &mut browser, "1", json!({})).await;
        expect_way_back(&locked, &browser, "cannot be used here");
        world.acme.change_user(&app, |user| user.status = UserStatus::Active).await;
        expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
        assert_eq!(world.acme.audited(&app, AuditKind::SignInFailed).await, 2);
    }

    /// A domain leads to its provider, whether or not the address is anybody's, and whatever the password.
    async fn a_domain_leads_to_its_provider(app: TestApp) {
        let world = World::with(&app, json!({ "domains": ["acme.example", "corp.example"] })).await;
        let mut browser = Browser::default();
        let page = world.page(&app, &mut browser, &[]).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let mut seen = vec![];
        for username in ["ada@acme.example", "nobody@acme.example", " X@CORP.example"] {
            let form = [
                ("csrf", csrf.as_str()),
                ("interaction", &interaction),
                ("username", username),
                ("password", ""),
            ];
            let answer = browser.post(&app, &world.acme.path("/login"), &form).await;
            let trip = Trip::of(&answer);
            assert_eq!(trip.asked("login_hint").as_deref(), Some(username.trim()));
            let mut shown = answer.body.clone();
            for name in ["state", "nonce", "code_challenge", "login_hint"] {
                let value: String =
                    url::form_urlencoded::byte_serialize(trip.asked(name).unwrap().as_bytes()).collect();
                shown = shown.replace(&value, "");
            }
            seen.push(shown);
        }
        assert!(seen.iter().all(|shown| *shown == seen[0]));
        // Names go on as ever.
        let signed_in = world.acme.sign_in(&app, &mut browser, &page).await;
        assert!(signed_in.location().starts_with("/t/acme/consent?"), "{signed_in:?}");
    }
}

/// A button of another tenant's, of one that is disabled, of none.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    app.other().await;
    let admin = app.platform("platform-admin").await;
    let theirs = json!({ "display_name": "T", "issuer": world.corp.issuer, "client_id": "them" });
    let theirs = admin.put("/tenants/other/identity-providers/theirs", &theirs).await;
    assert_eq!(theirs.status, 201, "{theirs:?}");
    let mut browser = Browser::default();
    let page = world.page(&app, &mut browser, &[]).await;
    assert!(!page.body.contains("value=\"theirs\""));
    for provider in ["theirs", "nobody", "corp\"", "%00"] {
        let answer = world.press(&app, &mut browser, &page, provider).await;
        expect_way_back(&answer, &browser, "cannot sign in that way");
    }
    let form = [("csrf", "x"), ("interaction", &page.field("interaction")), ("provider", "corp")];
    browser.post(&app, &world.acme.path("/login/upstream"), &form).await.expect_error_page(403);
    let trip = Trip::of(&world.press(&app, &mut browser, &page, "corp").await);
    let disabled = json!({ "enabled": false });
    assert_eq!(admin.patch("/tenants/acme/identity-providers/corp", &disabled).await.status, 200);
    let answer = world.press(&app, &mut browser, &page, "corp").await;
    expect_way_back(&answer, &browser, "cannot sign in that way");
    // Who was on the way is not let in either.
    let token = world.signer.sign(&world.corp.claims(&app, &trip, "1"));
    let back = world.corp.back(&app, &world.acme, &mut browser, &trip, &token).await;
    expect_way_back(&back, &browser, "cannot sign in that way");
    let page = world.page(&app, &mut browser, &[]).await;
    assert!(!page.body.contains("The corporation"));
}

/// OpenID Connect Core §3.1.2.1: what the client wants of the sign-in is asked of the provider, and checked.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_wants_is_passed_on() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = Browser::default();
    let page = world.page(&app, &mut browser, &[("prompt", "login"), ("max_age", "60")]).await;
    let trip = Trip::of(&world.press(&app, &mut browser, &page, "corp").await);
    assert_eq!(trip.asked("prompt").as_deref(), Some("login"));
    assert_eq!(trip.asked("max_age").as_deref(), Some("60"));
    let now = app.app.clock.now().unix_seconds();
    for (auth_time, believed) in [(Value::Null, false), (json!(now - 600), false), (json!(now - 30), true)] {
        let trip = Trip::of(&world.press(&app, &mut browser, &page, "corp").await);
        let token = world.signer.sign(&world.claims(&app, &trip, "1", json!({ "auth_time": auth_time })));
        let back = world.corp.back(&app, &world.acme, &mut browser, &trip, &token).await;
        match believed {
            true => expect_signed_in(&back, &browser),
            false => expect_way_back(&back, &browser, "did not work on the other side"),
        }
    }
}
