//! The authorization endpoint: a request becomes an answer, or an interaction with a person.

use std::sync::Arc;

use grantor_protocol::authorize::{
    self, AuthorizationRequest, AuthorizationResponse, Delivery, Failure, Granted, Situation, Step,
};
use grantor_protocol::model::{
    ClientId, Interaction, InteractionId, Purpose, Session, TenantId, User, UserStatus,
};
use grantor_protocol::{Decision, Effect, Error, Id, Params, Secret, SecretKind};

use super::{App, Fault, LoadedClient, TenantContext};

/// What a browser's cookies say of it.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Identifies the browser before anybody signs in.
    pub browser: Option<Secret>,
    /// A signed-in person's session.
    pub session: Option<Secret>,
}

/// Where the browser goes next.
#[derive(Debug)]
pub enum Progress {
    /// Back to the client.
    Respond(AuthorizationResponse),
    SignIn(InteractionId),
    Consent(InteractionId),
    /// To the user's account page.
    Account,
}

/// The first step of an authorization request, with the cookie to set if the browser had none.
#[derive(Debug)]
pub struct Begun {
    pub progress: Progress,
    pub new_browser: Option<Secret>,
}

/// Why the authorization endpoint gave no answer to the client.
#[derive(Debug)]
pub enum AuthorizeError {
    /// For the person, on a page.
    Page(Error),
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for AuthorizeError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// A session and whose it is.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub session: Session,
    pub user: User,
}

impl App {
    /// Answers an authorization request (RFC 6749 §3.1): validated, decided, and either answered at
    /// once or turned into an interaction.
    ///
    /// # Errors
    /// [`AuthorizeError::Page`] while client or redirect URI are not proven.
    pub async fn authorize(
        &self,
        context: &Arc<TenantContext>,
        params: &Params,
        browser: &Browser,
    ) -> Result<Begun, AuthorizeError> {
        let client_id = params.get("client_id").and_then(ClientId::parse);
        let client = match &client_id {
            Some(client_id) => match self.named_client(context, client_id).await {
                Err(Fault::Protocol(error)) => return Err(AuthorizeError::Page(error)),
                found => found?,
            },
            None => None,
        };
        let policy = &context.policy;
        let request =
            match authorize::validate(params, client.as_deref().map(|loaded| &loaded.client), policy) {
                Ok(request) => request,
                Err(Failure { error, delivery: Delivery::Page }) => return Err(AuthorizeError::Page(error)),
                Err(Failure { error, delivery: Delivery::Redirect(to) }) => {
                    tracing::warn!(%error, "authorization request refused");
                    return Ok(answer(authorize::error_response(&to, &error, policy)));
                }
            };
        let Some(client) = client else {
            return Err(Fault::internal("a valid request without a client").into());
        };
        self.prepare_id_token_key(context, &client.client);
        let signed_in = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let step =
            self.next_step(context.tenant.id, &request, &client, signed_in.as_ref(), None, false).await?;
        if request.prompt.none
            && let Err(error) = authorize::without_interaction(step.clone())
        {
            return Ok(answer(authorize::error_response(&request.return_address(), &error, policy)));
        }
        match (step, signed_in) {
            (Step::Done, Some(signed_in)) => {
                let granted = Granted { request: &request, session: &signed_in.session, interaction: None };
                let Decision { mut effects, outcome } =
                    authorize::grant(granted, policy, self.now(), self.entropy.as_ref());
                effects.extend(self.note_use(context, &client));
                self.apply(context.tenant.id, effects).await?;
                Ok(answer(outcome.map_err(Fault::from)?))
            }
            (step, _) => {
                let purpose = Purpose::Authorization { request: Box::new(request) };
                let (interaction, new_browser) = self.begin(context, purpose, browser).await?;
                Ok(Begun { progress: progress(&step, interaction), new_browser })
            }
        }
    }

    /// Starts an interaction that only this browser can go on with.
    pub(super) async fn begin(
        &self,
        context: &TenantContext,
        purpose: Purpose,
        browser: &Browser,
    ) -> Result<(InteractionId, Option<Secret>), Fault> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let new_browser = match browser.browser {
            Some(_) => None,
            None => Some(Secret::generate(SecretKind::Browser, entropy)),
        };
        let Some(secret) = browser.browser.as_ref().or(new_browser.as_ref()) else {
            return Err(Fault::internal("a browser without a name"));
        };
        let interaction = Interaction {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            browser: secret.hash(),
            purpose,
            signed_in: None,
            created_at: now,
            expires_at: now + context.policy.lifetimes.interaction,
            completed_at: None,
        };
        let id = interaction.id;
        self.apply(context.tenant.id, vec![Effect::StoreInteraction(Box::new(interaction))]).await?;
        Ok((id, new_browser))
    }

    /// The person behind a session cookie, if the session is live and the user may sign in.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn signed_in(
        &self,
        tenant_id: TenantId,
        cookie: Option<&Secret>,
    ) -> Result<Option<SignedIn>, Fault> {
        let Some(cookie) = cookie else { return Ok(None) };
        let found = self.store.tenant(tenant_id).session_by_secret(&cookie.hash()).await?;
        Ok(found
            .filter(|(session, user)| session.is_live(self.now()) && user.status == UserStatus::Active)
            .map(|(session, user)| SignedIn { session, user }))
    }

    /// What the person must do next, with what is remembered of them.
    pub(super) async fn next_step(
        &self,
        tenant_id: TenantId,
        request: &AuthorizationRequest,
        client: &LoadedClient,
        signed_in: Option<&SignedIn>,
        interaction: Option<&Interaction>,
        consented_now: bool,
    ) -> Result<Step, Fault> {
        let consent = match signed_in {
            Some(signed_in) => {
                self.store.tenant(tenant_id).consent(signed_in.user.id, &request.client_id).await?
            }
            None => None,
        };
        let session = signed_in.map(|signed_in| &signed_in.session);
        let situation = Situation { session, consent: consent.as_ref(), interaction, consented_now };
        Ok(authorize::next_step(request, &client.client, situation, self.now()))
    }
}

fn answer(response: AuthorizationResponse) -> Begun {
    Begun { progress: Progress::Respond(response), new_browser: None }
}

/// The page of a step.
pub(super) fn progress(step: &Step, interaction: InteractionId) -> Progress {
    match step {
        Step::Consent { .. } => Progress::Consent(interaction),
        Step::SignIn | Step::Done => Progress::SignIn(interaction),
    }
}
