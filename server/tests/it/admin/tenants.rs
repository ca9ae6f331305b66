use serde_json::json;

use super::trail;
use crate::support::TestApp;

crate::on_both! {
    async fn a_tenants_life(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let created = admin.post("/tenants", &json!({ "slug": "fresh", "name": "Fresh Inc." })).await;
        assert_eq!(created.created_at(), "/tenants/fresh");
        let document = created.document(201);
        assert_eq!(document["issuer"], "https://id.example/t/fresh");
        assert_eq!((&document["status"], &document["version"]), (&json!("active"), &json!(1)));
        assert_eq!(document["created_at"], "2027-01-15T08:00:00.000Z");
        assert_eq!(document["settings"]["lifetimes"]["access_token"], 600);
        // It can sign at once.
        assert_eq!(app.get("/t/fresh/jwks").await.json()["keys"][0]["alg"], "ES256");

        let read = admin.get("/tenants/fresh").await;
        assert_eq!((read.document(200), read.etag()), (document, created.etag()));

        app.clock.advance(5);
        let patch = json!({ "settings": { "branding": { "primary_color": "#1A73e8" }, "lifetimes": { "session": 3600 } } });
        let patched = admin.patch("/tenants/fresh", &patch).await;
        let document = patched.document(200);
        assert_eq!(document["settings"]["branding"], json!({ "primary_color": "#1A73e8" }));
        assert_eq!(document["settings"]["lifetimes"]["session"], 3600);
        assert_eq!(document["settings"]["lifetimes"]["access_token"], 600);
        assert_eq!((&document["name"], &document["version"]), (&json!("Fresh Inc."), &json!(2)));
        assert_eq!(document["updated_at"], "2027-01-15T08:00:05.000Z");

        // Null takes away what there is no default for, and gives back the default elsewhere.
        let patch = json!({ "settings": { "branding": { "primary_color": null }, "lifetimes": null } });
        let document = admin.patch("/tenants/fresh", &patch).await.document(200);
        assert_eq!(document["settings"]["branding"], json!({}));
        assert_eq!(document["settings"]["lifetimes"]["session"], 43_200);

        assert_eq!(admin.delete("/tenants/fresh").await.status, 202);
        admin.get("/tenants/fresh").await.expect_problem(404, "not-found");
        admin.delete("/tenants/fresh").await.expect_problem(404, "not-found");
        assert_eq!(app.get("/t/fresh/jwks").await.status, 404);
    }

    /// Configuration as code: the same document has the same result however often it is sent.
    async fn put_is_idempotent(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let document = json!({
            "name": "Fresh",
            "settings": { "scopes": [{ "name": "orders:read", "description": "See your orders" }] },
        });
        let created = admin.put("/tenants/fresh", &document).await;
        assert_eq!(created.created_at(), "/tenants/fresh");
        app.clock.advance(60);
        let again = admin.put("/tenants/fresh", &document).await;
        assert_eq!((again.document(200), again.etag()), (created.document(201), created.etag()));
        // What was read can be put back.
        let read = admin.get("/tenants/fresh").await.document(200);
        assert_eq!(admin.put("/tenants/fresh", &read).await.etag(), created.etag());
        // What is absent has its default again.
        let replaced = admin.put("/tenants/fresh", &json!({ "name": "Fresh" })).await.document(200);
        assert_eq!((&replaced["settings"]["scopes"], &replaced["version"]), (&json!([]), &json!(2)));
        assert_eq!(replaced["created_at"], read["created_at"]);
    }

    async fn preconditions(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let name = |name: &str| json!({ "name": name });
        let put = async |condition: (&'static str, &str), text: &str| {
            admin.send(poem::http::Method::PUT, "/tenants/fresh", &[condition], Some(&name(text))).await
        };
        put(("if-match", "*"), "a").await.expect_problem(412, "precondition-failed");
        let created = put(("if-none-match", "*"), "a").await;
        assert_eq!(created.status, 201);
        put(("if-none-match", "*"), "b").await.expect_problem(412, "precondition-failed");
        let changed = put(("if-match", &created.etag()), "b").await;
        assert_eq!(changed.status, 200);
        put(("if-match", &created.etag()), "c").await.expect_problem(412, "precondition-failed");
        let old = [("if-match", created.etag())];
        let old: Vec<_> = old.iter().map(|(header, etag)| (*header, etag.as_str())).collect();
        let patch = admin.send(poem::http::Method::PATCH, "/tenants/fresh", &old, Some(&name("c"))).await;
        patch.expect_problem(412, "precondition-failed");
        let delete = admin.send(poem::http::Method::DELETE, "/tenants/fresh", &old, None).await;
        delete.expect_problem(412, "precondition-failed");
        assert_eq!(admin.get("/tenants/fresh").await.document(200)["name"], "b");
        // A tenant made anew is not the one that the caller knows.
        assert_eq!(admin.delete("/tenants/fresh").await.status, 202);
        app.app.run_jobs(|| false).await.unwrap();
        app.clock.advance(1);
        let anew = put(("if-none-match", "*"), "a").await;
        assert_ne!(anew.etag(), created.etag());
        put(("if-match", &created.etag()), "x").await.expect_problem(412, "precondition-failed");
    }

    async fn what_cannot_be_is_named(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let post = async |document| admin.post("/tenants", &document).await;
        post(json!({ "slug": "fresh" })).await.expect_invalid(&["/name"]);
        post(json!({ "slug": "fresh", "name": "F", "nmae": "x" })).await.expect_invalid(&["/nmae"]);
        post(json!({ "slug": "fresh", "name": "F", "settings": { "lifetimes": { "acess_token": 1 } } }))
            .await
            .expect_invalid(&["/settings/lifetimes/acess_token"]);
        post(json!({ "slug": "fresh", "name": 1 })).await.expect_invalid(&["/name"]);
        post(json!({ "slug": "Fresh", "name": " " })).await.expect_invalid(&["/name", "/slug"]);
        post(json!({ "name": "F" })).await.expect_invalid(&["/slug"]);
        post(json!({ "slug": "system", "name": "S" })).await.expect_invalid(&["/slug"]);
        post(json!({ "slug": "fresh", "name": "F", "status": "suspended" })).await.expect_invalid(&["/status"]);
        let settings = json!({
            "lifetimes": { "authorization_code": 61 },
            "branding": {
                "primary_color": "red",
                "logo_uri": "data:image/png,x",
                "policy_uri": "http://acme.example/privacy",
                "tos_uri": "javascript:alert(1)",
                "support_uri": "https://acme.example/\u{a0}",
                "texts": { "en": { "sign_in": " ", "footer": "x".repeat(501) }, "tlh": { "footer": "nuqneH" } },
            },
            "client_certificate_authorities": "-----BEGIN CERTIFICATE-----",
            "scopes": [
                { "name": "openid", "description": "x" },
                { "name": "a b", "description": "" },
                { "name": "c", "description": "x" },
                { "name": "c", "description": "x" },
            ],
        });
        post(json!({ "slug": "fresh", "name": "F", "settings": settings })).await.expect_invalid(&[
            "/settings/lifetimes/authorization_code",
            "/settings/scopes/0/name",
            "/settings/scopes/1/name",
            "/settings/scopes/1/description",
            "/settings/scopes/3/name",
            "/settings/client_certificate_authorities",
            "/settings/branding/primary_color",
            "/settings/branding/logo_uri",
            "/settings/branding/policy_uri",
            "/settings/branding/tos_uri",
            "/settings/branding/support_uri",
            "/settings/branding/texts/en/sign_in",
            "/settings/branding/texts/en/footer",
            "/settings/branding/texts",
        ]);
        let shorter = json!({ "lifetimes": { "refresh_token_idle": 601, "refresh_token_absolute": 600 } });
        post(json!({ "slug": "fresh", "name": "F", "settings": shorter }))
            .await
            .expect_invalid(&["/settings/lifetimes/refresh_token_absolute"]);
        post(json!({ "slug": "fresh", "name": "F", "settings": { "access_token_algorithm": "none" } }))
            .await
            .expect_invalid(&["/settings/access_token_algorithm"]);
        assert_eq!(admin.get("/tenants/fresh").await.status, 404);

        app.acme().await;
        post(json!({ "slug": "acme", "name": "Acme" })).await.expect_problem(409, "taken");
        admin.patch("/tenants/acme", &json!({ "slug": "other" })).await.expect_invalid(&["/slug"]);
        admin.put("/tenants/acme", &json!({ "slug": "other", "name": "A" })).await.expect_invalid(&["/slug"]);
        admin.patch("/tenants/acme", &json!({ "name": null })).await.expect_invalid(&["/name"]);
    }

    async fn the_system_tenant_stays(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        admin.delete("/tenants/system").await.expect_problem(409, "protected");
        admin.patch("/tenants/system", &json!({ "status": "suspended" })).await.expect_problem(409, "protected");
        assert_eq!(admin.patch("/tenants/system", &json!({ "name": "Ours" })).await.document(200)["name"], "Ours");
    }

    /// The trail says who changed what, before and after; a deleted tenant's end is in the system's.
    async fn changes_are_in_the_trail(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let acme = app.acme().await;
        assert_eq!(admin.patch("/tenants/acme", &json!({ "name": "Acme 2" })).await.status, 200);
        assert_eq!(admin.patch("/tenants/acme", &json!({ "name": "Acme 2" })).await.status, 200);
        let events = trail(&app, &acme.tenant).await;
        let (kind, target, detail) = events.last().unwrap();
        assert_eq!((kind.as_str(), target.as_str()), ("tenant.changed", "acme"));
        assert_eq!(
            *detail,
            json!({ "before": { "name": "Acme" }, "after": { "name": "Acme 2" }, "actor_tenant": "system" })
        );
        assert_eq!(events.iter().filter(|(_, _, detail)| detail["after"]["name"] == "Acme 2").count(), 1);
        app.clock.advance(1);
        assert_eq!(admin.delete("/tenants/acme").await.status, 202);
        let events = trail(&app, &app.system().await).await;
        let (kind, target, detail) = events.last().unwrap();
        assert_eq!((kind.as_str(), target.as_str()), ("tenant.changed", "acme"));
        assert_eq!((&detail["before"]["name"], &detail["after"]), (&json!("Acme 2"), &json!({})));
    }

    async fn a_change_counts_at_once(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        app.acme().await;
        let scopes = json!({ "settings": { "scopes": [{ "name": "orders", "description": "See your orders" }] } });
        assert_eq!(admin.patch("/tenants/acme", &scopes).await.status, 200);
        let metadata = app.get("/t/acme/.well-known/openid-configuration").await.json();
        assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("orders")));
    }
}
