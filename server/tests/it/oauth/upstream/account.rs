//! A person's own links, and what administrators do with them.

use grantor_protocol::model::AuditKind;
use serde_json::json;

use super::provider::Trip;
use super::{World, expect_signed_in, expect_way_back};
use crate::on_both;
use crate::support::{Answer, Browser, TestApp};

impl World {
    /// A browser in which Ada is signed in.
    async fn signed_in(&self, app: &TestApp) -> Browser {
        let mut browser = Browser::default();
        let page = self.page(app, &mut browser, &[]).await;
        let answer = self.acme.sign_in(app, &mut browser, &page).await;
        assert!(answer.location().starts_with("/t/acme/consent?"), "{answer:?}");
        browser
    }

    async fn change(&self, app: &TestApp, browser: &mut Browser, what: &str) -> Answer {
        let page = browser.get(app, &self.acme.path("/account/providers")).await;
        let form = [("csrf", page.field("csrf")), ("provider", "corp".to_owned())];
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(app, &self.acme.path(&format!("/account/providers/{what}")), &form).await
    }

    /// Links Ada to this subject.
    async fn link(&self, app: &TestApp, browser: &mut Browser, subject: &str) -> Answer {
        let trip = Trip::of(&self.change(app, browser, "link").await);
        let token = self.signer.sign(&self.corp.claims(app, &trip, subject));
        self.corp.back(app, &self.acme, browser, &trip, &token).await
    }
}

on_both! {
    async fn somebody_adds_a_way_to_sign_in(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = world.signed_in(&app).await;
        let account = browser.get(&app, &world.acme.path("/account")).await;
        assert!(account.body.contains("/t/acme/account/providers"), "{account:?}");
        let linked = world.link(&app, &mut browser, "1").await;
        assert_eq!(linked.location(), "/t/acme/account/providers?linked");
        let page = browser.follow(&app, &linked).await;
        assert!(page.body.contains("You can sign in that way") && page.body.contains("Remove"), "{page:?}");

        // It is Ada from now on, whatever address the provider tells.
        let mut other = Browser::default();
        expect_signed_in(&world.come_as(&app, &mut other, "1", json!({})).await, &other);
        assert!(world.user(&app, "grace").await.is_none());

        // Somebody else there is not Ada too, and whoever is Ada there is nobody else here.
        let second = world.change(&app, &mut browser, "link").await;
        let trip = Trip::of(&second);
        let token = world.signer.sign(&world.corp.claims(&app, &trip, "2"));
        let answer = world.corp.back(&app, &world.acme, &mut browser, &trip, &token).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains("Remove that one first"), "{answer:?}");

        let removed = world.change(&app, &mut browser, "unlink").await;
        assert_eq!(removed.location(), "/t/acme/account/providers?unlinked");
        let again = world.change(&app, &mut browser, "unlink").await;
        assert_eq!(again.status, 422, "{again:?}");
        let mut stranger = Browser::default();
        expect_signed_in(&world.come_as(&app, &mut stranger, "1", json!({})).await, &stranger);
        assert!(world.user(&app, "grace").await.is_some());
        let taken = world.link(&app, &mut browser, "1").await;
        assert_eq!(taken.status, 422, "{taken:?}");
        assert!(taken.body.contains("somebody else signs in"), "{taken:?}");
        assert_eq!(world.acme.audited(&app, AuditKind::IdentityLinked).await, 2);
        assert_eq!(world.acme.audited(&app, AuditKind::IdentityUnlinked).await, 1);
    }

    /// Who has no password and no other provider keeps the one there is; an administrator may lock them out.
    async fn the_last_way_to_sign_in_stays(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = Browser::default();
        expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
        let kept = world.change(&app, &mut browser, "unlink").await;
        assert_eq!(kept.status, 422, "{kept:?}");
        assert!(kept.body.contains("your only way"), "{kept:?}");
        let user = world.user(&app, "grace").await.unwrap();
        let path = format!("/tenants/acme/users/{}/identity-links", user.id);
        let admin = app.platform("platform-admin").await;
        let links = admin.get(&path).await.document(200);
        assert_eq!((&links["items"][0]["provider"], &links["items"][0]["subject"]), (&json!("corp"), &json!("1")));
        assert_eq!(admin.delete(&format!("{path}/corp")).await.status, 204);
        assert_eq!(admin.delete(&format!("{path}/corp")).await.status, 404);
        assert_eq!(admin.get(&path).await.document(200)["items"], json!([]));
    }
}

/// A link is made by whoever signed in lately, in the session that asked for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_the_sessions() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = world.signed_in(&app).await;
    let trip = Trip::of(&world.change(&app, &mut browser, "link").await);
    let token = world.signer.sign(&world.corp.claims(&app, &trip, "1"));
    // An attacker's trip in the browser of somebody else, who is signed in too (RFC 9700 §4.7).
    let mut victim = world.signed_in(&app).await;
    let answer = world.corp.back(&app, &world.acme, &mut victim, &trip, &token).await;
    answer.expect_error_page(400);
    world.corp.back(&app, &world.acme, &mut Browser::default(), &trip, &token).await.expect_error_page(400);
    assert_eq!(world.acme.audited(&app, AuditKind::IdentityLinked).await, 0);

    let forged = [("csrf", "x"), ("provider", "corp")];
    for path in ["/account/providers/link", "/account/providers/unlink"] {
        browser.post(&app, &world.acme.path(path), &forged).await.expect_error_page(403);
        let stranger = Browser::default().post(&app, &world.acme.path(path), &forged).await;
        assert_eq!(stranger.location(), "/t/acme/login?page=providers");
    }
    app.clock.advance(901);
    let late = world.change(&app, &mut browser, "link").await;
    assert_eq!(late.location(), "/t/acme/login?page=providers");
}

/// Secrets are written and never read; who people are at one issuer says nothing of another's.
#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_see_and_change() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let admin = app.platform("platform-admin").await;
    let path = "/tenants/acme/identity-providers/corp";
    let held = admin.get(path).await;
    let document = held.document(200);
    assert_eq!(document["redirect_uri"], "https://id.example/t/acme/login/callback");
    assert_eq!(document["client_secret"], json!(null));
    assert!(document["client_secret_set_at"].is_string() && !held.body.contains(super::SECRET), "{held:?}");
    // Sent again, secret and all, it changes nothing.
    let mut same = document.clone();
    same["client_secret"] = json!(super::SECRET);
    assert_eq!(admin.put(path, &same).await.etag(), held.etag());
    let other = admin.patch(path, &json!({ "client_secret": "another" })).await;
    assert_ne!(other.etag(), held.etag());
    for (patch, pointer) in [
        (json!({ "issuer": "https://other.example" }), "/issuer"),
        (json!({ "scopes": "profile" }), "/scopes"),
        (json!({ "display_name": " " }), "/display_name"),
        (json!({ "domains": ["Acme.example"] }), "/domains/0"),
        (json!({ "claims": { "email": "a\nb" } }), "/claims/email"),
        (json!({ "client_secret": "a\u{0}b" }), "/client_secret"),
    ] {
        admin.patch(path, &patch).await.expect_invalid(&[pointer]);
    }
    let made = |issuer: &str| json!({ "display_name": "D", "issuer": issuer, "client_id": "c" });
    for issuer in ["http://login.example", "https://id.example/t/acme", "https://a.example/?x", "x"] {
        admin.put("/tenants/acme/identity-providers/new", &made(issuer)).await.expect_invalid(&["/issuer"]);
    }
    let good = made("https://login.example");
    for name in ["New", "1a", "a_b", &"a".repeat(64)] {
        let answer = admin.put(&format!("/tenants/acme/identity-providers/{name}"), &good).await;
        answer.expect_invalid(&["/name"]);
    }
    // With the provider go the links of its people.
    let mut browser = Browser::default();
    expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
    let user = world.user(&app, "grace").await.unwrap();
    assert_eq!(admin.delete(path).await.status, 204);
    let store = app.app.store.tenant(world.acme.tenant.id);
    assert_eq!(store.identity_links_of(user.id).await.unwrap(), vec![]);
    let mut gone = Browser::default();
    let page = world.page(&app, &mut gone, &[]).await;
    let answer = world.press(&app, &mut gone, &page, "corp").await;
    expect_way_back(&answer, &gone, "cannot sign in that way");
}
