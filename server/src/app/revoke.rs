//! Token revocation (RFC 7009).

use grantor_protocol::revoke::{self, Presented};
use grantor_protocol::{Params, Secret, SecretKind};

use super::{App, Fault, TenantContext};

impl App {
    /// Ends the token of a revocation request.
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn revoke(
        &self,
        context: &TenantContext,
        authorization: Option<&str>,
        params: &Params,
    ) -> Result<(), Fault> {
        params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, authorization, params).await?;
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
        if is_refresh_token(token) {
            let hash = Secret::presented(token).hash();
            let found = self.store.tenant(context.tenant.id).refresh_token_with_grant(&hash).await?;
            return Ok(found.map_or(Presented::Unknown, |held| Presented::RefreshToken(Box::new(held))));
        }
        let read = self.read_access_token(context, token).await?.filter(|read| !read.revoked);
        Ok(read.map_or(Presented::Unknown, |read| Presented::AccessToken(Box::new(read.claims))))
    }
}

fn is_refresh_token(token: &str) -> bool {
    token.strip_prefix(SecretKind::RefreshToken.prefix()).is_some_and(|rest| rest.starts_with('_'))
}
