//! The UserInfo endpoint (OpenID Connect Core §5.3).

use grantor_protocol::model::UserId;
use grantor_protocol::{Error, ErrorCode, userinfo};
use serde_json::{Map, Value};

use super::dpop::ResourceRequest;
use super::{App, Fault, TenantContext};

impl App {
    /// The claims about the user of an access token.
    ///
    /// # Errors
    /// `invalid_token`, `insufficient_scope` (RFC 6750 §3.1), what [`App::check_sender`] refuses; faults of
    /// ours.
    pub async fn userinfo(
        &self,
        context: &TenantContext,
        request: ResourceRequest<'_>,
    ) -> Result<Map<String, Value>, Fault> {
        let read = self.read_access_token(context, request.access_token).await?.ok_or_else(|| {
            Error::new(ErrorCode::InvalidToken, "the access token is not one of this issuer")
        })?;
        userinfo::check(&read.claims, read.revoked, &context.policy.issuer, self.now())?;
        let uri = format!("{}/userinfo", context.policy.issuer);
        self.check_sender(context, request, &uri, read.claims.cnf.as_ref()).await?;
        let user = match read.claims.sub.parse::<UserId>() {
            Ok(id) => self.store.tenant(context.tenant.id).user(id).await?,
            Err(_) => None,
        };
        Ok(userinfo::claims(&read.claims, user.as_ref())?)
    }
}
