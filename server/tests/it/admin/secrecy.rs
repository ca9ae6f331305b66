//! Secrets leave once or never.

use serde_json::{Value, json};

use crate::support::{Browser, PASSWORD, TestApp};

crate::on_both! {
    async fn nothing_secret_comes_back(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let client = json!({ "client_id": "shop", "redirect_uris": ["https://shop.example/cb"] });
        let secret = admin.post("/tenants/acme/clients", &client).await.document(201)["client_secret"].clone();
        let secret = secret.as_str().unwrap();
        let password = "a most private password";
        let user = json!({ "username": "grace", "password": password });
        let created = admin.post("/tenants/acme/users", &user).await;
        let path = created.created_at();
        let user_id = path.rsplit('/').next().unwrap();
        let patched = admin.patch(&path, &json!({ "password": password, "username": "g" })).await;
        let malformed = admin.patch(&path, &json!({ "password": [password] })).await;
        let read = [
            created,
            patched,
            malformed,
            admin.get(&path).await,
            admin.get("/tenants/acme/users").await,
            admin.get("/tenants/acme/clients").await,
            admin.get("/tenants/acme/clients/shop").await,
            admin.patch("/tenants/acme/clients/shop", &json!({ "client_name": "S" })).await,
            admin.get("/tenants/acme").await,
            admin.get("/tenants").await,
        ];
        let mut texts: Vec<_> = read.into_iter().map(|answer| answer.body).collect();
        texts.push(admin.get("/audit-events/export").await.body);
        let store = app.app.store.tenant(acme.tenant.id);
        texts.push(format!("{:?}", store.audit_events(100).await.unwrap()));
        let stored = store.user(user_id.parse().unwrap()).await.unwrap().unwrap();
        let phc = stored.password.unwrap().as_phc().to_owned();
        let shop = store.client(&grantor_protocol::model::ClientId::parse("shop").unwrap()).await.unwrap().unwrap();
        let hash = serde_json::to_string(&shop.secrets[0].hash).unwrap();
        for text in &texts {
            for private in [secret, password, phc.as_str(), hash.as_str(), "argon2id", "sealed_private_key"] {
                assert!(!text.contains(private), "{private} in {text}");
            }
        }
    }

    /// Whatever people and clients do, none of the secrets that it takes or gives is in any trail.
    async fn trails_hold_no_secret(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let mut secrets = vec![acme.secret.clone(), PASSWORD.to_owned()];
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        secrets.extend(browser.cookies().map(str::to_owned));
        let tokens = acme.redeem(&app, &code).await.json();
        let refresh = |tokens: &Value| tokens["refresh_token"].as_str().unwrap_or_default().to_owned();
        let refreshed = acme.refresh(&app, &refresh(&tokens)).await.json();
        acme.redeem(&app, &code).await.expect_error(400, "invalid_grant");
        acme.revoke(&app, &refresh(&acme.tokens(&app).await)).await;
        secrets.push(code);
        for answer in [tokens, refreshed, acme.confidential_tokens(&app).await] {
            let names = ["access_token", "refresh_token", "id_token"];
            secrets.extend(names.iter().filter_map(|name| answer[name].as_str()).map(str::to_owned));
        }
        let page = browser.get(&app, &acme.authorize(&acme.authorization("web"))).await;
        assert!(page.status.as_u16() < 400, "{page:?}");
        for (path, document, member) in [
            ("initial-access-tokens", json!({}), "token"),
            ("clients", json!({ "client_id": "shop", "redirect_uris": ["https://s.example/cb"] }), "client_secret"),
        ] {
            let made = admin.post(&format!("/tenants/acme/{path}"), &document).await.document(201);
            secrets.push(made[member].as_str().unwrap().to_owned());
        }
        let device = app.post("/t/acme/device_authorization", &[("client_id", "app")]).await.json();
        let names = ["device_code", "user_code"];
        secrets.extend(names.iter().filter_map(|name| device[name].as_str()).map(str::to_owned));
        app.app.record_token_issues().await;
        let trails = admin.get("/audit-events/export").await.body;
        assert!(trails.contains("token.issued") && trails.contains("authorization_code.replayed"));
        assert!(secrets.len() > 12);
        for secret in secrets.iter().filter(|secret| secret.len() > 6) {
            assert!(!trails.contains(secret.as_str()), "{secret} is in a trail");
        }
    }
}
