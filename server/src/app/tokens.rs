//! Tokens of ours: signing what was decided, and reading what comes back.

use std::sync::Arc;

use grantor_protocol::authorize::{Answer, AuthorizationResponse};
use grantor_protocol::claims::{AccessTokenClaims, Confirmation, IdTokenClaims, left_half_hash};
use grantor_protocol::model::{ClientId, GrantType, Metric, SigningAlgorithm};
use grantor_protocol::token::{AccessTokenPlan, Issuance, TokenResponse};
use grantor_protocol::{Secret, SecretKind};

use super::{App, Fault, TenantContext};

/// `typ` of JWT access tokens (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// `typ` of ID tokens, which OpenID Connect leaves open and libraries expect.
pub(super) const ID_TOKEN_TYPE: &str = "JWT";

/// An access token of this tenant's that is proven to be ours, and whether it was revoked.
#[derive(Debug)]
pub struct ReadAccessToken {
    pub claims: Arc<AccessTokenClaims>,
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
        let access_token = match &issuance.access_token_plan {
            AccessTokenPlan::Sign(algorithm) => {
                self.sign(context, *algorithm, ACCESS_TOKEN_TYPE, &issuance.access_token).await?
            }
            AccessTokenPlan::Store(handle) => handle.expose().to_owned(),
        };
        let id_token = match issuance.id_token {
            None => None,
            Some(mut plan) => {
                plan.claims.at_hash = Some(left_half_hash(plan.algorithm, &access_token));
                Some(self.sign(context, plan.algorithm, ID_TOKEN_TYPE, &plan.claims).await?)
            }
        };
        Ok(TokenResponse {
            access_token,
            issued_token_type: issuance.issued_token_type,
            token_type: Confirmation::token_type(issuance.access_token.cnf.as_ref()),
            expires_in: issuance.expires_in,
            refresh_token: issuance.refresh_token.map(|secret| secret.expose().to_owned()),
            id_token,
            scope: issuance.scope,
        })
    }

    /// Signs the tokens of an authorization response.
    ///
    /// # Errors
    /// A fault of the cryptographic library or of the store.
    pub(super) async fn mint_answer(
        &self,
        context: &Arc<TenantContext>,
        mut answer: Answer,
    ) -> Result<AuthorizationResponse, Fault> {
        let access_token = match answer.access_token.take() {
            None => None,
            Some(issuance) => {
                // In the rare case that its decision conflicts the trail has a token that nobody got.
                self.note_token_issue(self.token_issue(context, "implicit", &issuance.access_token));
                self.count(context.tenant.id, Metric::Tokens(GrantType::Implicit));
                Some(self.mint(context, issuance).await?)
            }
        };
        let id_token = match answer.id_token.take() {
            None => None,
            Some(mut plan) => {
                plan.claims.at_hash =
                    access_token.as_ref().map(|held| left_half_hash(plan.algorithm, &held.access_token));
                Some(self.sign(context, plan.algorithm, ID_TOKEN_TYPE, &plan.claims).await?)
            }
        };
        Ok(answer.with_tokens(access_token, id_token))
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
        // Boxed, as it is done once for each algorithm of a tenant.
        let context = Box::pin(self.with_signing_key(Arc::clone(context), algorithm)).await?;
        let key =
            context.keys.active(algorithm).ok_or_else(|| Fault::internal("the new signing key is gone"))?;
        Ok(key.sign(typ, claims)?)
    }

    /// Reads an access token of the tenant, JWT or opaque; None for anything else. That of a client that
    /// is disabled or gone counts as revoked. Whether it is expired or for whom is a rule's to decide.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn read_access_token(
        &self,
        context: &TenantContext,
        token: &str,
    ) -> Result<Option<ReadAccessToken>, Fault> {
        let store = self.store.tenant(context.tenant.id);
        let handle = Secret::presented(token);
        let claims = if handle.is_of(SecretKind::AccessToken) {
            store.opaque_access_token(&handle.hash()).await?.map(Arc::new)
        } else {
            self.verified.claims(context, &handle, self.now())
        };
        let Some(claims) = claims.filter(|claims| claims.iss == context.policy.issuer) else {
            return Ok(None);
        };
        let revoked = self.is_revoked(context, &claims).await?;
        Ok(Some(ReadAccessToken { claims, revoked }))
    }

    /// Whether an access token has ended before its time: by itself, with its grant or with its client.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn is_revoked(
        &self,
        context: &TenantContext,
        claims: &AccessTokenClaims,
    ) -> Result<bool, Fault> {
        let store = self.store.tenant(context.tenant.id);
        let state = store.access_token_state(claims.jti, claims.grant_id).await?;
        Ok(state.revoked || state.grant_revoked || !self.may_client_act(context, claims).await?)
    }

    /// Whether the client that a token was issued to is still there and may act. One that was made since then
    /// has no more than the name of the one that the token was issued to.
    async fn may_client_act(
        &self,
        context: &TenantContext,
        claims: &AccessTokenClaims,
    ) -> Result<bool, Fault> {
        let Some(client_id) = ClientId::parse(&claims.client_id) else { return Ok(false) };
        let client = self.client(context.tenant.id, &client_id).await?;
        Ok(client.is_some_and(|loaded| {
            loaded.client.enabled && claims.iat >= loaded.client.created_at.unix_seconds()
        }))
    }
}

/// The claims of an ID token of the tenant's own, expired ones included, as an `id_token_hint` gives it
/// back (OpenID Connect Core §3.1.2.1); None for anything else.
pub(super) fn read_id_token(context: &TenantContext, token: &str) -> Option<IdTokenClaims> {
    let verified = context.keys.verify::<IdTokenClaims>(token, ID_TOKEN_TYPE).ok()?;
    Some(verified.claims).filter(|claims| claims.iss == context.policy.issuer)
}
