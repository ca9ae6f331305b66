//! Roles, from the assignment to the answer.

use grantor::app::admin::BUILT_IN_ROLES;
use grantor_protocol::model::TenantSettings;
use grantor_store::{RoleAssignment, Subject};
use serde_json::json;

use super::operations::{Operation, Target, operations};
use super::{ADMIN_API, Api};
use crate::oauth::certificates::Authority;
use crate::support::{PASSWORD, START, TestApp};

/// What the committed matrix says of a right: role by role.
fn committed(resource: &str, action: &str) -> Vec<bool> {
    let matrix = include_str!("../../../../docs/authorization-matrix.txt");
    let row = matrix
        .lines()
        .find(|line| line.starts_with(&format!("{resource} {action} ")))
        .unwrap_or_else(|| panic!("no row {resource} {action}"));
    let cells: Vec<_> = row.split_whitespace().skip(2).map(|cell| cell == "yes").collect();
    assert_eq!(cells.len(), BUILT_IN_ROLES.len());
    cells
}

/// What an operation has to answer to a role, by the matrix.
fn expected(operation: &Operation, role: usize) -> u16 {
    let Some((resource, action)) = operation.needs else { return 200 };
    let reaches = !operation.of_the_platform || BUILT_IN_ROLES[role].starts_with("platform-");
    let may = |action: &str| reaches && committed(resource.as_str(), action)[role];
    match (may(action.as_str()), may("read")) {
        (true, _) if operation.id == "import_tenant" => 415,
        (true, _) if operation.id == "delete_tenant" => 202,
        (true, _) if operation.id == "invite_user" || operation.id.starts_with("send_") => 202,
        (true, _) if operation.id.starts_with("create") => 201,
        (true, _) if operation.id.starts_with("delete") => 204,
        (true, _) => 200,
        (false, true) => 403,
        (false, false) => 404,
    }
}

crate::on_both! {
    /// Every operation answers every role as the matrix in docs/ says.
    async fn the_matrix_is_true(app: TestApp) {
        for (number, role) in BUILT_IN_ROLES.iter().enumerate() {
            let tenant = app.tenant_with(&format!("acme-{number}"), TenantSettings::default()).await;
            let target = Target::in_tenant(&app, &tenant.slug).await;
            let api = match role.starts_with("platform-") {
                true => app.platform(role).await,
                false => app.tenant_api(&tenant.tenant, role).await,
            };
            for operation in operations() {
                let answer = api.perform(operation, &target).await;
                assert_eq!(answer.status, expected(operation, number), "{role} {}: {answer:?}", operation.id);
            }
        }
    }

    async fn without_a_role_there_is_nothing_but_oneself(app: TestApp) {
        let acme = app.acme().await;
        let (client_id, secret) = app.service_account(&acme.tenant, "nobody").await;
        let api = app.api(&acme.tenant, client_id.as_str(), &secret).await;
        let target = Target::in_tenant(&app, "acme").await;
        for operation in operations() {
            let expected = if operation.needs.is_none() { 200 } else { 404 };
            assert_eq!(api.perform(operation, &target).await.status, expected, "{}", operation.id);
        }
        assert_eq!(api.get("/me").await.document(200)["roles"], json!([]));
    }

    async fn me_says_who_and_what(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let mut me = owner.get("/me").await.document(200);
        let permissions = me.as_object_mut().unwrap().remove("permissions").unwrap();
        assert_eq!(permissions[0]["tenant"], "acme");
        let role = owner.get("/tenants/acme/roles/tenant-owner").await.document(200);
        assert_eq!(permissions[0]["permissions"], role["permissions"]);
        assert_eq!(
            me,
            json!({
                "subject": "account-tenant-owner", "name": "The account-tenant-owner",
                "tenant": "acme", "roles": [{ "role": "tenant-owner", "tenant": "acme" }],
            })
        );
        let admin = app.platform("platform-admin").await;
        let me = admin.get("/me").await.document(200);
        assert_eq!(me["roles"], json!([{ "role": "platform-admin", "tenant": "*" }]));
    }

    /// Assignments that nobody should have made give nothing.
    async fn assignments_out_of_place_do_not_count(app: TestApp) {
        let acme = app.acme().await;
        let other = app.other().await;
        let (client_id, secret) = app.service_account(&acme.tenant, "climber").await;
        for (role, scope) in [
            ("platform-admin", None),
            ("platform-admin", Some(acme.tenant.id)),
            ("tenant-owner", Some(other.tenant.id)),
            ("tenant-owner", None),
        ] {
            let assignment =
                RoleAssignment { subject: Subject::Client(client_id.clone()), role: role.to_owned(), scope };
            app.app.store.tenant(acme.tenant.id).assign(&assignment, None, START, vec![]).await.unwrap();
        }
        let api = app.api(&acme.tenant, client_id.as_str(), &secret).await;
        for path in ["/tenants", "/tenants/acme", "/tenants/other", "/tenants/system", "/tenants/other/users"] {
            assert_eq!(api.get(path).await.status, 404, "{path}");
        }
        assert_eq!(api.get("/me").await.document(200)["roles"], json!([]));
    }

    /// Somebody of the system tenant may have a role in one tenant only.
    async fn a_supporter_sees_the_tenant_that_they_support(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        let system = app.system().await;
        let (client_id, secret) = app.service_account(&system, "supporter").await;
        let assignment = RoleAssignment {
            subject: Subject::Client(client_id.clone()),
            role: "tenant-admin".to_owned(),
            scope: Some(acme.tenant.id),
        };
        app.app.store.tenant(system.id).assign(&assignment, None, START, vec![]).await.unwrap();
        let api = app.api(&system, client_id.as_str(), &secret).await;
        assert_eq!(api.get("/tenants/acme/users").await.status, 200);
        assert_eq!(api.get("/tenants/other/users").await.status, 404);
        assert_eq!(api.get("/tenants/system").await.status, 404);
        assert_eq!(api.get("/tenants").await.status, 404);
    }

    /// Who could change an administrator's credentials could act as the administrator.
    async fn administrators_are_changed_by_their_like_only(app: TestApp) {
        let acme = app.acme().await;
        let user_manager = app.tenant_api(&acme.tenant, "user-manager").await;
        let client_manager = app.tenant_api(&acme.tenant, "client-manager").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        let password = json!({ "password": "a password of mine" });
        assert_eq!(user_manager.patch(&user, &password).await.status, 200);
        let assignment = RoleAssignment {
            subject: Subject::User(acme.user.id),
            role: "auditor".to_owned(),
            scope: Some(acme.tenant.id),
        };
        app.app.store.tenant(acme.tenant.id).assign(&assignment, None, START, vec![]).await.unwrap();
        assert_eq!(user_manager.patch(&user, &password).await.status, 403);
        assert_eq!(user_manager.delete(&user).await.status, 403);
        assert_eq!(user_manager.get(&user).await.status, 200);
        assert_eq!(owner.patch(&user, &password).await.status, 200);

        let account = "/tenants/acme/clients/account-tenant-owner";
        let takeover = json!({ "redirect_uris": ["https://evil.example/cb"] });
        assert_eq!(client_manager.patch(account, &takeover).await.status, 403);
        assert_eq!(client_manager.delete(account).await.status, 403);
        assert_eq!(client_manager.patch("/tenants/acme/clients/web", &takeover).await.status, 200);
    }

    /// A client with the admin API among its resources acts for the administrators who use it.
    async fn clients_for_the_admin_api_are_made_by_those_who_give_roles(app: TestApp) {
        let acme = app.acme().await;
        let manager = app.tenant_api(&acme.tenant, "client-manager").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let document = json!({ "redirect_uris": ["https://c.example/cb"], "resources": [ADMIN_API] });
        assert_eq!(manager.post("/tenants/acme/clients", &document).await.status, 403);
        assert_eq!(manager.put("/tenants/acme/clients/tool", &document).await.status, 403);
        assert_eq!(manager.patch("/tenants/acme/clients/web", &document).await.status, 403);
        assert_eq!(owner.put("/tenants/acme/clients/tool", &document).await.status, 201);
        let away = json!({ "resources": [], "redirect_uris": ["https://evil.example/cb"] });
        assert_eq!(manager.patch("/tenants/acme/clients/tool", &away).await.status, 403);
        assert_eq!(owner.patch("/tenants/acme/clients/tool", &away).await.status, 200);
    }

    /// Whoever vouches for certificates can act as every client that authenticates with one (RFC 8705 §2.1).
    async fn authorities_are_changed_by_those_who_give_roles(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.tenant_api(&acme.tenant, "tenant-admin").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let pem = Authority::new("acme's").pem();
        for authorities in [json!(pem), json!(null)] {
            let patch = json!({ "settings": { "client_certificate_authorities": authorities } });
            if authorities.is_string() {
                let refused = admin.patch("/tenants/acme", &patch).await;
                refused.expect_problem(403, "forbidden");
                let pointer = &refused.json()["errors"][0]["pointer"];
                assert_eq!(pointer, "/settings/client_certificate_authorities");
            }
            owner.patch("/tenants/acme", &patch).await.document(200);
        }
        admin.patch("/tenants/acme", &json!({ "name": "Acme" })).await.document(200);
    }

    /// An owner administers the tenant and does not decide whether it runs.
    async fn only_the_platform_suspends(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        let suspended = json!({ "status": "suspended" });
        assert_eq!(owner.patch("/tenants/acme", &suspended).await.status, 403);
        assert_eq!(admin.patch("/tenants/acme", &suspended).await.status, 200);
        owner.get("/me").await.expect_problem(401, "unauthenticated");
        assert_eq!(admin.get("/tenants/acme/users").await.status, 200);
        assert_eq!(app.get("/t/acme/jwks").await.status, 403);
        // Applying the configuration once more does not resume it.
        assert_eq!(admin.put("/tenants/acme", &json!({ "name": "Acme" })).await.document(200)["status"], "suspended");
        assert_eq!(admin.patch("/tenants/acme", &json!({ "status": "active" })).await.status, 200);
        assert_eq!(owner.get("/me").await.status, 200);
    }

    /// A role that is taken away is gone at once; a client that comes again has none of its old roles.
    async fn rights_end(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(owner.get("/tenants/acme").await.status, 200);
        assert_eq!(admin.delete("/tenants/acme/clients/account-tenant-owner").await.status, 204);
        owner.get("/me").await.expect_problem(401, "unauthenticated");
        let (client_id, secret) = app.service_account(&acme.tenant, "account-tenant-owner").await;
        let again: Api<'_> = app.api(&acme.tenant, client_id.as_str(), &secret).await;
        assert_eq!(again.get("/tenants/acme").await.status, 404);
    }
}

/// A user of the tenant's with a role acts through an access token that a client got for them.
#[tokio::test(flavor = "multi_thread")]
async fn people_act_with_their_own_roles() {
    let app = TestApp::sqlite().await;
    let acme = app.acme().await;
    let token = super::credentials::users_token(&app, &acme).await;
    let api = app.api_with(token);
    assert_eq!(api.get("/tenants/acme").await.status, 404);
    let assignment = RoleAssignment {
        subject: Subject::User(acme.user.id),
        role: "user-manager".to_owned(),
        scope: Some(acme.tenant.id),
    };
    app.app.store.tenant(acme.tenant.id).assign(&assignment, None, START, vec![]).await.unwrap();
    let me = api.get("/me").await.document(200);
    assert_eq!(me["name"], "Ada Lovelace");
    assert_eq!(me["roles"], json!([{ "role": "user-manager", "tenant": "acme" }]));
    // Themselves they may change, roles or not, but not out of the door.
    let user = format!("/tenants/acme/users/{}", acme.user.id);
    assert_eq!(
        api.patch(&user, &json!({ "profile": { "nickname": "A" }, "password": PASSWORD })).await.status,
        200
    );
    api.patch(&user, &json!({ "status": "locked" })).await.expect_problem(409, "protected");
    api.delete(&user).await.expect_problem(409, "protected");
    // And who is locked is out.
    let admin = app.platform("platform-admin").await;
    assert_eq!(admin.patch(&user, &json!({ "status": "locked" })).await.status, 200);
    api.get("/me").await.expect_problem(401, "unauthenticated");
}
