//! Every operation of the admin API in one table; one that is missing fails a test.

use std::collections::BTreeMap;

use grantor::app::admin::{Action, Resource};
use grantor_protocol::model::{AuthenticationMethod, DeviceApproval};
use poem::http::Method;
use serde_json::{Value, json};

use super::{Api, trail};
use crate::support::{Answer, TestApp, client};

/// One operation and the right it needs.
pub struct Operation {
    pub id: &'static str,
    pub needs: Option<(Resource, Action)>,
    /// Whether it is about the collection of tenants, which no tenant's role reaches.
    pub of_the_platform: bool,
    /// The document it is sent with.
    pub document: fn() -> Option<Value>,
}

const fn row(
    id: &'static str,
    resource: Resource,
    action: Action,
    document: fn() -> Option<Value>,
) -> Operation {
    Operation { id, needs: Some((resource, action)), of_the_platform: false, document }
}

fn none() -> Option<Value> {
    None
}

fn tenant() -> Option<Value> {
    Some(json!({ "name": "Acme again" }))
}

fn new_tenant() -> Option<Value> {
    Some(json!({ "slug": "fresh", "name": "Fresh" }))
}

fn a_client() -> Option<Value> {
    Some(json!({ "client_name": "C", "redirect_uris": ["https://c.example/cb"] }))
}

fn a_user() -> Option<Value> {
    Some(json!({ "username": "grace" }))
}

fn the_user() -> Option<Value> {
    Some(json!({ "username": "target" }))
}

fn a_resource() -> Option<Value> {
    Some(json!({ "identifier": "https://fresh.example", "name": "Fresh" }))
}

fn the_resource() -> Option<Value> {
    Some(json!({ "name": "Target" }))
}

fn a_passphrase() -> Option<Value> {
    Some(json!({ "passphrase": "a passphrase for tests" }))
}

fn nothing() -> Option<Value> {
    Some(json!({}))
}

/// `read_me` needs nothing but credentials.
pub const OPERATIONS: &[Operation] = &[
    Operation { id: "read_me", needs: None, of_the_platform: true, document: none },
    Operation { of_the_platform: true, ..row("list_tenants", Resource::Tenant, Action::Read, none) },
    Operation { of_the_platform: true, ..row("create_tenant", Resource::Tenant, Action::Create, new_tenant) },
    // What it is sent is no file.
    Operation { of_the_platform: true, ..row("import_tenant", Resource::Tenant, Action::Import, nothing) },
    row("export_tenant", Resource::Tenant, Action::Export, a_passphrase),
    Operation { of_the_platform: true, ..row("list_jobs", Resource::Tenant, Action::Read, none) },
    Operation { of_the_platform: true, ..row("read_job", Resource::Tenant, Action::Read, none) },
    row("list_device_authorizations", Resource::DeviceAuthorization, Action::Read, none),
    row("read_device_authorization", Resource::DeviceAuthorization, Action::Read, none),
    row("approve_device_authorization", Resource::DeviceAuthorization, Action::Update, the_user),
    row("deny_device_authorization", Resource::DeviceAuthorization, Action::Update, none),
    row("read_tenant", Resource::Tenant, Action::Read, none),
    row("put_tenant", Resource::Tenant, Action::Update, tenant),
    row("patch_tenant", Resource::Tenant, Action::Update, nothing),
    row("list_clients", Resource::Client, Action::Read, none),
    row("create_client", Resource::Client, Action::Create, a_client),
    row("read_client", Resource::Client, Action::Read, none),
    row("put_client", Resource::Client, Action::Update, a_client),
    row("patch_client", Resource::Client, Action::Update, nothing),
    row("delete_client", Resource::Client, Action::Delete, none),
    row("list_users", Resource::User, Action::Read, none),
    row("create_user", Resource::User, Action::Create, a_user),
    row("read_user", Resource::User, Action::Read, none),
    row("put_user", Resource::User, Action::Update, the_user),
    row("patch_user", Resource::User, Action::Update, nothing),
    row("list_protected_resources", Resource::ProtectedResource, Action::Read, none),
    row("create_protected_resource", Resource::ProtectedResource, Action::Create, a_resource),
    row("read_protected_resource", Resource::ProtectedResource, Action::Read, none),
    row("put_protected_resource", Resource::ProtectedResource, Action::Update, the_resource),
    row("patch_protected_resource", Resource::ProtectedResource, Action::Update, nothing),
    row("delete_protected_resource", Resource::ProtectedResource, Action::Delete, none),
    row("list_initial_access_tokens", Resource::InitialAccessToken, Action::Read, none),
    row("create_initial_access_token", Resource::InitialAccessToken, Action::Create, nothing),
    row("read_initial_access_token", Resource::InitialAccessToken, Action::Read, none),
];

/// These take with them what the other operations need, so they come last.
pub const LAST_OPERATIONS: &[Operation] = &[
    row("delete_user", Resource::User, Action::Delete, none),
    row("delete_initial_access_token", Resource::InitialAccessToken, Action::Delete, none),
    row("delete_tenant", Resource::Tenant, Action::Delete, none),
];

pub fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(LAST_OPERATIONS)
}

/// Method and path template of an operation, from the committed description.
fn address(operation: &str) -> (Method, String) {
    let specification: Value = serde_json::from_str(&grantor::http::admin::specification()).unwrap();
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            if described["operationId"] == operation {
                return (method.to_uppercase().parse().unwrap(), path.clone());
            }
        }
    }
    panic!("no operation {operation}")
}

/// What a tenant has for operations to act on: never what other tests or callers rely on.
#[derive(Clone)]
pub struct Target {
    pub tenant: String,
    /// What stands for a parameter of a path, by its name; by operation and name where an operation
    /// needs one for itself.
    names: BTreeMap<&'static str, String>,
}

impl Target {
    /// A client, a user and a protected resource of the tenant's, freshly made.
    pub async fn in_tenant(app: &TestApp, slug: &str) -> Self {
        let tenant = app.app.any_tenant(slug).await.unwrap().tenant.clone();
        let mut target = client(&tenant, "target");
        target.metadata.device_approval = Some(DeviceApproval::Admin);
        target.metadata.token_endpoint_auth_method = AuthenticationMethod::None;
        app.app.store.tenant(tenant.id).create_client(&target, vec![]).await.unwrap();
        let admin = app.platform("platform-admin").await;
        let answer = admin.post(&format!("/tenants/{slug}/users"), &json!({ "username": "target" })).await;
        let user = answer.document(201)["id"].as_str().unwrap().to_owned();
        let resource = json!({ "identifier": "https://target.example/api" });
        assert_eq!(admin.post(&format!("/tenants/{slug}/resources"), &resource).await.status, 201);
        let ask = async || {
            let path = format!("/t/{slug}/device_authorization");
            assert_eq!(app.post(&path, &[("client_id", "target")]).await.status, 200);
        };
        ask().await;
        ask().await;
        let path = format!("/tenants/{slug}/device-authorizations");
        let queue = admin.get(&path).await.document(200);
        let device = |number: usize| queue["items"][number]["id"].as_str().unwrap().to_owned();
        let answer = admin.post(&format!("/tenants/{slug}/initial-access-tokens"), &json!({})).await;
        let token = answer.document(201)["id"].as_str().unwrap().to_owned();
        let gone = json!({ "slug": format!("gone-{slug}"), "name": "Gone" });
        assert_eq!(admin.post("/tenants", &gone).await.status, 201);
        let job = admin.delete(&format!("/tenants/gone-{slug}")).await.document(202)["id"].clone();
        let names = BTreeMap::from([
            ("job", job.as_str().unwrap().to_owned()),
            ("tenant", slug.to_owned()),
            ("client_id", "target".to_owned()),
            ("user", user),
            ("identifier", "https%3A%2F%2Ftarget.example%2Fapi".to_owned()),
            ("device_authorization", device(0)),
            ("deny_device_authorization device_authorization", device(1)),
            ("token", token),
        ]);
        Self { tenant: slug.to_owned(), names }
    }

    /// The same things, looked for in another tenant.
    pub fn moved_to(&self, tenant: &str) -> Self {
        let mut moved = Self { tenant: tenant.to_owned(), ..self.clone() };
        moved.names.insert("tenant", tenant.to_owned());
        moved
    }

    fn path(&self, operation: &str, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, value) in &self.names {
            let own = self.names.get(format!("{operation} {name}").as_str());
            path = path.replace(&format!("{{{name}}}"), own.unwrap_or(value));
        }
        assert!(!path.contains('{'), "what is {path} about?");
        path
    }
}

impl Api<'_> {
    /// Does an operation to a target.
    pub async fn perform(&self, operation: &Operation, target: &Target) -> Answer {
        let (method, template) = address(operation.id);
        let path = target.path(operation.id, &template);
        self.send(method, &path, &[], (operation.document)().as_ref()).await
    }
}

#[test]
fn the_table_is_complete() {
    let specification: Value = serde_json::from_str(&grantor::http::admin::specification()).unwrap();
    let mut described: Vec<_> = specification["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let mut rows: Vec<_> = operations().map(|operation| operation.id).collect();
    described.sort_unstable();
    rows.sort_unstable();
    assert_eq!(described, rows);
}

crate::on_both! {
    /// The administrators of one tenant learn nothing of another and change nothing of it, with
    /// whatever operation.
    async fn a_foreign_tenant_does_not_exist(app: TestApp) {
        let acme = app.acme().await;
        let other = app.other().await;
        let target = Target::in_tenant(&app, "other").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        let before = everything_of(&app, &admin, &target).await;
        for operation in operations().filter(|operation| operation.needs.is_some()) {
            let answer = owner.perform(operation, &target).await;
            assert_eq!(answer.status, 404, "{}: {answer:?}", operation.id);
            let absent = owner.perform(operation, &target.moved_to("nowhere")).await;
            assert_eq!(absent.status, 404, "{}: {absent:?}", operation.id);
            assert_eq!(absent.json()["detail"], answer.json()["detail"], "{}", operation.id);
        }
        assert_eq!(everything_of(&app, &admin, &target).await, before);
        assert_eq!(trail(&app, &other.tenant).await.len(), before.1);
    }

    /// Another tenant's client, user or resource is not reached through one's own either.
    async fn foreign_identifiers_name_nothing_at_home(app: TestApp) {
        let acme = app.acme().await;
        app.other().await;
        let foreign = Target::in_tenant(&app, "other").await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let admin = app.platform("platform-admin").await;
        let before = everything_of(&app, &admin, &foreign).await;
        let at_home = foreign.moved_to("acme");
        for id in [
            "read_client",
            "patch_client",
            "delete_client",
            "read_user",
            "patch_user",
            "delete_user",
            "read_protected_resource",
            "patch_protected_resource",
            "delete_protected_resource",
            "read_device_authorization",
            "deny_device_authorization",
            "read_initial_access_token",
            "delete_initial_access_token",
        ] {
            let operation = operations().find(|operation| operation.id == id).unwrap();
            assert_eq!(owner.perform(operation, &at_home).await.status, 404, "{id}");
        }
        // PUT makes another thing of the same name.
        for id in ["put_client", "put_user", "put_protected_resource"] {
            let operation = operations().find(|operation| operation.id == id).unwrap();
            assert_eq!(owner.perform(operation, &at_home).await.status, 201, "{id}");
        }
        assert_eq!(everything_of(&app, &admin, &foreign).await, before);
    }
}

/// The documents of a target's tenant, and how long its trail is.
async fn everything_of(app: &TestApp, admin: &Api<'_>, target: &Target) -> (Vec<Value>, usize) {
    let tenant = format!("/tenants/{}", target.tenant);
    let mut documents = vec![];
    let collections = ["clients", "users", "resources", "device-authorizations", "initial-access-tokens"]
        .map(|noun| format!("{tenant}/{noun}"));
    for path in std::iter::once(tenant.clone()).chain(collections) {
        documents.push(admin.get(&path).await.document(200));
    }
    let tenant = app.app.any_tenant(&target.tenant).await.unwrap().tenant.clone();
    (documents, trail(app, &tenant).await.len())
}
