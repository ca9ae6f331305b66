//! Two servers on one PostgreSQL: what one changes the other knows soon (CONTRACT §6). Nobody waits for
//! time to pass, but for the notification.

use std::time::Duration;

use grantor_protocol::model::{AccessTokenFormat, SigningAlgorithm, TenantStatus};
use grantor_store::{Change, ChangeKind, Changes};

use poem::http::Method;

use super::domains::move_to;
use crate::support::{Browser, TestApp, TestTenant, request};

/// Longer than any notification takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that hears of changes, as its jobs do.
struct Node {
    server: TestApp,
    changes: Changes,
}

impl Node {
    /// Another server beside `app`, whose connection for notifications is up.
    async fn beside(app: &TestApp) -> Self {
        let server = app.second_node().await;
        let changes = server.app.store.changes();
        let mut node = Self { server, changes };
        while node.hear().await != Change::Everything {}
        node
    }

    async fn hear(&mut self) -> Change {
        let change = tokio::time::timeout(PATIENCE, self.changes.next()).await.unwrap().unwrap();
        self.server.app.changed(&change);
        change
    }

    /// Hears until it has heard of this.
    async fn hear_of(&mut self, acme: &TestTenant, kind: ChangeKind) {
        let wanted = Change::In { tenant_id: acme.tenant.id, kind };
        while self.hear().await != wanted {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_disabled() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let mut node = Node::beside(&app).await;
    let refresh_token = acme.tokens(&app).await["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(acme.refresh(&node.server, &refresh_token).await.status, 200);

    acme.change_client(&app, "app", |client| client.enabled = false).await;
    let client_id = grantor_protocol::model::ClientId::parse("app").unwrap();
    node.hear_of(&acme, ChangeKind::Client(client_id)).await;
    acme.refresh(&node.server, &refresh_token).await.expect_error(401, "invalid_client");
    node.server.get(&acme.authorize(&acme.authorization("app"))).await.expect_error_page(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_moves() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let mut node = Node::beside(&app).await;
    let at_domain = async |node: &Node| {
        let asked =
            request(Method::GET, "/.well-known/openid-configuration").header("host", "login.acme.example");
        node.server.send(asked.finish()).await
    };
    assert_eq!(node.server.get(&acme.path("/jwks")).await.status, 200);
    assert_eq!(at_domain(&node).await.status, 404);

    move_to(&app, "acme", "login.acme.example").await;
    // It was added, verified and made primary.
    for _ in 0..3 {
        node.hear_of(&acme, ChangeKind::Tenant).await;
    }
    assert_eq!(node.server.get(&acme.path("/jwks")).await.status, 404);
    assert_eq!(at_domain(&node).await.json()["issuer"], "https://login.acme.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_suspended() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let mut node = Node::beside(&app).await;
    assert_eq!(node.server.get(&acme.path("/jwks")).await.status, 200);

    acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Suspended).await;
    node.hear_of(&acme, ChangeKind::Tenant).await;
    node.server.get(&acme.path("/jwks")).await.expect_error(403, "invalid_request");
    acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Active).await;
    node.hear_of(&acme, ChangeKind::Tenant).await;
    assert_eq!(node.server.get(&acme.path("/jwks")).await.status, 200);
}

/// What one node signs with its new key the other one verifies and publishes.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let mut node = Node::beside(&app).await;
    let before = node.server.get(&acme.path("/jwks")).await;

    app.app.rotate_key(acme.tenant.id, SigningAlgorithm::ES256).await.unwrap();
    node.hear_of(&acme, ChangeKind::Keys).await;
    let published = node.server.get(&acme.path("/jwks")).await;
    assert_ne!(published.header("etag"), before.header("etag"));
    let keys = |jwks: &crate::support::Answer| jwks.json()["keys"].as_array().unwrap().len();
    assert_eq!(keys(&published), keys(&before) + 1);

    app.clock.advance(86_400);
    for key in app.app.store.keys_due(app.app.clock.now(), 100).await.unwrap() {
        app.app.take_key_step(&key).await.unwrap();
    }
    let tokens = acme.tokens(&app).await;
    let access_token = tokens["access_token"].as_str().unwrap();
    let signed_with = grantor_jose::Header::peek(access_token).unwrap().kid;
    assert_ne!(signed_with.as_deref(), before.json()["keys"][0]["kid"].as_str());
    node.hear_of(&acme, ChangeKind::Keys).await;
    assert_eq!(acme.userinfo(&node.server, access_token).await.status, 200);
}

/// RFC 7009 §2: a token that ends on one node has ended on the other with the answer, without a
/// notification.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_revoked() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let node = app.second_node().await;
    for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
        acme.change_client(&app, "web", |client| client.metadata.access_token_format = Some(format)).await;
        let tokens = acme.confidential_tokens(&app).await;
        let access_token = tokens["access_token"].as_str().unwrap();
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let revoke = async |token: &str| {
            let answer = app.post_as(("web", &acme.secret), &acme.path("/revoke"), &[("token", token)]).await;
            assert_eq!(answer.status, 200);
        };
        // The second time the signature was verified before.
        for _ in 0..2 {
            assert_eq!(acme.introspect(&node, access_token).await["active"], true);
        }
        revoke(access_token).await;
        assert_eq!(acme.introspect(&node, access_token).await["active"], false);
        acme.userinfo(&node, access_token).await.expect_error(401, "invalid_token");

        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let next = node.post_as(("web", &acme.secret), &acme.path("/token"), &form).await.json();
        let access_token = next["access_token"].as_str().unwrap();
        for server in [&app, &node] {
            assert_eq!(acme.introspect(server, access_token).await["active"], true);
            assert_eq!(acme.introspect(server, refresh_token).await["active"], true);
        }
        revoke(refresh_token).await;
        assert_eq!(acme.introspect(&node, access_token).await["active"], false);
        assert_eq!(acme.introspect(&node, refresh_token).await["active"], false);
    }
}

/// No node keeps state of its own: a sign-in begun at one goes on at the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_changes_nodes() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let node = Node::beside(&app).await;
    let mut browser = Browser::default();
    let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
    let page = browser.follow(&node.server, &begun).await;
    let signed_in = acme.sign_in(&app, &mut browser, &page).await;
    let consent = browser.follow(&node.server, &signed_in).await;
    let answer = acme.decide(&app, &mut browser, &consent, "allow").await;
    let code = answer.location_parameter("code").unwrap();
    let tokens = acme.redeem(&node.server, &code).await.json();
    acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    acme.refresh(&node.server, refresh_token).await.expect_error(400, "invalid_grant");
}
