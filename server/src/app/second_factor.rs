//! The factor that follows another: asked for, tried, and made where somebody has none.

use std::sync::Arc;

use grantor_protocol::model::{self, AccountPage, Actor, AuditKind, Authenticators, Factor, Proven, User};
use grantor_protocol::sign_in::{self, MOST_WRONG_CODES, Needed};
use grantor_protocol::{Effect, Error, ErrorCode, Lifetime, Secret, SecretHash, authorize};
use grantor_store::ApplyError;
use sha2::{Digest, Sha256};

use super::authorize::{Browser, Progress, SignedIn};
use super::interaction::Opened;
use super::sign_in::{Person, SessionStarted, SignInOutcome, expect_open};
use super::webauthn::{Asserted, Challenge};
use super::{App, Fault, TenantContext};

/// Wrong codes are forgotten after so long.
const CODES_FORGOTTEN_AFTER: Lifetime = Lifetime::from_seconds(900);

/// Somebody who has proven one thing and needs another.
pub struct Halfway {
    pub user: User,
    pub authenticators: Authenticators,
    pub needed: Needed,
    proof: Proof,
}

/// Where the first factor was proven.
enum Proof {
    /// In this interaction: there is no session yet.
    Here(Vec<Factor>),
    /// In the session that goes on.
    Session(Box<SignedIn>),
}

/// What somebody proves it with.
#[derive(Clone, Copy, Debug)]
pub enum Proving<'a> {
    /// A code of an authenticator app.
    Totp(&'a str),
    RecoveryCode(&'a str),
    /// A ceremony and the browser's answer to it.
    Passkey(&'a str, &'a str),
}

impl Halfway {
    fn amr(&self) -> Vec<String> {
        match &self.proof {
            Proof::Here(factors) => model::amr(factors),
            Proof::Session(signed_in) => signed_in.session.amr.clone(),
        }
    }
}

impl App {
    /// Who is on the way to what this interaction leads to, and what they need; None if nobody has proven
    /// anything, or too long ago for what they need.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn halfway(
        &self,
        context: &TenantContext,
        opened: &Opened,
        browser: &Browser,
    ) -> Result<Option<Halfway>, Fault> {
        let (user, proof) = match &opened.interaction.proven {
            Some(proven) => {
                let user = self.store.tenant(context.tenant.id).user(proven.user_id).await?;
                (user.filter(User::may_sign_in), Proof::Here(proven.factors.clone()))
            }
            None => match self.signed_in(context.tenant.id, browser.session.as_ref()).await? {
                Some(signed_in) => (Some(signed_in.user.clone()), Proof::Session(Box::new(signed_in))),
                None => return Ok(None),
            },
        };
        let Some(user) = user else { return Ok(None) };
        let authenticators = self.authenticators(context, &user, browser).await?;
        let mut halfway = Halfway { user, authenticators, needed: Needed::Nothing, proof };
        let known = (&halfway.user, &halfway.authenticators);
        halfway.needed = self.needed(context, opened, known, &halfway.amr()).await?;
        let is_stale = match &halfway.proof {
            Proof::Here(_) => false,
            Proof::Session(signed_in) => sign_in::is_stale(halfway.needed, &signed_in.session, self.now()),
        };
        Ok(Some(halfway).filter(|_| !is_stale))
    }

    /// Tries a second factor, and goes on with it. `remember`: this browser shall stand for it for a while.
    ///
    /// # Errors
    /// [`Fault::TooMany`] after many wrong codes; [`Fault::Expired`] when it is over meanwhile.
    pub async fn prove_second_factor(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        halfway: &Halfway,
        (proving, remember): (Proving<'_>, bool),
    ) -> Result<SignInOutcome, Fault> {
        let tenant_id = context.tenant.id;
        let subject = wrong_codes_of(&halfway.user);
        self.count_attempts(tenant_id, &[subject], (MOST_WRONG_CODES, CODES_FORGOTTEN_AFTER)).await?;
        let proven = match proving {
            Proving::Totp(code) => {
                self.spend_totp(&halfway.authenticators, code).await?.then_some(Factor::Totp)
            }
            Proving::RecoveryCode(code) => {
                self.spend_recovery_code(&halfway.user, code).await?.then_some(Factor::RecoveryCode)
            }
            Proving::Passkey(ceremony, answer) => {
                let answer = (ceremony, answer);
                match self.finish_passkey_assertion(context, opened.interaction.id, answer).await? {
                    Asserted::Yes(user, factor) if user.id == halfway.user.id => Some(factor),
                    _ => None,
                }
            }
        };
        let policy = &context.tenant.settings.sign_in;
        let Some(factor) = proven.filter(|factor| sign_in::follows(policy, *factor)) else {
            let actor = Actor::User { id: halfway.user.id };
            let event = self.event(AuditKind::SecondFactorFailed, actor, halfway.user.id.to_string());
            self.apply(tenant_id, vec![Effect::RecordAudit(Box::new(event))]).await?;
            return Ok(SignInOutcome::Refused);
        };
        self.apply(tenant_id, vec![Effect::UncountAttempt { subject }]).await?;
        self.further(context, opened, browser, halfway, (factor, remember)).await
    }

    /// Goes on with one factor more.
    async fn further(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        halfway: &Halfway,
        (factor, remember): (Factor, bool),
    ) -> Result<SignInOutcome, Fault> {
        let user = halfway.user.clone();
        match &halfway.proof {
            Proof::Here(factors) => {
                let factors = factors.iter().copied().chain([factor]).collect();
                let person = Person { user, factors, authenticators: halfway.authenticators.clone() };
                self.go_on(context, opened, browser, (person, remember)).await
            }
            Proof::Session(signed_in) => {
                let (session, cookie) = self.step_up(context, signed_in, factor).await?;
                let signed_in = SignedIn { session, user };
                let started = self.in_session(context, opened, signed_in, cookie).await?;
                Ok(SignInOutcome::Started(Box::new(started)))
            }
        }
    }

    /// The browser is asked for one of the passkeys that would do.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn challenge_passkey(
        &self,
        context: &TenantContext,
        opened: &Opened,
        halfway: &Halfway,
    ) -> Result<Challenge, Fault> {
        let known = (&halfway.user, &halfway.authenticators);
        self.begin_passkey_factor(context, opened.interaction.id, known).await
    }

    /// Somebody who had no second factor has one now, which they have just proven: notes that, so that they can go
    /// on when they have written their recovery codes down. `effects` stand with it or not at all.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it is over meanwhile.
    pub(super) async fn note_new_factor(
        &self,
        context: &TenantContext,
        opened: &Opened,
        halfway: &Halfway,
        (factor, mut effects): (Factor, Vec<Effect>),
    ) -> Result<Option<(SignedIn, Secret)>, Fault> {
        match &halfway.proof {
            Proof::Here(factors) => {
                let mut factors = factors.clone();
                factors.push(factor);
                let proven = Box::new(Proven { user_id: halfway.user.id, factors });
                effects.push(Effect::RecordProven { interaction: opened.interaction.id, proven });
                expect_open(self.apply(context.tenant.id, effects).await)?;
                Ok(None)
            }
            Proof::Session(signed_in) => {
                Ok(Some(self.note_in_session(context, signed_in, (factor, effects)).await?))
            }
        }
    }

    /// The session goes on with a factor that its person has proven by making it, under the cookie that is given.
    /// `effects` come first.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it is over meanwhile.
    pub(super) async fn note_in_session(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        (factor, effects): (Factor, Vec<Effect>),
    ) -> Result<(SignedIn, Secret), Fault> {
        expect_open(self.apply(context.tenant.id, effects).await)?;
        let (session, cookie) = self.step_up(context, signed_in, factor).await?;
        Ok((SignedIn { session, user: signed_in.user.clone() }, cookie))
    }

    /// Tells the client that what it asks for cannot be had here.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it is over meanwhile.
    pub async fn refuse_unmet(&self, context: &TenantContext, opened: &Opened) -> Result<Progress, Fault> {
        let Some(request) = opened.request() else { return Ok(Progress::Account(AccountPage::Overview)) };
        let error = Error::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "the user cannot sign in in the way that acr_values ask for",
        );
        let interaction = Some(&opened.interaction);
        let refused = authorize::refuse(request, &error, interaction, &context.policy, self.now());
        expect_open(self.apply(context.tenant.id, refused.effects).await)?;
        Ok(Progress::Respond(refused.outcome?))
    }

    /// Goes on once the recovery codes are written down.
    ///
    /// # Errors
    /// [`Fault::Expired`] when it is over meanwhile.
    pub async fn resume(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        browser: &Browser,
        halfway: Halfway,
    ) -> Result<SignInOutcome, Fault> {
        let Halfway { user, authenticators, proof, .. } = halfway;
        match proof {
            Proof::Here(factors) => {
                let person = Person { user, factors, authenticators };
                self.go_on(context, opened, browser, (person, false)).await
            }
            Proof::Session(signed_in) => {
                let progress = self.advance(context, opened, &signed_in, false).await?;
                Ok(SignInOutcome::Further(progress))
            }
        }
    }

    /// Goes on in a session that stepped up. That is no sign-in: what `prompt=login` asked for was done before.
    async fn in_session(
        &self,
        context: &Arc<TenantContext>,
        opened: &Opened,
        signed_in: SignedIn,
        cookie: Secret,
    ) -> Result<SessionStarted, Fault> {
        let expires_in = signed_in.session.expires_at.seconds_since(self.now());
        let progress: Progress = self.advance(context, opened, &signed_in, false).await?;
        Ok(SessionStarted { cookie, expires_in, new_known: None, progress })
    }

    /// Whether one of the user's apps shows this code now, and it was not taken before.
    async fn spend_totp(&self, authenticators: &Authenticators, code: &str) -> Result<bool, Fault> {
        for totp in &authenticators.totp {
            let Some(step) = self.totp_step(totp, code)? else { continue };
            let spent = Effect::SpendTotpStep { totp: totp.id, step, at: self.now() };
            match self.apply(totp.tenant_id, vec![spent]).await {
                // RFC 6238 §5.2: it is good for once.
                Err(ApplyError::Conflict) => return Ok(false),
                other => return Ok(other.map(|()| true)?),
            }
        }
        Ok(false)
    }
}

/// What wrong second factors of a user are counted under.
fn wrong_codes_of(user: &User) -> SecretHash {
    let digest = Sha256::new().chain_update(b"second factor of ").chain_update(user.id.as_bytes()).finalize();
    SecretHash::from_bytes(digest.into())
}
