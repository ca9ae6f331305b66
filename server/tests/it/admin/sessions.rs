//! Where people are signed in, and the ends of it.

use grantor_protocol::model::AuditKind;
use serde_json::{Value, json};

use super::{Api, trail};
use crate::support::{Browser, PASSWORD, TestApp, TestTenant};

const SESSIONS: &str = "/tenants/acme/sessions";

async fn found(api: &Api<'_>, query: &str) -> Vec<Value> {
    api.get(&format!("{SESSIONS}{query}")).await.document(200)["items"].as_array().unwrap().clone()
}

/// Whether the browser would be asked to sign in.
async fn is_asked(app: &TestApp, acme: &TestTenant, browser: &mut Browser) -> bool {
    let answer = browser.get(app, &acme.authorize(&acme.authorization("app"))).await;
    answer.location().contains("/login?")
}

crate::on_both! {
    async fn one_is_signed_out(app: TestApp) {
        let acme = app.acme().await;
        let manager = app.tenant_api(&acme.tenant, "user-manager").await;
        let named = format!("Browser/1 {}", "x".repeat(300));
        let mut browser = Browser::at("198.51.100.4").called(&named);
        let mut other = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let tokens = acme.redeem(&app, &code).await.json();
        app.clock.advance(1);
        acme.code(&app, &mut other, "app").await;
        let sessions = found(&manager, "").await;
        let [session, others] = sessions.as_slice() else { panic!("{sessions:?}") };
        assert_eq!((&session["username"], &session["amr"]), (&json!("ada"), &json!(["pwd"])));
        assert_eq!((&session["address"], &session["state"]), (&json!("198.51.100.4"), &json!("active")));
        assert_eq!(session["user_agent"], named[..256]);
        assert_eq!((others.get("address"), others.get("user_agent")), (None, None));
        assert!(!session.to_string().contains("secret"));

        let path = format!("{SESSIONS}/{}", session["id"].as_str().unwrap());
        assert_eq!(manager.get(&path).await.document(200), *session);
        assert!(!is_asked(&app, &acme, &mut browser).await);
        assert_eq!(manager.delete(&path).await.status, 204);
        assert!(is_asked(&app, &acme, &mut browser).await);
        assert!(!is_asked(&app, &acme, &mut other).await);
        // The grant was given without offline_access, so it ends with the session.
        acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.expect_error(400, "invalid_grant");
        let ended = manager.get(&path).await.document(200);
        assert_eq!((&ended["state"], &ended["ended_at"]), (&json!("ended"), &json!("2027-01-15T08:00:01.000Z")));
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);
        let (_, target, detail) = trail(&app, &acme.tenant).await.into_iter().find(|(kind, ..)| kind == "sign_out").unwrap();
        assert_eq!((json!(target), &detail["actor_tenant"]), (session["id"].clone(), &json!("acme")));
        app.clock.advance(1);
        assert_eq!(manager.delete(&path).await.status, 204);
        assert_eq!(manager.get(&path).await.document(200), ended);
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1, "an end comes once");

        assert_eq!(found(&manager, "?active=true").await.len(), 1);
        assert_eq!(found(&manager, "?active=false").await, [ended]);
        assert_eq!(found(&manager, &format!("?user={}&active=true", acme.user.id)).await.len(), 1);
        assert_eq!(found(&manager, "?user=0198c5a0-0000-7000-8000-00000000000a").await.len(), 0);
        assert_eq!(found(&manager, "?user=ada").await.len(), 0);
        manager.get(&format!("{SESSIONS}/x")).await.expect_problem(404, "not-found");
    }

    /// A page goes on where the one before ended.
    async fn sessions_come_in_pages(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        for _ in 0..3 {
            acme.code(&app, &mut Browser::default(), "app").await;
            app.clock.advance(1);
        }
        let all = found(&admin, "").await;
        let mut paged = vec![];
        let mut next = Some(String::new());
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let page = admin.get(&format!("{SESSIONS}?limit=1{cursor}")).await.document(200);
            paged.extend(page["items"].as_array().unwrap().clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!((paged.len(), &paged), (3, &all));
    }

    /// Locking, unlocking, a new password, and out of everywhere.
    async fn the_steps_of_a_user(app: TestApp) {
        let acme = app.acme().await;
        let manager = app.tenant_api(&acme.tenant, "user-manager").await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        let step = async |name: &str, document: Value| manager.post(&format!("{user}/{name}"), &document).await;
        let mut browser = Browser::default();
        let code = acme.code(&app, &mut browser, "app").await;
        let tokens = acme.redeem(&app, &code).await.json();
        assert_eq!(step("sign-out", json!({})).await.document(200)["status"], "active");
        assert!(is_asked(&app, &acme, &mut browser).await);
        acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.expect_error(400, "invalid_grant");
        assert_eq!(acme.audited(&app, AuditKind::SignedOut).await, 1);

        let mut browser = Browser::default();
        acme.code(&app, &mut browser, "app").await;
        assert_eq!(step("lock", json!({})).await.document(200)["status"], "locked");
        assert!(is_asked(&app, &acme, &mut browser).await);
        let by_status = async |status: &str| {
            let listed = manager.get(&format!("/tenants/acme/users?status={status}")).await.document(200);
            listed["items"].as_array().unwrap().len()
        };
        assert_eq!((by_status("locked").await, by_status("active").await), (1, 0));
        assert_eq!(step("lock", json!({})).await.status, 200);
        assert_eq!(step("unlock", json!({})).await.document(200)["status"], "active");
        let by_email = manager.get("/tenants/acme/users?email=ADA@acme.example").await.document(200);
        assert_eq!(by_email["items"][0]["id"], acme.user.id.to_string());
        assert_eq!(manager.get("/tenants/acme/users?email=ada").await.document(200)["items"], json!([]));
        manager.get("/tenants/acme/users?email=%00").await.expect_problem(400, "invalid-request");

        step("password", json!({ "password": "short" })).await.expect_invalid(&["/password"]);
        step("password", json!({})).await.expect_invalid(&["/password"]);
        let answer = step("password", json!({ "password": "another password of mine" })).await;
        assert_eq!(answer.document(200)["has_password"], true);
        let store = app.app.store.tenant(acme.tenant.id);
        let hash = store.user(acme.user.id).await.unwrap().unwrap().password;
        assert!(app.app.passwords.verify("another password of mine", hash.as_ref()).await.unwrap());
        assert!(!app.app.passwords.verify(PASSWORD, hash.as_ref()).await.unwrap());
    }
}
