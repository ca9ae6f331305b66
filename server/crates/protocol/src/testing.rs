//! Values for tests: one tenant, client, user and session that rules can be tried on.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::authorize::{AuthorizationRequest, Prompt, ResponseMode, ResponseType};
use crate::confirmation::Possession;
use crate::model::*;
use crate::pkce::CodeChallenge;
use crate::token::TokenRequest;
use crate::{
    Capabilities, Entropy, Id, Lifetime, ParamLimits, Params, Policy, ResourceRules, Scope, Secret,
    SecretKind, Timestamp,
};

pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub const TENANT: TenantId = Id::from_bytes([1; 16]);
pub const USER: UserId = Id::from_bytes([2; 16]);
pub const ISSUER: &str = "https://id.example/t/acme";
/// RFC 7636 Appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The same bytes in every run, different ones at every call.
#[derive(Default)]
pub struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            let mixed = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            chunk.copy_from_slice(&mixed[..chunk.len()]);
        }
    }
}

/// The policy of a tenant that offers everything that its profile has.
pub fn policy() -> Policy {
    let client_certificate_authorities = Some("authorities".to_owned());
    policy_of(&TenantSettings { client_certificate_authorities, ..TenantSettings::default() })
}

/// The policy of a tenant with these settings and the resource `https://api.example`.
pub fn policy_of(settings: &TenantSettings) -> Policy {
    let resource = ResourceRules {
        identifier: "https://api.example".to_owned(),
        scope: Scope::default(),
        access_token_format: AccessTokenFormat::Jwt,
        signed_only: false,
        for_self_made_clients: true,
    };
    Policy::compile(ISSUER, settings, vec![resource], Capabilities { client_certificates: true })
}

/// A token request of the client with these parameters and nothing proven.
pub fn token_request<T>(text: &str, client: &Client, decide: impl FnOnce(TokenRequest<'_>) -> T) -> T {
    decide(TokenRequest {
        params: &params(text),
        client,
        policy: &policy(),
        possession: &Possession::default(),
        now: NOW,
        entropy: &SeededEntropy::default(),
    })
}

pub fn secret() -> Secret {
    Secret::from_bytes(SecretKind::ClientSecret, &[7; 32])
}

pub fn client() -> Client {
    Client {
        tenant_id: TENANT,
        client_id: ClientId::parse("app").unwrap(),
        enabled: true,
        metadata: ClientMetadata {
            client_name: "App".to_owned(),
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            grant_types: GrantType::ALL.to_vec(),
            scope: Scope::parse("openid profile email offline_access").unwrap(),
            resources: vec!["https://api.example".to_owned()],
            ..ClientMetadata::default()
        },
        secrets: vec![ClientSecret {
            id: Id::from_bytes([3; 16]),
            hash: secret().hash(),
            created_at: NOW,
            expires_at: None,
            sealed: None,
        }],
        origin: ClientOrigin::Administrator,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn public_client() -> Client {
    let mut client = client();
    client.metadata.token_endpoint_auth_method = AuthenticationMethod::None;
    client.secrets.clear();
    client
}

pub fn session() -> Session {
    Session {
        tenant_id: TENANT,
        id: Id::from_bytes([4; 16]),
        secret: secret().hash(),
        user_id: USER,
        authenticated_at: NOW,
        amr: vec!["pwd".to_owned()],
        created_at: NOW,
        expires_at: NOW + Lifetime::from_seconds(3600),
        ended_at: None,
        origin: RequestOrigin::default(),
        idle: None,
    }
}

pub fn authorization_request(scope: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: client().client_id,
        redirect_uri: "https://app.example/cb".to_owned(),
        response_type: ResponseType::Code,
        response_mode: ResponseMode::Query,
        state: Some("s1".to_owned()),
        scope: Scope::parse(scope).unwrap(),
        resources: vec![],
        code_challenge: Some(CodeChallenge::from_stored(CHALLENGE.to_owned())),
        dpop_jkt: None,
        nonce: Some("n1".to_owned()),
        prompt: Prompt::default(),
        max_age: None,
        acr: None,
        login_hint: None,
        ui_locales: None,
        hinted_user: None,
        pushed_as: None,
    }
}

pub fn interaction(request: AuthorizationRequest, signed_in: Option<SessionId>) -> Interaction {
    Interaction {
        tenant_id: TENANT,
        id: Id::from_bytes([5; 16]),
        browser: secret().hash(),
        purpose: Purpose::Authorization { request: Box::new(request) },
        signed_in,
        proven: None,
        created_at: NOW,
        expires_at: NOW + Lifetime::from_seconds(600),
        completed_at: None,
    }
}

pub fn grant() -> Grant {
    Grant {
        tenant_id: TENANT,
        id: Id::from_bytes([6; 16]),
        client_id: client().client_id,
        user_id: USER,
        scope: Scope::parse("openid profile").unwrap(),
        resources: vec!["https://api.example".to_owned()],
        authentication: Authentication {
            session_id: session().id,
            authenticated_at: NOW,
            amr: vec!["pwd".to_owned()],
        },
        nonce: Some("n1".to_owned()),
        created_at: NOW,
        revoked_at: None,
        revocation_reason: None,
    }
}

pub fn params(text: &str) -> Params {
    Params::parse(text.as_bytes(), ParamLimits { count: 64, value_length: 8192 }).unwrap()
}

pub fn access_token_claims() -> crate::claims::AccessTokenClaims {
    crate::claims::AccessTokenClaims {
        iss: ISSUER.to_owned(),
        exp: NOW.unix_seconds() + 600,
        aud: vec!["https://api.example".to_owned(), ISSUER.to_owned()].into(),
        sub: USER.to_string(),
        client_id: "app".to_owned(),
        iat: NOW.unix_seconds(),
        jti: Id::from_bytes([8; 16]),
        scope: Scope::parse("openid profile").unwrap(),
        auth_time: Some(NOW.unix_seconds()),
        acr: Some(Acr::SingleFactor),
        grant_id: Some(grant().id),
        cnf: None,
        act: None,
    }
}

pub fn user() -> User {
    User {
        tenant_id: TENANT,
        id: USER,
        username: "ada".to_owned(),
        email: Some("ada@acme.example".to_owned()),
        email_verified: true,
        status: UserStatus::Active,
        password: None,
        profile: UserProfile { name: Some("Ada".to_owned()), ..UserProfile::default() },
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn device() -> DeviceAuthorization {
    let mut request = authorization_request("openid profile");
    request.redirect_uri = format!("{ISSUER}/activate/callback");
    request.prompt.consent = true;
    DeviceAuthorization {
        tenant_id: TENANT,
        id: Id::from_bytes([10; 16]),
        device_code: Secret::presented("gdc_1").hash(),
        user_code: Secret::presented("user code").hash(),
        client_id: client().client_id,
        request,
        origin: RequestOrigin::default(),
        state: DeviceState::Pending,
        user_id: None,
        approval: DeviceApprovalRecord::default(),
        entries: 0,
        poll_interval: Lifetime::from_seconds(5),
        polled_at: None,
        created_at: NOW,
        expires_at: NOW + Lifetime::from_seconds(600),
    }
}
