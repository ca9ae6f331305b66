//! The token endpoint.

use std::sync::Arc;

use grantor_protocol::model::{GrantType, Metric};
use grantor_protocol::token::{
    Issuance, TokenRequest, TokenResponse, client_credentials, code, exchange, grant_type, refresh,
};
use grantor_protocol::{Decision, Error, ErrorCode, Params};

use super::client_auth::ClientRequest;
use super::tokens::ReadAccessToken;
use super::{App, Fault, TenantContext};

impl App {
    /// Answers a token request (RFC 6749 §3.2).
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn token(
        &self,
        context: &Arc<TenantContext>,
        request: ClientRequest<'_>,
    ) -> Result<TokenResponse, Fault> {
        request.params.refuse_duplicates()?;
        let settled = self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, request).await?;
            let (possession, proof) = self.possession(context, request, "/token").await?;
            let token_request = TokenRequest {
                params: request.params,
                client: &authenticated.loaded.client,
                policy: &context.policy,
                possession: &possession,
                now: self.now(),
                entropy: self.entropy.as_ref(),
            };
            let decision = self.decide_token(context, token_request).await?;
            let mut effects: Vec<_> = authenticated.spent.into_iter().chain(proof).collect();
            effects.extend(decision.effects);
            let outcome = match decision.outcome {
                Ok(issuance) => {
                    effects.extend(issuance.stored(context.tenant.id));
                    effects.extend(self.note_use(context, &authenticated.loaded));
                    let issue = self.token_issue(context, means(request.params), &issuance.access_token);
                    Ok((self.mint(context, issuance).await?, issue))
                }
                Err(error) => Err(error),
            };
            Ok(Decision { effects, outcome })
        });
        let (response, issue) = settled.await?;
        self.note_token_issue(issue);
        if let Some(Ok(grant_type)) = request.params.get("grant_type").map(str::parse) {
            self.count(context.tenant.id, Metric::Tokens(grant_type));
        }
        Ok(response)
    }

    async fn decide_token(
        &self,
        context: &TenantContext,
        request: TokenRequest<'_>,
    ) -> Result<Decision<Issuance>, Fault> {
        let store = self.store.tenant(context.tenant.id);
        // A refused request still spends the assertion it came with, so a rule's error is a decision.
        let grant_type = match grant_type(request.params, request.client, request.policy) {
            Ok(grant_type) => grant_type,
            Err(error) => return Ok(Decision::only(Err(error))),
        };
        Ok(match grant_type {
            GrantType::AuthorizationCode => match code::presented(request.params) {
                Err(error) => Decision::only(Err(error)),
                Ok(secret) => {
                    let loaded = store.code_with_grant(&secret.hash()).await?;
                    code::decide(request, loaded.as_ref())
                }
            },
            GrantType::RefreshToken => match refresh::presented(request.params) {
                Err(error) => Decision::only(Err(error)),
                Ok(secret) => {
                    let loaded = store.refresh_token_with_grant(&secret.hash()).await?;
                    refresh::decide(request, &secret, loaded.as_ref(), &self.successor_key)
                }
            },
            GrantType::ClientCredentials => Decision::only(client_credentials::decide(request)),
            GrantType::DeviceCode => self.decide_device_code(context, request).await?,
            GrantType::TokenExchange => match exchange::presented(request.params) {
                Err(error) => Decision::only(Err(error)),
                Ok(presented) => self.exchange(context, request, &presented).await?,
            },
            GrantType::Implicit => {
                let description = format!("grant_type {} is not supported", grant_type.as_str());
                Decision::only(Err(Error::new(ErrorCode::UnsupportedGrantType, description)))
            }
        })
    }

    async fn exchange(
        &self,
        context: &TenantContext,
        request: TokenRequest<'_>,
        presented: &exchange::Presented<'_>,
    ) -> Result<Decision<Issuance>, Fault> {
        let subject = self.read_access_token(context, presented.subject_token).await?;
        let actor = match presented.actor_token {
            Some(token) => Some(self.read_access_token(context, token).await?),
            None => None,
        };
        let loaded = exchange::Loaded {
            subject: subject.as_ref().map(found),
            actor: actor.as_ref().map(|actor| actor.as_ref().map(found)),
        };
        Ok(exchange::decide(request, loaded))
    }
}

/// The grant type of a request that was decided.
fn means(params: &Params) -> &'static str {
    let asked = params.get("grant_type");
    GrantType::ALL.map(GrantType::as_str).into_iter().find(|known| Some(*known) == asked).unwrap_or_default()
}

fn found(read: &ReadAccessToken) -> exchange::Found<'_> {
    exchange::Found { claims: &read.claims, revoked: read.revoked }
}
