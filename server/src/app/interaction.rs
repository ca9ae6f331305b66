//! The pages of an interaction: going on from step to step, and consenting.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::authorize::{self, AuthorizationRequest, Granted, Step};
use grantor_protocol::model::{
    AccountPage, Actor, AuditEvent, AuditKind, DeviceAuthorization, Interaction, InteractionId, Purpose,
};
use grantor_protocol::{Decision, Id, Secret, device};

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
            Purpose::Account { .. } => None,
        }
    }

    /// The page of the account that it leads to where it leads to no client.
    pub const fn account_page(&self) -> AccountPage {
        match &self.interaction.purpose {
            Purpose::Account { page } => *page,
            Purpose::Authorization { .. } | Purpose::Device { .. } => AccountPage::Overview,
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
    /// Starts signing in to a page of the person's account.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn begin_account_sign_in(
        &self,
        context: &TenantContext,
        page: AccountPage,
        browser: &Browser,
    ) -> Result<(InteractionId, Option<Secret>), Fault> {
        self.begin(context, Purpose::Account { page }, browser).await
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
            Purpose::Account { .. } => None,
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
            Purpose::Authorization { .. } | Purpose::Account { .. } => None,
        };
        Ok(Opened { interaction, client, device, form_token: self.forms.token(cookie) })
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
            return Ok(Progress::Account(opened.account_page()));
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
                let Some(request) = opened.request() else {
                    return Ok(Progress::Account(opened.account_page()));
                };
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
