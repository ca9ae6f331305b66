use grantor_protocol::model::{AuditKind, DeviceApproval, SignOutRevokes};
use grantor_store::{RoleAssignment, Subject};
use serde_json::json;

use super::{Api, trail};
use crate::support::{Browser, START, TestApp, TestTenant};

const DEVICES: &str = "/tenants/acme/device-authorizations";

/// The identifier of the only device in the queue.
async fn only(api: &Api<'_>) -> String {
    let listed = api.get(DEVICES).await.document(200);
    let [device] = listed["items"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    format!("{DEVICES}/{}", device["id"].as_str().unwrap())
}

async fn listed(api: &Api<'_>, query: &str) -> usize {
    api.get(&format!("{DEVICES}{query}")).await.document(200)["items"].as_array().unwrap().len()
}

crate::on_both! {
    /// The account pages tell a person what became of their devices, and an approver where the queue is.
    async fn on_the_account_pages(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::UserThenAdmin).await;
        let bob = acme.add_user(&app, "bob").await;
        let assignment = RoleAssignment {
            subject: Subject::User(bob.id),
            role: "device-approver".to_owned(),
            scope: Some(acme.tenant.id),
        };
        app.app.store.tenant(acme.tenant.id).assign(&assignment, None, START, vec![]).await.unwrap();
        let device = acme.device(&app).await;
        let mut adas = Browser::at("198.51.100.4");
        acme.answer_device(&app, &mut adas, &device, "allow").await;
        let path = acme.path("/account/devices");
        let page = adas.get(&app, &path).await;
        assert!(page.body.contains("<bdi>The app</bdi>") && page.body.contains("href=\"/t/acme/activate\""), "{page:?}");
        assert!(!page.body.contains("/console/"), "{page:?}");

        let mut bobs = Browser::default();
        let begun = bobs.get(&app, &acme.path("/login?page=devices")).await;
        let sign_in = bobs.follow(&app, &begun).await;
        let signed_in = acme.sign_in_as(&app, &mut bobs, &sign_in, "bob").await;
        assert_eq!(signed_in.location(), path);
        let page = bobs.get(&app, &path).await;
        assert!(page.body.contains("One device waits") && page.body.contains("/console/t/acme/devices\""), "{page:?}");
        assert!(!page.body.contains("The app"), "another's: {page:?}");

        let approver = app.tenant_api(&acme.tenant, "device-approver").await;
        let waiting = only(&approver).await;
        approver.post(&format!("{waiting}/approve"), &json!({})).await.document(200);
        assert!(!adas.get(&app, &path).await.body.contains("The app"));
        assert!(bobs.get(&app, &path).await.body.contains("No device waits"));
    }

    /// Policy `user-then-admin`: the person first, then somebody who may.
    async fn a_person_and_then_an_administrator(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::UserThenAdmin).await;
        let approver = app.tenant_api(&acme.tenant, "device-approver").await;
        let device = acme.device(&app).await;
        let path = only(&approver).await;
        approver.post(&format!("{path}/approve"), &json!({})).await.expect_problem(409, "protected");
        let mut browser = Browser::at("198.51.100.4");
        let page = acme.answer_device(&app, &mut browser, &device, "allow").await;
        assert!(page.body.contains("An administrator decides next"), "{page:?}");
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");

        let waiting = approver.get(&path).await.document(200);
        assert_eq!(waiting["state"], "awaiting_administrator");
        assert_eq!((&waiting["approval"], &waiting["client_name"]), (&json!("user-then-admin"), &json!("The app")));
        assert_eq!(waiting["scope"], "openid profile offline_access");
        assert_eq!((&waiting["username"], &waiting["entered_from"]), (&json!("ada"), &json!("198.51.100.4")));
        assert_eq!((&waiting["entries"], &waiting["user_id"]), (&json!(1), &json!(acme.user.id.to_string())));
        assert_eq!(listed(&approver, "?state=awaiting_administrator").await, 1);
        assert_eq!(listed(&approver, "?state=pending").await, 0);
        assert!(!waiting.to_string().contains(&device.user_code));

        app.clock.advance(1);
        let other = app.platform("platform-admin").await;
        let grace = other.post("/tenants/acme/users", &json!({ "username": "grace" })).await.document(201);
        let answer = json!({ "user_id": grace["id"] });
        approver.post(&format!("{path}/approve"), &answer).await.expect_problem(409, "protected");
        let answer = json!({ "username": "ADA" });
        let approved = approver.post(&format!("{path}/approve"), &answer).await.document(200);
        assert_eq!((&approved["state"], &approved["administrator"]), (&json!("approved"), &json!("account-device-approver")));
        approver.post(&format!("{path}/approve"), &answer).await.expect_problem(409, "protected");
        approver.post(&format!("{path}/deny"), &json!({})).await.expect_problem(409, "protected");
        assert_eq!(acme.poll(&app, &device).await.status, 200);
        assert_eq!(approver.get(&path).await.document(200)["state"], "redeemed");
        let events = trail(&app, &acme.tenant).await;
        let by = events.iter().filter(|(kind, ..)| kind == "device.approved").map(|(.., detail)| &detail["actor_tenant"]);
        assert_eq!(by.collect::<Vec<_>>(), [&json!(null), &json!("acme")], "the person, the administrator");
    }

    /// Policy `admin`: nobody but an administrator answers, and they name the user.
    async fn an_administrator_in_a_persons_place(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::Admin).await;
        let approver = app.tenant_api(&acme.tenant, "device-approver").await;
        let device = acme.device(&app).await;
        let page = acme.enter(&app, &mut Browser::default(), &device.user_code).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("An administrator decides next"), "{page:?}");
        let path = only(&approver).await;
        let approve = format!("{path}/approve");
        approver.post(&approve, &json!({})).await.expect_invalid(&["/user_id"]);
        approver.post(&approve, &json!({ "user_id": "x" })).await.expect_invalid(&["/user_id"]);
        approver.post(&approve, &json!({ "username": "nobody" })).await.expect_invalid(&["/username"]);
        approver.post(&approve, &json!({ "username": "ada@acme.example" })).await.expect_invalid(&["/username"]);
        let both = json!({ "username": "ada", "user_id": acme.user.id.to_string() });
        approver.post(&approve, &both).await.expect_invalid(&["/username"]);
        approver.post(&approve, &json!({ "usernam": "ada" })).await.expect_invalid(&["/usernam"]);
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");

        // With an administrator's name comes an administrator's power.
        let role = RoleAssignment {
            subject: Subject::User(acme.user.id),
            role: "tenant-owner".to_owned(),
            scope: Some(acme.tenant.id),
        };
        let rows = app.app.store.tenant(acme.tenant.id);
        rows.assign(&role, None, START, vec![]).await.unwrap();
        let answer = json!({ "username": "ada" });
        approver.post(&approve, &answer).await.expect_problem(403, "forbidden");
        rows.unassign(&role, vec![]).await.unwrap();
        app.app.changed(&grantor_store::Change::Everything);
        let approved = approver.post(&approve, &answer).await.document(200);
        assert_eq!((&approved["username"], &approved["entered_from"]), (&json!("ada"), &json!(null)));
        let tokens = acme.poll(&app, &device).await.json();
        let claims: serde_json::Value =
            grantor_jose::unverified_claims(tokens["id_token"].as_str().unwrap()).unwrap();
        assert_eq!(claims["sub"], acme.user.id.to_string());
        assert!(claims.get("amr").is_none(), "nobody signed in");
        assert_eq!(rows.consents_of(acme.user.id).await.unwrap(), [], "nobody consented");
    }

    /// A client's own policy counts before the tenant's; an administrator may always say no.
    async fn denied_by_an_administrator(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::Admin).await;
        acme.change_client(&app, "app", |client| client.metadata.device_approval = Some(DeviceApproval::User)).await;
        let approver = app.tenant_api(&acme.tenant, "device-approver").await;
        let auditor = app.tenant_api(&acme.tenant, "auditor").await;
        let device = acme.device(&app).await;
        let path = only(&auditor).await;
        assert_eq!(auditor.get(&path).await.document(200)["approval"], "user");
        auditor.post(&format!("{path}/deny"), &json!({})).await.expect_problem(403, "forbidden");
        let by_name = json!({ "username": "ada" });
        approver.post(&format!("{path}/approve"), &by_name).await.expect_problem(409, "protected");
        let denied = approver.post(&format!("{path}/deny"), &json!({})).await.document(200);
        assert_eq!(denied["state"], "denied");
        acme.poll(&app, &device).await.expect_error(400, "access_denied");
        approver.post(&format!("{path}/deny"), &json!({})).await.expect_problem(409, "protected");
        approver.post(&format!("{path}/approve"), &by_name).await.expect_problem(409, "protected");
        assert_eq!(acme.audited(&app, AuditKind::DeviceDenied).await, 1);
        assert_eq!(listed(&approver, "").await, 0);
        assert_eq!(listed(&approver, "?state=denied").await, 1);
    }

    async fn the_queue_is_searched_and_paged(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::Admin).await;
        let approver = app.tenant_api(&acme.tenant, "device-approver").await;
        let mut devices = vec![];
        for _ in 0..3 {
            devices.push(acme.device(&app).await);
            app.clock.advance(1);
        }
        let first = approver.get(&format!("{DEVICES}?limit=2")).await.document(200);
        assert_eq!(first["items"].as_array().unwrap().len(), 2);
        let next = first["next"].as_str().unwrap();
        assert_eq!(listed(&approver, &format!("?limit=2&cursor={next}")).await, 1);
        let typed = devices[1].user_code.to_lowercase();
        let found = approver.get(&format!("{DEVICES}?user_code={typed}")).await.document(200);
        assert_eq!(found["items"], json!([approver.get(DEVICES).await.json()["items"][1]]));
        assert_eq!(listed(&approver, "?user_code=ZZZZ-ZZZZ").await, 0);
        assert_eq!(listed(&approver, "?user_code=1").await, 0);
        approver.get(&format!("{DEVICES}?state=lost")).await.expect_problem(400, "invalid-request");
        approver.get(&format!("{DEVICES}/x")).await.expect_problem(404, "not-found");
        app.clock.advance(598);
        let approver = app.platform("platform-admin").await;
        assert_eq!(listed(&approver, "").await, 1);
        assert_eq!(listed(&approver, "?state=expired").await, 2);
        let expired = approver.get(&format!("{DEVICES}?state=expired")).await.json()["items"][0].clone();
        assert_eq!(expired["state"], "expired");
        let path = format!("{DEVICES}/{}", expired["id"].as_str().unwrap());
        let answer = json!({ "username": "ada" });
        approver.post(&format!("{path}/approve"), &answer).await.expect_problem(409, "protected");
        approver.post(&format!("{path}/deny"), &json!({})).await.expect_problem(409, "protected");
    }

    /// Signing out ends what was allowed in the session, as far as the tenant says so; the administrator
    /// is told, and approves what is to outlive the session (OpenID Connect Core §11).
    async fn a_person_who_signs_out_meanwhile(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::UserThenAdmin).await;
        let admin = app.platform("platform-admin").await;
        for (revokes, ends) in
            [(SignOutRevokes::All, true), (SignOutRevokes::Online, false), (SignOutRevokes::None, false)]
        {
            acme.change_tenant(&app, |tenant| tenant.settings.sign_out_revokes = revokes).await;
            let (device, mut browser) = (acme.device(&app).await, Browser::default());
            acme.answer_device(&app, &mut browser, &device, "allow").await;
            let path = only(&admin).await;
            let csrf = browser.get(&app, &acme.path("/account")).await.field("csrf");
            let out = browser.post(&app, &acme.path("/logout"), &[("csrf", &csrf)]).await;
            assert_eq!(out.status, 200, "{out:?}");
            let answer = admin.post(&format!("{path}/approve"), &json!({})).await;
            if ends {
                answer.expect_problem(409, "protected");
                assert!(answer.body.contains("signed out meanwhile"), "{answer:?}");
                acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
                assert_eq!(admin.post(&format!("{path}/deny"), &json!({})).await.status, 200);
            } else {
                assert_eq!(answer.document(200)["state"], "approved");
                assert_eq!(acme.poll(&app, &device).await.status, 200);
            }
            app.clock.advance(1);
        }
    }

    /// To sign in again is not to sign out.
    async fn a_person_who_signs_in_again_meanwhile(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::UserThenAdmin).await;
        acme.change_tenant(&app, |tenant| tenant.settings.sign_out_revokes = SignOutRevokes::All).await;
        let admin = app.platform("platform-admin").await;
        let (device, mut browser) = (acme.device(&app).await, Browser::default());
        acme.answer_device(&app, &mut browser, &device, "allow").await;
        let again = browser.get(&app, &acme.path("/login")).await;
        let page = browser.follow(&app, &again).await;
        acme.sign_in(&app, &mut browser, &page).await;
        let approved = admin.post(&format!("{}/approve", only(&admin).await), &json!({})).await;
        assert_eq!(approved.document(200)["state"], "approved");
        assert_eq!(acme.poll(&app, &device).await.status, 200);
    }

    /// The person who entered the code was locked before the administrator came.
    async fn a_person_who_is_locked_meanwhile(app: TestApp) {
        let acme = TestTenant::with_devices(&app, DeviceApproval::UserThenAdmin).await;
        let admin = app.platform("platform-admin").await;
        let device = acme.device(&app).await;
        acme.answer_device(&app, &mut Browser::default(), &device, "allow").await;
        let path = only(&admin).await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        assert_eq!(admin.patch(&user, &json!({ "status": "locked" })).await.status, 200);
        admin.post(&format!("{path}/approve"), &json!({})).await.expect_problem(409, "protected");
        let named = json!({ "username": "ada" });
        admin.post(&format!("{path}/approve"), &named).await.expect_invalid(&["/username"]);
        acme.poll(&app, &device).await.expect_error(400, "authorization_pending");
    }
}
