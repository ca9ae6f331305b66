//! Token introspection (RFC 7662).

use grantor_protocol::introspect::{self, Introspection};
use grantor_protocol::revoke::Presented;
use grantor_protocol::{Decision, Error, ErrorCode};

use super::client_auth::ClientRequest;
use super::{App, Fault, TenantContext};

impl App {
    /// Says of a token whether it is active, to those whom it concerns.
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn introspect(
        &self,
        context: &TenantContext,
        request: ClientRequest<'_>,
    ) -> Result<Introspection, Fault> {
        let params = request.params;
        params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, request).await?;
            let caller = &authenticated.loaded.client;
            // RFC 7662 §2.1: the endpoint must not be open to anybody who can guess a client_id.
            if caller.is_public() {
                let description = "introspection is for clients that authenticate";
                return Err(Error::new(ErrorCode::UnauthorizedClient, description).into());
            }
            let presented = self.presented(context, params.require("token")?).await?;
            let answer = match &presented {
                Presented::AccessToken(claims) => introspect::access_token(claims, caller, self.now()),
                Presented::RefreshToken(held) => {
                    introspect::refresh_token(held, caller, &context.policy, self.now())
                }
                Presented::Unknown => Introspection::default(),
            };
            Ok(Decision { effects: authenticated.spent.into_iter().collect(), outcome: Ok(answer) })
        })
        .await
    }
}
