//! Signing in through other OpenID Connect providers, whose client this server is.

mod links;
mod provider;
mod whose;

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, IdentityProvider, Metric, SealedClientSecret, TenantId, UpstreamPurpose,
    UpstreamSignIn, UserId,
};
use grantor_protocol::upstream::{FlowSecrets, Refused, Wanted, authorization_request};
use grantor_protocol::{Effect, Params, Secret, SecretHash, SecretKind, Timestamp};
use serde_json::json;

pub use links::{ProviderLink, ToLink};
pub use provider::Providers;

use super::authorize::{Browser, SignedIn};
use super::interaction::{OVER, Opened};
use super::sign_in::SignInOutcome;
use super::{App, Fault, TenantContext};

/// A browser that is to go to a provider.
pub struct Departure {
    pub address: String,
    /// What people call the provider.
    pub to: String,
}

/// Why nobody was signed in or linked, for the page that they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no such provider, or it is disabled.
    Unknown,
    /// The provider cannot be reached, or what it says cannot be believed.
    Failed,
    /// The provider let nobody in, or the person changed their mind.
    Denied,
    Refused(Refused),
    /// It is the only way to sign in.
    LastWay,
}

impl Problem {
    /// For the trail.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_provider",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Refused(Refused::NotAdmitted) => "not_admitted",
            Self::Refused(Refused::AddressTaken) => "address_taken",
            Self::Refused(Refused::LinkedElsewhere) => "linked_elsewhere",
            Self::Refused(Refused::HasAnother) => "has_another",
            Self::LastWay => "last_way",
        }
    }
}

/// What came of a trip to a provider.
pub enum Returned {
    SignedIn(SignInOutcome),
    /// The sign-in page is still good.
    NotSignedIn(Box<Opened>, Problem),
    /// To the user of the session, from now on.
    Linked,
    NotLinked(Problem),
}

/// The keyed hash that makes what a trip needs of its `state`.
pub struct FlowKey(hmac::Key);

impl FlowKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Nonce and verifier are no secret that is kept anywhere: whoever knows `state`, which is in addresses,
    /// cannot make them without this server.
    fn secrets(&self, tenant_id: TenantId, state: Secret) -> FlowSecrets {
        let made = |what: &[u8]| {
            let of = [what, tenant_id.as_bytes(), state.expose().as_bytes()].concat();
            URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, &of))
        };
        FlowSecrets { nonce: made(b"nonce"), code_verifier: Secret::presented(made(b"code verifier")), state }
    }
}

/// Where providers send browsers back to: one address for all of the tenant's.
pub fn redirect_uri(context: &TenantContext) -> String {
    format!("{}/login/callback", context.policy.issuer)
}

/// What a sealed client secret is bound to: moved to another provider it does not open.
pub(super) fn associated_data(tenant_id: TenantId, provider: &str) -> Vec<u8> {
    [b"grantor identity provider secret".as_slice(), tenant_id.as_bytes(), provider.as_bytes()].concat()
}

impl App {
    /// # Errors
    /// A fault of the cryptographic library.
    pub(super) fn seal_upstream_client_secret(
        &self,
        provider: &IdentityProvider,
        secret: &str,
    ) -> Result<SealedClientSecret, Fault> {
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        self.entropy.fill(&mut nonce);
        let data = associated_data(provider.tenant_id, &provider.name);
        let sealed = self.master.seal(nonce, &data, secret.as_bytes())?;
        Ok(SealedClientSecret { sealed, created_at: self.now() })
    }

    /// # Errors
    /// A secret that another master key sealed, or that belongs to another provider.
    pub(super) fn upstream_client_secret(
        &self,
        provider: &IdentityProvider,
    ) -> Result<Option<Secret>, Fault> {
        let Some(held) = &provider.client_secret else { return Ok(None) };
        let data = associated_data(provider.tenant_id, &provider.name);
        let opened = self.master.open(&data, &held.sealed)?;
        let text = std::str::from_utf8(opened.expose()).map_err(Fault::internal)?;
        Ok(Some(Secret::presented(text)))
    }

    /// Sends the browser of an interaction to a provider. `typed` is whom the person said that they are.
    ///
    /// # Errors
    /// Faults of the store.
    pub async fn leave_to_sign_in(
        &self,
        context: &TenantContext,
        opened: &Opened,
        provider: &str,
        typed: Option<&str>,
    ) -> Result<Result<Departure, Problem>, Fault> {
        let request = opened.request();
        let wanted = Wanted {
            prompt: request.map(|request| request.prompt).unwrap_or_default(),
            max_age: request.and_then(|request| request.max_age),
            login_hint: typed
                .map(str::to_owned)
                .or_else(|| request.and_then(|request| request.login_hint.clone())),
        };
        let purpose = UpstreamPurpose::SignIn { interaction: opened.interaction.id };
        let bound = (opened.interaction.browser, opened.interaction.expires_at);
        self.leave(context, provider, purpose, bound, &wanted).await
    }

    async fn leave(
        &self,
        context: &TenantContext,
        provider: &str,
        purpose: UpstreamPurpose,
        (browser, expires_at): (SecretHash, Timestamp),
        wanted: &Wanted,
    ) -> Result<Result<Departure, Problem>, Fault> {
        let Some(provider) = enabled(context, provider) else { return Ok(Err(Problem::Unknown)) };
        let metadata = match self.provider_metadata(provider).await {
            Ok(metadata) => metadata,
            Err(reason) => {
                tracing::warn!(provider = provider.name, reason, "an identity provider's configuration");
                return Ok(Err(Problem::Failed));
            }
        };
        let state = Secret::generate(SecretKind::UpstreamState, self.entropy.as_ref());
        let begun = UpstreamSignIn {
            tenant_id: context.tenant.id,
            hash: state.hash(),
            browser,
            provider: provider.name.clone(),
            purpose,
            created_at: self.now(),
            expires_at,
            consumed_at: None,
        };
        let secrets = self.flow_key.secrets(context.tenant.id, state);
        let redirect_uri = redirect_uri(context);
        let address = authorization_request(&metadata, &provider.settings, &redirect_uri, &secrets, wanted);
        let address = address.ok_or_else(|| Fault::internal("a checked endpoint is no address"))?;
        self.apply(context.tenant.id, vec![Effect::StoreUpstreamSignIn(Box::new(begun))]).await?;
        Ok(Ok(Departure { address, to: provider.settings.display_name.clone() }))
    }

    /// Takes what a browser brings back from a provider (OpenID Connect Core §3.1.2.5).
    ///
    /// # Errors
    /// [`Fault::Expired`] where this browser was not sent, came back already or took too long; what is wrong
    /// with the trip itself leads back to where it began.
    pub async fn return_from_provider(
        &self,
        context: &Arc<TenantContext>,
        params: &Params,
        browser: &Browser,
    ) -> Result<Returned, Fault> {
        params.refuse_duplicates()?;
        let state = Secret::presented(params.require("state")?);
        let store = self.store.tenant(context.tenant.id);
        let begun = store.upstream_sign_in(&state.hash()).await?;
        let begun = begun.filter(|begun| begun.consumed_at.is_none() && self.now() < begun.expires_at);
        let begun = begun.filter(|begun| is_bound(begun, browser)).ok_or(OVER)?;
        match begun.purpose {
            UpstreamPurpose::SignIn { interaction } => {
                let opened = self.open_interaction(context, interaction, browser).await?;
                self.consume(&begun).await?;
                let max_age = opened.request().and_then(|request| request.max_age);
                let came = self.whose_identity(context, &begun, (params, state), max_age, None).await?;
                match came {
                    Ok(user) => {
                        let user = store.user(user).await?.ok_or(OVER)?;
                        let proven = (user, grantor_protocol::model::Factor::Upstream);
                        Ok(Returned::SignedIn(self.proven(context, &opened, browser, proven).await?))
                    }
                    Err(problem) => {
                        self.record_failed_upstream(context, &begun.provider, problem).await?;
                        Ok(Returned::NotSignedIn(Box::new(opened), problem))
                    }
                }
            }
            UpstreamPurpose::Link { user, session } => {
                let signed_in = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
                let is_same = |held: &SignedIn| held.user.id == user && held.session.id == session;
                let signed_in = signed_in.filter(is_same).ok_or(OVER)?;
                self.consume(&begun).await?;
                let asking = Some(&signed_in.user);
                match self.whose_identity(context, &begun, (params, state), None, asking).await? {
                    Ok(_) => Ok(Returned::Linked),
                    Err(problem) => Ok(Returned::NotLinked(problem)),
                }
            }
        }
    }

    /// Before anything else is done with what came back: a second one that brings the same is late.
    async fn consume(&self, begun: &UpstreamSignIn) -> Result<(), Fault> {
        let effect = Effect::ConsumeUpstreamSignIn { hash: begun.hash, at: self.now() };
        match self.apply(begun.tenant_id, vec![effect]).await {
            Err(grantor_store::ApplyError::Conflict) => Err(OVER),
            other => Ok(other?),
        }
    }

    async fn record_failed_upstream(
        &self,
        context: &TenantContext,
        provider: &str,
        problem: Problem,
    ) -> Result<(), Fault> {
        self.count(context.tenant.id, Metric::FailedSignIns);
        let event = self.event(AuditKind::SignInFailed, Actor::Anonymous, "unknown".to_owned());
        let detail = json!({ "provider": provider, "problem": problem.as_str() });
        let event = AuditEvent { detail, ..event };
        Ok(self.apply(context.tenant.id, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }

    /// The trail's entry for a link that was made or taken away by its user.
    fn link_event(&self, kind: AuditKind, user: UserId, provider: &str, subject: &str) -> AuditEvent {
        let detail = json!({ "provider": provider, "subject": subject });
        AuditEvent { detail, ..self.event(kind, Actor::User { id: user }, user.to_string()) }
    }
}

/// A trip to sign in is the browser's, one to link the session's: a browser keeps its session longer than its
/// name.
fn is_bound(begun: &UpstreamSignIn, browser: &Browser) -> bool {
    let cookie = match begun.purpose {
        UpstreamPurpose::SignIn { .. } => browser.browser.as_ref(),
        UpstreamPurpose::Link { .. } => browser.session.as_ref(),
    };
    cookie.is_some_and(|cookie| begun.browser.matches(cookie))
}

fn enabled<'a>(context: &'a TenantContext, provider: &str) -> Option<&'a IdentityProvider> {
    context.identity_providers.iter().find(|held| held.enabled && held.name == provider)
}
