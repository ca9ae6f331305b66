//! `Idempotency-Key`.

use futures_util::future::join_all;
use grantor::app::Peer;
use grantor::app::admin::{Idempotent, NamedRequest};
use poem::http::Method;
use serde_json::{Value, json};

use super::Api;
use crate::support::{Answer, TestApp};

const USERS: &str = "/tenants/acme/users";

async fn post(api: &Api<'_>, key: &str, path: &str, document: &Value) -> Answer {
    api.send(Method::POST, path, &[("idempotency-key", key)], Some(document)).await
}

/// A request that was begun by a server that died before it could keep the answer.
async fn begun_and_never_ended(app: &TestApp, api: &Api<'_>, key: &str, document: &Value) {
    let caller = app.app.admin_caller(&api.token, &Peer::default()).await.unwrap();
    let (path, body) = (format!("/admin/v1{USERS}"), document.to_string());
    let request = NamedRequest { key, method: "POST", path: &path, body: body.as_bytes() };
    let begun = app.app.begin_named_request(&caller, &request).await.unwrap();
    assert!(matches!(begun, Idempotent::New(_)));
}

crate::on_both! {
    async fn a_repeated_request_gets_the_same_answer(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = "/tenants/acme/clients";
        let document = json!({ "client_name": "Once", "redirect_uris": ["https://c.example/cb"] });
        let first = post(&admin, "k1", path, &document).await;
        let made = first.document(201);
        assert!(made["client_secret"].is_string(), "the secret is shown once: {made}");
        assert_eq!(first.header("idempotency-replayed"), None);
        app.clock.advance(60);
        let again = post(&admin, "k1", path, &document).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!((again.status, &again.body), (first.status, &first.body));
        for header in ["location", "etag", "content-type"] {
            assert!(first.header(header).is_some(), "{header}");
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
        let clients = admin.get(&format!("{path}?q=once")).await.document(200);
        assert_eq!(clients["items"].as_array().unwrap().len(), 1);
        // What is kept is sealed: no row says the secret.
        let secret = made["client_secret"].as_str().unwrap();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        for tenant in [&acme.tenant, &app.system().await] {
            for row in app.rows_of(tenant).await.into_values().flatten() {
                assert!(!row.contains(secret) && !row.to_lowercase().contains(&hex), "{row}");
            }
        }
    }

    async fn a_key_names_one_request(app: TestApp) {
        app.acme().await;
        let other = app.other().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({ "username": "grace" });
        assert_eq!(post(&admin, "k1", USERS, &document).await.status, 201);
        let mallory = json!({ "username": "mallory" });
        for (path, document) in [
            (USERS, &mallory),
            ("/tenants/other/users", &document),
            ("/tenants/acme/clients", &document),
        ] {
            let refused = post(&admin, "k1", path, document).await;
            refused.expect_problem(422, "idempotency-key-reused");
        }
        assert_eq!(admin.get(&format!("{USERS}?q=mallory")).await.document(200)["items"], json!([]));
        // Another caller's keys are others.
        let owner = app.tenant_api(&other.tenant, "tenant-owner").await;
        assert_eq!(post(&owner, "k1", "/tenants/other/users", &document).await.status, 201);
        // What needs no name has none.
        let replaced = [("idempotency-key", "k1")];
        let put = admin.send(Method::PATCH, "/tenants/acme", &replaced, Some(&json!({ "name": "A" }))).await;
        assert_eq!(put.status, 200);
    }

    async fn many_at_once_are_done_once(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({ "username": "grace" });
        let answers = join_all((0..8).map(|_| post(&admin, "k1", USERS, &document))).await;
        let mut done = 0;
        for answer in &answers {
            if answer.status == 201 {
                done += usize::from(answer.header("idempotency-replayed").is_none());
            } else {
                answer.expect_problem(409, "under-way");
                assert_eq!(answer.header("retry-after"), Some("1"));
            }
        }
        assert_eq!(done, 1, "{answers:?}");
        let again = post(&admin, "k1", USERS, &document).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }

    /// What was refused was not done: it can be put right under its key.
    async fn a_refusal_is_not_kept(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        post(&admin, "k1", USERS, &json!({ "username": "" })).await.expect_invalid(&["/username"]);
        assert_eq!(post(&admin, "k1", USERS, &json!({ "username": "grace" })).await.status, 201);
        let auditor = app.tenant_api(&acme.tenant, "auditor").await;
        let document = json!({ "username": "eve" });
        post(&auditor, "k1", USERS, &document).await.expect_problem(403, "forbidden");
        post(&auditor, "k1", USERS, &document).await.expect_problem(403, "forbidden");
        let nobody = app.api_with("nonsense");
        post(&nobody, "k1", USERS, &document).await.expect_problem(401, "unauthenticated");
        for key in ["", "a b", &"k".repeat(256)] {
            post(&admin, key, USERS, &document).await.expect_problem(400, "invalid-request");
        }
        assert_eq!(post(&admin, &"k".repeat(255), USERS, &document).await.status, 201);
    }

    /// Between the change and the keeping of its answer a server may die. Nobody does the change again
    /// for it.
    async fn what_came_of_it_is_not_known_after_a_crash(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({ "username": "grace" });
        begun_and_never_ended(&app, &admin, "k1", &document).await;
        let waiting = post(&admin, "k1", USERS, &document).await;
        waiting.expect_problem(409, "under-way");
        assert_eq!(waiting.header("retry-after"), Some("1"));
        app.clock.advance(120);
        let unknown = post(&admin, "k1", USERS, &document).await;
        unknown.expect_problem(409, "outcome-unknown");
        assert_eq!(unknown.header("retry-after"), None);
        let other = json!({ "username": "mallory" });
        post(&admin, "k1", USERS, &other).await.expect_problem(422, "idempotency-key-reused");
        assert_eq!(admin.get(&format!("{USERS}?q=grace")).await.document(200)["items"], json!([]));
        // Whoever looked and found nothing sends it under another key.
        assert_eq!(post(&admin, "k2", USERS, &document).await.status, 201);
    }

    /// An answer may hold what its caller has lost the right to see.
    async fn an_answer_is_told_again_to_those_with_the_same_rights(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let document = json!({ "redirect_uris": ["https://c.example/cb"] });
        let path = "/tenants/acme/clients";
        post(&owner, "k1", path, &document).await.document(201);
        let role = "/tenants/acme/role-assignments/tenant-owner:client:acme:account-tenant-owner";
        assert_eq!(admin.delete(role).await.status, 204);
        post(&owner, "k1", path, &document).await.expect_problem(409, "outcome-unknown");
    }

    /// A client of the name that a deleted one had is another.
    async fn a_key_is_the_callers_and_not_its_names(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({ "redirect_uris": ["https://c.example/cb"] });
        let path = "/tenants/acme/clients";
        let first = {
            let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
            post(&owner, "k1", path, &document).await.document(201)
        };
        assert_eq!(admin.delete(&format!("{path}/account-tenant-owner")).await.status, 204);
        app.clock.advance(1);
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let second = post(&owner, "k1", path, &document).await;
        assert_eq!(second.header("idempotency-replayed"), None);
        assert_ne!(second.document(201)["client_id"], first["client_id"]);
    }

    async fn files_are_not_kept(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let passphrase = json!({ "passphrase": "correct horse battery staple" });
        for path in ["/tenants/acme/export", "/tenants/import"] {
            let refused = post(&admin, "k1", path, &passphrase).await;
            refused.expect_problem(400, "invalid-request");
            assert!(refused.body.contains("Idempotency-Key"), "{refused:?}");
        }
    }

    async fn a_key_is_free_after_a_day(app: TestApp) {
        app.acme().await;
        let (client_id, secret) = app.app.create_service_account("daily", "platform-admin").await.unwrap();
        let system = app.system().await;
        let today = app.api(&system, client_id.as_str(), secret.expose()).await;
        assert_eq!(post(&today, "k1", USERS, &json!({ "username": "grace" })).await.status, 201);
        let mallory = json!({ "username": "mallory" });
        post(&today, "k1", USERS, &mallory).await.expect_problem(422, "idempotency-key-reused");
        app.clock.advance(24 * 3600);
        let tomorrow = app.api(&system, client_id.as_str(), secret.expose()).await;
        assert_eq!(post(&tomorrow, "k1", USERS, &mallory).await.status, 201);
        app.clock.advance(24 * 3600 + 1);
        let report = app.app.store.sweep(app.app.clock.now(), 100).await.unwrap();
        let swept = report.tables.iter().find(|swept| swept.table == "idempotency_keys").unwrap();
        assert_eq!(swept.deleted, 1);
    }
}
