use grantor_jose::SigningKey;
use serde_json::{Value, json};

use super::trail;
use crate::support::TestApp;

const CLIENTS: &str = "/tenants/acme/clients";

fn web_application() -> Value {
    json!({
        "client_name": "Shop",
        "redirect_uris": ["https://shop.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile offline_access",
        "contacts": ["ops@shop.example"],
        "policy_uri": "https://shop.example/privacy#top",
    })
}

fn jwks() -> Value {
    let (key, _) = SigningKey::generate(grantor_jose::Algorithm::ES256, "k1").unwrap();
    json!({ "keys": [key.public_jwk()] })
}

crate::on_both! {
    async fn a_clients_life(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let created = admin.post(CLIENTS, &web_application()).await;
        let mut document = created.document(201);
        let client_id = document["client_id"].as_str().unwrap().to_owned();
        let path = format!("{CLIENTS}/{client_id}");
        assert_eq!(created.created_at(), path);
        let secret = document["client_secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("gcs_") && secret.len() == 47, "{secret}");
        assert_eq!(document["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!((&document["enabled"], &document["version"]), (&json!(true), &json!(1)));

        // The secret was shown once.
        document.as_object_mut().unwrap().remove("client_secret");
        let read = admin.get(&path).await;
        assert_eq!((read.document(200), read.etag()), (document, created.etag()));
        // And it works.
        let introspection = [("token", "x")];
        assert_eq!(app.post_as((&client_id, &secret), "/t/acme/introspect", &introspection).await.status, 200);

        let patched = admin.patch(&path, &json!({ "policy_uri": null, "client_name": "Shop 2" })).await.document(200);
        assert_eq!((patched.get("policy_uri"), &patched["client_name"]), (None, &json!("Shop 2")));
        assert!(patched.get("client_secret").is_none());
        assert_eq!(patched["redirect_uris"], json!(["https://shop.example/cb"]));

        // A change counts at once, for the caches too.
        assert_eq!(admin.patch(&path, &json!({ "enabled": false })).await.status, 200);
        let refused = app.post_as((&client_id, &secret), "/t/acme/introspect", &introspection).await;
        refused.expect_error(401, "invalid_client");

        assert_eq!(admin.delete(&path).await.status, 204);
        admin.get(&path).await.expect_problem(404, "not-found");
        admin.patch(&path, &json!({})).await.expect_problem(404, "not-found");
    }

    /// Configuration as code: secrets stay, and a client that was disabled is not enabled by it.
    async fn put_is_idempotent(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{CLIENTS}/shop");
        let created = admin.put(&path, &web_application()).await;
        assert_eq!(created.created_at(), path);
        let secret = created.document(201)["client_secret"].as_str().unwrap().to_owned();
        app.clock.advance(60);
        let again = admin.put(&path, &web_application()).await;
        assert_eq!(again.etag(), created.etag());
        assert!(again.document(200).get("client_secret").is_none());
        let read = admin.get(&path).await.document(200);
        assert_eq!(admin.put(&path, &read).await.etag(), created.etag());
        assert_eq!(app.post_as(("shop", &secret), "/t/acme/introspect", &[("token", "x")]).await.status, 200);

        assert_eq!(admin.patch(&path, &json!({ "enabled": false })).await.status, 200);
        assert_eq!(admin.put(&path, &web_application()).await.document(200)["enabled"], false);
        let enabled = json!({ "enabled": true, "redirect_uris": ["https://shop.example/cb"] });
        let replaced = admin.put(&path, &enabled).await.document(200);
        assert_eq!((&replaced["enabled"], &replaced["client_name"]), (&json!(true), &json!("")));
        assert_eq!(app.post_as(("shop", &secret), "/t/acme/introspect", &[("token", "x")]).await.status, 200);
    }

    /// Secrets go with the method that uses them, and a new one comes with it.
    async fn secrets_follow_the_method(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{CLIENTS}/shop");
        let first = admin.put(&path, &web_application()).await.document(201)["client_secret"].clone();
        let basic_to_post = json!({ "token_endpoint_auth_method": "client_secret_post" });
        assert!(admin.patch(&path, &basic_to_post).await.document(200).get("client_secret").is_none());
        let public = json!({ "token_endpoint_auth_method": "none" });
        assert!(admin.patch(&path, &public).await.document(200).get("client_secret").is_none());
        let second = admin.patch(&path, &basic_to_post).await.document(200)["client_secret"].clone();
        assert!(second.is_string() && second != first);
        let attempt = async |secret: &Value| {
            let form = [("client_id", "shop"), ("client_secret", secret.as_str().unwrap()), ("token", "x")];
            app.post("/t/acme/introspect", &form).await.status
        };
        assert_eq!(attempt(&first).await, 401);
        assert_eq!(attempt(&second).await, 200);
    }

    async fn what_cannot_be_is_named(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let post = async |change: Value| {
            let mut document = web_application();
            for (name, value) in change.as_object().unwrap() {
                document[name] = value.clone();
            }
            admin.post(CLIENTS, &document).await
        };
        post(json!({ "redirect_uri": "https://shop.example" })).await.expect_invalid(&["/redirect_uri"]);
        post(json!({ "client_secret": "gcs_mine" })).await.expect_invalid(&["/client_secret"]);
        post(json!({ "client_id": "caf\u{e9}" })).await.expect_invalid(&["/client_id"]);
        post(json!({ "client_id": ".." })).await.expect_invalid(&["/client_id"]);
        post(json!({ "redirect_uris": ["https://a.example/cb", "http://a.example"] })).await.expect_invalid(&["/redirect_uris/1"]);
        post(json!({ "redirect_uris": ["https://a.example/cb", 1] })).await.expect_invalid(&["/redirect_uris/1"]);
        post(json!({ "redirect_uris": [] })).await.expect_invalid(&["/redirect_uris"]);
        post(json!({ "grant_types": ["password"] })).await.expect_invalid(&["/grant_types/0"]);
        post(json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "none", "scope": "" }))
            .await
            .expect_invalid(&["/grant_types"]);
        post(json!({ "token_endpoint_auth_method": "private_key_jwt" })).await.expect_invalid(&["/jwks"]);
        post(json!({ "jwks": { "keys": [{ "kty": "EC", "crv": "P-256", "x": "", "y": "", "d": "AA" }] } }))
            .await
            .expect_invalid(&["/jwks"]);
        post(json!({ "jwks": { "keys": [] } })).await.expect_invalid(&["/jwks"]);
        post(json!({ "jwks": jwks(), "jwks_uri": "https://a.example/jwks" })).await.expect_invalid(&["/jwks_uri"]);
        post(json!({ "token_endpoint_auth_method": "tls_client_auth" }))
            .await
            .expect_invalid(&["/token_endpoint_auth_method", "/tls_client_auth_subject_dn"]);
        post(json!({ "token_endpoint_auth_signing_alg": "HS256" }))
            .await
            .expect_invalid(&["/token_endpoint_auth_signing_alg"]);
        post(json!({ "scope": "openid unheard-of" })).await.expect_invalid(&["/scope"]);
        post(json!({ "scope": "a\"b" })).await.expect_invalid(&["/scope"]);
        post(json!({ "resources": ["https://nowhere.example"] })).await.expect_invalid(&["/resources/0"]);
        post(json!({ "logo_uri": "javascript:alert(1)", "contacts": ["x"] })).await.expect_invalid(&["/logo_uri", "/contacts/0"]);
        post(json!({ "id_token_signed_response_alg": "none" })).await.expect_invalid(&["/id_token_signed_response_alg"]);
        post(json!({ "default_max_age": -1 })).await.expect_invalid(&["/default_max_age"]);
        post(json!({ "client_id": "web" })).await.expect_problem(409, "taken");
        admin.patch(&format!("{CLIENTS}/web"), &json!({ "client_id": "other" })).await.expect_invalid(&["/client_id"]);
        admin.put(&format!("{CLIENTS}/web"), &json!({ "client_id": "other" })).await.expect_invalid(&["/client_id"]);
        let unprintable = admin.put(&format!("{CLIENTS}/caf%C3%A9"), &web_application()).await;
        unprintable.expect_problem(400, "invalid-request");
    }

    async fn keys_instead_of_a_secret(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({
            "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"], "jwks": jwks(),
        });
        let created = admin.post(CLIENTS, &document).await.document(201);
        assert!(created.get("client_secret").is_none());
        assert_eq!(created["jwks"], document["jwks"]);
    }

    /// A client's identifier may be anything printable, a URL for instance.
    async fn any_identifier_can_be_addressed(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let client_id = "https://a.example/~app?x=1 %2F#&+";
        let mut document = web_application();
        document["client_id"] = json!(client_id);
        let created = admin.post(CLIENTS, &document).await;
        let path = created.created_at();
        assert_eq!(path, "/tenants/acme/clients/https%3A%2F%2Fa.example%2F~app%3Fx%3D1%20%252F%23%26%2B");
        assert_eq!(admin.get(&path).await.document(200)["client_id"], client_id);
        assert_eq!(admin.delete(&path).await.status, 204);
    }

    async fn the_consoles_client_stays(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let path = "/tenants/system/clients/grantor-console";
        admin.delete(path).await.expect_problem(409, "protected");
        let elsewhere = json!({ "redirect_uris": ["https://evil.example/cb"] });
        admin.patch(path, &elsewhere).await.expect_problem(409, "protected");
    }

    async fn changes_are_in_the_trail(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{CLIENTS}/shop");
        assert_eq!(admin.put(&path, &web_application()).await.status, 201);
        app.clock.advance(1);
        assert_eq!(admin.patch(&path, &json!({ "client_name": "Shop 2" })).await.status, 200);
        app.clock.advance(1);
        assert_eq!(admin.delete(&path).await.status, 204);
        let events = trail(&app, &acme.tenant).await;
        let of_shop: Vec<_> = events.iter().filter(|(_, target, _)| target == "shop").collect();
        assert!(of_shop.iter().all(|(kind, _, _)| kind == "client.changed"));
        let [(_, _, created), (_, _, changed), (_, _, deleted)] = of_shop[..] else { panic!("{of_shop:?}") };
        assert_eq!((&created["before"], &created["after"]["client_name"]), (&json!({}), &json!("Shop")));
        assert_eq!(changed["before"], json!({ "client_name": "Shop" }));
        assert_eq!(changed["after"], json!({ "client_name": "Shop 2" }));
        assert_eq!((&deleted["before"]["client_name"], &deleted["after"]), (&json!("Shop 2"), &json!({})));
    }
}
