//! Tokens of ours: signing what was decided, and reading what comes back.

use std::sync::Arc;

use grantor_protocol::claims::{AccessTokenClaims, left_half_hash};
use grantor_protocol::model::SigningAlgorithm;
use grantor_protocol::token::{Issuance, TokenResponse};

use super::{App, Fault, TenantContext};

/// `typ` of JWT access tokens (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// `typ` of ID tokens, which OpenID Connect leaves open and libraries expect.
const ID_TOKEN_TYPE: &str = "JWT";

/// An access token of this tenant's whose signature is proven, and whether it was revoked.
#[derive(Debug)]
pub struct ReadAccessToken {
    pub claims: AccessTokenClaims,
    pub revoked: bool,
}

impl App {
    /// Signs the tokens of an issuance.
    ///
    /// # Errors
    /// A fault of the cryptographic library or of the store.
    pub(super) async fn mint(
        &self,
        context: &Arc<TenantContext>,
        issuance: Issuance,
    ) -> Result<TokenResponse, Fault> {
        let access_token = self
            .sign(context, issuance.access_token_algorithm, ACCESS_TOKEN_TYPE, &issuance.access_token)
            .await?;
        let id_token = match issuance.id_token {
            None => None,
            Some(mut plan) => {
                plan.claims.at_hash = Some(left_half_hash(plan.algorithm, &access_token));
                Some(self.sign(context, plan.algorithm, ID_TOKEN_TYPE, &plan.claims).await?)
            }
        };
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: issuance.expires_in,
            refresh_token: issuance.refresh_token.map(|secret| secret.expose().to_owned()),
            id_token,
            scope: issuance.scope,
        })
    }

    async fn sign(
        &self,
        context: &Arc<TenantContext>,
        algorithm: SigningAlgorithm,
        typ: &str,
        claims: &impl serde::Serialize,
    ) -> Result<String, Fault> {
        if let Some(key) = context.keys.active(algorithm) {
            return Ok(key.sign(typ, claims)?);
        }
        let context = self.with_signing_key(Arc::clone(context), algorithm).await?;
        let key =
            context.keys.active(algorithm).ok_or_else(|| Fault::internal("the new signing key is gone"))?;
        Ok(key.sign(typ, claims)?)
    }

    /// Reads a JWT access token of the tenant; None for anything else. Whether it is expired or for
    /// whom is a rule's to decide.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn read_access_token(
        &self,
        context: &TenantContext,
        token: &str,
    ) -> Result<Option<ReadAccessToken>, Fault> {
        let Ok(verified) = context.keys.verify::<AccessTokenClaims>(token, ACCESS_TOKEN_TYPE) else {
            return Ok(None);
        };
        let claims = verified.claims;
        if claims.iss != context.policy.issuer {
            return Ok(None);
        }
        let state =
            self.store.tenant(context.tenant.id).access_token_state(claims.jti, claims.grant_id).await?;
        Ok(Some(ReadAccessToken { claims, revoked: state.revoked || state.grant_revoked }))
    }
}
