//! Roles that administrators make and give: nobody gives what they do not hold.

use std::time::Duration;

use grantor_protocol::model::Tenant;
use grantor_store::Change;
use serde_json::{Value, json};

use super::{ADMIN_API, Api, trail};
use crate::support::TestApp;

const ROLES: &str = "/tenants/acme/roles";
const ASSIGNMENTS: &str = "/tenants/acme/role-assignments";

fn permissions(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(resource, action)| json!({ "resource": resource, "action": action })).collect()
}

fn role(pairs: &[(&str, &str)]) -> Value {
    json!({ "permissions": permissions(pairs) })
}

/// A client of the tenant's with a role of its own that allows this, given by the platform's administrator.
pub(super) async fn holder<'a>(
    app: &'a TestApp,
    tenant: &Tenant,
    name: &str,
    pairs: &[(&str, &str)],
) -> Api<'a> {
    let admin = app.platform("platform-admin").await;
    let (client_id, secret) = app.service_account(tenant, name).await;
    let slug = &tenant.slug;
    assert_eq!(admin.put(&format!("/tenants/{slug}/roles/{name}"), &role(pairs)).await.status, 201);
    let assignment = format!("/tenants/{slug}/role-assignments/{name}:client:{slug}:{client_id}");
    assert_eq!(admin.put(&assignment, &json!({})).await.status, 201);
    app.api(tenant, client_id.as_str(), &secret).await
}

/// Somebody who does everything with roles and little else.
const CLERK: &[(&str, &str)] = &[
    ("role", "*"),
    ("role-assignment", "*"),
    ("client", "read"),
    ("client", "create"),
    ("client", "update"),
    ("client", "delete"),
    ("user", "*"),
];

/// The name of an assignment of Acme's to a user or client of Acme's.
fn named(role: &str, kind: &str, subject: impl std::fmt::Display) -> String {
    format!("{ASSIGNMENTS}/{role}:{kind}:acme:{subject}")
}

crate::on_both! {
    async fn nobody_gives_what_they_do_not_hold(app: TestApp) {
        let acme = app.acme().await;
        let clerk = holder(&app, &acme.tenant, "clerk", CLERK).await;
        let user = acme.user.id;
        for role in ["tenant-owner", "tenant-admin", "client-manager", "user-manager", "device-approver", "auditor"] {
            clerk.put(&named(role, "user", user), &json!({})).await.expect_problem(403, "forbidden");
            let document = json!({ "role": role, "subject_type": "client", "subject": "clerk" });
            clerk.post(ASSIGNMENTS, &document).await.expect_problem(403, "forbidden");
        }
        for (role, status) in [
            (role(&[("key", "read")]), 403),
            (role(&[("*", "*")]), 403),
            (role(&[("*", "read")]), 403),
            // Every single action on clients is not all of them: there may be more one day.
            (role(&[("client", "*")]), 403),
            (role(&[("client", "read"), ("client", "delete"), ("user", "*")]), 201),
        ] {
            assert_eq!(clerk.put(&format!("{ROLES}/fresh"), &role).await.status, status, "{role}");
        }
        assert_eq!(clerk.put(&named("fresh", "user", user), &json!({})).await.status, 201);
        let detail = clerk.patch(&format!("{ROLES}/fresh"), &role(&[("key", "read")])).await.json()["detail"].clone();
        assert!(detail.as_str().unwrap().contains("read of key"), "{detail}");
    }

    /// Not by changing what others hold, nor what oneself holds.
    async fn nobody_widens_or_narrows_beyond_their_own(app: TestApp) {
        let acme = app.acme().await;
        let clerk = holder(&app, &acme.tenant, "clerk", CLERK).await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        assert_eq!(owner.put(&format!("{ROLES}/keeper"), &role(&[("key", "*")])).await.status, 201);
        let held = owner.get(&format!("{ROLES}/clerk")).await.document(200);
        let wider = json!({ "permissions": [{ "resource": "key", "action": "delete" }] });
        for (path, document) in [("clerk", &wider), ("keeper", &role(&[])), ("keeper", &role(&[("client", "read")]))] {
            clerk.patch(&format!("{ROLES}/{path}"), document).await.expect_problem(403, "forbidden");
            clerk.put(&format!("{ROLES}/{path}"), document).await.expect_problem(403, "forbidden");
        }
        clerk.delete(&format!("{ROLES}/keeper")).await.expect_problem(403, "forbidden");
        let owners = named("tenant-owner", "client", "account-tenant-owner");
        clerk.delete(&owners).await.expect_problem(403, "forbidden");
        assert_eq!(owner.get(&format!("{ROLES}/clerk")).await.document(200), held);
        assert_eq!(owner.get(&owners).await.status, 200);
        // What is theirs they may narrow, and give up.
        let narrower = role(&[("role", "read"), ("role-assignment", "*")]);
        assert_eq!(clerk.patch(&format!("{ROLES}/clerk"), &narrower).await.status, 200);
        clerk.put(&format!("{ROLES}/fresh"), &role(&[])).await.expect_problem(403, "forbidden");
        assert_eq!(clerk.delete(&named("clerk", "client", "clerk")).await.status, 204);
        clerk.get(ROLES).await.expect_problem(404, "not-found");
    }

    /// Whoever can change somebody's credentials, or where their tokens go, can act as them.
    async fn nobody_takes_over_who_holds_more(app: TestApp) {
        let acme = app.acme().await;
        let clerk = holder(&app, &acme.tenant, "clerk", CLERK).await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let user = format!("/tenants/acme/users/{}", acme.user.id);
        let password = json!({ "password": "a password of mine" });
        assert_eq!(clerk.patch(&user, &password).await.status, 200);
        assert_eq!(owner.put(&named("device-approver", "user", acme.user.id), &json!({})).await.status, 201);
        clerk.patch(&user, &password).await.expect_problem(403, "forbidden");
        clerk.delete(&user).await.expect_problem(403, "forbidden");
        clerk.delete("/tenants/acme/clients/account-tenant-owner").await.expect_problem(403, "forbidden");
        let tool = json!({ "redirect_uris": ["https://c.example/cb"], "resources": [ADMIN_API] });
        clerk.post("/tenants/acme/clients", &tool).await.expect_problem(403, "forbidden");
        // Of their like they may.
        assert_eq!(owner.delete(&named("device-approver", "user", acme.user.id)).await.status, 204);
        assert_eq!(clerk.put(&named("clerk", "user", acme.user.id), &json!({})).await.status, 201);
        assert_eq!(clerk.patch(&user, &password).await.status, 200);
    }

    async fn a_tenants_administrators_administer_that_tenant_and_no_other(app: TestApp) {
        let acme = app.acme().await;
        let other = app.other().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let (system, _) = app.service_account(&app.system().await, "supporter").await;
        let strangers = [
            json!({ "role": "auditor", "subject": other.user.id.to_string() }),
            json!({ "role": "auditor", "subject": other.user.id.to_string(), "subject_tenant": "other" }),
            json!({ "role": "auditor", "subject": system.as_str(), "subject_type": "client", "subject_tenant": "system" }),
            json!({ "role": "auditor", "subject": "grantor-console", "subject_type": "client", "subject_tenant": "system" }),
            json!({ "role": "auditor", "subject": "nobody", "subject_type": "client" }),
            json!({ "role": "auditor", "subject": "not a UUID" }),
        ];
        for document in &strangers {
            owner.post(ASSIGNMENTS, document).await.expect_invalid(&["/subject"]);
        }
        for role in ["platform-admin", "platform-auditor", "no-such-role", "*", "auditor:user"] {
            let document = json!({ "role": role, "subject": acme.user.id.to_string() });
            owner.post(ASSIGNMENTS, &document).await.expect_invalid(&["/role"]);
        }
        for path in ["/roles", "/role-assignments", "/tenants/other/roles", "/tenants/other/role-assignments",
            "/tenants/system/role-assignments", "/roles/tenant-owner"] {
            owner.get(path).await.expect_problem(404, "not-found");
        }
        // The platform's can be told of everybody in the system tenant, and of nobody else.
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.post(ASSIGNMENTS, &strangers[2]).await.status, 201);
        admin.post(ASSIGNMENTS, &strangers[1]).await.expect_invalid(&["/subject"]);
        let users = json!({ "role": "auditor", "subject": acme.user.id.to_string(), "subject_tenant": "acme" });
        admin.post("/role-assignments", &users).await.expect_invalid(&["/subject"]);
        // An owner sees and removes whom the platform let in.
        let listed = owner.get(&format!("{ASSIGNMENTS}?subject=supporter")).await.document(200);
        let id = listed["items"][0]["id"].as_str().unwrap();
        assert_eq!(id, "auditor:client:system:supporter");
        assert_eq!(owner.delete(&format!("{ASSIGNMENTS}/{id}")).await.status, 204);
    }

    async fn the_last_platform_administrator_stays(app: TestApp) {
        let admin = app.platform("platform-admin").await;
        let me = admin.get("/me").await.document(200)["subject"].as_str().unwrap().to_owned();
        let own = format!("/role-assignments/platform-admin:client:system:{me}");
        let client = format!("/tenants/system/clients/{me}");
        admin.delete(&own).await.expect_problem(409, "protected");
        admin.delete(&client).await.expect_problem(409, "protected");
        admin.patch(&client, &json!({ "enabled": false })).await.expect_problem(409, "protected");

        let user = json!({ "username": "root", "password": "a password of mine" });
        let user = admin.post("/tenants/system/users", &user).await.document(201);
        let user = user["id"].as_str().unwrap();
        let users = format!("/tenants/system/users/{user}");
        let document = json!({ "role": "platform-admin", "subject": user });
        assert_eq!(admin.post("/role-assignments", &document).await.status, 201);
        // One who is locked is none.
        assert_eq!(admin.patch(&users, &json!({ "status": "locked" })).await.status, 200);
        admin.delete(&own).await.expect_problem(409, "protected");
        assert_eq!(admin.patch(&users, &json!({ "status": "active" })).await.status, 200);
        assert_eq!(admin.delete(&own).await.status, 204);
        admin.get("/tenants").await.expect_problem(404, "not-found");
    }

    /// Two administrators who remove each other at once: one of them stays.
    async fn two_administrators_cannot_remove_each_other(app: TestApp) {
        let admins = [app.platform("platform-admin").await, app.platform("platform-admin").await];
        let mut names = vec![];
        for admin in &admins {
            names.push(admin.get("/me").await.document(200)["subject"].as_str().unwrap().to_owned());
        }
        let assignment = format!("/role-assignments/platform-admin:client:system:{}", names[1]);
        let client = format!("/tenants/system/clients/{}", names[0]);
        let disabled = json!({ "enabled": false });
        let (one, other) = tokio::join!(admins[0].delete(&assignment), admins[1].patch(&client, &disabled));
        let done = [one.status, other.status].into_iter().filter(|status| status.is_success()).count();
        assert_eq!(done, 1, "{one:?} {other:?}");
        let mut left = 0;
        for admin in &admins {
            left += usize::from(admin.get("/tenants").await.status == 200);
        }
        assert_eq!(left, 1);
    }

    async fn a_custom_role_gives_what_it_says_and_no_more(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        let keeper = holder(&app, &acme.tenant, "keeper", &[("resource", "*"), ("user", "read")]).await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(keeper.post("/tenants/acme/resources", &json!({ "identifier": "https://a.example" })).await.status, 201);
        assert_eq!(keeper.get("/tenants/acme/users").await.status, 200);
        keeper.post("/tenants/acme/users", &json!({ "username": "x" })).await.expect_problem(403, "forbidden");
        for path in ["/tenants/acme", "/tenants/acme/clients", "/tenants/other/resources", "/tenants", "/roles"] {
            keeper.get(path).await.expect_problem(404, "not-found");
        }
        // A change counts at once, and so does its end.
        assert_eq!(admin.patch(&format!("{ROLES}/keeper"), &role(&[("client", "read")])).await.status, 200);
        assert_eq!(keeper.get("/tenants/acme/clients").await.status, 200);
        keeper.get("/tenants/acme/users").await.expect_problem(404, "not-found");
        admin.delete(&format!("{ROLES}/keeper")).await.expect_problem(409, "protected");
        assert_eq!(admin.delete(&named("keeper", "client", "keeper")).await.status, 204);
        keeper.get("/tenants/acme/clients").await.expect_problem(404, "not-found");
        assert_eq!(admin.delete(&format!("{ROLES}/keeper")).await.status, 204);
        let kinds: Vec<_> = trail(&app, &acme.tenant).await.into_iter().map(|(kind, target, _)| (kind, target)).collect();
        for (kind, target, times) in [
            ("role.changed", "keeper", 3),
            ("role_assignment.changed", "keeper:client:acme:keeper", 2),
        ] {
            let found = kinds.iter().filter(|(held, of)| held == kind && of == target).count();
            assert_eq!(found, times, "{kind} {target}: {kinds:?}");
        }
    }

    /// A role of the platform's is held in every tenant, and is another than a tenant's of the same name.
    async fn the_platforms_roles_are_held_everywhere(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.put("/roles/helper", &role(&[("user", "read")])).await.status, 201);
        assert_eq!(admin.put("/tenants/acme/roles/helper", &role(&[("client", "read")])).await.status, 201);
        let helper = app.platform("helper").await;
        assert_eq!(helper.get("/tenants/acme/users").await.status, 200);
        assert_eq!(helper.get("/tenants/system/users").await.status, 200);
        helper.get("/tenants/acme/clients").await.expect_problem(404, "not-found");
        helper.get("/tenants").await.expect_problem(404, "not-found");
        let me = helper.get("/me").await.document(200);
        assert_eq!(me["permissions"], json!([{ "tenant": "*", "permissions": permissions(&[("user", "read")]) }]));
        admin.delete("/roles/helper").await.expect_problem(409, "protected");
        assert_eq!(admin.delete("/tenants/acme/roles/helper").await.status, 204);
        let refused = app.app.create_service_account("x", "no-such-role").await;
        assert!(refused.unwrap_err().to_string().contains("no-such-role"));
    }

    async fn a_roles_life(app: TestApp) {
        app.acme().await;
        let owner = app.platform("platform-admin").await;
        let document = json!({ "name": "clerk", "description": "For clerks.", "permissions": permissions(&[("user", "*")]) });
        let created = owner.post(ROLES, &document).await;
        assert_eq!(created.created_at(), format!("{ROLES}/clerk"));
        owner.post(ROLES, &document).await.expect_problem(409, "taken");
        let path = format!("{ROLES}/clerk");
        assert_eq!(owner.put(&path, &created.document(201)).await.etag(), created.etag());
        let patched = owner.patch(&path, &json!({ "description": null })).await.document(200);
        assert_eq!((&patched["description"], &patched["permissions"]), (&json!(""), &document["permissions"]));
        let stale = [("If-Match", created.etag())];
        let stale: Vec<_> = stale.iter().map(|(name, value)| (*name, value.as_str())).collect();
        owner.send(poem::http::Method::DELETE, &path, &stale, None).await.expect_problem(412, "precondition-failed");

        // The built-in ones are there to be read.
        let built_in = owner.get(&format!("{ROLES}/auditor")).await.document(200);
        assert_eq!((&built_in["built_in"], &built_in["permissions"]), (&json!(true), &permissions(&[("*", "read")])));
        assert_eq!(owner.put(&format!("{ROLES}/auditor"), &built_in).await.status, 200);
        for answer in [
            owner.put(&format!("{ROLES}/auditor"), &role(&[("*", "*")])).await,
            owner.patch("/roles/platform-admin", &role(&[])).await,
            owner.delete("/roles/tenant-owner").await,
        ] {
            answer.expect_problem(409, "protected");
        }
        owner.get(&format!("{ROLES}/platform-admin")).await.expect_problem(404, "not-found");
        let names = async |path: &str| {
            let mut names = vec![];
            let mut next = Some(format!("{path}?limit=3"));
            while let Some(page) = next {
                let page = owner.get(&page).await.document(200);
                let items = page["items"].as_array().unwrap();
                assert!(items.len() <= 3);
                names.extend(items.iter().map(|role| role["name"].as_str().unwrap().to_owned()));
                next = page["next"].as_str().map(|cursor| format!("{path}?limit=3&cursor={cursor}"));
            }
            names.sort();
            names
        };
        let of_a_tenant = ["auditor", "clerk", "client-manager", "device-approver", "tenant-admin", "tenant-owner", "user-manager"];
        assert_eq!(names(ROLES).await, of_a_tenant);
        assert_eq!(names("/roles").await.len(), 8);
    }

    async fn a_malformed_role_is_refused(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for name in ["", "Clerk", "1st", "a b", "a/b", "auditor", "platform-clerk", &"a".repeat(64), "a\u{0}"] {
            admin.post(ROLES, &json!({ "name": name })).await.expect_invalid(&["/name"]);
        }
        let refused = [
            (json!({ "permissions": permissions(&[("unicorn", "read")]) }), vec!["/permissions/0/resource"]),
            (json!({ "permissions": permissions(&[("user", "read"), ("user", "fly")]) }), vec!["/permissions/1/action"]),
            (json!({ "permissions": permissions(&[("user", "suspend")]) }), vec!["/permissions/0/action"]),
            (json!({ "permissions": permissions(&[("user", "read"), ("user", "read")]) }), vec!["/permissions/1"]),
            (json!({ "permissions": [{ "resource": "user" }] }), vec!["/permissions/0/action"]),
            (json!({ "permissons": [] }), vec!["/permissons"]),
            (json!({ "description": "x".repeat(1025) }), vec!["/description"]),
        ];
        for (document, pointers) in refused {
            admin.put(&format!("{ROLES}/clerk"), &document).await.expect_invalid(&pointers);
        }
        admin.get(&format!("{ROLES}/clerk")).await.expect_problem(404, "not-found");
        for path in ["platform-admin", "UPPER"] {
            admin.put(&format!("{ROLES}/{path}"), &json!({})).await.expect_invalid(&["/name"]);
        }
    }

    async fn an_assignment_is_put_by_its_name(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let path = named("auditor", "user", acme.user.id);
        let created = owner.put(&path, &json!({})).await;
        assert_eq!(created.created_at(), path.replace(':', "%3A"));
        let document = created.document(201);
        app.clock.advance(5);
        let again = owner.put(&path, &document).await;
        assert_eq!((again.status.as_u16(), again.etag()), (200, created.etag()));
        let posted = owner.post(ASSIGNMENTS, &json!({ "role": "auditor", "subject": acme.user.id.to_string() })).await;
        assert_eq!(posted.document(200), document);
        assert_eq!(owner.get(&path).await.document(200), document);
        owner.put(&path, &json!({ "role": "tenant-owner" })).await.expect_invalid(&["/role"]);
        owner.put(&path, &json!({ "rolle": "auditor" })).await.expect_invalid(&["/rolle"]);
        let listed = owner.get(&format!("{ASSIGNMENTS}?role=auditor")).await.document(200);
        assert_eq!(listed["items"], json!([document]));
        for query in ["?role=auditor&subject=nobody", "?subject=%00", "?role=%00"] {
            assert_eq!(owner.get(&format!("{ASSIGNMENTS}{query}")).await.document(200)["items"], json!([]), "{query}");
        }
        for id in ["auditor", "auditor:user:acme:x", "auditor:group:acme:x", "a%00:client:acme:web", ":::"] {
            owner.get(&format!("{ASSIGNMENTS}/{id}")).await.expect_problem(404, "not-found");
            owner.delete(&format!("{ASSIGNMENTS}/{id}")).await.expect_problem(404, "not-found");
        }
        assert_eq!(owner.delete(&path).await.status, 204);
        owner.delete(&path).await.expect_problem(404, "not-found");
        let changes = trail(&app, &acme.tenant).await;
        assert_eq!(changes.iter().filter(|(kind, ..)| kind == "role_assignment.changed").count(), 2);
    }
}

/// Longer than any notification takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one node is told to allow, and what it is told to allow no more, the other knows without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn changes_reach_every_node() {
    let app = TestApp::postgres().await;
    let acme = app.acme().await;
    let keeper = holder(&app, &acme.tenant, "keeper", &[("user", "read")]).await;
    let admin = app.platform("platform-admin").await;
    let node = app.second_node().await;
    let mut changes = node.app.store.changes();
    let mut hear = async || {
        let change = tokio::time::timeout(PATIENCE, changes.next()).await.unwrap().unwrap();
        node.app.changed(&change);
        change
    };
    while hear().await != Change::Everything {}
    let there = Api { app: &node, token: keeper.token.clone() };
    let users = "/tenants/acme/users";
    assert_eq!(there.get(users).await.status, 200);
    assert_eq!(admin.patch(&format!("{ROLES}/keeper"), &role(&[("client", "read")])).await.status, 200);
    while there.get(users).await.status == 200 {
        hear().await;
    }
    there.get(users).await.expect_problem(404, "not-found");
    let clients = "/tenants/acme/clients";
    assert_eq!(there.get(clients).await.status, 200);
    assert_eq!(admin.delete(&named("keeper", "client", "keeper")).await.status, 204);
    while there.get(clients).await.status == 200 {
        hear().await;
    }
    there.get(clients).await.expect_problem(404, "not-found");
}
