use grantor::app::TenantContext;
use grantor_protocol::model::*;
use grantor_protocol::{Id, Scope, Secret, SecretKind};
use grantor_store::{Change, ChangeKind};
use std::sync::Arc;

use super::{Answer, Browser, TestApp, encode};

pub const REDIRECT_URI: &str = "https://app.example/cb";

/// RFC 7636 Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A tenant with a person, a confidential client `web` and a public client `app`.
pub struct TestTenant {
    pub slug: String,
    pub tenant: Tenant,
    pub user: User,
    pub secret: String,
    /// What its paths begin with: nothing at a domain of its own.
    pub base: String,
}

pub const PASSWORD: &str = "correct horse battery";

impl TestApp {
    /// The tenant `acme` as most tests want it.
    pub async fn acme(&self) -> TestTenant {
        self.tenant_with("acme", TenantSettings::default()).await
    }

    /// A tenant with these settings, a person and two clients.
    pub async fn tenant_with(&self, slug: &str, settings: TenantSettings) -> TestTenant {
        let tenant = self.app.new_tenant(slug, "Acme", settings, Actor::System).await.unwrap();
        let now = tenant.created_at;
        let entropy = self.app.entropy.as_ref();
        let user = User {
            tenant_id: tenant.id,
            id: Id::generate(now, entropy),
            username: "ada".to_owned(),
            email: Some("ada@acme.example".to_owned()),
            email_verified: true,
            status: UserStatus::Active,
            password: Some(self.app.passwords.hash(tenant.id, PASSWORD, entropy).await.unwrap()),
            profile: UserProfile { name: Some("Ada Lovelace".to_owned()), ..UserProfile::default() },
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.app.store.tenant(tenant.id).create_user(&user, vec![]).await.unwrap();
        let secret = Secret::generate(SecretKind::ClientSecret, entropy);
        let mut web = client(&tenant, "web");
        web.secrets.push(ClientSecret {
            id: Id::generate(now, entropy),
            hash: secret.hash(),
            created_at: now,
            expires_at: None,
            sealed: None,
        });
        let mut app = client(&tenant, "app");
        app.metadata.token_endpoint_auth_method = AuthenticationMethod::None;
        app.metadata.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        let mut tenant = TestTenant {
            slug: slug.to_owned(),
            tenant,
            user,
            secret: secret.expose().to_owned(),
            base: format!("/t/{slug}"),
        };
        for client in [web, app] {
            tenant.add_client(self, client).await;
        }
        tenant
    }
}

/// A confidential client of the tenant's that may do everything.
pub fn client(tenant: &Tenant, client_id: &str) -> Client {
    Client {
        tenant_id: tenant.id,
        client_id: ClientId::parse(client_id).unwrap(),
        enabled: true,
        metadata: ClientMetadata {
            client_name: format!("The {client_id}"),
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
                GrantType::DeviceCode,
            ],
            scope: Scope::parse("openid profile email offline_access").unwrap(),
            id_token_signed_response_alg: Some(SigningAlgorithm::ES256),
            ..ClientMetadata::default()
        },
        secrets: vec![],
        origin: ClientOrigin::Administrator,
        version: 1,
        created_at: tenant.created_at,
        updated_at: tenant.created_at,
    }
}

impl TestTenant {
    pub async fn add_client(&mut self, app: &TestApp, client: Client) {
        app.app.store.tenant(self.tenant.id).create_client(&client, vec![]).await.unwrap();
    }

    /// Registers a client that proves itself with a secret, and gives the secret.
    pub async fn add_secret_client(
        &mut self,
        app: &TestApp,
        client_id: &str,
        method: AuthenticationMethod,
    ) -> String {
        let (client, secret) = self.secret_client(app, client_id, method);
        self.add_client(app, client).await;
        secret
    }

    /// A client that proves itself with a secret, yet to be added, and the secret.
    pub fn secret_client(
        &self,
        app: &TestApp,
        client_id: &str,
        method: AuthenticationMethod,
    ) -> (Client, String) {
        let mut client = client(&self.tenant, client_id);
        client.metadata.token_endpoint_auth_method = method;
        let made = app.app.new_client_secret(self.tenant.id, &client.client_id, method);
        let (secret, stored) = made.unwrap();
        client.secrets.push(stored);
        (client, secret.expose().to_owned())
    }

    /// Changes a client as administrators do, and tells the server's caches.
    pub async fn change_client(&self, app: &TestApp, client_id: &str, change: impl FnOnce(&mut Client)) {
        let store = app.app.store.tenant(self.tenant.id);
        let client_id = ClientId::parse(client_id).unwrap();
        let mut client = store.client(&client_id).await.unwrap().unwrap();
        change(&mut client);
        store.replace_client(&client, None, vec![]).await.unwrap();
        self.changed(app, ChangeKind::Client(client_id));
    }

    /// Changes the tenant as administrators do, and tells the server's caches.
    pub async fn change_tenant(&self, app: &TestApp, change: impl FnOnce(&mut Tenant)) {
        let mut tenant = app.app.store.tenants().by_id(self.tenant.id).await.unwrap().unwrap();
        change(&mut tenant);
        app.app.store.tenants().update(&tenant, None, vec![]).await.unwrap();
        self.changed(app, ChangeKind::Tenant);
    }

    /// Another person, with the same password.
    pub async fn add_user(&self, app: &TestApp, username: &str) -> User {
        let user = User {
            id: Id::generate(self.tenant.created_at, app.app.entropy.as_ref()),
            username: username.to_owned(),
            email: None,
            ..self.user.clone()
        };
        app.app.store.tenant(self.tenant.id).create_user(&user, vec![]).await.unwrap();
        user
    }

    /// Changes the person as administrators do.
    pub async fn change_user(&self, app: &TestApp, change: impl FnOnce(&mut User)) {
        let store = app.app.store.tenant(self.tenant.id);
        let mut user = store.user(self.user.id).await.unwrap().unwrap();
        change(&mut user);
        store.replace_user(&user, None, None, vec![]).await.unwrap();
    }

    /// Tells the server's caches of a change behind its back.
    pub fn changed(&self, app: &TestApp, kind: ChangeKind) {
        app.app.changed(&Change::In { tenant_id: self.tenant.id, kind });
    }

    /// How many events of this kind the audit trail has.
    pub async fn audited(&self, app: &TestApp, kind: AuditKind) -> usize {
        let events = app.app.store.tenant(self.tenant.id).audit_events(10_000).await.unwrap();
        events.iter().filter(|event| event.kind == kind).count()
    }

    pub async fn context(&self, app: &TestApp) -> Arc<TenantContext> {
        app.app.any_tenant(&self.slug).await.unwrap()
    }

    /// A path of this tenant's.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Parameters of an ordinary authorization request of this client.
    pub fn authorization(&self, client_id: &'static str) -> Vec<(&'static str, &'static str)> {
        vec![
            ("client_id", client_id),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "s1"),
            ("nonce", "n1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    /// The path of an authorization request.
    pub fn authorize(&self, parameters: &[(&str, &str)]) -> String {
        self.path(&format!("/authorize?{}", encode(parameters)))
    }

    /// Signs the person in at an interaction's sign-in page.
    pub async fn sign_in(&self, app: &TestApp, browser: &mut Browser, page: &Answer) -> Answer {
        self.sign_in_as(app, browser, page, "ada").await
    }

    /// Signs in somebody who has the same password.
    pub async fn sign_in_as(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        page: &Answer,
        username: &str,
    ) -> Answer {
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = [
            ("csrf", csrf.as_str()),
            ("interaction", &interaction),
            ("username", username),
            ("password", PASSWORD),
        ];
        browser.post(app, &self.path("/login"), &form).await
    }

    /// Answers an interaction's consent page.
    pub async fn decide(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        page: &Answer,
        decision: &str,
    ) -> Answer {
        let fields = ["csrf", "interaction", "trusted"].map(|name| (name, page.field(name)));
        let hidden = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let form: Vec<_> = hidden.chain([("decision", decision)]).collect();
        browser.post(app, &self.path("/consent"), &form).await
    }

    /// Everything up to the redirect to the client: sign in and consent where asked.
    pub async fn authorized(
        &self,
        app: &TestApp,
        browser: &mut Browser,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let mut answer = browser.get(app, &self.authorize(parameters)).await;
        while answer.header("location").is_some_and(|location| location.starts_with('/')) {
            let page = browser.follow(app, &answer).await;
            answer = if page.body.contains("name=\"password\"") {
                self.sign_in(app, browser, &page).await
            } else {
                self.decide(app, browser, &page, "allow").await
            };
        }
        answer
    }

    /// An authorization code of this client, freshly obtained.
    pub async fn code(&self, app: &TestApp, browser: &mut Browser, client_id: &'static str) -> String {
        let answer = self.authorized(app, browser, &self.authorization(client_id)).await;
        answer.location_parameter("code").unwrap_or_else(|| panic!("no code in {answer:?}"))
    }

    /// The token request that redeems a code.
    pub fn redemption<'a>(&self, client_id: &'a str, code: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", REDIRECT_URI),
        ]
    }

    /// Redeems a code of the public client's.
    pub async fn redeem(&self, app: &TestApp, code: &str) -> Answer {
        app.post(&self.path("/token"), &self.redemption("app", code)).await
    }

    /// Tokens of the public client, freshly obtained.
    pub async fn tokens(&self, app: &TestApp) -> serde_json::Value {
        let mut browser = Browser::default();
        let code = self.code(app, &mut browser, "app").await;
        let answer = self.redeem(app, &code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Tokens of the confidential client, freshly obtained.
    pub async fn confidential_tokens(&self, app: &TestApp) -> serde_json::Value {
        let mut browser = Browser::default();
        let code = self.code(app, &mut browser, "web").await;
        let credentials = ("web", self.secret.as_str());
        let answer = app.post_as(credentials, &self.path("/token"), &self.redemption("web", &code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Asks the UserInfo endpoint with this access token.
    pub async fn userinfo(&self, app: &TestApp, access_token: &str) -> Answer {
        app.get_with_token(&self.path("/userinfo"), access_token).await
    }

    /// Revokes a token of the public client's (RFC 7009 §2.1).
    pub async fn revoke(&self, app: &TestApp, token: &str) -> Answer {
        app.post(&self.path("/revoke"), &[("client_id", "app"), ("token", token)]).await
    }

    /// What the confidential client is told of a token (RFC 7662 §2.1).
    pub async fn introspect(&self, app: &TestApp, token: &str) -> serde_json::Value {
        let credentials = ("web", self.secret.as_str());
        let answer = app.post_as(credentials, &self.path("/introspect"), &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// A refresh of the public client.
    pub async fn refresh(&self, app: &TestApp, refresh_token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)];
        app.post(&self.path("/token"), &form).await
    }
}
