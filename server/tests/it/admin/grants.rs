//! What people let clients do, and the ends of it.

use grantor_protocol::model::AuditKind;
use serde_json::{Value, json};

use super::Api;
use crate::support::{TestApp, TestTenant};

const GRANTS: &str = "/tenants/acme/grants";

async fn found(api: &Api<'_>, path: &str) -> Vec<Value> {
    api.get(path).await.document(200)["items"].as_array().unwrap().clone()
}

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

async fn refresh_web(app: &TestApp, acme: &TestTenant, tokens: &Value) -> u16 {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token(tokens))];
    app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await.status.as_u16()
}

crate::on_both! {
    async fn one_is_revoked(app: TestApp) {
        let acme = app.acme().await;
        let manager = app.tenant_api(&acme.tenant, "user-manager").await;
        let tokens = acme.confidential_tokens(&app).await;
        let others = acme.tokens(&app).await;
        let grants = found(&manager, &format!("{GRANTS}?client_id=web")).await;
        let [grant] = grants.as_slice() else { panic!("{grants:?}") };
        assert_eq!((&grant["client_name"], &grant["username"]), (&json!("The web"), &json!("ada")));
        assert_eq!((&grant["scope"], grant.get("revoked_at")), (&json!("openid profile email"), None));
        let path = format!("{GRANTS}/{}", grant["id"].as_str().unwrap());
        assert_eq!(manager.get(&path).await.document(200), *grant);
        let access_token = tokens["access_token"].as_str().unwrap();
        assert_eq!(acme.introspect(&app, access_token).await["active"], true);

        // Another server on the same database knows without being told.
        let node = app.second_node().await;
        assert_eq!(acme.userinfo(&node, access_token).await.status, 200);
        assert_eq!(manager.delete(&path).await.status, 204);
        for server in [&app, &node] {
            assert_eq!(acme.introspect(server, access_token).await, json!({ "active": false }));
            acme.userinfo(server, access_token).await.expect_error(401, "invalid_token");
            assert_eq!(refresh_web(server, &acme, &tokens).await, 400);
        }
        assert_eq!(acme.refresh(&app, refresh_token(&others)).await.status, 200);
        let revoked = manager.get(&path).await.document(200);
        assert_eq!(revoked["revocation_reason"], "revoked_by_administrator");
        app.clock.advance(1);
        assert_eq!(manager.delete(&path).await.status, 204);
        assert_eq!(manager.get(&path).await.document(200), revoked);
        assert_eq!(acme.audited(&app, AuditKind::GrantRevoked).await, 1, "an end comes once");

        assert_eq!(found(&manager, &format!("{GRANTS}?active=false")).await, [revoked]);
        let of_user = format!("{GRANTS}?active=true&user={}", acme.user.id);
        assert_eq!(found(&manager, &of_user).await[0]["client_id"], "app");
        assert_eq!(found(&manager, &format!("{GRANTS}?user=ada")).await.len(), 0);
        assert_eq!(found(&manager, &format!("{GRANTS}?client_id=%00")).await.len(), 0);
        let first = manager.get(&format!("{GRANTS}?limit=1")).await.document(200);
        let next = first["next"].as_str().unwrap();
        let rest = found(&manager, &format!("{GRANTS}?limit=1&cursor={next}")).await;
        assert_eq!((rest.len(), rest[0]["id"] != first["items"][0]["id"]), (1, true));
        manager.get(&format!("{GRANTS}/x")).await.expect_problem(404, "not-found");
    }

    async fn those_of_a_client_are_revoked(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let manager = app.tenant_api(&acme.tenant, "client-manager").await;
        let (first, second) = (acme.tokens(&app).await, acme.tokens(&app).await);
        let others = acme.confidential_tokens(&app).await;
        let path = "/tenants/acme/clients/app/grants";
        assert_eq!(found(&manager, path).await.len(), 2);
        manager.delete(path).await.expect_problem(403, "forbidden");
        assert_eq!(admin.delete(path).await.status, 204);
        for tokens in [&first, &second] {
            acme.refresh(&app, refresh_token(tokens)).await.expect_error(400, "invalid_grant");
        }
        assert_eq!(refresh_web(&app, &acme, &others).await, 200);
        assert_eq!(found(&manager, &format!("{path}?active=true")).await.len(), 0);
        assert_eq!(found(&manager, path).await.len(), 2);
        assert_eq!(acme.audited(&app, AuditKind::GrantRevoked).await, 1);
        for path in ["/tenants/acme/clients/nobody/grants", "/tenants/acme/clients/%00/grants"] {
            admin.get(path).await.expect_problem(404, "not-found");
            admin.delete(path).await.expect_problem(404, "not-found");
        }
    }
}
