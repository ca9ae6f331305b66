//! The token endpoint.

use std::sync::Arc;

use grantor_protocol::model::{Client, GrantType};
use grantor_protocol::token::refresh::Means;
use grantor_protocol::token::{Issuance, TokenResponse, client_credentials, code, grant_type, refresh};
use grantor_protocol::{Decision, Params};

use super::{App, Fault, TenantContext};

impl App {
    /// Answers a token request (RFC 6749 §3.2).
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn token(
        &self,
        context: &Arc<TenantContext>,
        authorization: Option<&str>,
        params: &Params,
    ) -> Result<TokenResponse, Fault> {
        params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, authorization, params).await?;
            let client = &authenticated.loaded.client;
            let decision = self.decide_token(context, client, params).await?;
            let mut effects: Vec<_> = authenticated.spent.into_iter().collect();
            effects.extend(decision.effects);
            let outcome = match decision.outcome {
                Ok(issuance) => Ok(self.mint(context, issuance).await?),
                Err(error) => Err(error),
            };
            Ok(Decision { effects, outcome })
        })
        .await
    }

    async fn decide_token(
        &self,
        context: &TenantContext,
        client: &Client,
        params: &Params,
    ) -> Result<Decision<Issuance>, Fault> {
        let (policy, now, entropy) = (&context.policy, self.now(), self.entropy.as_ref());
        let store = self.store.tenant(context.tenant.id);
        // A refused request still spends the assertion it came with, so a rule's error is a decision.
        let grant_type = match grant_type(params, client, policy) {
            Ok(grant_type) => grant_type,
            Err(error) => return Ok(Decision::only(Err(error))),
        };
        Ok(match grant_type {
            GrantType::AuthorizationCode => match code::presented(params) {
                Err(error) => Decision::only(Err(error)),
                Ok(secret) => {
                    let loaded = store.code_with_grant(&secret.hash()).await?;
                    code::decide(params, client, loaded.as_ref(), policy, now, entropy)
                }
            },
            GrantType::RefreshToken => match refresh::presented(params) {
                Err(error) => Decision::only(Err(error)),
                Ok(secret) => {
                    let loaded = store.refresh_token_with_grant(&secret.hash()).await?;
                    let means = Means { policy, successor_key: &self.successor_key, now, entropy };
                    refresh::decide(params, &secret, client, loaded.as_ref(), means)
                }
            },
            GrantType::ClientCredentials => {
                Decision::only(client_credentials::decide(params, client, policy, now, entropy))
            }
        })
    }
}
