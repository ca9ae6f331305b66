//! A suspended tenant answers nothing, keeps everything, and comes back.

use std::sync::Arc;

use grantor::http::{Metrics, offered};
use poem::http::{Method, header};
use serde_json::json;

use crate::support::{Answer, Browser, FORM, TestApp, request};

/// Looks of the page that says so, and nothing of the tenant's own doing.
const LOOKS: [&str; 2] = ["/t/:slug/theme.css", "/t/:slug/logo"];

/// Every address of a tenant's with every method it takes, from the table of routes.
fn addresses(app: &TestApp) -> Vec<(Method, String)> {
    let routes = offered(&app.app, &Arc::new(Metrics::new()));
    let of_tenants = routes.into_iter().filter(|route| route.path.contains(":slug"));
    of_tenants
        .filter(|route| !LOOKS.contains(&route.path))
        .flat_map(|route| {
            let path = route.path.replace(":slug", "acme").replace(":client_id", "app");
            route.methods.into_iter().map(move |method| (method, path.clone()))
        })
        .collect()
}

async fn ask(app: &TestApp, method: Method, path: &str) -> Answer {
    let asked = request(method.clone(), path).header(header::AUTHORIZATION, "Bearer x");
    app.send(if method == Method::GET { asked.finish() } else { asked.content_type(FORM).body("a=b") }).await
}

crate::on_both! {
    async fn every_address_is_closed(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        let tokens = acme.tokens(&app).await;
        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        let before = admin.get("/tenants/acme/usage").await.document(200);
        let addresses = addresses(&app);
        assert!(addresses.len() > 25);
        for (method, path) in &addresses {
            let answer = ask(&app, method.clone(), path).await;
            assert!(!answer.body.contains("suspended"), "{method} {path}: {answer:?}");
        }

        let suspended = admin.post("/tenants/acme/suspend", &json!({})).await.document(200);
        assert_eq!(suspended["status"], "suspended");
        for (method, path) in &addresses {
            let answer = ask(&app, method.clone(), path).await;
            assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
            // An image that is none says nothing more.
            let told = answer.body.contains("suspended") || path.ends_with("/client-logo");
            assert!(told, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("location"), None, "{method} {path}");
            assert_eq!(answer.header("set-cookie"), None, "{method} {path}");
        }
        owner.get("/me").await.expect_problem(401, "unauthenticated");
        // Whoever administers the platform sees what is there.
        assert_eq!(admin.get("/tenants/acme/usage").await.document(200), before);
        assert_eq!(admin.post("/tenants/acme/suspend", &json!({})).await.document(200), suspended);

        assert_eq!(admin.post("/tenants/acme/resume", &json!({})).await.document(200)["status"], "active");
        assert_eq!(owner.get("/me").await.status, 200);
        assert_eq!(acme.userinfo(&app, tokens["access_token"].as_str().unwrap()).await.status, 200);
        assert_eq!(acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.status, 200);
        let answer = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        assert!(answer.location_parameter("code").is_some(), "still signed in: {answer:?}");
    }

    async fn the_platform_alone_suspends(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        owner.post("/tenants/acme/suspend", &json!({})).await.expect_problem(403, "forbidden");
        owner.post("/tenants/acme/resume", &json!({})).await.expect_problem(403, "forbidden");
        admin.post("/tenants/system/suspend", &json!({})).await.expect_problem(409, "protected");
        admin.post("/tenants/nowhere/suspend", &json!({})).await.expect_problem(404, "not-found");
        assert_eq!(owner.get("/me").await.status, 200);
    }

    async fn usage_is_counted(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        acme.tokens(&app).await;
        let tokens = acme.tokens(&app).await;
        assert_eq!(acme.revoke(&app, tokens["refresh_token"].as_str().unwrap()).await.status, 200);
        let count = |number: u32| json!({ "number": number, "exact": true });
        let usage = admin.get("/tenants/acme/usage").await.document(200);
        assert_eq!(usage, json!({ "users": count(1), "clients": count(2), "sessions": count(2), "grants": count(1) }));
        app.clock.advance(90 * 86_400);
        let admin = app.platform("platform-auditor").await;
        assert_eq!(admin.get("/tenants/acme/usage").await.document(200)["sessions"], count(0));
    }
}
