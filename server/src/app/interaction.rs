//! The pages of an interaction: signing in and consenting.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::authorize::{self, AuthorizationRequest, Granted, Step};
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, DeviceAuthorization, Interaction, InteractionId, Metric, Purpose, RateKind,
    Session, User, UserId, UserStatus,
};
use grantor_protocol::{Decision, Effect, Id, Secret, SecretKind, device};

use super::authorize::{Browser, Progress, SignedIn};
use super::origin;
use super::{App, Fault, LoadedClient, TenantContext};

/// An open interaction of this browser, with its client where it has one.
pub struct Opened {
    pub interaction: Interaction,
    pub client: Option<Arc<LoadedClient>>,
    /// The device that it lets in or not.
    pub device: Option<DeviceAuthorization>,
    /// The hidden field of its forms.
    pub form_token: String,
}

/// A successful sign-in: the session's cookie, and where to go.
pub struct SessionStarted {
    pub cookie: Secret,
    pub expires_in: i64,
    pub progress: Progress,
}

/// What came of a sign-in form.
pub enum SignInOutcome {
    Started(Box<SessionStarted>),
    /// Wrong name or password: which of them is not said.
    Refused,
}

/// What the person pressed on the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allow,
    Deny,
    /// Go on as somebody else.
    SwitchAccount,
}

pub(super) const OVER: Fault = Fault::Expired("this sign-in has expired or was finished already");

impl Opened {
    /// The authorization request that the interaction is about.
    pub fn request(&self) -> Option<&AuthorizationRequest> {
        match &self.interaction.purpose {
            Purpose::Authorization { request } | Purpose::Device { request, .. } => Some(request),
            Purpose::Account => None,
        }
    }

    /// What the consent page asks people to trust in, for its form to bring back: a self-made client may
    /// make something else of itself while they read.
    pub fn trusted(&self) -> String {
        let fingerprint = self.client.as_ref().and_then(|loaded| loaded.client.consent_fingerprint());
        fingerprint.map(|fingerprint| URL_SAFE_NO_PAD.encode(fingerprint.as_bytes())).unwrap_or_default()
    }
}

impl App {
    /// Starts signing in to the account page.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn begin_account_sign_in(
        &self,
        context: &TenantContext,
        browser: &Browser,
    ) -> Result<(InteractionId, Option<Secret>), Fault> {
        self.begin(context, Purpose::Account, browser).await
    }

    /// Opens an interaction for the browser that it belongs to.
    ///
    /// # Errors
    /// [`Fault::Expired`] where there is none to open; another browser learns no more than that.
    pub async fn open_interaction(
        &self,
        context: &TenantContext,
        id: InteractionId,
        browser: &Browser,
    ) -> Result<Opened, Fault> {
        let cookie = browser.browser.as_ref().ok_or(OVER)?;
        let interaction = self
            .store
            .tenant(context.tenant.id)
            .interaction(id)
            .await?
            .filter(|interaction| interaction.is_open(self.now()) && interaction.browser.matches(cookie))
            .ok_or(OVER)?;
        let client = match &interaction.purpose {
            Purpose::Account => None,
            Purpose::Authorization { request } | Purpose::Device { request, .. } => {
                let client = self.client(context.tenant.id, &request.client_id).await?;
                Some(client.filter(|loaded| loaded.client.enabled).ok_or(OVER)?)
            }
        };
        let device = match &interaction.purpose {
            Purpose::Device { device, .. } => {
                let device = self.store.tenant(context.tenant.id).device_authorization(*device).await?;
                Some(device.filter(|device| device::is_open(device, self.now())).ok_or(OVER)?)
            }
            Purpose::Authorization { .. } | Purpose::Account => None,
        };
        Ok(Opened { interaction, client, device, form_token: self.forms.token(cookie) })
    }

    /// Checks name and password, starts a session and goes on with the interaction. It takes as long
    /// for a name that does not exist.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`], [`Fault::Expired`], [`Fault::Busy`]; [`Fault::TooMany`] after many wrong
    /// passwords from one network.
    pub async fn sign_in(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        (username, password): (&str, &str),
    ) -> Result<SignInOutcome, Fault> {
        // Counted before it is tried, so that no crowd gets past the limit; only a wrong one stays counted.
        let attempt = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        let store = self.store.tenant(context.tenant.id);
        let identifier = context.tenant.settings.sign_in.identifier;
        let user = store.user_by_login(username.trim(), identifier).await?;
        let known = user.as_ref().map(|user| user.id);
        let hash = user.as_ref().and_then(|user| user.password.as_ref());
        let matches = match self.passwords.verify(context.tenant.id, password, hash).await {
            Ok(matches) => matches,
            Err(fault) => {
                attempt.give_back();
                return Err(fault);
            }
        };
        let Some(user) = user.filter(|user| matches && user.status == UserStatus::Active) else {
            self.count(context.tenant.id, Metric::FailedSignIns);
            self.record_failed_sign_in(context, known).await?;
            return Ok(SignInOutcome::Refused);
        };
        attempt.give_back();
        let interaction = Some(&opened.interaction);
        let (session, cookie) = self.start_session(context, &user, browser, interaction).await?;
        let expires_in = session.expires_at.seconds_since(self.now());
        let mut interaction = opened.interaction.clone();
        interaction.signed_in = Some(session.id);
        let (client, device) = (opened.client.clone(), opened.device.clone());
        let opened = Opened { interaction, client, device, form_token: String::new() };
        let progress = self.advance(context, &opened, &SignedIn { session, user }, false).await?;
        Ok(SignInOutcome::Started(Box::new(SessionStarted { cookie, expires_in, progress })))
    }

    /// Starts the session of somebody who has just proven who they are, during an interaction or without one.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub(super) async fn start_session(
        &self,
        context: &TenantContext,
        user: &User,
        browser: &Browser,
        interaction: Option<&Interaction>,
    ) -> Result<(Session, Secret), Fault> {
        let (session, cookie) = self.new_session(context, user, browser);
        let previous = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let previous = previous.as_ref().map(|previous| &previous.session);
        let revokes = context.policy.sign_out_revokes;
        let Decision { mut effects, outcome } = authorize::sign_in(session, previous, interaction, revokes);
        let session = outcome?;
        let event =
            self.event(AuditKind::SignInSucceeded, Actor::User { id: user.id }, session.id.to_string());
        effects.push(Effect::RecordAudit(Box::new(event)));
        match self.apply(context.tenant.id, effects).await {
            Err(grantor_store::ApplyError::Conflict) => return Err(OVER),
            other => other?,
        }
        self.count(context.tenant.id, Metric::SignIns);
        Ok((session, cookie))
    }

    /// Goes on with an interaction whose person is signed in.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it was finished meanwhile.
    pub async fn advance(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        signed_in: &SignedIn,
        consented_now: bool,
    ) -> Result<Progress, Fault> {
        let (Some(request), Some(client)) = (opened.request(), &opened.client) else {
            return Ok(Progress::Account);
        };
        let tenant_id = context.tenant.id;
        let interaction = Some(&opened.interaction);
        let step =
            self.next_step(tenant_id, request, client, Some(signed_in), interaction, consented_now).await?;
        if step != Step::Done {
            return Ok(super::authorize::progress(&step, opened.interaction.id));
        }
        if let Some(device) = &opened.device {
            return self.answer_for_device(context, opened, (device, client), signed_in, true).await;
        }
        let granted = Granted {
            request,
            client: &client.client,
            session: &signed_in.session,
            user: &signed_in.user,
            interaction,
        };
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let Decision { mut effects, outcome } = authorize::grant(granted, &context.policy, now, entropy);
        effects.extend(self.note_use(context, client));
        if consented_now {
            effects.extend(authorize::consent(granted, &client.client, now, entropy));
        }
        let response = Box::pin(self.mint_answer(context, outcome?)).await?;
        match self.apply(tenant_id, effects).await {
            Err(grantor_store::ApplyError::Conflict) => Err(OVER),
            other => {
                other?;
                Ok(Progress::Respond(response))
            }
        }
    }

    /// Takes the answer of the consent page. `trusted` is what the page asked the person to trust in; where
    /// the client is not that any more, they are asked again.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub async fn consent(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        signed_in: &SignedIn,
        (answer, trusted): (Answer, &str),
    ) -> Result<Progress, Fault> {
        match answer {
            Answer::Allow if opened.trusted() != trusted => Ok(Progress::Consent(opened.interaction.id)),
            Answer::Allow => self.advance(context, opened, signed_in, true).await,
            Answer::SwitchAccount => Ok(Progress::SignIn(opened.interaction.id)),
            Answer::Deny => {
                if let (Some(device), Some(client)) = (&opened.device, &opened.client) {
                    return self.answer_for_device(context, opened, (device, client), signed_in, false).await;
                }
                let Some(request) = opened.request() else { return Ok(Progress::Account) };
                let denied = authorize::deny(request, &opened.interaction, &context.policy, self.now());
                match self.apply(context.tenant.id, denied.effects).await {
                    Err(grantor_store::ApplyError::Conflict) => Err(OVER),
                    other => {
                        other?;
                        Ok(Progress::Respond(denied.outcome?))
                    }
                }
            }
        }
    }

    fn new_session(&self, context: &TenantContext, user: &User, browser: &Browser) -> (Session, Secret) {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let cookie = Secret::generate(SecretKind::Session, entropy);
        let session = Session {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            secret: cookie.hash(),
            user_id: user.id,
            authenticated_at: now,
            amr: vec!["pwd".to_owned()],
            created_at: now,
            expires_at: now + context.policy.lifetimes.session,
            ended_at: None,
            origin: browser.origin(),
        };
        (session, cookie)
    }

    /// What was typed as the name is not kept: people type passwords there.
    async fn record_failed_sign_in(
        &self,
        context: &TenantContext,
        known: Option<UserId>,
    ) -> Result<(), Fault> {
        let target = known.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
        let event = self.event(AuditKind::SignInFailed, Actor::Anonymous, target);
        Ok(self.apply(context.tenant.id, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }

    /// An audit event of now and of the request that is being answered.
    pub fn event(&self, kind: AuditKind, actor: Actor, target: String) -> AuditEvent {
        let now = self.now();
        let id = Id::generate(now, self.entropy.as_ref());
        AuditEvent {
            id,
            at: now,
            kind,
            actor,
            target,
            origin: origin::current(),
            detail: serde_json::Value::Null,
        }
    }
}
