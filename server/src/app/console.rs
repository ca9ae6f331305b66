//! Signing in to the console: an ordinary authorization code flow with a tenant whose client side runs
//! here, so that the browser never holds an access token.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::claims::IdTokenClaims;
use grantor_protocol::model::{ClientId, RateKind, UserStatus};
use grantor_protocol::{Params, Secret, SecretKind};
use grantor_store::ConsoleSession;
use sha2::{Digest, Sha256};
use url::{Position, Url, form_urlencoded};

use super::admin::Caller;
use super::authorize::SignedIn;
use super::bootstrap::SYSTEM_TENANT;
use super::client_auth::ClientRequest;
use super::console_client::{CONSOLE_CLIENT, CONSOLE_SCOPE};
use super::dpop::DpopHeader;
use super::{App, Fault, Peer, TenantContext};

/// Longest address that a sign-in leads back to, in bytes.
const LONGEST_BACK: usize = 2000;

/// Where the console is.
const CONSOLE: &str = "/console/";

const NOT_STARTED_HERE: Fault = Fault::Expired("this sign-in was not started here");

/// What a browser that wants to sign in says.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsoleVisit<'a> {
    /// Slug of the tenant whose person it is.
    pub tenant: Option<&'a str>,
    /// Slug of the tenant that this browser signed in at last.
    pub remembered: Option<&'a str>,
    /// Where to go after that.
    pub back: Option<&'a str>,
}

/// What the browser keeps while it signs in, and where it goes.
pub struct ConsoleFlow {
    /// Tells it from others of the same browser.
    pub id: String,
    /// A secret, the tenant's slug and where to go, so that nothing has to be stored.
    pub cookie: Secret,
    pub authorize: String,
}

/// A console session just started.
pub struct ConsoleSessionStarted {
    pub cookie: Secret,
    pub expires_in: i64,
    /// Slug of the tenant that it is of.
    pub tenant: String,
    /// Where to go now: an address within the console.
    pub back: String,
}

impl App {
    /// Starts the flow at the tenant's own issuer. `state` and `code_verifier` are keyed hashes of the
    /// flow's cookie, which the browser cannot change without being refused.
    ///
    /// # Errors
    /// [`Fault::UnknownTenant`] and [`Fault::SuspendedTenant`] for the tenant that was asked for.
    pub async fn begin_console_sign_in(&self, visit: ConsoleVisit<'_>) -> Result<ConsoleFlow, Fault> {
        let context = match (visit.tenant, visit.remembered) {
            (Some(slug), _) => self.tenant(slug).await?,
            // One that is not there any more must not keep anybody from signing in elsewhere.
            (None, Some(slug)) => match self.tenant(slug).await {
                Err(Fault::UnknownTenant | Fault::SuspendedTenant) => self.tenant(SYSTEM_TENANT).await?,
                found => found?,
            },
            (None, None) => self.tenant(SYSTEM_TENANT).await?,
        };
        self.ensure_console_client(context.tenant.id).await?;
        let back = visit.back.filter(|back| is_within_console(back)).unwrap_or(CONSOLE);
        let secret = Secret::generate(SecretKind::Browser, self.entropy.as_ref());
        let encoded = URL_SAFE_NO_PAD.encode(back);
        let cookie = Secret::presented(format!("{}.{}.{encoded}", secret.expose(), context.tenant.slug));
        let state = self.forms.token(&cookie);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.console_verifier(&cookie)));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &self.console_callback())
            .append_pair("scope", CONSOLE_SCOPE)
            .append_pair("state", &state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let query = match context.policy.require_pushed_authorization_requests {
            true => self.push_console_request(&context, &query).await?,
            false => query,
        };
        let authorize = format!("{}/authorize?{query}", context.policy.issuer);
        Ok(ConsoleFlow { id: flow_id(&state).to_owned(), cookie, authorize })
    }

    /// Pushes the request to a tenant that takes no others (RFC 9126 §4).
    async fn push_console_request(&self, context: &TenantContext, query: &str) -> Result<String, Fault> {
        let params = Params::parse(query.as_bytes(), self.limits)?;
        let pushed = self.push_authorization_request(context, request(&params, &Peer::default())).await?;
        Ok(form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("request_uri", &pushed.request_uri)
            .finish())
    }

    /// Finishes the flow with what the tenant's authorization endpoint answered. The session lives as long
    /// as the one that the person has at the tenant.
    ///
    /// # Errors
    /// [`Fault::Expired`] and [`Fault::ForgedForm`] for an answer that this browser did not ask for (RFC 9700
    /// §4.7), or another issuer's (RFC 9207 §2.4); what the token endpoint refuses.
    pub async fn finish_console_sign_in(
        &self,
        flow: Option<&Secret>,
        answer: &Params,
    ) -> Result<ConsoleSessionStarted, Fault> {
        let flow = flow.ok_or(NOT_STARTED_HERE)?;
        self.forms.check(Some(flow), answer.get("state").unwrap_or_default())?;
        let (slug, back) = read_flow(flow).ok_or(NOT_STARTED_HERE)?;
        let context = self.tenant(slug).await?;
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
        let tokens = self.token(&context, request(&params, &Peer::default())).await?;
        let unreadable = || Fault::internal("our own ID token cannot be read");
        let id_token = tokens.id_token.ok_or_else(unreadable)?;
        // It was signed a moment ago in this process: there is nothing to verify.
        let claims: IdTokenClaims = grantor_jose::unverified_claims(&id_token)?;
        let session_id = claims.sid.parse().map_err(|_| unreadable())?;
        let store = self.store.tenant(context.tenant.id);
        let session = store.session(session_id).await?.ok_or(NOT_STARTED_HERE)?;
        let secret = Secret::generate(SecretKind::ConsoleSession, self.entropy.as_ref());
        let cookie = Secret::presented(format!("{}.{slug}", secret.expose()));
        let (user_id, expires_at) = (session.user_id, session.expires_at);
        let console = ConsoleSession { hash: cookie.hash(), user_id, session_id, expires_at };
        store.store_console_session(console).await.map_err(Fault::internal)?;
        let expires_in = expires_at.seconds_since(self.now());
        Ok(ConsoleSessionStarted { cookie, expires_in, tenant: slug.to_owned(), back })
    }

    /// Who calls the admin API with the console's cookie: a person of the tenant that it names. What changes
    /// something needs the CSRF header too.
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
        let Some((context, signed_in)) = self.signed_in_to_console(cookie).await? else {
            return Err(Fault::Expired("the console session is over"));
        };
        self.limit(&context, RateKind::Admin, || None)?;
        Ok(Caller::console(&context.tenant, &signed_in.user, self.forms.token(cookie)))
    }

    /// Ends a console session, and the tenant's session that it came from. Gives the address where the
    /// browser signs out at the tenant too: somebody else may be signed in there by now.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`] for a form of another site's.
    pub async fn end_console_session(&self, cookie: &Secret, csrf: &str) -> Result<String, Fault> {
        self.forms.check(Some(cookie), csrf)?;
        if let Some((context, signed_in)) = self.signed_in_to_console(cookie).await? {
            self.store.tenant(context.tenant.id).end_console_session(&cookie.hash()).await?;
            let client_id = ClientId::parse(CONSOLE_CLIENT);
            self.sign_out(&context, &signed_in, client_id.as_ref()).await?;
        }
        self.console_logout(slug_of(cookie)).await
    }

    /// The logout request that ends this browser's session at a tenant and leads back to the console; the
    /// console's own page where there is no such tenant.
    ///
    /// # Errors
    /// Faults of ours.
    pub async fn console_logout(&self, slug: &str) -> Result<String, Fault> {
        let context = match self.tenant(slug).await {
            Err(Fault::UnknownTenant | Fault::SuspendedTenant) => return Ok(self.console_signed_out()),
            found => found?,
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CONSOLE_CLIENT)
            .append_pair("post_logout_redirect_uri", &self.console_signed_out())
            .finish();
        Ok(format!("{}/logout?{query}", context.policy.issuer))
    }

    /// The person behind a console cookie, with the session at the tenant: None unless both sessions are
    /// live, the tenant is in service and the user may sign in.
    async fn signed_in_to_console(
        &self,
        cookie: &Secret,
    ) -> Result<Option<(Arc<TenantContext>, SignedIn)>, Fault> {
        let context = match self.tenant(slug_of(cookie)).await {
            Err(Fault::UnknownTenant | Fault::SuspendedTenant) => return Ok(None),
            found => found?,
        };
        let found = self.store.tenant(context.tenant.id).console_session(&cookie.hash()).await?;
        let now = self.now();
        let live = found.filter(|(console, session, user)| {
            now < console.expires_at && session.is_live(now) && user.status == UserStatus::Active
        });
        let Some((_, session, user)) = live else { return Ok(None) };
        self.note_seen(&session).await?;
        Ok(Some((context, SignedIn { session, user })))
    }

    /// Where an administrator answers for the devices of a tenant.
    pub(super) fn console_queue(&self, slug: &str) -> String {
        format!("{}{CONSOLE}t/{slug}/devices", self.addresses)
    }

    pub(super) fn console_callback(&self) -> String {
        format!("{}{CONSOLE}callback", self.addresses)
    }

    pub(super) fn console_signed_out(&self) -> String {
        format!("{}{CONSOLE}signed-out", self.addresses)
    }

    /// 43 characters of base64url are a valid `code_verifier` (RFC 7636 §4.1).
    fn console_verifier(&self, flow: &Secret) -> String {
        self.forms.token(&Secret::presented(format!("{} code_verifier", flow.expose())))
    }
}

/// The part of a flow's `state` that names its cookie.
pub fn flow_id(state: &str) -> &str {
    state.get(..8).unwrap_or_default()
}

/// A request that the console makes as a client.
fn request<'a>(params: &'a Params, peer: &'a Peer) -> ClientRequest<'a> {
    ClientRequest { params, authorization: None, dpop: DpopHeader::Absent, peer }
}

/// The tenant's slug in a console cookie. The cookie's hash is of all of it, and looked for in that tenant
/// only: with another slug it is nobody's.
fn slug_of(cookie: &Secret) -> &str {
    cookie.expose().rsplit_once('.').map_or("", |(_, slug)| slug)
}

/// The tenant's slug in a flow's cookie, and where to go.
fn read_flow(cookie: &Secret) -> Option<(&str, String)> {
    let (rest, back) = cookie.expose().rsplit_once('.')?;
    let back = String::from_utf8(URL_SAFE_NO_PAD.decode(back).ok()?).ok()?;
    Some((rest.rsplit_once('.')?.1, back))
}

/// Whether a browser that is sent to this address stays within the console. Whatever it would read otherwise
/// than it is written (backslashes, dot segments, control characters) is none.
fn is_within_console(back: &str) -> bool {
    let read = Url::parse("https://console.invalid").and_then(|base| base.join(back));
    back.len() <= LONGEST_BACK
        && back.starts_with(CONSOLE)
        && ["//", "..", "\\"].iter().all(|refused| !back.contains(refused))
        && read.is_ok_and(|read| &read[Position::BeforePath..] == back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_within_the_console_are_gone_back_to() {
        let longest = format!("/console/{}", "a".repeat(LONGEST_BACK - 9));
        for back in ["/console/", "/console/welcome", "/console/t/acme/users?q=a%2Fb&cursor=x#top", &longest]
        {
            assert!(is_within_console(back), "{back}");
        }
        for back in [
            "",
            "/",
            "/console",
            "/consolation/",
            "/t/system/logout",
            "console/",
            "https://evil.example/console/",
            "//evil.example/console/",
            "/\\evil.example/console/",
            "/console//evil.example",
            "/console/\\evil.example",
            "/console/../t/system/account",
            "/console/%2e%2e/t/system/account",
            "/console/.%2E/t/system/account",
            "/console/./x",
            "/console/a\r\nSet-Cookie: a=b",
            "/console/a\tb",
            "/console/a b",
            " /console/",
            "/console/\u{e9}",
            "javascript:alert(1)//console/",
            &format!("{longest}a"),
        ] {
            assert!(!is_within_console(back), "{back}");
        }
    }

    #[test]
    fn a_flow_says_whose_it_is_and_where_to_go() {
        let cookie = Secret::presented("gbr_a.acme.L2NvbnNvbGUv");
        assert_eq!(read_flow(&cookie), Some(("acme", "/console/".to_owned())));
        for malformed in ["", "gbr_a", "gbr_a.acme", "gbr_a.acme.%", "gbr_a.acme.-_8"] {
            assert_eq!(read_flow(&Secret::presented(malformed)), None, "{malformed}");
        }
        assert_eq!(
            (slug_of(&Secret::presented("gco_a.acme")), slug_of(&Secret::presented("gco_a"))),
            ("acme", "")
        );
    }
}
