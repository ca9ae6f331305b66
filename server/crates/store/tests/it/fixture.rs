use std::sync::atomic::{AtomicU64, Ordering};

use grantor_protocol::authorize::{AuthorizationRequest, Prompt, ResponseMode, ResponseType};
use grantor_protocol::claims::{AccessTokenClaims, Confirmation};
use grantor_protocol::model::{
    AccessTokenFormat, Acr, Actor, AuditEvent, AuditKind, Authentication, AuthorizationCode, ClaimMapping,
    Client, ClientId, ClientMetadata, ClientOrigin, ClientSecret, Consent, DeliveryState,
    DeviceApprovalRecord, DeviceAuthorization, DeviceState, EventOrigin, Grant, IdentityLink,
    IdentityProvider, IdentityProviderSettings, Idle, Interaction, KeyState, KnownBrowser, LinkByEmail,
    Message, MessageKind, OneTimeLink, OpaqueAccessToken, PasswordHash, ProtectedResource, Purpose,
    PushedAuthorizationRequest, RefreshToken, RequestOrigin, ResourceSettings, ScopeDescription,
    SealedClientSecret, Session, SigningAlgorithm, SigningKeyRecord, Tenant, TenantId, TenantSettings,
    TenantStatus, UpstreamPurpose, UpstreamSignIn, User, UserProfile, UserStatus, Webhook, WebhookDelivery,
    WebhookSecret, WebhookSettings,
};
use grantor_protocol::pkce::CodeChallenge;
use grantor_protocol::{Effect, Id, Lifetime, Scope, SecretHash, Timestamp};
use grantor_store::{
    ApplyError, ConsoleSession, Error, NewTenant, Permission, Role, Store, TenantStore, WriteError,
};

/// A tenant with a user and a client, and everything that can be made from them.
pub struct World {
    pub store: Store,
    pub tenant: Tenant,
    pub user: User,
    pub client: Client,
}

pub fn number() -> u64 {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

/// An identifier that no other is, ordered after those before.
pub fn id<Kind>() -> Id<Kind> {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number().to_be_bytes());
    Id::from_bytes(bytes)
}

pub fn hash() -> SecretHash {
    let mut bytes = [0xaa; 32];
    bytes[..8].copy_from_slice(&number().to_be_bytes());
    SecretHash::from_bytes(bytes)
}

/// Seconds after the beginning of the tests' world.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000 + seconds)
}

pub fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub fn audit(kind: AuditKind) -> AuditEvent {
    let detail = serde_json::json!({ "why": "a test", "count": 3 });
    let origin = EventOrigin::new("192.0.2.7".parse().ok(), Some("a browser"), format!("{:016x}", number()));
    let (actor, target) = (Actor::System, "it".to_owned());
    AuditEvent { id: id(), at: at(0), kind, actor, target, origin: Some(origin), detail }
}

pub fn tenant(slug: &str) -> Tenant {
    Tenant {
        id: id(),
        slug: slug.to_owned(),
        name: format!("The {slug} company"),
        issuer: format!("https://id.example/t/{slug}"),
        status: TenantStatus::Active,
        settings: TenantSettings::default(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn user(tenant_id: TenantId, username: &str) -> User {
    User {
        tenant_id,
        id: id(),
        username: username.to_owned(),
        email: Some(format!("{username}@Mail.Example")),
        email_verified: true,
        status: UserStatus::Active,
        password: Some(PasswordHash::from_phc("$argon2id$stand-in")),
        profile: UserProfile { name: Some(format!("Name of {username}")), ..UserProfile::default() },
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

pub fn client(tenant_id: TenantId, client_id: &str) -> Client {
    let metadata = ClientMetadata {
        client_name: format!("Application {client_id}"),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        scope: scope("openid profile"),
        jwks: Some(serde_json::json!({ "keys": [] })),
        ..ClientMetadata::default()
    };
    let secret =
        ClientSecret { id: id(), hash: hash(), created_at: at(1), expires_at: Some(at(100)), sealed: None };
    Client {
        origin: ClientOrigin::Administrator,
        tenant_id,
        client_id: ClientId::parse(client_id).unwrap(),
        enabled: true,
        metadata,
        secrets: vec![secret],
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

pub fn resource(tenant_id: TenantId, identifier: &str) -> ProtectedResource {
    let description = ScopeDescription { name: "a:read".to_owned(), description: "read a".to_owned() };
    ProtectedResource {
        tenant_id,
        identifier: identifier.to_owned(),
        settings: ResourceSettings {
            name: format!("Name of {identifier}"),
            scopes: vec![description],
            access_token_format: AccessTokenFormat::Opaque,
        },
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

/// A role of a tenant's own.
pub fn role(tenant_id: TenantId, name: &str) -> Role {
    Role {
        tenant_id,
        platform: false,
        name: name.to_owned(),
        description: "For clerks.".to_owned(),
        permissions: vec![Permission { resource: "client".to_owned(), action: "*".to_owned() }],
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

pub fn key(tenant_id: TenantId, state: KeyState) -> SigningKeyRecord {
    SigningKeyRecord {
        tenant_id,
        id: id(),
        algorithm: SigningAlgorithm::ES256,
        state,
        public_jwk: serde_json::json!({ "crv": "P-256", "kty": "EC" }),
        sealed_private_key: vec![1, 2, 3],
        created_at: at(0),
        changes_at: Some(at(10)),
        activated_at: (state == KeyState::Active).then(|| at(0)),
        retired_at: None,
        removed_at: None,
        revoked_at: None,
    }
}

/// A webhook for everything.
pub fn webhook(tenant_id: TenantId) -> Webhook {
    let settings =
        WebhookSettings { url: "https://hooks.example/in".to_owned(), ..WebhookSettings::default() };
    let secret =
        WebhookSecret { id: id(), sealed: vec![1, 2, 3], created_at: at(1), expires_at: Some(at(100)) };
    Webhook {
        tenant_id,
        id: id(),
        settings,
        disabled: None,
        secrets: vec![secret],
        failing_since: None,
        replaying: false,
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

/// A provider that people sign in through.
pub fn identity_provider(tenant_id: TenantId, name: &str) -> IdentityProvider {
    let settings = IdentityProviderSettings {
        display_name: "Corp".to_owned(),
        issuer: "https://corp.example".to_owned(),
        client_id: "us".to_owned(),
        scopes: "openid".to_owned(),
        position: 1,
        claims: ClaimMapping::default(),
        create_users: true,
        link_by_email: LinkByEmail::Never,
        domains: vec!["corp.example".to_owned()],
    };
    IdentityProvider {
        tenant_id,
        name: name.to_owned(),
        enabled: true,
        settings,
        client_secret: Some(SealedClientSecret { sealed: vec![1, 2, 3], created_at: at(1) }),
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    }
}

/// A browser on its way to the provider.
pub fn upstream_sign_in(provider: &IdentityProvider) -> UpstreamSignIn {
    UpstreamSignIn {
        tenant_id: provider.tenant_id,
        hash: hash(),
        browser: hash(),
        provider: provider.name.clone(),
        purpose: UpstreamPurpose::SignIn { interaction: id() },
        created_at: at(0),
        expires_at: at(600),
        consumed_at: None,
    }
}

/// An event that has not been sent to a webhook yet, and should be.
pub fn delivery(webhook: &Webhook) -> WebhookDelivery {
    WebhookDelivery {
        tenant_id: webhook.tenant_id,
        webhook_id: webhook.id,
        event_id: id(),
        kind: "client.changed".to_owned(),
        payload: r#"{"type":"client.changed"}"#.to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        due_at: Some(at(0)),
        last_attempt: None,
        created_at: at(0),
        expires_at: None,
    }
}

/// A message that is due at this time.
pub fn message(tenant_id: TenantId, due_at: i64) -> Message {
    Message {
        tenant_id,
        id: id(),
        kind: MessageKind::PasswordReset,
        content: vec![1, 2, 3],
        attempts: 0,
        due_at: at(due_at),
        created_at: at(0),
        expires_at: at(86_400),
    }
}

impl World {
    /// A link of the user's that is good for an hour.
    pub fn link(&self, kind: MessageKind) -> OneTimeLink {
        OneTimeLink {
            tenant_id: self.tenant.id,
            hash: hash(),
            kind,
            user_id: self.user.id,
            address: self.user.email.clone().unwrap_or_default(),
            asked_in: None,
            created_at: at(0),
            expires_at: at(3600),
            consumed_at: None,
        }
    }

    /// The user's link to a provider.
    pub fn identity_link(&self, provider: &IdentityProvider, subject: &str) -> IdentityLink {
        IdentityLink {
            tenant_id: self.tenant.id,
            provider: provider.name.clone(),
            subject: subject.to_owned(),
            user_id: self.user.id,
            created_at: at(1),
            last_used_at: None,
        }
    }

    pub async fn new(store: &Store, slug: &str) -> Self {
        let tenant = tenant(slug);
        let new = NewTenant { tenant: tenant.clone(), keys: vec![], audit: vec![] };
        store.tenants().create(new).await.unwrap();
        let (user, client) = (user(tenant.id, "Alice"), client(tenant.id, "app"));
        store.tenant(tenant.id).create_user(&user, vec![]).await.unwrap();
        store.tenant(tenant.id).create_client(&client, vec![]).await.unwrap();
        Self { store: store.clone(), tenant, user, client }
    }

    pub fn rows(&self) -> TenantStore<'_> {
        self.store.tenant(self.tenant.id)
    }

    pub async fn apply(&self, effects: impl IntoIterator<Item = Effect>) -> Result<(), ApplyError> {
        self.rows().apply(effects.into_iter().collect()).await
    }

    pub fn pushed_request(&self) -> PushedAuthorizationRequest {
        PushedAuthorizationRequest {
            tenant_id: self.tenant.id,
            hash: hash(),
            request: self.authorization_request(),
            expires_at: at(90),
            consumed_at: None,
        }
    }

    pub fn authorization_request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: self.client.client_id.clone(),
            redirect_uri: "https://app.example/cb".to_owned(),
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            state: Some("xyz".to_owned()),
            scope: scope("openid"),
            resources: vec![],
            code_challenge: None,
            dpop_jkt: None,
            nonce: Some("n".to_owned()),
            prompt: Prompt::default(),
            max_age: Some(60),
            acr: Some(Acr::MultiFactor),
            ui_locales: Some("de en".to_owned()),
            login_hint: None,
            hinted_user: Some(self.user.id),
            pushed_as: Some(hash()),
        }
    }

    /// A device that nobody has answered for, with its codes good for ten minutes.
    pub fn device(&self) -> DeviceAuthorization {
        DeviceAuthorization {
            tenant_id: self.tenant.id,
            id: id(),
            device_code: hash(),
            user_code: hash(),
            client_id: self.client.client_id.clone(),
            request: self.authorization_request(),
            origin: RequestOrigin { address: Some("192.0.2.7".to_owned()), ..RequestOrigin::default() },
            state: DeviceState::Pending,
            user_id: None,
            approval: DeviceApprovalRecord::default(),
            entries: 0,
            poll_interval: Lifetime::from_seconds(5),
            polled_at: None,
            created_at: at(0),
            expires_at: at(600),
        }
    }

    pub fn interaction(&self) -> Interaction {
        Interaction {
            tenant_id: self.tenant.id,
            id: id(),
            browser: hash(),
            purpose: Purpose::Authorization { request: Box::new(self.authorization_request()) },
            signed_in: None,
            proven: None,
            created_at: at(2),
            expires_at: at(1800),
            completed_at: None,
        }
    }

    pub fn session(&self) -> Session {
        Session {
            tenant_id: self.tenant.id,
            id: id(),
            secret: hash(),
            user_id: self.user.id,
            authenticated_at: at(3),
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
            created_at: at(3),
            expires_at: at(3600),
            ended_at: None,
            origin: RequestOrigin {
                address: Some("192.0.2.8".to_owned()),
                user_agent: Some("Browser/1".to_owned()),
            },
            idle: Some(Idle { lifetime: Lifetime::from_seconds(1800), expires_at: at(1803) }),
        }
    }

    /// A browser that stands for the user's second factor for a while.
    pub fn known_browser(&self) -> KnownBrowser {
        KnownBrowser {
            tenant_id: self.tenant.id,
            user_id: self.user.id,
            hash: hash(),
            seen_at: at(1),
            trusted_until: Some(at(50)),
            expires_at: at(100),
        }
    }

    /// What the console remembers of this session.
    pub fn console_session(&self, session: &Session) -> ConsoleSession {
        let (user_id, session_id, expires_at) = (session.user_id, session.id, session.expires_at);
        ConsoleSession { hash: hash(), user_id, session_id, expires_at }
    }

    pub fn grant(&self) -> Grant {
        Grant {
            tenant_id: self.tenant.id,
            id: id(),
            client_id: self.client.client_id.clone(),
            user_id: self.user.id,
            scope: scope("openid profile"),
            resources: vec!["https://api.example".to_owned()],
            authentication: Authentication {
                session_id: id(),
                authenticated_at: at(3),
                amr: vec!["pwd".to_owned()],
            },
            nonce: Some("n".to_owned()),
            created_at: at(4),
            revoked_at: None,
            revocation_reason: None,
        }
    }

    pub fn code(&self, grant: &Grant) -> AuthorizationCode {
        AuthorizationCode {
            tenant_id: self.tenant.id,
            hash: hash(),
            grant_id: grant.id,
            client_id: grant.client_id.clone(),
            redirect_uri: "https://app.example/cb".to_owned(),
            code_challenge: Some(CodeChallenge::from_stored("challenge".to_owned())),
            dpop_jkt: Some("thumbprint".to_owned()),
            issued_at: at(4),
            expires_at: at(64),
            consumed_at: None,
        }
    }

    pub fn refresh_token(&self, grant: &Grant) -> RefreshToken {
        RefreshToken {
            tenant_id: self.tenant.id,
            hash: hash(),
            grant_id: grant.id,
            client_id: grant.client_id.clone(),
            confirmation: Some(Confirmation::DpopKey("thumbprint".to_owned())),
            issued_at: at(5),
            expires_at: at(5000),
            rotated_at: None,
        }
    }

    pub fn access_token(&self) -> OpaqueAccessToken {
        let claims = AccessTokenClaims {
            iss: "https://id.example/t/acme".to_owned(),
            exp: 64,
            aud: vec!["https://api.example".to_owned()].into(),
            sub: self.user.id.to_string(),
            client_id: self.client.client_id.to_string(),
            iat: 4,
            jti: id(),
            scope: scope("openid"),
            auth_time: Some(3),
            acr: Some(Acr::SingleFactor),
            grant_id: Some(id()),
            cnf: Some(Confirmation::Certificate("thumbprint".to_owned())),
            act: None,
        };
        OpaqueAccessToken { tenant_id: self.tenant.id, hash: hash(), claims, expires_at: at(64) }
    }

    pub fn consent(&self, scopes: &str, resources: &[&str]) -> Consent {
        Consent {
            tenant_id: self.tenant.id,
            user_id: self.user.id,
            client_id: self.client.client_id.clone(),
            scope: scope(scopes),
            resources: resources.iter().map(|resource| (*resource).to_owned()).collect(),
            client_fingerprint: Some(SecretHash::from_bytes([1; 32])),
            given_at: at(6),
        }
    }

    /// A grant with a code and a refresh token, stored.
    pub async fn issued(&self) -> (Grant, AuthorizationCode, RefreshToken) {
        let grant = self.grant();
        let (code, token) = (self.code(&grant), self.refresh_token(&grant));
        let effects = [
            Effect::StoreGrant(Box::new(grant.clone())),
            Effect::StoreAuthorizationCode(Box::new(code.clone())),
            Effect::StoreRefreshToken(Box::new(token.clone())),
        ];
        self.apply(effects).await.unwrap();
        (grant, code, token)
    }
}

pub fn is_conflict(result: &Result<(), ApplyError>) -> bool {
    matches!(result, Err(ApplyError::Conflict))
}

/// The field that a write found taken.
pub fn taken<T>(result: Result<T, WriteError>) -> &'static str {
    match result {
        Err(WriteError::Conflict { field }) => field,
        Err(error) => panic!("expected a conflict, not {error}"),
        Ok(_) => panic!("expected a conflict"),
    }
}

pub fn is_foreign<T>(result: &Result<T, WriteError>) -> bool {
    matches!(result, Err(WriteError::Store(Error::ForeignTenant)))
}
