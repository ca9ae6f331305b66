//! Secrets leave once or never.

use serde_json::json;

use crate::support::TestApp;

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
}
