use serde::Serialize;

use super::TokenRequest;
use crate::claims::{AccessTokenClaims, Audience, Confirmation, IdTokenClaims};
use crate::model::{
    AccessTokenFormat, Client, Grant, GrantType, OpaqueAccessToken, RefreshToken, SigningAlgorithm, TenantId,
};
use crate::{Effect, Error, ErrorCode, Id, Policy, Scope, Secret, SecretKind, Timestamp, confirmation};

/// What a token request gets, before anything is signed.
#[derive(Debug)]
pub struct Issuance {
    pub access_token: AccessTokenClaims,
    pub access_token_plan: AccessTokenPlan,
    pub id_token: Option<IdTokenPlan>,
    pub refresh_token: Option<Secret>,
    /// RFC 8693 §2.2.1; only token exchange says it.
    pub issued_token_type: Option<&'static str>,
    pub scope: Scope,
    pub expires_in: u32,
}

/// How the claims of an access token become its text.
#[derive(Debug)]
pub enum AccessTokenPlan {
    Sign(SigningAlgorithm),
    /// The text is this handle, and the claims are stored under its hash.
    Store(Secret),
}

impl Issuance {
    /// The write that an opaque access token needs.
    pub fn stored(&self, tenant_id: TenantId) -> Option<Effect> {
        let AccessTokenPlan::Store(handle) = &self.access_token_plan else { return None };
        Some(Effect::StoreAccessToken(Box::new(OpaqueAccessToken {
            tenant_id,
            hash: handle.hash(),
            claims: self.access_token.clone(),
            expires_at: Timestamp::from_unix_seconds(self.access_token.exp),
        })))
    }
}

/// An ID token to sign once the access token, whose hash it carries, is signed.
#[derive(Debug)]
pub struct IdTokenPlan {
    pub claims: IdTokenClaims,
    pub algorithm: SigningAlgorithm,
}

/// A token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    /// RFC 8693 §2.2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    pub token_type: &'static str,
    pub expires_in: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// Always sent, so that a client that asked for none learns what it got (RFC 6749 §3.3).
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
}

/// Tokens of a grant that a user gave.
///
/// # Errors
/// What [`confirmation::of_tokens`] refuses; `invalid_target` if all resources are gone.
pub(crate) fn for_grant(
    request: TokenRequest<'_>,
    grant: &Grant,
    (scope, resources): (Scope, Vec<String>),
) -> Result<Issuance, Error> {
    let resources = still_allowed(request, resources)?;
    let mut issuance = access_token(request, (scope, resources))?;
    issuance.access_token.sub = grant.user_id.to_string();
    issuance.access_token.auth_time = Some(grant.authentication.authenticated_at.unix_seconds());
    issuance.access_token.acr = grant.authentication.acr();
    issuance.access_token.grant_id = Some(grant.id);
    let TokenRequest { client, policy, now, .. } = request;
    issuance.id_token = issuance.scope.contains("openid").then(|| id_token(grant, client, policy, now));
    Ok(issuance)
}

/// Those of a grant's resources that still exist and that the client may still name. A token for none
/// of them would have an audience that nobody asked for.
fn still_allowed(request: TokenRequest<'_>, granted: Vec<String>) -> Result<Vec<String>, Error> {
    let TokenRequest { client, policy, .. } = request;
    let (allowed, gone): (Vec<_>, Vec<_>) =
        granted.into_iter().partition(|identifier| policy.resource_for(client, identifier).is_some());
    match gone.first() {
        Some(identifier) if allowed.is_empty() => Err(Error::new(
            ErrorCode::InvalidTarget,
            format!("resource {identifier} does not exist any more or is not allowed for this client"),
        )),
        _ => Ok(allowed),
    }
}

/// An access token (RFC 9068 §2.2) that a client gets for itself.
///
/// # Errors
/// What [`confirmation::of_tokens`] refuses.
pub(super) fn access_token(
    request: TokenRequest<'_>,
    (scope, mut audience): (Scope, Vec<String>),
) -> Result<Issuance, Error> {
    let TokenRequest { client, policy, possession, now, entropy, .. } = request;
    let lifetime = policy.access_token_lifetime(client);
    let scope = policy.scope_within(&scope, &audience);
    let plan = match policy.access_token_format(client, &audience) {
        AccessTokenFormat::Jwt => AccessTokenPlan::Sign(policy.access_token_algorithm),
        AccessTokenFormat::Opaque => {
            AccessTokenPlan::Store(Secret::generate(SecretKind::AccessToken, entropy))
        }
    };
    // RFC 9068 §3: without a resource, a default one: the issuer, whose UserInfo endpoint the
    // scope openid opens.
    if audience.is_empty() || scope.contains("openid") {
        audience.push(policy.issuer.clone());
    }
    Ok(Issuance {
        access_token: AccessTokenClaims {
            iss: policy.issuer.clone(),
            exp: (now + lifetime).unix_seconds(),
            aud: Audience::from(audience),
            sub: client.client_id.to_string(),
            client_id: client.client_id.to_string(),
            iat: now.unix_seconds(),
            jti: Id::generate(now, entropy),
            scope: scope.clone(),
            auth_time: None,
            acr: None,
            grant_id: None,
            cnf: confirmation::of_tokens(client, possession)?,
            act: None,
        },
        access_token_plan: plan,
        id_token: None,
        refresh_token: None,
        issued_token_type: None,
        scope,
        expires_in: lifetime.seconds(),
    })
}

/// A new refresh token of a grant, and the write that keeps it; None for a client that is not
/// registered for them. A public client's is bound to what its access token is bound to.
pub(super) fn refresh_token(
    request: TokenRequest<'_>,
    grant: &Grant,
    confirmation: Option<&Confirmation>,
) -> Option<(Secret, Effect)> {
    let TokenRequest { client, policy, now, entropy, .. } = request;
    if !client.allows(GrantType::RefreshToken) {
        return None;
    }
    let secret = Secret::generate(SecretKind::RefreshToken, entropy);
    let effect = Effect::StoreRefreshToken(Box::new(RefreshToken {
        tenant_id: grant.tenant_id,
        hash: secret.hash(),
        grant_id: grant.id,
        client_id: client.client_id.clone(),
        confirmation: confirmation.filter(|_| client.is_public()).cloned(),
        issued_at: now,
        expires_at: policy.refresh_token_expiry(client, grant, now),
        rotated_at: None,
    }));
    Some((secret, effect))
}

/// The ID token of a grant (OpenID Connect Core §2).
pub(crate) fn id_token(grant: &Grant, client: &Client, policy: &Policy, now: Timestamp) -> IdTokenPlan {
    IdTokenPlan {
        claims: IdTokenClaims {
            iss: policy.issuer.clone(),
            sub: grant.user_id.to_string(),
            aud: client.client_id.to_string(),
            exp: (now + policy.lifetimes.id_token).unix_seconds(),
            iat: now.unix_seconds(),
            auth_time: grant.authentication.authenticated_at.unix_seconds(),
            nonce: grant.nonce.clone(),
            amr: grant.authentication.amr.clone(),
            acr: grant.authentication.acr(),
            sid: grant.authentication.session_id.to_string(),
            at_hash: None,
            c_hash: None,
            user: serde_json::Map::new(),
        },
        algorithm: client.metadata.id_token_signed_response_alg.unwrap_or(policy.id_token_algorithm),
    }
}
