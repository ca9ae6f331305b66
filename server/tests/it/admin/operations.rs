//! Every operation of the admin API in one table; one that is missing fails a test.

use std::collections::BTreeMap;

use grantor::app::admin::{Action, Resource};
use grantor_protocol::model::{
    Authentication, AuthenticationMethod, ClientId, DeviceApproval, Grant, GrantId, IdentityLink, Passkey,
    RequestOrigin, Session, SessionId, Tenant, TotpAuthenticator, UserId,
};
use grantor_protocol::{Effect, Id, Lifetime, Scope, Secret, SecretKind};
use poem::http::Method;
use serde_json::{Value, json};

use super::Api;
use super::specification::specification;
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

fn a_domain() -> Option<Value> {
    Some(json!({ "domain": "fresh.example" }))
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

fn the_user_with_an_address() -> Option<Value> {
    Some(json!({ "username": "target", "email": "target@mail.example" }))
}

fn a_resource() -> Option<Value> {
    Some(json!({ "identifier": "https://fresh.example", "name": "Fresh" }))
}

fn the_resource() -> Option<Value> {
    Some(json!({ "name": "Target" }))
}

fn a_role() -> Option<Value> {
    Some(json!({ "name": "fresh", "permissions": [{ "resource": "stats", "action": "read" }] }))
}

fn the_role() -> Option<Value> {
    Some(json!({ "permissions": [{ "resource": "client", "action": "*" }] }))
}

fn an_assignment() -> Option<Value> {
    Some(json!({ "role": "auditor", "subject_type": "client", "subject": "holder" }))
}

const fn of_the_platform(
    id: &'static str,
    resource: Resource,
    action: Action,
    document: fn() -> Option<Value>,
) -> Operation {
    Operation { of_the_platform: true, ..row(id, resource, action, document) }
}

fn a_password() -> Option<Value> {
    Some(json!({ "password": "a password of somebody's" }))
}

fn an_edwards_key() -> Option<Value> {
    Some(json!({ "algorithm": "EdDSA" }))
}

fn an_elliptic_key() -> Option<Value> {
    Some(json!({ "algorithm": "ES256" }))
}

fn a_passphrase() -> Option<Value> {
    Some(json!({ "passphrase": "a passphrase for tests" }))
}

fn a_webhook() -> Option<Value> {
    Some(json!({ "url": "https://hooks.example/fresh" }))
}

fn an_identity_provider() -> Option<Value> {
    Some(json!({ "display_name": "Target", "issuer": "https://target.example", "client_id": "us" }))
}

fn a_time() -> Option<Value> {
    Some(json!({ "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z" }))
}

fn nothing() -> Option<Value> {
    Some(json!({}))
}

/// `read_me` needs nothing but credentials.
pub const OPERATIONS: &[Operation] = &[
    Operation { id: "read_me", needs: None, of_the_platform: true, document: none },
    Operation { of_the_platform: true, ..row("list_tenants", Resource::Tenant, Action::Read, none) },
    Operation { of_the_platform: true, ..row("create_tenant", Resource::Tenant, Action::Create, new_tenant) },
    Operation { of_the_platform: true, ..row("read_stats", Resource::Stats, Action::Read, none) },
    row("read_tenant_stats", Resource::Stats, Action::Read, none),
    // What it is sent is no file.
    Operation { of_the_platform: true, ..row("import_tenant", Resource::Tenant, Action::Import, nothing) },
    row("export_tenant", Resource::Tenant, Action::Export, a_passphrase),
    Operation { of_the_platform: true, ..row("list_jobs", Resource::Tenant, Action::Read, none) },
    Operation { of_the_platform: true, ..row("read_job", Resource::Tenant, Action::Read, none) },
    row("list_device_authorizations", Resource::DeviceAuthorization, Action::Read, none),
    row("read_device_authorization", Resource::DeviceAuthorization, Action::Read, none),
    row("approve_device_authorization", Resource::DeviceAuthorization, Action::Update, the_user),
    row("deny_device_authorization", Resource::DeviceAuthorization, Action::Update, none),
    row("list_audit_events", Resource::AuditEvent, Action::Read, none),
    row("read_audit_event", Resource::AuditEvent, Action::Read, none),
    row("export_audit_events", Resource::AuditEvent, Action::Read, none),
    row("verify_audit_events", Resource::AuditEvent, Action::Read, none),
    Operation {
        of_the_platform: true,
        ..row("list_platform_audit_events", Resource::AuditEvent, Action::Read, none)
    },
    Operation {
        of_the_platform: true,
        ..row("export_platform_audit_events", Resource::AuditEvent, Action::Read, none)
    },
    row("read_tenant", Resource::Tenant, Action::Read, none),
    row("put_tenant", Resource::Tenant, Action::Update, tenant),
    row("patch_tenant", Resource::Tenant, Action::Update, nothing),
    row("suspend_tenant", Resource::Tenant, Action::Suspend, none),
    row("resume_tenant", Resource::Tenant, Action::Suspend, none),
    row("read_tenant_usage", Resource::Tenant, Action::Read, none),
    row("list_keys", Resource::Key, Action::Read, none),
    row("create_key", Resource::Key, Action::Create, an_edwards_key),
    row("rotate_keys", Resource::Key, Action::Update, an_elliptic_key),
    row("read_key", Resource::Key, Action::Read, none),
    row("activate_key", Resource::Key, Action::Update, none),
    row("retire_key", Resource::Key, Action::Update, none),
    row("revoke_key", Resource::Key, Action::Delete, none),
    row("list_sessions", Resource::Session, Action::Read, none),
    row("read_session", Resource::Session, Action::Read, none),
    row("delete_session", Resource::Session, Action::Delete, none),
    row("list_grants", Resource::Grant, Action::Read, none),
    row("read_grant", Resource::Grant, Action::Read, none),
    row("delete_grant", Resource::Grant, Action::Delete, none),
    row("list_client_grants", Resource::Grant, Action::Read, none),
    row("delete_client_grants", Resource::Grant, Action::Delete, none),
    row("list_client_secrets", Resource::Client, Action::Read, none),
    row("create_client_secret", Resource::Client, Action::Update, nothing),
    row("delete_client_secret", Resource::Client, Action::Update, none),
    row("list_domains", Resource::Domain, Action::Read, none),
    row("create_domain", Resource::Domain, Action::Create, a_domain),
    row("read_domain", Resource::Domain, Action::Read, none),
    row("put_domain", Resource::Domain, Action::Update, nothing),
    row("patch_domain", Resource::Domain, Action::Update, nothing),
    row("verify_domain", Resource::Domain, Action::Update, none),
    row("delete_domain", Resource::Domain, Action::Delete, none),
    row("list_clients", Resource::Client, Action::Read, none),
    row("create_client", Resource::Client, Action::Create, a_client),
    row("read_client", Resource::Client, Action::Read, none),
    row("put_client", Resource::Client, Action::Update, a_client),
    row("patch_client", Resource::Client, Action::Update, nothing),
    row("delete_client", Resource::Client, Action::Delete, none),
    row("list_users", Resource::User, Action::Read, none),
    row("create_user", Resource::User, Action::Create, a_user),
    row("read_user", Resource::User, Action::Read, none),
    row("put_user", Resource::User, Action::Update, the_user_with_an_address),
    row("patch_user", Resource::User, Action::Update, nothing),
    row("list_passkeys", Resource::User, Action::Read, none),
    row("delete_passkey", Resource::User, Action::Update, none),
    row("list_identity_links", Resource::User, Action::Read, none),
    row("delete_identity_link", Resource::User, Action::Update, none),
    // Somebody who can sign in already is not invited.
    row("invite_user", Resource::User, Action::Update, none),
    row("set_user_password", Resource::User, Action::Update, a_password),
    row("lock_user", Resource::User, Action::Update, none),
    row("unlock_user", Resource::User, Action::Update, none),
    row("sign_out_user", Resource::User, Action::Update, none),
    row("list_authenticators", Resource::User, Action::Read, none),
    row("delete_authenticator", Resource::User, Action::Update, none),
    row("send_password_reset", Resource::User, Action::Update, none),
    row("send_verification", Resource::User, Action::Update, none),
    row("list_protected_resources", Resource::ProtectedResource, Action::Read, none),
    row("create_protected_resource", Resource::ProtectedResource, Action::Create, a_resource),
    row("read_protected_resource", Resource::ProtectedResource, Action::Read, none),
    row("put_protected_resource", Resource::ProtectedResource, Action::Update, the_resource),
    row("patch_protected_resource", Resource::ProtectedResource, Action::Update, nothing),
    row("delete_protected_resource", Resource::ProtectedResource, Action::Delete, none),
    row("list_webhooks", Resource::Webhook, Action::Read, none),
    row("create_webhook", Resource::Webhook, Action::Create, a_webhook),
    row("read_webhook", Resource::Webhook, Action::Read, none),
    row("put_webhook", Resource::Webhook, Action::Update, a_webhook),
    row("patch_webhook", Resource::Webhook, Action::Update, nothing),
    row("rotate_webhook_secret", Resource::Webhook, Action::Update, nothing),
    row("test_webhook", Resource::Webhook, Action::Update, none),
    row("replay_webhook", Resource::Webhook, Action::Update, a_time),
    row("list_webhook_deliveries", Resource::Webhook, Action::Read, none),
    row("retry_webhook_delivery", Resource::Webhook, Action::Update, none),
    row("delete_webhook", Resource::Webhook, Action::Delete, none),
    row("list_identity_providers", Resource::IdentityProvider, Action::Read, none),
    row("read_identity_provider", Resource::IdentityProvider, Action::Read, none),
    row("put_identity_provider", Resource::IdentityProvider, Action::Update, an_identity_provider),
    row("patch_identity_provider", Resource::IdentityProvider, Action::Update, nothing),
    row("delete_identity_provider", Resource::IdentityProvider, Action::Delete, none),
    row("list_roles", Resource::Role, Action::Read, none),
    row("create_role", Resource::Role, Action::Create, a_role),
    row("read_role", Resource::Role, Action::Read, none),
    row("put_role", Resource::Role, Action::Update, the_role),
    row("patch_role", Resource::Role, Action::Update, nothing),
    row("delete_role", Resource::Role, Action::Delete, none),
    row("list_role_assignments", Resource::RoleAssignment, Action::Read, none),
    row("create_role_assignment", Resource::RoleAssignment, Action::Create, an_assignment),
    row("read_role_assignment", Resource::RoleAssignment, Action::Read, none),
    row("put_role_assignment", Resource::RoleAssignment, Action::Update, nothing),
    row("delete_role_assignment", Resource::RoleAssignment, Action::Delete, none),
    of_the_platform("list_platform_roles", Resource::Role, Action::Read, none),
    of_the_platform("create_platform_role", Resource::Role, Action::Create, a_role),
    of_the_platform("read_platform_role", Resource::Role, Action::Read, none),
    of_the_platform("put_platform_role", Resource::Role, Action::Update, the_role),
    of_the_platform("patch_platform_role", Resource::Role, Action::Update, nothing),
    of_the_platform("delete_platform_role", Resource::Role, Action::Delete, none),
    of_the_platform("list_platform_role_assignments", Resource::RoleAssignment, Action::Read, none),
    of_the_platform(
        "create_platform_role_assignment",
        Resource::RoleAssignment,
        Action::Create,
        an_assignment,
    ),
    of_the_platform("read_platform_role_assignment", Resource::RoleAssignment, Action::Read, none),
    of_the_platform("put_platform_role_assignment", Resource::RoleAssignment, Action::Update, nothing),
    of_the_platform("delete_platform_role_assignment", Resource::RoleAssignment, Action::Delete, none),
    row("read_registration_policy", Resource::RegistrationPolicy, Action::Read, none),
    row("put_registration_policy", Resource::RegistrationPolicy, Action::Update, nothing),
    row("patch_registration_policy", Resource::RegistrationPolicy, Action::Update, nothing),
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
pub fn address(operation: &str) -> (Method, String) {
    let specification = specification();
    for (path, methods) in specification["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            if described["operationId"] == operation {
                return (method.to_uppercase().parse().unwrap(), path.clone());
            }
        }
    }
    panic!("no operation {operation}")
}

/// The user's session at the client `target`, and the grant that was given in it.
async fn signed_in(app: &TestApp, tenant: &Tenant, user_id: UserId) -> (SessionId, GrantId) {
    let (now, entropy) = (app.app.clock.now(), app.app.entropy.as_ref());
    let session = Session {
        tenant_id: tenant.id,
        id: Id::generate(now, entropy),
        secret: Secret::generate(SecretKind::Session, entropy).hash(),
        user_id,
        authenticated_at: now,
        amr: vec![],
        created_at: now,
        expires_at: now + Lifetime::from_seconds(3600),
        ended_at: None,
        origin: RequestOrigin::default(),
        idle: None,
    };
    let authentication = Authentication { session_id: session.id, authenticated_at: now, amr: vec![] };
    let grant = Grant {
        tenant_id: tenant.id,
        id: Id::generate(now, entropy),
        client_id: ClientId::parse("target").unwrap(),
        user_id,
        scope: Scope::parse("openid").unwrap(),
        resources: vec![],
        authentication,
        nonce: None,
        created_at: now,
        revoked_at: None,
        revocation_reason: None,
    };
    let made = (session.id, grant.id);
    let effects = vec![Effect::StoreSession(Box::new(session)), Effect::StoreGrant(Box::new(grant))];
    app.app.store.tenant(tenant.id).apply(effects).await.unwrap();
    made
}

/// A passkey and an authenticator app of the user's.
async fn authenticators(app: &TestApp, tenant: &Tenant, user_id: UserId) -> (String, String) {
    let (now, entropy) = (app.app.clock.now(), app.app.entropy.as_ref());
    let id = Id::generate(now, entropy);
    let passkey = Passkey {
        tenant_id: tenant.id,
        id,
        user_id,
        credential_id: id.as_bytes().to_vec(),
        name: "Laptop".to_owned(),
        credential: json!({}),
        counter: 0,
        synced: true,
        created_at: now,
        last_used_at: None,
    };
    let id = Id::generate(now, entropy);
    let data = grantor::app::totp::associated_data(tenant.id, id);
    let totp = TotpAuthenticator {
        tenant_id: tenant.id,
        id,
        user_id,
        name: "Phone".to_owned(),
        sealed_secret: app.app.master().seal([3; 12], &data, &[7; 20]).unwrap(),
        last_step: 0,
        created_at: now,
        last_used_at: None,
    };
    let made = (passkey.id.to_string(), totp.id.to_string());
    let effects = vec![Effect::StorePasskey(Box::new(passkey)), Effect::StoreTotp(Box::new(totp))];
    app.app.store.tenant(tenant.id).apply(effects).await.unwrap();
    made
}

/// What a tenant has for operations to act on: never what other tests or callers rely on.
#[derive(Clone)]
pub struct Target {
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
        let answer = admin
            .post(
                &format!("/tenants/{slug}/users"),
                &json!({ "username": "target", "email": "target@mail.example" }),
            )
            .await;
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
        let domain = Self::with_domains(app, &admin, slug).await;
        let assignment = Self::with_roles(app, &admin, &tenant).await;
        let provider = Self::with_provider(app, &admin, &tenant, user.parse().unwrap()).await;
        let hook = json!({ "url": "https://hooks.example/target" });
        let hook = admin.post(&format!("/tenants/{slug}/webhooks"), &hook).await.created_at();
        let delivery = admin.post(&format!("{hook}/test"), &json!({})).await.document(200);
        let document = json!({ "client_id": "secretive", "redirect_uris": ["https://c.example/cb"] });
        assert_eq!(admin.post(&format!("/tenants/{slug}/clients"), &document).await.status, 201);
        let secrets = admin.get(&format!("/tenants/{slug}/clients/secretive/secrets")).await.document(200);
        let secret = secrets["items"][0]["id"].as_str().unwrap().to_owned();
        let kid = |answer: &Value| answer["kid"].as_str().unwrap().to_owned();
        let keys =
            admin.get(&format!("/tenants/{slug}/keys?state=active&algorithm=ES256")).await.document(200);
        let rotation = json!({ "algorithm": "ES256" });
        let successor = admin.post(&format!("/tenants/{slug}/keys/rotate"), &rotation).await.document(200);
        let (session, grant) = signed_in(app, &tenant, user.parse().unwrap()).await;
        let (passkey, authenticator) = authenticators(app, &tenant, user.parse().unwrap()).await;
        let event = app.app.store.tenant(tenant.id).audit_events(1).await.unwrap().remove(0);
        let gone = json!({ "slug": format!("gone-{slug}"), "name": "Gone" });
        assert_eq!(admin.post("/tenants", &gone).await.status, 201);
        let job = admin.delete(&format!("/tenants/gone-{slug}")).await.document(202)["id"].clone();
        let mut names = BTreeMap::from([
            ("job", job.as_str().unwrap().to_owned()),
            ("audit_event", event.id.to_string()),
            ("passkey", passkey),
            ("authenticator", authenticator),
            ("kid", kid(&keys["items"][0])),
            ("activate_key kid", kid(&successor)),
            // Not the one that signed the callers' access tokens.
            ("revoke_key kid", kid(&successor)),
            ("session", session.to_string()),
            ("grant", grant.to_string()),
            ("list_client_secrets client_id", "secretive".to_owned()),
            ("create_client_secret client_id", "secretive".to_owned()),
            ("delete_client_secret client_id", "secretive".to_owned()),
            ("secret", secret),
            ("verify_domain domain", format!("proven.{domain}")),
            ("domain", domain),
            ("tenant", slug.to_owned()),
            ("client_id", "target".to_owned()),
            ("user", user),
            ("identifier", "https%3A%2F%2Ftarget.example%2Fapi".to_owned()),
            ("device_authorization", device(0)),
            ("deny_device_authorization device_authorization", device(1)),
            ("token", token),
            ("webhook", hook.rsplit('/').next().unwrap().to_owned()),
            ("delivery", delivery["id"].as_str().unwrap().to_owned()),
            ("provider", provider),
            ("role", "target".to_owned()),
            ("assignment", assignment),
        ]);
        for id in ["read", "put", "delete"].map(|verb| format!("{verb}_platform_role_assignment assignment"))
        {
            names.insert(id.leak(), "device-approver:client:system:holder".to_owned());
        }
        Self { names }
    }

    /// A domain of the tenant's, and one before it whose challenge is published. Gives the former.
    async fn with_domains(app: &TestApp, admin: &Api<'_>, slug: &str) -> String {
        let domain = format!("{slug}.example");
        for name in [domain.clone(), format!("proven.{domain}")] {
            let made = admin.put(&format!("/tenants/{slug}/domains/{name}"), &json!({})).await.document(201);
            let challenge = |member: &str| made["challenge"][member].as_str().unwrap().to_owned();
            if name != domain {
                app.names.publish(&challenge("name"), &[&challenge("value")]);
            }
        }
        domain
    }

    /// An identity provider that the user signs in through. It is called as no other tenant's.
    async fn with_provider(app: &TestApp, admin: &Api<'_>, tenant: &Tenant, user_id: UserId) -> String {
        let name = format!("target-of-{}", tenant.slug);
        let path = format!("/tenants/{}/identity-providers/{name}", tenant.slug);
        let made = admin.put(&path, &an_identity_provider().unwrap()).await;
        assert!(made.status.is_success(), "{made:?}");
        let link = IdentityLink {
            tenant_id: tenant.id,
            provider: name.clone(),
            subject: "1".to_owned(),
            user_id,
            created_at: app.app.clock.now(),
            last_used_at: None,
        };
        let effect = Effect::StoreIdentityLink(Box::new(link));
        app.app.store.tenant(tenant.id).apply(vec![effect]).await.unwrap();
        name
    }

    /// Roles of the tenant's and of the platform's, and somebody who has one in either. Gives the
    /// assignment in the tenant.
    async fn with_roles(app: &TestApp, admin: &Api<'_>, tenant: &Tenant) -> String {
        let system = app.system().await;
        for home in [tenant, &system] {
            let holder = client(home, "holder");
            let rows = app.app.store.tenant(home.id);
            if rows.client(&holder.client_id).await.unwrap().is_none() {
                rows.create_client(&holder, vec![]).await.unwrap();
            }
        }
        let assignment = format!("device-approver:client:{}:holder", tenant.slug);
        for path in [
            format!("/tenants/{}/roles/target", tenant.slug),
            format!("/tenants/{}/role-assignments/{assignment}", tenant.slug),
            "/roles/target".to_owned(),
            "/role-assignments/device-approver:client:system:holder".to_owned(),
        ] {
            let answer = admin.put(&path, &json!({})).await;
            assert!(answer.status.is_success(), "{path}: {answer:?}");
        }
        assignment
    }

    /// The same things, looked for in another tenant.
    pub fn moved_to(&self, tenant: &str) -> Self {
        let mut moved = self.clone();
        moved.names.insert("tenant", tenant.to_owned());
        moved
    }

    /// The same things, but for one parameter, which is another target's; None if that is called the same.
    pub fn with_foreign(&self, name: &str, foreign: &Self) -> Option<Self> {
        let mut mixed = self.clone();
        for (known, value) in &mut mixed.names {
            if known.rsplit(' ').next() == Some(name) {
                value.clone_from(foreign.names.get(known)?);
            }
        }
        (mixed.names != self.names).then_some(mixed)
    }

    /// What its identifiers are, but for its tenant's name.
    pub fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter(|(name, _)| **name != "tenant").map(|(_, value)| value.as_str())
    }

    pub fn path(&self, operation: &str, template: &str) -> String {
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
    let specification = specification();
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
