//! Every member of the metadata, for every profile: advertised if and only if accepted (CONTRACT §4). A member
//! without an arm in one of the groups here fails the test. Those that some tenants do not have are tried where
//! they are absent as well.

mod authorization;
mod clients;
mod endpoints;
mod possession;
mod registration;
mod requests;
mod tokens;

use std::collections::BTreeSet;

use grantor_protocol::model::{
    AuthenticationMethod, Client, GrantType, RegistrationMode, ScopeDescription, TenantSettings, UserProfile,
};
use grantor_protocol::{Capabilities, Profile, Scope};
use serde_json::{Value, json};

use super::client_auth::Clients;
use super::discovery::universe;
use crate::on_both;
use crate::support::{Answer, Browser, PUBLIC_URL, TestApp, TestTenant, client};

/// Members that some tenants do not have.
const OPTIONAL: [&str; 1] = ["registration_endpoint"];

/// Algorithms of JWS (RFC 7518 §3.1, RFC 8037 §3.1) that might be advertised.
const ALGORITHMS: [&str; 14] = [
    "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "ES512", "EdDSA",
];

/// Whose metadata is tried: the tenant `acme`, whose clients `web` and `app` may do everything.
struct Subject<'a> {
    app: &'a TestApp,
    profile: Profile,
    acme: TestTenant,
    metadata: Value,
    /// In which the person is signed in and has let `web` and `app` in.
    browser: Browser,
    /// One for every method of client authentication.
    clients: Clients,
}

impl<'a> Subject<'a> {
    async fn new(app: &'a TestApp, profile: Profile) -> Self {
        let mut acme = app.tenant_with("acme", settings(profile)).await;
        let clients = Clients::of(app, &mut acme).await;
        let everything = Scope::parse("openid profile email offline_access notes:read").unwrap();
        let mut browser = Browser::default();
        for client_id in ["web", "app"] {
            acme.change_client(app, client_id, |client| {
                client.metadata.grant_types = GrantType::ALL.to_vec();
                client
                    .metadata
                    .grant_types
                    .retain(|grant_type| client_id == "web" || *grant_type != GrantType::ClientCredentials);
                client.metadata.scope = everything.clone();
            })
            .await;
            acme.code(app, &mut browser, client_id).await;
        }
        acme.change_user(app, |user| {
            let some = |text: &str| Some(text.to_owned());
            user.profile = UserProfile {
                name: some("Ada Lovelace"),
                given_name: some("Ada"),
                family_name: some("Lovelace"),
                nickname: some("Countess"),
                picture: some("https://acme.example/ada.png"),
                website: some("https://acme.example/ada"),
                locale: some("en-GB"),
                zoneinfo: some("Europe/London"),
            };
        })
        .await;
        let metadata = metadata(app, &acme).await;
        Self { app, profile, acme, metadata, browser, clients }
    }

    /// What the metadata say of this member; nothing, if they do not have it.
    fn value(&self, member: &str) -> &Value {
        &self.metadata[member]
    }

    /// What the metadata say of this member, which is true or false.
    fn flag(&self, member: &str) -> bool {
        self.value(member).as_bool().unwrap_or_else(|| panic!("{member}: {}", self.value(member)))
    }

    /// The path of an endpoint at its advertised address.
    fn endpoint(&self, member: &str) -> &str {
        let path = self.value(member).as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap();
        assert!(path.starts_with(&self.acme.path("/")), "{member} {path}");
        path
    }

    /// Values that this member has or might have, each with whether it is advertised.
    fn universe(&self, member: &str, known: &[&str]) -> Vec<(String, bool)> {
        universe(&self.metadata, member, known)
    }

    fn credentials(&self) -> (&str, &str) {
        ("web", &self.acme.secret)
    }

    /// A client that may do everything but prove itself, yet to be added.
    fn client(&self, client_id: &str) -> Client {
        client(&self.acme.tenant, client_id)
    }

    async fn add_client(&self, client: Client) {
        self.app.app.store.tenant(self.acme.tenant.id).create_client(&client, vec![]).await.unwrap();
    }

    /// Registers a client that signs with its secret, and gives the secret.
    async fn add_secret_client(&self, client_id: &str) -> String {
        let method = AuthenticationMethod::ClientSecretJwt;
        let (client, secret) = self.acme.secret_client(self.app, client_id, method);
        self.add_client(client).await;
        secret
    }

    /// The ordinary authorization request of the public client with this parameter instead of its own.
    fn request<'b>(&self, name: &'b str, value: &'b str) -> Vec<(&'b str, &'b str)> {
        let mut request: Vec<(&str, &str)> = self.acme.authorization("app");
        request.retain(|(held, _)| *held != name);
        request.push((name, value));
        request
    }

    /// What comes of an authorization request in the end, for a person who is signed in already.
    async fn authorized(&self, request: &[(&str, &str)]) -> Answer {
        self.acme.authorized(self.app, &mut self.browser.clone(), request).await
    }

    /// Another tenant with the same profile and one setting changed.
    async fn sibling(&self, slug: &str, change: impl FnOnce(&mut TenantSettings)) -> TestTenant {
        let mut settings = settings(self.profile);
        change(&mut settings);
        self.app.tenant_with(slug, settings).await
    }

    /// Another tenant with the same profile at which anybody may register clients.
    async fn registering(&self, slug: &str) -> TestTenant {
        self.sibling(slug, |settings| settings.registration.mode = Some(RegistrationMode::Open)).await
    }
}

fn settings(profile: Profile) -> TenantSettings {
    let scope = ScopeDescription { name: "notes:read".to_owned(), description: "read notes".to_owned() };
    TenantSettings { profile, scopes: vec![scope], ..TenantSettings::default() }
}

async fn metadata(app: &TestApp, tenant: &TestTenant) -> Value {
    app.get(&tenant.path("/.well-known/oauth-authorization-server")).await.json()
}

/// A registration with this member (RFC 7591 §2) is taken if and only if it is `supported`.
#[track_caller]
fn expect_registration(answer: &Answer, member: &str, value: &str, supported: bool) {
    if supported {
        assert_eq!(answer.status, 201, "{member}={value} {answer:?}");
        let registered = &answer.json()[member];
        assert!(*registered == value || *registered == json!([value]), "{member}={value} {answer:?}");
    } else {
        answer.expect_error(400, "invalid_client_metadata");
    }
}

/// Tries one member; false for one that nobody has said how to try.
async fn try_member(subject: &Subject<'_>, member: &str) -> bool {
    endpoints::try_member(subject, member).await
        || authorization::try_member(subject, member).await
        || requests::try_member(subject, member).await
        || clients::try_member(subject, member).await
        || possession::try_member(subject, member).await
        || tokens::try_member(subject, member).await
        || registration::try_member(subject, member).await
}

async fn try_everything(app: &TestApp, profile: Profile) {
    let subject = Subject::new(app, profile).await;
    let advertised = subject.metadata.as_object().unwrap().keys().map(String::as_str);
    let members: BTreeSet<_> = advertised.chain(OPTIONAL).collect();
    for member in members {
        assert!(try_member(&subject, member).await, "{member} needs to be tried: say how in try_member");
    }
}

on_both! {
    async fn every_member_of_oauth21(app: TestApp) {
        try_everything(&app, Profile::Oauth21).await;
    }

    async fn every_member_of_mcp(app: TestApp) {
        try_everything(&app, Profile::Mcp).await;
    }

    async fn every_member_of_oidc_legacy(app: TestApp) {
        try_everything(&app, Profile::OidcLegacy).await;
    }

    /// RFC 8705: a server that gets no certificates advertises nothing of them, and takes none.
    async fn every_member_without_client_certificates(app: TestApp) {
        let subject = Subject::new(&app, Profile::Oauth21).await;
        let without = app.second_node_with(Capabilities { client_certificates: false }).await;
        let metadata = metadata(&without, &subject.acme).await;
        assert_ne!(metadata, subject.metadata);
        let subject = Subject { app: &without, metadata, ..subject };
        let mut tried = 0;
        for member in subject.metadata.as_object().unwrap().keys() {
            let of_clients = clients::try_member(&subject, member).await;
            tried += usize::from(of_clients || possession::try_member(&subject, member).await);
        }
        assert_eq!(tried, 8);
    }
}
