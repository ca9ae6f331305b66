//! The authorization endpoint: a request becomes an answer, or an interaction with a person.

use std::net::IpAddr;
use std::sync::Arc;

use grantor_protocol::authorize::{
    self, AuthorizationRequest, AuthorizationResponse, Delivery, Failure, Granted, IdTokenHint, Presented,
    Situation, Step, Submitted,
};
use grantor_protocol::model::{
    AccountPage, ClientId, Interaction, InteractionId, Purpose, RequestOrigin, Session, TenantId, User,
    UserStatus,
};
use grantor_protocol::{Decision, Effect, Error, Id, Params, Secret, SecretKind};

use super::tokens::read_id_token;
use super::{App, Fault, LoadedClient, TenantContext};

/// What is known of a browser, from its cookies and its connection.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Identifies the browser before anybody signs in.
    pub browser: Option<Secret>,
    /// A signed-in person's session.
    pub session: Option<Secret>,
    /// Names it to everybody who has signed in with it before.
    pub known: Option<Secret>,
    /// Where it is, as far as that is known.
    pub address: Option<IpAddr>,
    /// What it says that it is, cut to [`RequestOrigin::USER_AGENT_LENGTH`].
    pub user_agent: Option<String>,
}

impl Browser {
    /// Where it is and what it is, to be kept.
    pub fn origin(&self) -> RequestOrigin {
        RequestOrigin {
            address: self.address.map(|address| address.to_string()),
            user_agent: self.user_agent.clone(),
        }
    }
}

/// Where the browser goes next.
#[derive(Debug)]
pub enum Progress {
    /// Back to the client.
    Respond(AuthorizationResponse),
    SignIn(InteractionId),
    /// To the page that asks for another factor.
    SecondFactor(InteractionId),
    Consent(InteractionId),
    /// To the page that says what becomes of a device.
    Device(InteractionId),
    /// To a page of the user's account.
    Account(AccountPage),
}

/// The first step of an authorization request, with the cookie to set if the browser had none.
#[derive(Debug)]
pub struct Begun {
    pub progress: Progress,
    pub new_browser: Option<Secret>,
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
    /// A rule's error while client or redirect URI are not proven, or are nobody's that is trusted: it is
    /// for the person and must not be redirected. Faults of ours.
    pub async fn authorize(
        &self,
        context: &Arc<TenantContext>,
        params: &Params,
        browser: &Browser,
    ) -> Result<Begun, Fault> {
        self.settle(context.tenant.id, move || self.begin_authorization(context, params, browser)).await
    }

    async fn begin_authorization(
        &self,
        context: &Arc<TenantContext>,
        params: &Params,
        browser: &Browser,
    ) -> Result<Decision<Begun>, Fault> {
        let policy = &context.policy;
        let client_id = params.get("client_id").and_then(ClientId::parse);
        let client = match &client_id {
            Some(client_id) => self.named_client(context, client_id, browser.address).await?,
            None => None,
        };
        let redirects_unseen =
            client.as_deref().is_some_and(|loaded| policy.redirects_unseen(&loaded.client));
        let request = match self.asked_for(context, params, client.as_deref()).await? {
            Ok(request) => request,
            Err(Failure { error, delivery: Delivery::Page }) => return Err(error.into()),
            Err(Failure { error, delivery: Delivery::Redirect(to) }) => {
                if !redirects_unseen {
                    return Err(error.into());
                }
                tracing::warn!(%error, "authorization request refused");
                return Ok(Decision::only(Ok(answer(authorize::error_response(&to, &error, policy)))));
            }
        };
        let Some(client) = client else {
            return Err(Fault::internal("a valid request without a client"));
        };
        self.prepare_id_token_key(context, &client.client);
        let signed_in = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let step =
            self.next_step(context.tenant.id, &request, &client, signed_in.as_ref(), None, false).await?;
        if request.prompt.none
            && let Err(error) = authorize::without_interaction(step.clone())
        {
            if !redirects_unseen {
                return Err(error.into());
            }
            return Ok(authorize::refuse(&request, &error, None, policy, self.now()).map(answer));
        }
        match (step, signed_in) {
            (Step::Done, Some(signed_in)) => {
                let granted = Granted {
                    request: &request,
                    client: &client.client,
                    session: &signed_in.session,
                    user: &signed_in.user,
                    interaction: None,
                };
                let Decision { mut effects, outcome } =
                    authorize::grant(granted, policy, self.now(), self.entropy.as_ref());
                effects.extend(self.note_use(context, &client));
                // Boxed, as only the response types of an earlier age are answered with tokens.
                let response = Box::pin(self.mint_answer(context, outcome?)).await?;
                Ok(Decision { effects, outcome: Ok(answer(response)) })
            }
            (step, _) => {
                let purpose = Purpose::Authorization { request: Box::new(request) };
                let (interaction, new_browser) = self.begin(context, purpose, browser).await?;
                Ok(Decision::only(Ok(Begun { progress: progress(&step, interaction), new_browser })))
            }
        }
    }

    /// What is asked for, whatever way it came: pushed before, in a request object, or as parameters.
    /// A request object that is none proves nothing, and its error stays on a page.
    async fn asked_for(
        &self,
        context: &TenantContext,
        params: &Params,
        client: Option<&LoadedClient>,
    ) -> Result<Result<AuthorizationRequest, Failure>, Fault> {
        let known = || {
            authorize::known_client(params, client.map(|loaded| &loaded.client))?;
            client.ok_or_else(|| Error::invalid_client("there is no such client"))
        };
        let object = match authorize::presented(params)? {
            Presented::Parameters => None,
            Presented::Object(object) => Some(self.read_request_object(context, known()?, object).await?),
            Presented::ObjectAt(uri) => {
                let object = self.fetch_request_object(context, known()?, uri).await?;
                Some(self.read_request_object(context, known()?, &object).await?)
            }
            Presented::Pushed(handle) => {
                let known = known()?;
                let store = self.store.tenant(context.tenant.id);
                let loaded = store.pushed_authorization_request(&handle.hash()).await?;
                return Ok(Ok(authorize::pushed(loaded, &known.client, self.now())?));
            }
        };
        let params = object.as_ref().unwrap_or(params);
        let id_token_hint = id_token_hint(context, params);
        let submitted = Submitted { params, signed: object.is_some(), id_token_hint };
        Ok(authorize::validate(submitted, client.map(|loaded| &loaded.client), &context.policy))
    }

    /// Starts an interaction that only this browser can go on with.
    pub(super) async fn begin(
        &self,
        context: &TenantContext,
        purpose: Purpose,
        browser: &Browser,
    ) -> Result<(InteractionId, Option<Secret>), Fault> {
        let (interaction, new_browser) = self.new_interaction(context, purpose, browser)?;
        let id = interaction.id;
        self.apply(context.tenant.id, vec![Effect::StoreInteraction(Box::new(interaction))]).await?;
        Ok((id, new_browser))
    }

    /// The cookie for a browser that has none.
    pub fn new_browser(&self, browser: &Browser) -> Option<Secret> {
        match browser.browser {
            Some(_) => None,
            None => Some(Secret::generate(SecretKind::Browser, self.entropy.as_ref())),
        }
    }

    /// An interaction to be stored, with the cookie to set if the browser had none.
    pub(super) fn new_interaction(
        &self,
        context: &TenantContext,
        purpose: Purpose,
        browser: &Browser,
    ) -> Result<(Interaction, Option<Secret>), Fault> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let new_browser = self.new_browser(browser);
        let Some(secret) = browser.browser.as_ref().or(new_browser.as_ref()) else {
            return Err(Fault::internal("a browser without a name"));
        };
        let interaction = Interaction {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            browser: secret.hash(),
            purpose,
            signed_in: None,
            proven: None,
            created_at: now,
            expires_at: now + context.policy.lifetimes.interaction,
            completed_at: None,
        };
        Ok((interaction, new_browser))
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
        let live = found
            .filter(|(session, user)| session.is_live(self.now()) && user.status == UserStatus::Active)
            .map(|(session, user)| SignedIn { session, user });
        if let Some(signed_in) = &live {
            self.note_seen(&signed_in.session).await?;
        }
        Ok(live)
    }

    /// Notes that a session's browser was there, every few minutes.
    pub(super) async fn note_seen(&self, session: &Session) -> Result<(), Fault> {
        match session.seen(self.now()) {
            None => Ok(()),
            Some(until) => Ok(self.store.tenant(session.tenant_id).see_session(session.id, until).await?),
        }
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

/// Whom the `id_token_hint` of a request names (OpenID Connect Core §3.1.2.1).
pub(super) fn id_token_hint(context: &TenantContext, params: &Params) -> IdTokenHint {
    let Some(hint) = params.get("id_token_hint") else { return IdTokenHint::Absent };
    let user = read_id_token(context, hint).and_then(|claims| claims.sub.parse().ok());
    user.map_or(IdTokenHint::Unreadable, IdTokenHint::User)
}

/// The page of a step.
pub(super) fn progress(step: &Step, interaction: InteractionId) -> Progress {
    match step {
        Step::Consent { .. } => Progress::Consent(interaction),
        Step::StepUp(_) => Progress::SecondFactor(interaction),
        Step::SignIn | Step::Done => Progress::SignIn(interaction),
    }
}
