//! The pushed authorization request endpoint (RFC 9126).

use grantor_protocol::authorize::{self, Presented, PushedResponse, Submitted};
use grantor_protocol::{Decision, Error, Params};

use super::authorize::id_token_hint;
use super::client_auth::ClientRequest;
use super::{App, Fault, LoadedClient, TenantContext};

impl App {
    /// Takes an authorization request from the client itself.
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn push_authorization_request(
        &self,
        context: &TenantContext,
        request: ClientRequest<'_>,
    ) -> Result<PushedResponse, Fault> {
        request.params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, request).await?;
            let (possession, proof) = self.possession(context, request, "/par").await?;
            let mut effects: Vec<_> = authenticated.spent.into_iter().chain(proof).collect();
            let loaded = &authenticated.loaded;
            // A refused request still spends what it came with.
            let object = match self.pushed_object(context, loaded, request.params).await {
                Ok(object) => object,
                Err(error) => return Ok(Decision { effects, outcome: Err(error) }),
            };
            let params = object.as_ref().unwrap_or(request.params);
            let id_token_hint = id_token_hint(context, params);
            let submitted = Submitted { params, signed: object.is_some(), id_token_hint };
            let made = (self.now(), self.entropy.as_ref());
            let decision = authorize::push(submitted, &loaded.client, &possession, &context.policy, made);
            effects.extend(decision.effects);
            Ok(Decision { effects, outcome: decision.outcome })
        })
        .await
    }

    /// The parameters of the request object that was pushed, if one was (RFC 9126 §3). What stands beside
    /// it, but for the client's authentication, counts for nothing.
    async fn pushed_object(
        &self,
        context: &TenantContext,
        loaded: &LoadedClient,
        params: &Params,
    ) -> Result<Option<Params>, Error> {
        match authorize::presented(params)? {
            Presented::Object(object) => self.read_request_object(context, loaded, object).await.map(Some),
            // A request_uri is refused by the rules.
            Presented::Parameters | Presented::ObjectAt(_) | Presented::Pushed(_) => Ok(None),
        }
    }
}
