//! Signing in: what proves who somebody is, and the session that they get for it.

use std::sync::Arc;

use grantor_protocol::authorize;
use grantor_protocol::model::{
    self, AccountPage, Actor, AuditKind, Authenticators, Factor, Idle, Interaction, KnownBrowser, Metric,
    Proven, RateKind, SecondFactorDemand, Session, User, UserId, UserStatus,
};
use grantor_protocol::sign_in::{self, Needed, Standing};
use grantor_protocol::{Decision, Effect, Id, Lifetime, Secret, SecretKind};
use grantor_store::{ApplyError, Subject};

use super::authorize::{Browser, Progress, SignedIn};
use super::interaction::{OVER, Opened};
use super::webauthn::Asserted;
use super::{App, Fault, TenantContext};

/// How long a browser is known after its person last signed in: as long as browsers keep cookies.
const BROWSER_KNOWN_FOR: Lifetime = Lifetime::from_seconds(400 * 24 * 3600);

/// The cookie that a browser is known by from now on, and how long it keeps it, in seconds.
pub type KnownCookie = (Secret, i64);

/// A successful sign-in: the session's cookie, and where to go.
pub struct SessionStarted {
    pub cookie: Secret,
    pub expires_in: i64,
    /// For a browser that had none, or gets another.
    pub new_known: Option<KnownCookie>,
    pub progress: Progress,
}

/// What came of a sign-in form.
pub enum SignInOutcome {
    Started(Box<SessionStarted>),
    /// It was right, and is not enough: the page that asks for more.
    Further(Progress),
    /// Wrong name or password, or a wrong code: which of them is not said.
    Refused,
}

/// Somebody who has proven something.
pub(super) struct Person {
    pub user: User,
    /// In order.
    pub factors: Vec<Factor>,
    pub authenticators: Authenticators,
}

impl App {
    /// Checks name and password, starts a session and goes on with the interaction. It takes as long
    /// for a name that does not exist.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`], [`Fault::Expired`], [`Fault::Busy`]; [`Fault::TooMany`] after many wrong
    /// passwords from one network or of one account.
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
        let attempt = self.limit_account(context, (username, known), browser, attempt).await?;
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
        self.proven(context, opened, browser, (user, Factor::Password)).await
    }

    /// Signs in whoever has the passkey that answers a challenge.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a challenge that is over; [`Fault::TooMany`] after many wrong ones from one network.
    pub async fn sign_in_with_passkey(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        answer: (&str, &str),
    ) -> Result<SignInOutcome, Fault> {
        let attempt = self.limit_network(context, RateKind::FailedSignIn, browser.address)?;
        match self.finish_passkey_assertion(context, opened.interaction.id, answer).await? {
            Asserted::Yes(user, factor) => {
                attempt.give_back();
                self.proven(context, opened, browser, (*user, factor)).await
            }
            Asserted::No => {
                self.count(context.tenant.id, Metric::FailedSignIns);
                self.record_failed_sign_in(context, None).await?;
                Ok(SignInOutcome::Refused)
            }
        }
    }

    /// Somebody proved with a first factor, during an interaction, to be this user: starts their session and
    /// goes on with the interaction, or asks for another factor. Whatever proves it ends here.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub(super) async fn proven(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        (user, factor): (User, Factor),
    ) -> Result<SignInOutcome, Fault> {
        if !sign_in::begins(&context.tenant.settings.sign_in, factor) {
            return Ok(SignInOutcome::Refused);
        }
        let authenticators = self.authenticators(context, &user, browser).await?;
        let person = Person { user, factors: vec![factor], authenticators };
        self.go_on(context, opened, browser, (person, false)).await
    }

    /// Starts the session of somebody who has proven enough, or has them asked for what is missing. `remember`:
    /// this browser shall stand for their second factor for a while.
    ///
    /// # Errors
    /// As [`Self::proven`].
    pub(super) async fn go_on(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        (person, remember): (Person, bool),
    ) -> Result<SignInOutcome, Fault> {
        let amr = model::amr(&person.factors);
        let needed = self.needed(context, opened, (&person.user, &person.authenticators), &amr).await?;
        if needed != Needed::Nothing {
            let proven = Proven { user_id: person.user.id, factors: person.factors };
            let effect =
                Effect::RecordProven { interaction: opened.interaction.id, proven: Box::new(proven) };
            expect_open(self.apply(context.tenant.id, vec![effect]).await)?;
            return Ok(SignInOutcome::Further(Progress::SecondFactor(opened.interaction.id)));
        }
        let (known, new_known) = self.browser_of(context, &person, browser, remember);
        let effects = vec![Effect::StoreKnownBrowser(Box::new(known))];
        // Somebody's first browser is no news to them.
        let held = &person.authenticators;
        let is_news = held.browser.is_none() && held.has_known_browsers;
        let interaction = Some(&opened.interaction);
        let (session, cookie) = self
            .start_session(context, (&person.user, &person.factors), browser, interaction, (effects, is_news))
            .await?;
        let signed_in = SignedIn { session, user: person.user };
        let mut started = self.with_session(context, opened, signed_in, cookie).await?;
        started.new_known = new_known;
        Ok(SignInOutcome::Started(Box::new(started)))
    }

    /// Goes on with the interaction in a session that was just made or renewed.
    pub(super) async fn with_session(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        signed_in: SignedIn,
        cookie: Secret,
    ) -> Result<SessionStarted, Fault> {
        let expires_in = signed_in.session.expires_at.seconds_since(self.now());
        let mut interaction = opened.interaction.clone();
        interaction.signed_in = Some(signed_in.session.id);
        let (client, device) = (opened.client.clone(), opened.device.clone());
        let opened = Opened { interaction, client, device, form_token: String::new() };
        let progress = self.advance(context, &opened, &signed_in, false).await?;
        Ok(SessionStarted { cookie, expires_in, new_known: None, progress })
    }

    /// What somebody with this `amr` still needs for what the interaction leads to.
    pub(super) async fn needed(
        &self,
        context: &TenantContext,
        opened: &Opened,
        (user, authenticators): (&User, &Authenticators),
        amr: &[String],
    ) -> Result<Needed, Fault> {
        let policy = &context.tenant.settings.sign_in;
        let is_administrator = policy.second_factor == SecondFactorDemand::RequiredForAdministrators
            && !self
                .store
                .tenant(context.tenant.id)
                .assignments_of(&Subject::User(user.id))
                .await?
                .is_empty();
        let demanded = match opened.request() {
            Some(request) => request.acr,
            None if opened.account_page() == AccountPage::Security => {
                sign_in::to_change(policy, authenticators)
            }
            None => None,
        };
        Ok(sign_in::needed(Standing { policy, amr, authenticators, is_administrator, demanded }, self.now()))
    }

    /// What the user can sign in with beside their password.
    pub(super) async fn authenticators(
        &self,
        context: &TenantContext,
        user: &User,
        browser: &Browser,
    ) -> Result<Authenticators, Fault> {
        let known = browser.known.as_ref().map(Secret::hash);
        Ok(self.store.tenant(context.tenant.id).authenticators(user.id, known.as_ref(), self.now()).await?)
    }

    /// What is known from now on of the browser that somebody has signed in with.
    fn browser_of(
        &self,
        context: &TenantContext,
        person: &Person,
        browser: &Browser,
        remember: bool,
    ) -> (KnownBrowser, Option<KnownCookie>) {
        let days = context.tenant.settings.sign_in.remember_browser_days;
        if !remember || days == 0 {
            let (mut known, cookie) = self.known_browser(context, person.user.id, browser);
            let before = person.authenticators.browser.as_ref();
            known.trusted_until = before.and_then(|browser| browser.trusted_until);
            return (known, cookie);
        }
        // Another cookie, for somebody else may have put there what the browser had.
        let (mut known, cookie) = self.new_known_browser(context, person.user.id);
        known.trusted_until = Some(self.now() + Lifetime::from_seconds(days.saturating_mul(24 * 3600)));
        (known, Some(cookie))
    }

    /// The browser is known to the user from now on, with the cookie for one that had none.
    pub(super) fn known_browser(
        &self,
        context: &TenantContext,
        user: UserId,
        browser: &Browser,
    ) -> (KnownBrowser, Option<KnownCookie>) {
        match &browser.known {
            Some(secret) => (self.known(context, user, secret), None),
            None => {
                let (known, cookie) = self.new_known_browser(context, user);
                (known, Some(cookie))
            }
        }
    }

    fn new_known_browser(&self, context: &TenantContext, user: UserId) -> (KnownBrowser, KnownCookie) {
        let secret = Secret::generate(SecretKind::KnownBrowser, self.entropy.as_ref());
        let known = self.known(context, user, &secret);
        (known, (secret, BROWSER_KNOWN_FOR.seconds().into()))
    }

    fn known(&self, context: &TenantContext, user_id: UserId, secret: &Secret) -> KnownBrowser {
        let now = self.now();
        KnownBrowser {
            tenant_id: context.tenant.id,
            user_id,
            hash: secret.hash(),
            seen_at: now,
            trusted_until: None,
            expires_at: now + BROWSER_KNOWN_FOR,
        }
    }

    /// Starts the session of somebody who has just proven who they are, during an interaction or without one.
    /// `effects` stand with it or not at all; of what `is_news` the user is told.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the interaction was finished meanwhile.
    pub(super) async fn start_session(
        &self,
        context: &TenantContext,
        (user, factors): (&User, &[Factor]),
        browser: &Browser,
        interaction: Option<&Interaction>,
        (mut effects, is_news): (Vec<Effect>, bool),
    ) -> Result<(Session, Secret), Fault> {
        let (session, cookie) = self.new_session(context, (user, factors), browser);
        let previous = self.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let previous = previous.as_ref().map(|previous| &previous.session);
        let revokes = context.policy.sign_out_revokes;
        let decision = authorize::sign_in(session, previous, interaction, revokes);
        let session = decision.outcome?;
        effects.extend(decision.effects);
        if is_news {
            effects.extend(self.notice_of_sign_in(context, user, &session)?);
        }
        let event =
            self.event(AuditKind::SignInSucceeded, Actor::User { id: user.id }, session.id.to_string());
        effects.push(Effect::RecordAudit(Box::new(event)));
        expect_open(self.apply(context.tenant.id, effects).await)?;
        self.count(context.tenant.id, Metric::SignIns);
        Ok((session, cookie))
    }

    /// The session of somebody who proved one factor more goes on under a new cookie.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it has ended meanwhile.
    pub(super) async fn step_up(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        factor: Factor,
    ) -> Result<(Session, Secret), Fault> {
        let cookie = Secret::generate(SecretKind::Session, self.entropy.as_ref());
        let Decision { mut effects, outcome } = authorize::step_up(&signed_in.session, factor, cookie.hash());
        let session = outcome?;
        let actor = Actor::User { id: signed_in.user.id };
        let event = self.event(AuditKind::SignInSucceeded, actor, session.id.to_string());
        effects.push(Effect::RecordAudit(Box::new(event)));
        expect_open(self.apply(context.tenant.id, effects).await)?;
        Ok((session, cookie))
    }

    fn new_session(
        &self,
        context: &TenantContext,
        (user, factors): (&User, &[Factor]),
        browser: &Browser,
    ) -> (Session, Secret) {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let cookie = Secret::generate(SecretKind::Session, entropy);
        let idle = context.policy.lifetimes.session_idle;
        let session = Session {
            tenant_id: context.tenant.id,
            id: Id::generate(now, entropy),
            secret: cookie.hash(),
            user_id: user.id,
            authenticated_at: now,
            amr: model::amr(factors),
            created_at: now,
            expires_at: now + context.policy.lifetimes.session,
            ended_at: None,
            origin: browser.origin(),
            idle: Some(Idle { lifetime: idle, expires_at: now + idle }),
        };
        (session, cookie)
    }

    /// What was typed as the name is not kept: people type passwords there.
    pub(super) async fn record_failed_sign_in(
        &self,
        context: &TenantContext,
        known: Option<UserId>,
    ) -> Result<(), Fault> {
        let target = known.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
        let event = self.event(AuditKind::SignInFailed, Actor::Anonymous, target);
        Ok(self.apply(context.tenant.id, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }
}

/// A guard that is broken here is that of an interaction that was finished, or a session that has ended.
pub(super) fn expect_open(applied: Result<(), ApplyError>) -> Result<(), Fault> {
    match applied {
        Err(ApplyError::Conflict) => Err(OVER),
        other => Ok(other?),
    }
}
