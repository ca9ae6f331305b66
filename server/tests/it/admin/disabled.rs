//! A client that is disabled: everything of it ends at once, and is there again when it is enabled.

use grantor_protocol::model::{AccessTokenFormat, DeviceApproval};
use serde_json::json;

use crate::support::{Browser, TestApp, TestTenant};

const APP: &str = "/tenants/acme/clients/app";

crate::on_both! {
    async fn nothing_of_it_counts(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::User).await;
        let admin = app.platform("platform-admin").await;
        let jwt = acme.tokens(&app).await;
        acme.change_client(&app, "app", |client| client.metadata.access_token_format = Some(AccessTokenFormat::Opaque)).await;
        let opaque = acme.tokens(&app).await;
        let device = acme.device(&app).await;
        acme.answer_device(&app, &mut Browser::default(), &device, "allow").await;
        let waiting = acme.device(&app).await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let tokens = [&jwt, &opaque].map(|tokens| tokens["access_token"].as_str().unwrap());
        for token in tokens {
            assert_eq!(acme.userinfo(&app, token).await.status, 200);
        }
        // The client's own server asks about its tokens.
        acme.change_client(&app, "web", |client| client.metadata.resources = vec!["app".to_owned()]).await;

        assert_eq!(admin.patch(APP, &json!({ "enabled": false })).await.status, 200);
        for token in tokens {
            acme.userinfo(&app, token).await.expect_error(401, "invalid_token");
            assert_eq!(acme.introspect(&app, token).await, json!({ "active": false }));
        }
        let refresh_token = jwt["refresh_token"].as_str().unwrap();
        acme.refresh(&app, refresh_token).await.expect_error(401, "invalid_client");
        acme.redeem(&app, &code).await.expect_error(401, "invalid_client");
        acme.poll(&app, &device).await.expect_error(401, "invalid_client");
        let entered = acme.enter(&app, &mut Browser::default(), &waiting.user_code).await;
        assert_eq!(entered.header("location"), None, "{entered:?}");
        // A sign-in that was on its way leads nowhere.
        browser.follow(&app, &begun).await.expect_error_page(400);
        app.get(&acme.authorize(&acme.authorization("app"))).await.expect_error_page(400);

        assert_eq!(admin.patch(APP, &json!({ "enabled": true })).await.status, 200);
        for token in tokens {
            assert_eq!(acme.userinfo(&app, token).await.status, 200);
        }
        assert_eq!(acme.refresh(&app, refresh_token).await.status, 200);
        assert_eq!(acme.redeem(&app, &code).await.status, 200);
        assert_eq!(acme.poll(&app, &device).await.status, 200);
    }

    /// What a client got for itself belongs to no grant, and ends with the client all the same.
    async fn its_own_tokens_end_too(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let mut token = String::new();
        for _ in 0..2 {
            let form = [("grant_type", "client_credentials")];
            let tokens = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await.json();
            token = tokens["access_token"].as_str().unwrap().to_owned();
        }
        assert_eq!(acme.introspect(&app, &token).await["active"], true);
        let second = admin.post("/tenants/acme/clients", &json!({
            "client_id": "watcher", "grant_types": ["client_credentials"], "scope": "",
        })).await.document(201);
        let credentials = ("watcher", second["client_secret"].as_str().unwrap());
        let watcher = "/tenants/acme/clients/web";
        assert_eq!(admin.patch(watcher, &json!({ "enabled": false })).await.status, 200);
        let asked = app.post_as(credentials, &acme.path("/introspect"), &[("token", &token)]).await;
        assert_eq!(asked.json(), json!({ "active": false }));
        acme.userinfo(&app, &token).await.expect_error(401, "invalid_token");
    }

    async fn clients_are_found_by_what_they_are(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.patch(APP, &json!({ "enabled": false })).await.status, 200);
        let found = async |query: &str| -> Vec<String> {
            let listed = admin.get(&format!("/tenants/acme/clients?{query}")).await.document(200);
            let items = listed["items"].as_array().unwrap().iter();
            items.map(|client| client["client_id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(found("enabled=false").await, ["app"]);
        assert_eq!(found("enabled=true").await, ["web"]);
        assert_eq!(found("grant_type=client_credentials").await, ["web"]);
        assert_eq!(found("grant_type=refresh_token").await, ["app", "web"]);
        assert_eq!(found("grant_type=device_code&enabled=true").await, ["web"]);
        assert_eq!(found("grant_type=token_exchange").await, [""; 0]);
        assert_eq!(found("self_registered=false").await, ["app", "web"]);
        assert_eq!(found("self_registered=true").await, [""; 0]);
        admin.get("/tenants/acme/clients?grant_type=password").await.expect_problem(400, "invalid-request");
    }
}
