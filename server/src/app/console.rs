//! Signing in to the console: an ordinary authorization code flow with the system tenant whose client
//! side runs here, so that the browser never holds an access token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::model::{RateKind, UserId, UserStatus};
use grantor_protocol::{Params, Secret, SecretKind};
use grantor_store::ConsoleSession;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::admin::Caller;
use super::bootstrap::{CONSOLE_CLIENT, SYSTEM_TENANT};
use super::client_auth::ClientRequest;
use super::dpop::DpopHeader;
use super::{App, Fault, Peer};

/// What the browser keeps while it signs in, and where it goes.
pub struct ConsoleFlow {
    pub cookie: Secret,
    pub authorize: String,
}

/// A console session just started.
pub struct ConsoleSessionStarted {
    pub cookie: Secret,
    pub expires_in: i64,
}

impl App {
    /// Starts the flow. `state` and `code_verifier` are keyed hashes of the flow's cookie, so nothing
    /// has to be stored.
    pub fn begin_console_sign_in(&self) -> ConsoleFlow {
        let cookie = Secret::generate(SecretKind::Browser, self.entropy.as_ref());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.console_verifier(&cookie)));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &self.console_callback())
            .append_pair("scope", "openid profile email")
            .append_pair("state", &self.forms.token(&cookie))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let authorize = format!("{}/authorize?{query}", self.addresses.issuer(SYSTEM_TENANT));
        ConsoleFlow { cookie, authorize }
    }

    /// Finishes the flow with what the system tenant's authorization endpoint answered.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`] for an answer that this browser did not ask for (RFC 9700 §4.7), or
    /// another issuer's (RFC 9207 §2.4); what the token endpoint refuses.
    pub async fn finish_console_sign_in(
        &self,
        flow: Option<&Secret>,
        answer: &Params,
    ) -> Result<ConsoleSessionStarted, Fault> {
        let Some(flow) = flow else { return Err(Fault::Expired("this sign-in was not started here")) };
        self.forms.check(Some(flow), answer.get("state").unwrap_or_default())?;
        let context = self.tenant(SYSTEM_TENANT).await?;
        if answer.get("iss") != Some(context.policy.issuer.as_str()) {
            return Err(Fault::ForgedForm("the answer names another issuer"));
        }
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("code", answer.require("code")?)
            .append_pair("code_verifier", &self.console_verifier(flow))
            .append_pair("redirect_uri", &self.console_callback())
            .finish();
        let params = Params::parse(body.as_bytes(), self.limits)?;
        let (authorization, dpop, peer) = (None, DpopHeader::Absent, &Peer::default());
        let request = ClientRequest { params: &params, authorization, dpop, peer };
        let tokens = self.token(&context, request).await?;
        let read = self.read_access_token(&context, &tokens.access_token).await?;
        let user_id: UserId = read
            .and_then(|read| read.claims.sub.parse().ok())
            .ok_or_else(|| Fault::internal("our own access token cannot be read"))?;
        let cookie = Secret::generate(SecretKind::ConsoleSession, self.entropy.as_ref());
        let lifetime = context.policy.lifetimes.session;
        let session =
            ConsoleSession { hash: cookie.hash(), user_id, expires_at: self.clock.now() + lifetime };
        self.store.tenant(context.tenant.id).store_console_session(session).await.map_err(Fault::internal)?;
        Ok(ConsoleSessionStarted { cookie, expires_in: i64::from(lifetime.seconds()) })
    }

    /// Who calls the admin API with the console's cookie. What changes something needs the CSRF
    /// header too.
    ///
    /// # Errors
    /// [`Fault::Expired`] without a live session, [`Fault::ForgedForm`] without the header,
    /// [`Fault::TooMany`].
    pub async fn console_caller(
        &self,
        cookie: &Secret,
        csrf: Option<&str>,
        changing: bool,
    ) -> Result<Caller, Fault> {
        if changing {
            self.forms.check(Some(cookie), csrf.unwrap_or_default())?;
        }
        let context = self.tenant(SYSTEM_TENANT).await?;
        let user = self
            .store
            .tenant(context.tenant.id)
            .console_session(&cookie.hash())
            .await?
            .filter(|(session, user)| {
                self.clock.now() < session.expires_at && user.status == UserStatus::Active
            })
            .map(|(_, user)| user)
            .ok_or(Fault::Expired("the console session is over"))?;
        self.limit(&context, RateKind::Admin, || None)?;
        Ok(Caller::console(&context.tenant, &user, self.forms.token(cookie)))
    }

    /// Ends a console session.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`] for a form of another site's.
    pub async fn end_console_session(&self, cookie: &Secret, csrf: &str) -> Result<(), Fault> {
        self.forms.check(Some(cookie), csrf)?;
        let context = self.tenant(SYSTEM_TENANT).await?;
        self.store
            .tenant(context.tenant.id)
            .end_console_session(&cookie.hash())
            .await
            .map_err(Fault::internal)?;
        Ok(())
    }

    /// The logout request that ends the tenant's session and leads back to the console.
    pub fn console_logout(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("post_logout_redirect_uri", &self.console_address())
            .finish();
        format!("{}/logout?{query}", self.addresses.issuer(SYSTEM_TENANT))
    }

    pub(super) fn console_address(&self) -> String {
        format!("{}/console/", self.addresses)
    }

    fn console_callback(&self) -> String {
        format!("{}/console/callback", self.addresses)
    }

    /// 43 characters of base64url are a valid `code_verifier` (RFC 7636 §4.1).
    fn console_verifier(&self, flow: &Secret) -> String {
        self.forms.token(&Secret::presented(format!("{} code_verifier", flow.expose())))
    }
}
