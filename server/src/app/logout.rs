//! Signing out: by oneself, or because a client asks (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use grantor_protocol::logout::{self, Hint, HintClaims, Logout};
use grantor_protocol::model::{Actor, AuditKind, ClientId};
use grantor_protocol::{Effect, Params};

use super::authorize::{Browser, SignedIn};
use super::tokens::ID_TOKEN_TYPE;
use super::{App, Fault, LoadedClient, TenantContext};

/// A logout request with what it is about.
pub struct LogoutRequest {
    pub logout: Logout,
    /// Who asks, if it is a client that is registered here.
    pub client: Option<Arc<LoadedClient>>,
    pub signed_in: Option<SignedIn>,
}

impl App {
    /// Reads a logout request: whose it is, whether the person has to be asked, and where to go after that.
    ///
    /// # Errors
    /// A fault of the store; what is wrong with the request is in the answer.
    pub async fn logout(
        &self,
        context: &TenantContext,
        params: &Params,
        browser: &Browser,
    ) -> Result<LogoutRequest, Fault> {
        let presented = params.get("id_token_hint");
        let verified = presented
            .map(|token| context.keys.verify::<HintClaims>(token, ID_TOKEN_TYPE).map(|hint| hint.claims));
        let hint = match &verified {
            None => Hint::Absent,
            Some(Ok(claims)) => Hint::Verified(claims),
            Some(Err(error)) => {
                tracing::debug!(%error, "an id_token_hint cannot be read");
                Hint::Refused
            }
        };
        let issuer = &context.policy.issuer;
        let client = match logout::client_id(params, hint, issuer) {
            Ok(Some(client_id)) => self.client(context.tenant.id, &client_id).await?,
            Ok(None) | Err(_) => None,
        };
        let signed_in = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let logout = logout::decide(
            params,
            hint,
            issuer,
            client.as_deref().map(|loaded| &loaded.client),
            signed_in.as_ref().map(|signed_in| &signed_in.session),
        );
        Ok(LogoutRequest { logout, client, signed_in })
    }

    /// Ends the session of this browser and the grants that the tenant ends with it. `client_id` is who asked
    /// for it, if it was not the person alone.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn sign_out(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        client_id: Option<&ClientId>,
    ) -> Result<(), Fault> {
        let session = signed_in.session.id;
        let actor = Actor::User { id: signed_in.user.id };
        let mut event = self.event(AuditKind::SignedOut, actor, session.to_string());
        event.detail = serde_json::json!({
            "revokes": context.policy.sign_out_revokes,
            "client_id": client_id.map(ClientId::as_str),
        });
        let end = Effect::EndSession { session, revokes: context.policy.sign_out_revokes, at: self.now() };
        Ok(self.apply(context.tenant.id, vec![end, Effect::RecordAudit(Box::new(event))]).await?)
    }
}
