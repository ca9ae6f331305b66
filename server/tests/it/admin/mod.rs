//! The admin API.

mod audit_events;
mod client_secrets;
mod clients;
mod conventions;
mod credentials;
mod devices;
mod disabled;
pub mod domains;
mod grants;
mod idempotency;
mod isolation;
mod jobs;
mod keys;
mod limits;
mod malformed;
mod operations;
mod portability;
mod protected_resources;
mod registration_policy;
mod rights;
mod roles;
mod secrecy;
mod sessions;
mod specification;
mod suspension;
mod tenants;
mod users;
mod webhooks;

use grantor_protocol::Lifetime;
use grantor_protocol::model::{Client, ClientId, Tenant, TenantSettings};
use grantor_store::{RoleAssignment, Subject};
use poem::http::{Method, header};
use serde_json::Value;

use crate::support::{Answer, PUBLIC_URL, START, TestApp, TestTenant, client, request};

/// The resource that access tokens for the admin API are for.
pub const ADMIN_API: &str = "https://id.example/admin/v1";

/// The admin API as one caller sees it.
pub struct Api<'a> {
    app: &'a TestApp,
    token: String,
}

impl TestApp {
    /// A service account of the system tenant with this role in all of the platform.
    pub async fn platform(&self, role: &str) -> Api<'_> {
        let (client_id, secret) = self.app.create_service_account(role, role).await.unwrap();
        let tenant = self.system().await;
        self.api(&tenant, client_id.as_str(), secret.expose()).await
    }

    /// A service account of the tenant's own with this role in it.
    pub async fn tenant_api(&self, tenant: &Tenant, role: &str) -> Api<'_> {
        let (account, secret) = self.service_account(tenant, &format!("account-{role}")).await;
        let assignment = RoleAssignment {
            subject: Subject::Client(account.clone()),
            role: role.to_owned(),
            scope: Some(tenant.id),
        };
        self.app.store.tenant(tenant.id).assign(&assignment, None, START, vec![]).await.unwrap();
        self.api(tenant, account.as_str(), &secret).await
    }

    /// A client that can get tokens for the admin API for itself, and has no role yet.
    pub async fn service_account(&self, tenant: &Tenant, client_id: &str) -> (ClientId, String) {
        let mut account: Client = client(tenant, client_id);
        account.metadata.resources = vec![ADMIN_API.to_owned()];
        account.created_at = self.app.clock.now();
        let secret = account.add_secret(self);
        let client_id = account.client_id.clone();
        self.app.store.tenant(tenant.id).create_client(&account, vec![]).await.unwrap();
        (client_id, secret)
    }

    async fn api(&self, tenant: &Tenant, client_id: &str, secret: &str) -> Api<'_> {
        let token = self.service_token(&tenant.slug, client_id, secret, ADMIN_API).await;
        Api { app: self, token }
    }

    /// An access token of a client for itself.
    pub async fn service_token(&self, slug: &str, client_id: &str, secret: &str, resource: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("resource", resource)];
        let answer = self.post_as((client_id, secret), &format!("/t/{slug}/token"), &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub fn api_with(&self, token: impl Into<String>) -> Api<'_> {
        Api { app: self, token: token.into() }
    }

    pub async fn system(&self) -> Tenant {
        self.app.any_tenant("system").await.unwrap().tenant.clone()
    }

    /// A second tenant with the same kinds of things in it.
    pub async fn other(&self) -> TestTenant {
        self.tenant_with("other", TenantSettings::default()).await
    }
}

/// Adding a secret to a client that is not stored yet.
trait AddSecret {
    fn add_secret(&mut self, app: &TestApp) -> String;
}

impl AddSecret for Client {
    fn add_secret(&mut self, app: &TestApp) -> String {
        use grantor_protocol::model::ClientSecret;
        use grantor_protocol::{Id, Secret, SecretKind};
        let entropy = app.app.entropy.as_ref();
        let secret = Secret::generate(SecretKind::ClientSecret, entropy);
        self.secrets.push(ClientSecret {
            id: Id::generate(self.created_at, entropy),
            hash: secret.hash(),
            created_at: self.created_at,
            expires_at: Some(self.created_at + Lifetime::from_seconds(86_400)),
            sealed: None,
        });
        secret.expose().to_owned()
    }
}

impl Api<'_> {
    /// Sends a request with these headers.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        document: Option<&Value>,
    ) -> Answer {
        let mut builder = request(method, &format!("/admin/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = match document {
            None => builder.finish(),
            Some(document) => builder.content_type("application/json").body(document.to_string()),
        };
        let answer = self.app.send(request).await;
        answer.expect_admin_answer();
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, document: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(document)).await
    }

    pub async fn put(&self, path: &str, document: &Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(document)).await
    }

    pub async fn patch(&self, path: &str, document: &Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(document)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }
}

impl Answer {
    /// What every answer of the admin API is: never kept by a cache, and a problem document where it
    /// is no success (RFC 9457 §3.1).
    #[track_caller]
    fn expect_admin_answer(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        if self.status.is_success() {
            return;
        }
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16(), "{self:?}");
        assert!(problem["type"].as_str().unwrap().starts_with("urn:grantor:problem:"), "{self:?}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{self:?}");
        assert_eq!(problem["correlation_id"].as_str(), self.header("x-request-id"), "{self:?}");
    }

    /// The document of a success with this status.
    #[track_caller]
    pub fn document(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self.json()
    }

    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_owned()
    }

    /// Expects a problem of this kind.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.json()["type"], format!("urn:grantor:problem:{kind}"), "{self:?}");
    }

    /// Expects a 400 that names these members.
    #[track_caller]
    pub fn expect_invalid(&self, pointers: &[&str]) {
        self.expect_problem(400, "invalid-request");
        let problem = self.json();
        let named: Vec<_> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(named, pointers, "{self:?}");
    }

    /// The path within the admin API that `Location` leads to.
    #[track_caller]
    pub fn created_at(&self) -> String {
        assert_eq!(self.status, 201, "{self:?}");
        let location = self.header("location").unwrap();
        location.strip_prefix(PUBLIC_URL).and_then(|path| path.strip_prefix("/admin/v1")).unwrap().to_owned()
    }
}

/// What the audit trail of a tenant says, oldest first: kind, target, detail.
pub async fn trail(app: &TestApp, tenant: &Tenant) -> Vec<(String, String, Value)> {
    let events = app.app.store.tenant(tenant.id).audit_events(200).await.unwrap();
    events
        .into_iter()
        .rev()
        .map(|event| (event.kind.as_str().to_owned(), event.target, event.detail))
        .collect()
}
