//! Token revocation (RFC 7009).

use std::sync::Arc;

use grantor_protocol::revoke::{self, Presented};
use grantor_protocol::{Secret, SecretKind};

use super::client_auth::ClientRequest;
use super::{App, Fault, TenantContext};

impl App {
    /// Ends the token of a revocation request.
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn revoke(&self, context: &TenantContext, request: ClientRequest<'_>) -> Result<(), Fault> {
        let params = request.params;
        params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, request).await?;
            let presented = self.presented(context, params.require("token")?).await?;
            let (now, entropy) = (self.now(), self.entropy.as_ref());
            let mut decision = revoke::decide(&presented, &authenticated.loaded.client, now, entropy);
            decision.effects.extend(authenticated.spent);
            Ok(decision)
        })
        .await
    }

    /// The prefix tells what a token is, so `token_type_hint` (RFC 7009 §2.1) is not needed.
    pub(super) async fn presented(&self, context: &TenantContext, token: &str) -> Result<Presented, Fault> {
        let secret = Secret::presented(token);
        if secret.is_of(SecretKind::RefreshToken) {
            let hash = secret.hash();
            let found = self.store.tenant(context.tenant.id).refresh_token_with_grant(&hash).await?;
            return Ok(found.map_or(Presented::Unknown, |held| Presented::RefreshToken(Box::new(held))));
        }
        let read = self.read_access_token(context, token).await?.filter(|read| !read.revoked);
        let claims = read.map(|read| Box::new(Arc::unwrap_or_clone(read.claims)));
        Ok(claims.map_or(Presented::Unknown, Presented::AccessToken))
    }
}
