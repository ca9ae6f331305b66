//! Dynamic client registration management (RFC 7592).

use grantor_protocol::model::{AuditKind, RegistrationMode, TenantSettings};
use poem::http::Method;
use serde_json::{Value, json};

use super::register::{confidential, native};
use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

/// A registered client as it manages itself.
pub struct Registered {
    path: String,
    client_id: String,
    pub token: String,
}

impl Registered {
    pub fn of(tenant: &TestTenant, registered: &Value) -> Self {
        let text = |name: &str| registered[name].as_str().unwrap().to_owned();
        let client_id = text("client_id");
        let path = tenant.path(&format!("/register/{client_id}"));
        Self { path, client_id, token: text("registration_access_token") }
    }

    pub async fn ask(&self, app: &TestApp, method: Method, document: &Value) -> Answer {
        app.send_json(method, &self.path, Some(&self.token), document).await
    }

    pub async fn put(&self, app: &TestApp, mut document: Value) -> Answer {
        document["client_id"] = json!(self.client_id);
        self.ask(app, Method::PUT, &document).await
    }
}

on_both! {
    /// RFC 7592 §2: read, change with a new token, delete with all that was granted.
    async fn the_life_of_a_registration(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let mut editor = Registered::of(&acme, &acme.registered(&app, &native()).await);
        let uri = "http://localhost/callback";
        let (tokens, _) = acme.tokens_of(&app, &mut Browser::default(), &editor.client_id, uri).await;
        let read = editor.ask(&app, Method::GET, &json!({})).await;
        assert_eq!((read.status.as_u16(), read.header("cache-control")), (200, Some("no-store")));
        assert_eq!(read.json()["registration_access_token"], editor.token.as_str());
        assert_eq!(read.json()["client_name"], "Editor");

        let mut document = native();
        document["client_name"] = json!("Editor 2");
        let changed = editor.put(&app, document.clone()).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["client_name"]), (200, &json!("Editor 2")));
        editor.put(&app, document).await.expect_error(401, "invalid_token");
        editor.ask(&app, Method::GET, &json!({})).await.expect_error(401, "invalid_token");
        editor.token = changed.json()["registration_access_token"].as_str().unwrap().to_owned();
        assert_eq!(editor.ask(&app, Method::GET, &json!({})).await.status, 200);

        let deleted = editor.ask(&app, Method::DELETE, &json!({})).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            editor.ask(&app, method, &json!({})).await.expect_error(401, "invalid_token");
        }
        let refresh_token = tokens["refresh_token"].as_str().unwrap();
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", editor.client_id.as_str()),
            ("refresh_token", refresh_token),
        ];
        app.post(&acme.path("/token"), &form).await.expect_error(401, "invalid_client");
        let access_token = tokens["access_token"].as_str().unwrap();
        acme.userinfo(&app, access_token).await.expect_error(401, "invalid_token");
        assert_eq!(acme.audited(&app, AuditKind::ClientChanged).await, 2);
    }

    /// RFC 7592 §2.1: one answer for whoever is not the client.
    async fn who_is_not_the_client(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let mut settings = TenantSettings::default();
        settings.registration.mode = Some(RegistrationMode::Open);
        let other = app.tenant_with("other", settings).await;
        let shop = Registered::of(&acme, &acme.registered(&app, &confidential()).await);
        let neighbour = Registered::of(&acme, &acme.registered(&app, &confidential()).await);
        let foreign = Registered::of(&other, &other.registered(&app, &confidential()).await);
        let paths = [
            shop.path.clone(),
            acme.path("/register/web"),
            acme.path("/register/nobody"),
            acme.path("/register/%00"),
            other.path(&format!("/register/{}", shop.client_id)),
        ];
        for (number, path) in paths.iter().enumerate() {
            let own = (number != 0).then_some(shop.token.as_str());
            for token in [Some(neighbour.token.as_str()), Some(foreign.token.as_str()), Some("grg_x"), None, own] {
                for method in [Method::GET, Method::PUT, Method::DELETE] {
                    let answer = app.send_json(method, path, token, &confidential()).await;
                    answer.expect_error(401, "invalid_token");
                    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "));
                }
            }
        }
        assert_eq!(shop.ask(&app, Method::GET, &json!({})).await.status, 200);
        acme.change_client(&app, &shop.client_id, |client| client.enabled = false).await;
        shop.ask(&app, Method::GET, &json!({})).await.expect_error(400, "access_denied");
    }

    /// RFC 7592 §2.2: what is the server's stays the server's, the policy counts, a secret is kept.
    async fn what_a_client_may_change(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let registered = acme.registered(&app, &confidential()).await;
        let mut shop = Registered::of(&acme, &registered);
        let secret = registered["client_secret"].as_str().unwrap();
        let nameless = shop.ask(&app, Method::PUT, &confidential()).await;
        nameless.expect_error(400, "invalid_request");
        let refused = [
            (json!({ "client_id": "web" }), "invalid_request"),
            (json!({ "client_secret": "mine" }), "invalid_request"),
            (json!({ "registration_access_token": shop.token }), "invalid_request"),
            (json!({ "registration_client_uri": "https://id.example/" }), "invalid_request"),
            (json!({ "client_secret_expires_at": 0 }), "invalid_request"),
            (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
            (json!({ "scope": "unheard-of" }), "invalid_client_metadata"),
            (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata"),
        ];
        for (change, code) in refused {
            let mut document = confidential();
            document["client_id"] = json!(shop.client_id);
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            shop.ask(&app, Method::PUT, &document).await.expect_error(400, code);
        }
        let mut document = confidential();
        document["client_secret"] = json!(secret);
        document["skip_consent"] = json!(true);
        let changed = shop.put(&app, document).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(changed.json().get("client_secret"), None, "kept, and not told again");
        assert_eq!(changed.json().get("skip_consent"), None);
        let form = [("grant_type", "authorization_code"), ("code", "gac_x"), ("code_verifier", "v")];
        let answer = app.post_as((&shop.client_id, secret), &acme.path("/token"), &form).await;
        answer.expect_error(400, "invalid_grant");

        // The policy of today, and a public client has no secret any more.
        acme.change_tenant(&app, |tenant| {
            tenant.settings.registration.redirect_uri_hosts = vec!["new.example".to_owned()];
        })
        .await;
        shop.token = changed.json()["registration_access_token"].as_str().unwrap().to_owned();
        shop.put(&app, confidential()).await.expect_error(400, "invalid_redirect_uri");
        let public = json!({ "redirect_uris": ["https://new.example/"], "token_endpoint_auth_method": "none" });
        let changed = shop.put(&app, public).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let answer = app.post_as((&shop.client_id, secret), &acme.path("/token"), &form).await;
        answer.expect_error(401, "invalid_client");
    }

    /// RFC 7592 §2.2: the client cannot undo what an administrator said of it, nor say it.
    async fn what_administrators_said_stays(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let mut editor = Registered::of(&acme, &acme.registered(&app, &native()).await);
        let administered = json!({
            "client_name": "Renamed",
            "profile": "mcp",
            "access_token_format": "opaque",
            "device_approval": "admin",
            "require_pushed_authorization_requests": true,
            "token_exchange": { "impersonation": false, "delegation": true },
        });
        let admin = app.platform("platform-admin").await;
        let address = format!("/tenants/acme/clients/{}", editor.client_id);
        admin.patch(&address, &administered).await.document(200);
        let mut wanted = native();
        for name in administered.as_object().unwrap().keys().filter(|name| *name != "client_name") {
            wanted[name] = json!(null);
        }
        wanted["require_pushed_authorization_requests"] = json!(false);
        for skip_consent in [false, true] {
            wanted["skip_consent"] = json!(skip_consent);
            let changed = editor.put(&app, wanted.clone()).await;
            assert_eq!(changed.status, 200, "{changed:?}");
            editor.token = changed.json()["registration_access_token"].as_str().unwrap().to_owned();
        }
        let held = admin.get(&address).await.document(200);
        let mut expected = administered;
        expected["client_name"] = native()["client_name"].clone();
        expected["skip_consent"] = json!(false);
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&held[name], value, "{name}");
        }
    }

    /// What an administrator changed is no stranger's to share.
    async fn an_administered_client_is_not_found_by_registering(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let first = Registered::of(&acme, &acme.registered(&app, &native()).await);
        let admin = app.platform("platform-admin").await;
        let address = format!("/tenants/acme/clients/{}", first.client_id);
        admin.patch(&address, &json!({ "device_approval": "admin" })).await.document(200);
        let second = acme.registered(&app, &native()).await;
        assert_ne!(second["client_id"], first.client_id.as_str());
        assert_eq!(acme.registered(&app, &native()).await["client_id"], second["client_id"]);
        assert_eq!(first.ask(&app, Method::GET, &json!({})).await.status, 200, "still its own");
    }

    /// Of two who change a client at a time with one token, one does.
    async fn two_changes_at_a_time(app: TestApp) {
        let acme = TestTenant::registering(&app, RegistrationMode::Open).await;
        let shop = Registered::of(&acme, &acme.registered(&app, &confidential()).await);
        let changes = (0..8).map(|_| shop.put(&app, confidential()));
        let answers = futures_util::future::join_all(changes).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.expect_error(401, "invalid_token");
        }
    }
}
