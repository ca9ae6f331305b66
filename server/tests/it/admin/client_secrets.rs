//! Secrets that overlap, so that a client changes from one to the next without an outage.

use grantor_protocol::model::AuthenticationMethod;
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{Api, trail};
use crate::support::TestApp;

const SECRETS: &str = "/tenants/acme/clients/web/secrets";

/// Whether this authenticates the client `web`.
async fn opens(app: &TestApp, secret: &str) -> bool {
    let form = [("grant_type", "client_credentials")];
    match app.post_as(("web", secret), "/t/acme/token", &form).await.status {
        StatusCode::OK => true,
        StatusCode::UNAUTHORIZED => false,
        status => panic!("{status}"),
    }
}

async fn made(api: &Api<'_>, wanted: &Value) -> (String, String) {
    let made = api.post(SECRETS, wanted).await.document(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("client_secret"))
}

crate::on_both! {
    async fn an_old_secret_ends_with_the_overlap(app: TestApp) {
        let acme = app.acme().await;
        let manager = app.tenant_api(&acme.tenant, "client-manager").await;
        let created = manager.post(SECRETS, &json!({ "overlap": 60, "expires_in": 300 })).await;
        let document = created.document(201);
        let new = document["client_secret"].as_str().unwrap().to_owned();
        assert!(new.starts_with("gcs_"));
        assert_eq!(created.created_at(), format!("{SECRETS}/{}", document["id"].as_str().unwrap()));
        assert!(opens(&app, &acme.secret).await && opens(&app, &new).await);
        let listed = manager.get(SECRETS).await;
        let items = listed.document(200)["items"].clone();
        assert_eq!(items[0]["expires_at"], "2027-01-15T08:01:00.000Z");
        assert_eq!(items[1]["expires_at"], "2027-01-15T08:05:00.000Z");
        assert_eq!(items.as_array().unwrap().len(), 2);

        app.clock.advance(59);
        assert!(opens(&app, &acme.secret).await);
        app.clock.advance(1);
        assert!(!opens(&app, &acme.secret).await, "with the second, not with a sweep");
        assert!(opens(&app, &new).await);
        assert_eq!(manager.get(SECRETS).await.document(200)["items"].as_array().unwrap().len(), 1);
        app.clock.advance(240);
        assert!(!opens(&app, &new).await);

        // Without a number the others stay, with 0 they end; what has expired leaves.
        let (_, second) = made(&manager, &json!({})).await;
        let (_, third) = made(&manager, &json!({})).await;
        assert!(opens(&app, &second).await && opens(&app, &third).await);
        let (id, last) = made(&manager, &json!({ "overlap": 0 })).await;
        assert!(!opens(&app, &second).await && !opens(&app, &third).await && opens(&app, &last).await);
        let rows = app.app.store.tenant(acme.tenant.id);
        let web = grantor_protocol::model::ClientId::parse("web").unwrap();
        let kept = rows.client(&web).await.unwrap().unwrap().secrets;
        assert_eq!(kept.iter().map(|held| held.id.to_string()).collect::<Vec<_>>(), [id]);
        let told = format!("{:?}{listed:?}", trail(&app, &acme.tenant).await);
        for secret in [&acme.secret, &new, &second, &third, &last] {
            assert!(!told.contains(secret.as_str()));
        }
        assert!(!told.contains("hash"));
    }

    async fn a_secret_that_is_deleted(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let first = admin.get(SECRETS).await.document(200)["items"][0]["id"].as_str().unwrap().to_owned();
        admin.delete(&format!("{SECRETS}/{first}")).await.expect_problem(409, "protected");
        assert!(opens(&app, &acme.secret).await);
        let (id, second) = made(&admin, &json!({})).await;
        assert_eq!(admin.delete(&format!("{SECRETS}/{first}")).await.status, 204);
        assert!(!opens(&app, &acme.secret).await && opens(&app, &second).await);
        admin.delete(&format!("{SECRETS}/{first}")).await.expect_problem(404, "not-found");
        admin.delete(&format!("{SECRETS}/x")).await.expect_problem(404, "not-found");
        admin.delete(&format!("{SECRETS}/{id}")).await.expect_problem(409, "protected");
        // An ordinary change leaves the secrets alone.
        assert_eq!(admin.patch("/tenants/acme/clients/web", &json!({ "client_name": "W" })).await.status, 200);
        assert!(opens(&app, &second).await);
    }

    async fn a_handful_and_no_more(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for _ in 0..4 {
            made(&admin, &json!({ "expires_in": 60 })).await;
        }
        admin.post(SECRETS, &json!({})).await.expect_problem(409, "protected");
        // Those that end at once make room, and so do those that have expired.
        made(&admin, &json!({ "overlap": 0, "expires_in": 60 })).await;
        app.clock.advance(60);
        for _ in 0..5 {
            made(&admin, &json!({})).await;
        }
        admin.post(SECRETS, &json!({})).await.expect_problem(409, "protected");
    }

    /// Whoever makes a secret at the same moment loses none of the others'.
    async fn secrets_made_at_once_all_open(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let nothing = json!({});
        let answers = futures_util::future::join_all((0..3).map(|_| admin.post(SECRETS, &nothing))).await;
        for answer in answers {
            assert!(opens(&app, answer.document(201)["client_secret"].as_str().unwrap()).await);
        }
        assert!(opens(&app, &acme.secret).await);
    }

    async fn clients_without_a_use_for_secrets(app: TestApp) {
        let mut acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        admin.post("/tenants/acme/clients/app/secrets", &json!({})).await.expect_problem(409, "protected");
        admin.post("/tenants/acme/clients/nobody/secrets", &json!({})).await.expect_problem(404, "not-found");
        let console = "/tenants/system/clients/grantor-console/secrets";
        admin.post(console, &json!({})).await.expect_problem(409, "protected");
        admin.post(SECRETS, &json!({ "expires_in": 59 })).await.expect_invalid(&["/expires_in"]);
        admin.post(SECRETS, &json!({ "overlap": 31_536_001 })).await.expect_invalid(&["/overlap"]);
        admin.post(SECRETS, &json!({ "client_secret": "gcs_mine" })).await.expect_invalid(&["/client_secret"]);
        // The new secret of one that signs with its secrets is kept so that it can be verified.
        acme.add_secret_client(&app, "signer", AuthenticationMethod::ClientSecretJwt).await;
        let made = admin.post("/tenants/acme/clients/signer/secrets", &json!({})).await;
        assert_eq!(made.status, 201);
        let signer = grantor_protocol::model::ClientId::parse("signer").unwrap();
        let kept = app.app.store.tenant(acme.tenant.id).client(&signer).await.unwrap().unwrap().secrets;
        assert!(kept.len() == 2 && kept.iter().all(|held| held.sealed.is_some()));
        assert!(!made.body.contains("sealed"));
    }
}
