//! Deleting a tenant goes on after the answer, visibly.

use grantor_protocol::model::TenantSettings;
use serde_json::json;

use super::operations::{Target, operations};
use crate::support::{PUBLIC_URL, TestApp};

crate::on_both! {
    async fn a_tenant_is_deleted_by_a_job(app: TestApp) {
        let acme = app.acme().await;
        let tokens = acme.tokens(&app).await;
        let admin = app.platform("platform-admin").await;
        let answer = admin.delete("/tenants/acme").await;
        let job = answer.document(202);
        assert_eq!(
            job,
            json!({
                "id": job["id"], "kind": "tenant_deletion", "tenant": "acme", "state": "waiting", "rows": 0,
                "created_at": "2027-01-15T08:00:00.000Z",
            })
        );
        let location = format!("{PUBLIC_URL}/admin/v1/jobs/{}", job["id"].as_str().unwrap());
        assert_eq!(answer.header("location"), Some(location.as_str()));
        let path = location.strip_prefix(&format!("{PUBLIC_URL}/admin/v1")).unwrap();
        assert_eq!(admin.get(path).await.document(200), job);

        // Only its slug is still taken.
        assert_eq!(app.get("/t/acme/jwks").await.status, 404);
        assert_eq!(acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await.status, 404);
        let taken = admin.post("/tenants", &json!({ "slug": "acme", "name": "A" })).await;
        taken.expect_problem(409, "taken");
        assert_eq!(taken.json()["errors"][0]["pointer"], "/slug");
        admin.put("/tenants/acme", &json!({ "name": "A" })).await.expect_problem(409, "taken");
        assert_eq!(app.app.store.sweep(app.app.clock.now(), 100).await.unwrap().deleted(), 0);

        // Another node takes it up, and stops at once; the first one brings it to its end.
        let other = app.second_node().await;
        other.app.run_jobs(|| true).await.unwrap();
        assert_eq!(admin.get(path).await.document(200)["state"], "waiting");
        other.app.run_jobs(|| false).await.unwrap();
        let done = admin.get(path).await.document(200);
        assert_eq!((&done["state"], &done["error"]), (&json!("done"), &json!(null)));
        assert!(done["rows"].as_i64().unwrap() > 5 && done["finished_at"].is_string(), "{done}");
        assert_eq!(admin.get("/jobs").await.document(200)["items"], json!([done]));
        assert_eq!(admin.post("/tenants", &json!({ "slug": "acme", "name": "A" })).await.status, 201);
        for unknown in ["/jobs/nonsense", "/jobs/01890000-0000-7000-8000-000000000000"] {
            admin.get(unknown).await.expect_problem(404, "not-found");
        }
    }

    /// Word for word what is said of a tenant that never was.
    async fn a_tenant_that_is_going_answers_like_none(app: TestApp) {
        let tenant = app.tenant_with("going", TenantSettings::default()).await;
        let target = Target::in_tenant(&app, &tenant.slug).await;
        let other = app.second_node().await;
        // Both nodes have it in memory.
        assert_eq!(app.get("/t/going/jwks").await.status, 200);
        assert_eq!(other.get("/t/going/jwks").await.status, 200);
        let mut changes = other.app.store.changes();
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.delete("/tenants/going").await.status, 202);
        while other.get("/t/going/jwks").await.status != 404 {
            let change = changes.next().await.unwrap();
            other.app.changed(&change);
        }
        for path in ["jwks", ".well-known/openid-configuration", "authorize", "userinfo", "login"] {
            let going = app.get(&format!("/t/going/{path}")).await;
            let absent = app.get(&format!("/t/never/{path}")).await;
let said = |answer: &crate::support::Answer| {
                // But for the reference by which the log line is found.
                let text = answer.body.clone();
                text.split("<code>").next().unwrap_or_default().to_owned()
            };
            assert_eq!((going.status, said(&going)), (absent.status, said(&absent)), "{path}");
        }
        let absent = target.moved_to("never");
        let of_one = |id: &str| {
            operations().find(|operation| operation.id == id && !operation.of_the_platform)
        };
        let ids = ["read_tenant", "patch_tenant", "delete_tenant", "export_tenant", "list_users", "read_client"];
        for operation in ids.into_iter().filter_map(of_one) {
            let (going, never) =
                (admin.perform(operation, &target).await, admin.perform(operation, &absent).await);
            assert_eq!((going.status.as_u16(), never.status.as_u16()), (404, 404), "{}", operation.id);
            assert_eq!(going.json()["detail"], never.json()["detail"], "{}", operation.id);
        }
    }
}
