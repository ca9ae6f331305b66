use super::*;
use crate::authorize::{Situation, Step, next_step};
use crate::model::{ClientOrigin, Purpose};
use crate::testing::{self, NOW, SeededEntropy, USER};
use crate::{Lifetime, Scope, authorize};

const KEY: UserCodeKey = UserCodeKey::new([9; 32]);

const ADMINISTRATOR: Actor = Actor::User { id: Id::from_bytes([8; 16]) };

fn interaction(device: &DeviceAuthorization) -> Interaction {
    let mut interaction = testing::interaction(device.request.clone(), None);
    interaction.purpose = Purpose::Device {
        request: Box::new(device.request.clone()),
        device: device.id,
        entered_from: RequestOrigin::default(),
    };
    interaction
}

/// Every way to answer for a device.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Allow,
    Deny,
    Approve,
    ApproveFor(UserId),
    AdministratorDenies,
}

fn answer(
    device: &DeviceAuthorization,
    policy: DeviceApproval,
    answer: Answer,
    now: Timestamp,
) -> Decision<DeviceState, Refusal> {
    let (session, interaction, origin) = (testing::session(), interaction(device), RequestOrigin::default());
    let client = testing::client();
    let person = Person { session: &session, client: &client, interaction: &interaction, origin: &origin };
    let entropy = SeededEntropy::default();
    let administrator = |user| Administrator { actor: ADMINISTRATOR, user };
    match answer {
        Answer::Allow => allow(device, policy, person, now, &entropy),
        Answer::Deny => deny(device, person, now),
        Answer::Approve => {
            let policy = (policy, SignOutRevokes::default());
            approve(device, policy, administrator(None), Some(&session), now, &entropy)
        }
        Answer::ApproveFor(user) => {
            let policy = (policy, SignOutRevokes::default());
            approve(device, policy, administrator(Some(user)), Some(&session), now, &entropy)
        }
        Answer::AdministratorDenies => deny_by_administrator(device, ADMINISTRATOR, now),
    }
}

/// The device after an answer.
fn after(device: &DeviceAuthorization, decision: &Decision<DeviceState, Refusal>) -> DeviceAuthorization {
    let step = decision.effects.iter().find_map(|effect| match effect {
        Effect::MoveDevice(step) => Some(step.clone()),
        _ => None,
    });
    let step = step.unwrap();
    assert_eq!((step.id, step.from), (device.id, device.state));
    DeviceAuthorization { state: step.to, user_id: step.user_id, approval: step.approval, ..device.clone() }
}

fn awaiting_administrator() -> DeviceAuthorization {
    let device = testing::device();
    after(&device, &answer(&device, DeviceApproval::UserThenAdmin, Answer::Allow, NOW))
}

/// RFC 8628 §3.2, §6.1.
#[test]
fn a_device_is_told_both_codes_and_only_hashes_are_kept() {
    let (policy, entropy) = (testing::policy(), SeededEntropy::default());
    let request = testing::device().request;
    let origin = RequestOrigin { address: Some("192.0.2.7".to_owned()), ..RequestOrigin::default() };
    let decision = begin(testing::TENANT, (request, origin), &policy, &KEY, (NOW, &entropy));
    let [Effect::StoreDeviceAuthorization(device)] = decision.effects.as_slice() else {
        panic!("{:?}", decision.effects)
    };
    let told = decision.outcome.unwrap();
    assert_eq!(Secret::presented(told.device_code.as_str()).hash(), device.device_code);
    assert!(told.device_code.starts_with("gdc_"));
    let user_code = UserCode::parse(&told.user_code).unwrap();
    assert_eq!(KEY.hash(testing::TENANT, &user_code), device.user_code);
    assert_eq!(KEY.code_of(testing::TENANT, device.id), user_code);
    assert_eq!(told.verification_uri, format!("{}/activate", testing::ISSUER));
    let complete = format!("{}/activate?user_code={}", testing::ISSUER, told.user_code);
    assert_eq!(told.verification_uri_complete, complete);
    assert_eq!((told.expires_in, told.interval), (600, 5));
    assert_eq!((device.state, device.expires_at), (DeviceState::Pending, NOW + Lifetime::from_seconds(600)));
}

/// RFC 8628 §3.3, and who approves by the tenant's policy: every answer in every state.
#[test]
fn who_moves_a_device() {
    use DeviceApproval::{Admin, User, UserThenAdmin};
    use DeviceState::{Approved, AwaitingAdministrator, Denied};
    let other: UserId = Id::from_bytes([9; 16]);
    let pending: fn() -> DeviceAuthorization = testing::device;
    let awaiting: fn() -> DeviceAuthorization = awaiting_administrator;
    let cases = [
        (pending, User, Answer::Allow, Ok(Approved)),
        (pending, User, Answer::Deny, Ok(Denied)),
        (pending, User, Answer::Approve, Err(Refusal::PersonFirst)),
        (pending, User, Answer::ApproveFor(USER), Err(Refusal::PersonFirst)),
        (pending, User, Answer::AdministratorDenies, Ok(Denied)),
        (pending, UserThenAdmin, Answer::Allow, Ok(AwaitingAdministrator)),
        (pending, UserThenAdmin, Answer::Deny, Ok(Denied)),
        (pending, UserThenAdmin, Answer::ApproveFor(USER), Err(Refusal::PersonFirst)),
        (pending, UserThenAdmin, Answer::AdministratorDenies, Ok(Denied)),
        (pending, Admin, Answer::Allow, Err(Refusal::AdministratorOnly)),
        (pending, Admin, Answer::Approve, Err(Refusal::UserMissing)),
        (pending, Admin, Answer::ApproveFor(USER), Ok(Approved)),
        (pending, Admin, Answer::AdministratorDenies, Ok(Denied)),
        (awaiting, UserThenAdmin, Answer::Allow, Err(Refusal::Over)),
        (awaiting, UserThenAdmin, Answer::Deny, Err(Refusal::Over)),
        (awaiting, UserThenAdmin, Answer::Approve, Ok(Approved)),
        (awaiting, UserThenAdmin, Answer::ApproveFor(USER), Ok(Approved)),
        (awaiting, UserThenAdmin, Answer::ApproveFor(other), Err(Refusal::AnotherUser)),
        (awaiting, UserThenAdmin, Answer::AdministratorDenies, Ok(Denied)),
        // Who has been asked keeps waiting when the policy changes meanwhile.
        (awaiting, User, Answer::Approve, Ok(Approved)),
        (awaiting, Admin, Answer::ApproveFor(other), Err(Refusal::AnotherUser)),
    ];
    for (device, policy, given, expected) in cases {
        let device = device();
        let decision = answer(&device, policy, given, NOW);
        assert_eq!(decision.outcome, expected, "{given:?} under {policy:?} in {:?}", device.state);
        assert_eq!(decision.effects.is_empty(), expected.is_err(), "{given:?}");
        let expired = answer(&device, policy, given, device.expires_at);
        assert!(expired.outcome.is_err() && expired.effects.is_empty(), "{given:?} when it has expired");
    }
}

/// Denial is final, and so is approval.
#[test]
fn what_is_decided_stays_decided() {
    for state in [DeviceState::Approved, DeviceState::Denied, DeviceState::Redeemed] {
        let device = DeviceAuthorization { state, user_id: Some(USER), ..awaiting_administrator() };
        for policy in [DeviceApproval::User, DeviceApproval::UserThenAdmin, DeviceApproval::Admin] {
            for given in [
                Answer::Allow,
                Answer::Deny,
                Answer::Approve,
                Answer::ApproveFor(USER),
                Answer::AdministratorDenies,
            ] {
                let decision = answer(&device, policy, given, NOW);
                assert_eq!(decision.outcome, Err(Refusal::Over), "{given:?} in {state:?} under {policy:?}");
                assert!(decision.effects.is_empty());
            }
        }
        assert!(!can_be_entered(&device, NOW), "{state:?}");
    }
}

/// The grant is made with the last approval, for the person and the session that allowed it.
#[test]
fn the_grant_is_the_persons() {
    let device = testing::device();
    let at_once = answer(&device, DeviceApproval::User, Answer::Allow, NOW);
    let first = answer(&device, DeviceApproval::UserThenAdmin, Answer::Allow, NOW);
    assert!(!first.effects.iter().any(|effect| matches!(effect, Effect::StoreGrant(_))));
    assert!(!first.effects.iter().any(|effect| matches!(effect, Effect::StoreConsent(_))));
    let waiting = after(&device, &first);
    let later = answer(&waiting, DeviceApproval::UserThenAdmin, Answer::Approve, NOW);
    let session = testing::session();
    for (before, decision) in [(&device, at_once), (&waiting, later)] {
        let after = after(before, &decision);
        let grant = decision.effects.iter().find_map(|effect| match effect {
            Effect::StoreGrant(grant) => Some(grant),
            _ => None,
        });
        let grant = grant.unwrap();
        assert_eq!(after.approval.grant_id, Some(grant.id));
        assert_eq!((after.user_id, grant.user_id), (Some(USER), USER));
        assert_eq!(grant.authentication.session_id, session.id);
        assert_eq!((&grant.scope, &grant.resources), (&device.request.scope, &device.request.resources));
        assert!(decision.effects.iter().any(|effect| matches!(effect, Effect::StoreConsent(_))));
    }
}

/// The consent is to the client as the person saw it: a self-made client that changes afterwards, before an
/// administrator approves as well, is another one.
#[test]
fn the_consent_is_to_what_the_person_saw() {
    let (device, session, origin) = (testing::device(), testing::session(), RequestOrigin::default());
    let interaction = interaction(&device);
    let mut self_made = testing::client();
    self_made.origin =
        ClientOrigin::Registration { token: None, fingerprint: None, bounds: None, software_statement: None };
    for client in [testing::client(), self_made] {
        let seen = client.consent_fingerprint();
        let person =
            Person { session: &session, client: &client, interaction: &interaction, origin: &origin };
        let entropy = SeededEntropy::default();
        let at_once = allow(&device, DeviceApproval::User, person, NOW, &entropy);
        let first = allow(&device, DeviceApproval::UserThenAdmin, person, NOW, &entropy);
        let later = answer(&after(&device, &first), DeviceApproval::UserThenAdmin, Answer::Approve, NOW);
        for decision in [at_once, later] {
            let consent = decision.effects.iter().find_map(|effect| match effect {
                Effect::StoreConsent(consent) => Some(consent),
                _ => None,
            });
            let consent = consent.unwrap();
            assert_eq!((consent.client_fingerprint, consent.user_id), (seen, USER));
            // What next_step asks of a consent.
            let mut changed = client.clone();
            changed.metadata.client_name = "Your bank".to_owned();
            let holds = |client: &Client| {
                client.consent_fingerprint().is_none_or(|now| consent.client_fingerprint == Some(now))
            };
            assert!(holds(&client));
            assert_eq!(holds(&changed), seen.is_none());
        }
    }
}

/// A sign-out before the last approval counts like one after it, and where none of them ends the grant
/// there is nothing to count. OpenID Connect Core §11: `offline_access` is for the time after.
#[test]
fn a_person_who_signs_out_before_the_administrator() {
    use SignOutRevokes::{All, None, Online};
    let ended = Session { ended_at: Some(NOW), ..testing::session() };
    for (revokes, scope, ends) in [
        (None, "openid", false),
        (None, "openid offline_access", false),
        (Online, "openid", true),
        (Online, "openid offline_access", false),
        (All, "openid", true),
        (All, "openid offline_access", true),
    ] {
        let mut device = awaiting_administrator();
        device.request.scope = Scope::parse(scope).unwrap();
        let approved = |session: Option<&Session>| {
            let administrator = Administrator { actor: ADMINISTRATOR, user: Option::None };
            let policy = (DeviceApproval::UserThenAdmin, revokes);
            approve(&device, policy, administrator, session, NOW, &SeededEntropy::default())
        };
        let decision = approved(Some(&ended));
        let expected = if ends { Err(Refusal::SignedOut) } else { Ok(DeviceState::Approved) };
        assert_eq!(decision.outcome, expected, "{revokes:?} {scope}");
        assert_eq!(decision.effects.is_empty(), ends);
        // One that goes on, or expired long ago, must not end before the grant is there.
        for session in [Some(&testing::session()), Option::None] {
            let decision = approved(session);
            assert_eq!(decision.outcome, Ok(DeviceState::Approved), "{revokes:?} {scope}");
            let touch = Effect::TouchSession { session: testing::session().id };
            assert_eq!(decision.effects.contains(&touch), ends, "{revokes:?} {scope}");
        }
    }
}

/// Whom an administrator names has neither signed in nor consented.
#[test]
fn a_named_user_is_said_to_have_done_nothing() {
    let decision = answer(&testing::device(), DeviceApproval::Admin, Answer::ApproveFor(USER), NOW);
    let [Effect::StoreGrant(grant), Effect::MoveDevice(step)] = decision.effects.as_slice() else {
        panic!("{:?}", decision.effects)
    };
    assert_eq!((grant.user_id, step.user_id), (USER, Some(USER)));
    assert!(grant.authentication.amr.is_empty());
    assert_eq!(step.approval.administrator.as_ref().unwrap().actor, ADMINISTRATOR);
    assert_eq!(step.approval.person, None);
}

/// RFC 8628 §5.1.
#[test]
fn a_code_is_entered_a_few_times_only() {
    let mut device = testing::device();
    device.entries = MOST_ENTRIES - 1;
    assert!(can_be_entered(&device, NOW));
    device.entries = MOST_ENTRIES;
    assert!(!can_be_entered(&device, NOW) && is_open(&device, NOW), "whoever has entered it may go on");
    device.entries = 0;
    assert!(!can_be_entered(&device, device.expires_at));
}

/// RFC 8628 §5.4: nobody lets a device in without being asked, whatever was allowed before.
#[test]
fn consent_is_always_asked_for() {
    let (policy, session) = (testing::policy(), testing::session());
    let mut client = testing::client();
    client.metadata.skip_consent = true;
    let params = testing::params("scope=openid&prompt=none&redirect_uri=https://x.example&state=s");
    let request = authorize::validate_device(&params, &client, &policy).unwrap();
    assert_eq!(request.redirect_uri, format!("{}/activate/callback", testing::ISSUER));
    assert!(!request.prompt.none && request.state.is_none());
    let consent = Consent {
        tenant_id: testing::TENANT,
        user_id: USER,
        client_id: client.client_id.clone(),
        scope: request.scope.clone(),
        resources: vec![],
        client_fingerprint: None,
        given_at: NOW,
    };
    let mut situation = Situation {
        session: Some(&session),
        consent: Some(&consent),
        interaction: None,
        consented_now: false,
    };
    assert!(matches!(next_step(&request, &client, situation, NOW), Step::Consent { .. }));
    situation.consented_now = true;
    assert_eq!(next_step(&request, &client, situation, NOW), Step::Done);
}

/// RFC 8628 §3.1, RFC 8707 §2.
#[test]
fn a_request_that_is_refused() {
    let (policy, client) = (testing::policy(), testing::client());
    let mut without = testing::client();
    without.metadata.grant_types = vec![crate::model::GrantType::AuthorizationCode];
    for (text, client, code) in [
        ("scope=openid", &without, "unauthorized_client"),
        ("scope=unknown", &client, "invalid_scope"),
        ("resource=https://other.example", &client, "invalid_target"),
        ("scope=openid&scope=openid", &client, "invalid_request"),
        ("request=x", &client, "request_not_supported"),
    ] {
        let error = authorize::validate_device(&testing::params(text), client, &policy).unwrap_err();
        assert_eq!(error.code.as_str(), code, "{text}");
    }
}
