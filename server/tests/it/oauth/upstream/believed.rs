//! What of a provider's answers is believed.

use serde_json::{Value, json};

use super::super::assertion::Signer;
use super::provider::Trip;
use super::{World, expect_signed_in, expect_way_back};
use crate::support::{Browser, TestApp};

const FAILED: &str = "did not work on the other side";

/// OpenID Connect Core §3.1.3.7, RFC 8725 §3.1: one lie is enough.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_that_is_none() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = Browser::default();
    let now = app.app.clock.now().unix_seconds();
    for claims in [
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "aud": "them" }),
        json!({ "aud": ["us", "them"] }),
        json!({ "azp": "them" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": now - 61 }),
        json!({ "iat": now + 61 }),
        json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
        json!({ "sub": "" }),
    ] {
        let answer = world.come_as(&app, &mut browser, "1", claims).await;
        expect_way_back(&answer, &browser, FAILED);
    }
    // Signed by nobody, with a public key as the secret, with the client's secret, by somebody else, and by nobody who is
    // known.
    let forgers = [
        Signer::named("none", "k1"),
        Signer::named("HS256", "k1"),
        Signer::with_secret("HS256", super::SECRET),
        Signer::es256("k1"),
        Signer::es256("k2"),
    ];
    for forger in forgers {
        let trip = world.left(&app, &mut browser).await;
        let token = forger.sign(&world.corp.claims(&app, &trip, "1"));
        let answer = world.corp.back(&app, &world.acme, &mut browser, &trip, &token).await;
        expect_way_back(&answer, &browser, FAILED);
    }
    assert!(world.user(&app, "grace").await.is_none());
    expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
}

/// OpenID Connect Core §10.1.1: a key that is new is found at once, and is looked for once.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_has_a_new_key() {
    let app = TestApp::sqlite().await;
    let mut world = World::new(&app).await;
    let mut browser = Browser::default();
    expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
    assert_eq!(world.corp.asked("/jwks").len(), 1);
    app.clock.advance(11);
    world.signer = Signer::es256("k2");
    world.corp.publish(&[&world.signer]);
    let mut other = Browser::default();
    let again = world.come_as(&app, &mut other, "1", json!({})).await;
    assert!(again.location().starts_with("/t/acme/consent?"), "{again:?}");
    assert_eq!(world.corp.asked("/jwks").len(), 2);
}

/// RFC 9207 §2.4, RFC 9700 §4.4: a code of another provider goes to none.
#[tokio::test(flavor = "multi_thread")]
async fn a_mix_up() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = Browser::default();
    let mut come = async |iss: Option<&str>| {
        let trip = world.left(&app, &mut browser).await;
        world.corp.vouch(&world.signer.sign(&world.corp.claims(&app, &trip, "1")));
        let iss = iss.map(|iss| format!("&iss={iss}")).unwrap_or_default();
        let address = format!("/login/callback?code=c1&state={}{iss}", trip.state());
        (browser.get(&app, &world.acme.path(&address)).await, browser.clone())
    };
    let (answer, seen) = come(Some("https://evil.example")).await;
    expect_way_back(&answer, &seen, FAILED);
    assert_eq!(world.corp.asked("/token").len(), 0);
    let mut configuration = world.corp.configuration();
    configuration["authorization_response_iss_parameter_supported"] = json!(true);
    world.corp.answer("/.well-known/openid-configuration", 200, configuration);
    app.clock.advance(301);
    let (answer, seen) = come(None).await;
    expect_way_back(&answer, &seen, FAILED);
    assert_eq!(world.corp.asked("/token").len(), 0);
    let (answer, seen) = come(Some(&world.corp.issuer)).await;
    expect_signed_in(&answer, &seen);
}

/// RFC 8414 §3.3: a configuration in another's name is none; and a provider that is down lets nobody wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_of_use() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = Browser::default();
    let page = world.page(&app, &mut browser, &[]).await;
    let path = "/.well-known/openid-configuration";
    let good = world.corp.configuration();
    let with = |member: &str, value: Value| {
        let mut document = good.clone();
        document[member] = value;
        document
    };
    for (status, document) in [
        (503, json!({})),
        (200, json!("what?")),
        (200, with("issuer", json!("https://evil.example"))),
        (200, with("authorization_endpoint", json!("http://evil.example/authorize"))),
    ] {
        world.corp.answer(path, status, document);
        let answer = world.press(&app, &mut browser, &page, "corp").await;
        expect_way_back(&answer, &browser, FAILED);
    }
    world.corp.answer(path, 200, good.clone());
    let trip = Trip::of(&world.press(&app, &mut browser, &page, "corp").await);
    let bare = json!({ "access_token": "a", "token_type": "Bearer" });
    for (status, document) in
        [(500, json!({})), (400, json!({ "error": "invalid_grant" })), (200, bare), (200, json!([]))]
    {
        let trip = Trip::of(&world.press(&app, &mut browser, &page, "corp").await);
        world.corp.answer("/token", status, document);
        let address = format!("/login/callback?code=c1&state={}", trip.state());
        let answer = browser.get(&app, &world.acme.path(&address)).await;
        expect_way_back(&answer, &browser, FAILED);
    }
    // The provider's own errors (RFC 6749 §4.1.2.1), and nothing of what they say is shown.
    let said = "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let address = format!("/login/callback?{said}&state={}", trip.state());
    let answer = browser.get(&app, &world.acme.path(&address)).await;
    expect_way_back(&answer, &browser, "You were not signed in there");
    assert!(!answer.body.contains("alert(1)"), "{answer:?}");
    // What was read before serves while the provider is down.
    world.corp.answer(path, 503, json!({}));
    app.clock.advance(301);
    expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
}

/// OpenID Connect Core §5.3.2: what UserInfo says of somebody else is about nobody here.
#[tokio::test(flavor = "multi_thread")]
async fn userinfo_of_somebody_else() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut browser = Browser::default();
    for (status, document) in [
        (200, json!({ "sub": "2", "name": "Grace" })),
        (200, json!({ "name": "Grace" })),
        (200, json!("eyJhbGciOi")),
        (403, json!({})),
    ] {
        world.corp.answer("/userinfo", status, document);
        let answer = world.come_as(&app, &mut browser, "1", json!({ "name": null })).await;
        expect_way_back(&answer, &browser, FAILED);
    }
    assert!(world.user(&app, "grace").await.is_none());
}

/// `client_secret_post`, and a client without a secret (OpenID Connect Core §9).
#[tokio::test(flavor = "multi_thread")]
async fn a_client_authenticates_as_the_provider_takes_it() {
    let app = TestApp::sqlite().await;
    let world = World::new(&app).await;
    let mut configuration = world.corp.configuration();
    configuration["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    world.corp.answer("/.well-known/openid-configuration", 200, configuration);
    let mut browser = Browser::default();
    expect_signed_in(&world.come_as(&app, &mut browser, "1", json!({})).await, &browser);
    let asked = &world.corp.asked("/token")[0];
    assert_eq!(
        (asked.form["client_id"].as_str(), asked.form["client_secret"].as_str()),
        ("us", super::SECRET)
    );
    assert_eq!(asked.authorization, None);

    let admin = app.platform("platform-admin").await;
    let public = json!({ "display_name": "P", "issuer": world.corp.issuer, "client_id": "us" });
    assert_eq!(admin.put("/tenants/acme/identity-providers/public", &public).await.status, 201);
    let mut other = Browser::default();
    let page = world.page(&app, &mut other, &[]).await;
    let trip = Trip::of(&world.press(&app, &mut other, &page, "public").await);
    let email = json!({ "email": "other@corp.example" });
    let token = world.signer.sign(&world.claims(&app, &trip, "1", email));
    let back = world.corp.back(&app, &world.acme, &mut other, &trip, &token).await;
    expect_signed_in(&back, &other);
    let asked = &world.corp.asked("/token")[1];
    assert_eq!(asked.form.get("client_secret"), None);
    assert_eq!((asked.form["client_id"].as_str(), &asked.authorization), ("us", &None));
    // The same subject at two providers of ours is two people.
    assert!(world.user(&app, "grace-2").await.is_some());
}
