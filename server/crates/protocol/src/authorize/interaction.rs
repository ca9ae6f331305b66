use super::AuthorizationRequest;
use crate::model::{Acr, Client, Consent, Factor, Interaction, Session, SignOutRevokes, stepped_up};
use crate::{Decision, Effect, Error, ErrorCode, Lifetime, Scope, SecretHash, Timestamp};

/// What is known when the next step is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The live session of the browser, if it has one.
    pub session: Option<&'a Session>,
    /// What the session's user has let the client have before.
    pub consent: Option<&'a Consent>,
    /// The interaction, once there is one.
    pub interaction: Option<&'a Interaction>,
    /// The person has just pressed "allow".
    pub consented_now: bool,
}

/// What the person must do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    SignIn,
    /// Prove more than the session does, to come to this level.
    StepUp(Acr),
    /// Allow what was not allowed before.
    Consent {
        scope: Scope,
    },
    /// Nothing: the client can be answered.
    Done,
}

/// The next step of an authorization request (OpenID Connect Core §3.1.2.3, §3.1.2.4). `prompt=none`
/// asks the same question and answers with an error, see [`without_interaction`].
pub fn next_step(
    request: &AuthorizationRequest,
    client: &Client,
    situation: Situation<'_>,
    now: Timestamp,
) -> Step {
    let Some(session) = situation.session.filter(|session| session.is_live(now)) else { return Step::SignIn };
    let signed_in_here =
        situation.interaction.is_some_and(|interaction| interaction.signed_in == Some(session.id));
    if !signed_in_here && must_sign_in_again(request, session, now) {
        return Step::SignIn;
    }
    if let Some(wanted) = request.acr
        && Acr::of(&session.amr) < wanted
    {
        return Step::StepUp(wanted);
    }
    // Somebody else than the client expects signed in: they have nothing to consent to, and the answer
    // is an error, see `grant`.
    if !request.expects(session.user_id) {
        return Step::Done;
    }
    let may_skip_consent = client.metadata.skip_consent && !client.origin.is_self_made();
    if situation.consented_now || (may_skip_consent && !request.prompt.consent) {
        return Step::Done;
    }
    let covered = situation.consent.is_some_and(|consent| {
        request.scope.is_subset(&consent.scope)
            && request.resources.iter().all(|resource| consent.resources.contains(resource))
            // What people said yes to is not what a self-made client makes of itself afterwards.
            && client.consent_fingerprint().is_none_or(|now| consent.client_fingerprint == Some(now))
    });
    if covered && !request.prompt.consent {
        return Step::Done;
    }
    Step::Consent { scope: request.scope.clone() }
}

/// OpenID Connect Core §3.1.2.1: `prompt=login`, `prompt=select_account`, `max_age`, `id_token_hint`.
fn must_sign_in_again(request: &AuthorizationRequest, session: &Session, now: Timestamp) -> bool {
    request.prompt.login
        || request.prompt.select_account
        || !request.expects(session.user_id)
        || request.max_age.is_some_and(|max_age| {
            max_age == 0 || session.authenticated_at + Lifetime::from_seconds(max_age) < now
        })
}

/// With `prompt=none` a step that people would have to take is an error (OpenID Connect Core
/// §3.1.2.6).
///
/// # Errors
/// `login_required`, `interaction_required` or `consent_required`.
pub fn without_interaction(step: Step) -> Result<(), Error> {
    match step {
        Step::Done => Ok(()),
        Step::SignIn => Err(Error::new(ErrorCode::LoginRequired, "the user has to sign in")),
        Step::StepUp(wanted) => Err(Error::new(
            ErrorCode::InteractionRequired,
            format!("the user has to prove more for acr {}", wanted.as_str()),
        )),
        Step::Consent { .. } => Err(Error::new(ErrorCode::ConsentRequired, "the user has to consent")),
    }
}

/// A person signed in, for which `session` was made, during `interaction` or without one. `previous` is the
/// live session that the browser had: the same user's goes on, and what was given in it stands; somebody
/// else's ends with those grants that `revokes` names. The outcome is the session that the person has now.
pub fn sign_in(
    session: Session,
    previous: Option<&Session>,
    interaction: Option<&Interaction>,
    revokes: SignOutRevokes,
) -> Decision<Session> {
    let (session, mut effects) = match previous {
        Some(previous) if previous.user_id == session.user_id => {
            let renewed = Session { id: previous.id, created_at: previous.created_at, ..session };
            (renewed.clone(), vec![Effect::RenewSession(Box::new(renewed))])
        }
        Some(previous) => {
            let end = Effect::EndSession { session: previous.id, revokes, at: session.created_at };
            (session.clone(), vec![Effect::StoreSession(Box::new(session)), end])
        }
        None => (session.clone(), vec![Effect::StoreSession(Box::new(session))]),
    };
    effects.extend(
        interaction
            .map(|interaction| Effect::RecordSignIn { interaction: interaction.id, session: session.id }),
    );
    Decision { effects, outcome: Ok(session) }
}

/// The person of a session proved one factor more (RFC 9470 §5): the session goes on with it under a new cookie.
/// When they signed in stays as it was.
pub fn step_up(session: &Session, factor: Factor, secret: SecretHash) -> Decision<Session> {
    let amr = stepped_up(&session.amr, factor);
    let renewed = Session { secret, amr, ..session.clone() };
    Decision { effects: vec![Effect::RenewSession(Box::new(renewed.clone()))], outcome: Ok(renewed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AuthenticationMethod, ClientOrigin};
    use crate::testing::{self, NOW};
    use crate::{Id, Secret};

    fn step(request: &AuthorizationRequest, session: Option<&Session>, consent: Option<&Consent>) -> Step {
        let situation = Situation { session, consent, interaction: None, consented_now: false };
        next_step(request, &testing::client(), situation, NOW)
    }

    fn consent_for(scope: &str) -> Consent {
        Consent {
            tenant_id: testing::TENANT,
            user_id: testing::USER,
            client_id: testing::client().client_id,
            scope: Scope::parse(scope).unwrap(),
            resources: vec![],
            client_fingerprint: None,
            given_at: NOW,
        }
    }

    /// OpenID Connect Core §3.1.2.3, §3.1.2.4.
    #[test]
    fn asks_for_what_is_missing_and_no_more() {
        let request = testing::authorization_request("openid profile");
        let session = testing::session();
        let asks_consent = Step::Consent { scope: request.scope.clone() };
        assert_eq!(step(&request, None, None), Step::SignIn);
        assert_eq!(step(&request, Some(&session), None), asks_consent);
        assert_eq!(step(&request, Some(&session), Some(&consent_for("openid"))), asks_consent);
        assert_eq!(step(&request, Some(&session), Some(&consent_for("profile email openid"))), Step::Done);
        let ended = Session { ended_at: Some(NOW), ..session.clone() };
        assert_eq!(step(&request, Some(&ended), None), Step::SignIn);
        let expired = Session { expires_at: NOW, ..session };
        assert_eq!(step(&request, Some(&expired), None), Step::SignIn);
    }

    /// OAuth 2.1 §7: what a self-made client makes of itself after people said yes is asked of them
    /// again, and never taken for granted.
    #[test]
    fn a_self_made_client_that_changed_asks_again() {
        let request = testing::authorization_request("openid");
        let session = testing::session();
        let mut client = testing::client();
        client.metadata.skip_consent = true;
        let asks = Step::Consent { scope: request.scope.clone() };
        let step = |client: &Client, consent: &Consent| {
            let situation = Situation {
                session: Some(&session),
                consent: Some(consent),
                interaction: None,
                consented_now: false,
            };
            next_step(&request, client, situation, NOW)
        };
        assert_eq!(step(&client, &consent_for("email")), Step::Done, "an administrator answers for it");
        client.origin = ClientOrigin::Registration {
            token: None,
            fingerprint: None,
            bounds: None,
            software_statement: None,
        };
        assert_eq!(step(&client, &consent_for("openid")), asks);
        let given = Consent { client_fingerprint: client.consent_fingerprint(), ..consent_for("openid") };
        assert_eq!(step(&client, &given), Step::Done);
        let changes: [fn(&mut Client); 5] = [
            |client| client.metadata.client_name.push('2'),
            |client| client.metadata.redirect_uris.push("https://b.example/cb".to_owned()),
            |client| client.metadata.jwks = Some(serde_json::json!({ "keys": [] })),
            |client| client.metadata.tos_uri = Some("https://b.example/".to_owned()),
            |client| client.metadata.token_endpoint_auth_method = AuthenticationMethod::None,
        ];
        for change in changes {
            let mut changed = client.clone();
            change(&mut changed);
            assert_eq!(step(&changed, &given), asks);
        }
        client.metadata.software_version = Some("2".to_owned());
        assert_eq!(step(&client, &given), Step::Done, "nothing that people were asked to trust");
    }

    /// OpenID Connect Core §3.1.2.1.
    #[test]
    fn prompt_and_max_age_are_met_by_signing_in_here() {
        let mut session = testing::session();
        session.authenticated_at = NOW - Lifetime::from_seconds(100);
        let consent = consent_for("openid");
        let plain = testing::authorization_request("openid");
        type Case = (&'static str, fn(&mut AuthorizationRequest), Step);
        let cases: [Case; 6] = [
            ("login", |request| request.prompt.login = true, Step::SignIn),
            ("select_account", |request| request.prompt.select_account = true, Step::SignIn),
            ("max_age 0", |request| request.max_age = Some(0), Step::SignIn),
            ("max_age 99", |request| request.max_age = Some(99), Step::SignIn),
            ("max_age 100", |request| request.max_age = Some(100), Step::Done),
            (
                "consent",
                |request| request.prompt.consent = true,
                Step::Consent { scope: plain.scope.clone() },
            ),
        ];
        for (name, change, expected) in cases {
            let mut request = plain.clone();
            change(&mut request);
            assert_eq!(step(&request, Some(&session), Some(&consent)), expected, "{name}");
            let interaction = testing::interaction(request.clone(), Some(session.id));
            let situation = Situation {
                session: Some(&session),
                consent: Some(&consent),
                interaction: Some(&interaction),
                consented_now: true,
            };
            assert_eq!(next_step(&request, &testing::client(), situation, NOW), Step::Done, "{name} met");
        }
    }

    /// RFC 9470 §4: what the session does not prove is proven now, and nobody is asked for less.
    #[test]
    fn a_level_that_the_session_does_not_have() {
        let mut session = testing::session();
        let consent = consent_for("openid");
        let mut request = testing::authorization_request("openid");
        for (acr, amr, expected) in [
            (None, &["pwd"] as &[&str], Step::Done),
            (Some(Acr::SingleFactor), &["pwd"], Step::Done),
            (Some(Acr::MultiFactor), &["pwd"], Step::StepUp(Acr::MultiFactor)),
            (Some(Acr::MultiFactor), &["pwd", "otp", "mfa"], Step::Done),
            (Some(Acr::PhishingResistant), &["pwd", "otp", "mfa"], Step::StepUp(Acr::PhishingResistant)),
            (Some(Acr::PhishingResistant), &["pop", "user", "mfa"], Step::Done),
        ] {
            (request.acr, session.amr) = (acr, amr.iter().map(|held| (*held).to_owned()).collect());
            assert_eq!(step(&request, Some(&session), Some(&consent)), expected, "{acr:?} {amr:?}");
        }
        request.prompt.login = true;
        assert_eq!(step(&request, Some(&session), Some(&consent)), Step::SignIn, "that comes first");
    }

    /// OpenID Connect Core §3.1.2.1: whoever the hint does not name has to make way.
    #[test]
    fn a_hint_that_names_another_user() {
        let session = testing::session();
        let consent = consent_for("openid");
        let mut request = testing::authorization_request("openid");
        request.hinted_user = Some(session.user_id);
        assert_eq!(step(&request, Some(&session), Some(&consent)), Step::Done);
        request.hinted_user = Some(Id::from_bytes([9; 16]));
        assert_eq!(step(&request, Some(&session), Some(&consent)), Step::SignIn);
        let interaction = testing::interaction(request.clone(), Some(session.id));
        let situation = Situation {
            session: Some(&session),
            consent: None,
            interaction: Some(&interaction),
            consented_now: false,
        };
        assert_eq!(next_step(&request, &testing::client(), situation, NOW), Step::Done);
    }

    /// Whoever was signed in before is not any more, but people who come back are not sent away from
    /// everything that they allowed. OWASP session fixation: the cookie is a new one for everybody.
    #[test]
    fn who_was_signed_in_before() {
        let request = testing::authorization_request("openid");
        let interaction = testing::interaction(request, None);
        let new = Session {
            id: Id::from_bytes([7; 16]),
            secret: Secret::presented("gse_new").hash(),
            authenticated_at: NOW,
            created_at: NOW,
            ..testing::session()
        };
        let revokes = SignOutRevokes::All;
        let record =
            |session: &Session| Effect::RecordSignIn { interaction: interaction.id, session: session.id };

        let previous = Session { user_id: Id::from_bytes([9; 16]), ..testing::session() };
        let decision = sign_in(new.clone(), Some(&previous), Some(&interaction), revokes);
        assert_eq!(decision.outcome.unwrap(), new);
        let (store, session) = (Effect::StoreSession(Box::new(new.clone())), previous.id);
        assert_eq!(
            decision.effects,
            [store.clone(), Effect::EndSession { session, revokes, at: NOW }, record(&new)]
        );

        let previous = testing::session();
        let decision = sign_in(new.clone(), Some(&previous), Some(&interaction), revokes);
        let renewed = Session { id: previous.id, created_at: previous.created_at, ..new.clone() };
        assert_eq!(decision.effects, [Effect::RenewSession(Box::new(renewed.clone())), record(&renewed)]);
        assert_eq!(decision.outcome.unwrap(), renewed);

        let decision = sign_in(new.clone(), None, None, revokes);
        assert_eq!((decision.effects, decision.outcome.unwrap()), (vec![store], new));
    }

    /// OpenID Connect Core §3.1.2.6.
    #[test]
    fn prompt_none_turns_steps_into_errors() {
        let code = |step| without_interaction(step).map_err(|error| error.code);
        assert_eq!(code(Step::SignIn), Err(ErrorCode::LoginRequired));
        assert_eq!(code(Step::Consent { scope: Scope::default() }), Err(ErrorCode::ConsentRequired));
        assert_eq!(code(Step::StepUp(Acr::MultiFactor)), Err(ErrorCode::InteractionRequired));
        assert_eq!(code(Step::Done), Ok(()));
    }
}
