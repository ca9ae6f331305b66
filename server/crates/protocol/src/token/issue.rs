use serde::Serialize;

use crate::claims::{AccessTokenClaims, Audience, IdTokenClaims};
use crate::model::{Client, Grant, SigningAlgorithm};
use crate::{Entropy, Id, Policy, Scope, Secret, Timestamp};

/// What a token request gets, before anything is signed.
#[derive(Debug)]
pub struct Issuance {
    pub access_token: AccessTokenClaims,
    pub access_token_algorithm: SigningAlgorithm,
    pub id_token: Option<IdTokenPlan>,
    pub refresh_token: Option<Secret>,
    pub scope: Scope,
    pub expires_in: u32,
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
pub(super) fn for_grant(
    grant: &Grant,
    client: &Client,
    (scope, resources): (Scope, Vec<String>),
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Issuance {
    let mut issuance = access_token(client, (scope, resources), policy, now, entropy);
    issuance.access_token.sub = grant.user_id.to_string();
    issuance.access_token.auth_time = Some(grant.authentication.authenticated_at.unix_seconds());
    issuance.access_token.grant_id = Some(grant.id);
    issuance.id_token = issuance.scope.contains("openid").then(|| id_token(grant, client, policy, now));
    issuance
}

/// An access token (RFC 9068 §2.2) that a client gets for itself.
pub(super) fn access_token(
    client: &Client,
    (scope, mut audience): (Scope, Vec<String>),
    policy: &Policy,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Issuance {
    let lifetime = policy.lifetimes.access_token;
    // RFC 9068 §3: without a resource, a default one: the issuer, whose UserInfo endpoint the
    // scope openid opens.
    if audience.is_empty() || scope.contains("openid") {
        audience.push(policy.issuer.clone());
    }
    Issuance {
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
            grant_id: None,
        },
        access_token_algorithm: policy.access_token_algorithm,
        id_token: None,
        refresh_token: None,
        scope,
        expires_in: lifetime.seconds(),
    }
}

fn id_token(grant: &Grant, client: &Client, policy: &Policy, now: Timestamp) -> IdTokenPlan {
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
            sid: grant.authentication.session_id.to_string(),
            at_hash: None,
        },
        algorithm: client.metadata.id_token_signed_response_alg.unwrap_or(policy.id_token_algorithm),
    }
}
