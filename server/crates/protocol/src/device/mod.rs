//! Device authorization (RFC 8628): a device's request, and who moves it from state to state.
//!
//! ```text
//! pending --person--> approved --device--> redeemed        (policy `user`)
//! pending --person--> awaiting_administrator --administrator--> approved   (`user-then-admin`)
//! pending --administrator--> approved                      (`admin`)
//! pending, awaiting_administrator --deny--> denied
//! ```
//!
//! No other step exists: what was decided stays decided, and every step ends with the lifetime of the
//! codes.

mod user_code;

pub use user_code::{UserCode, UserCodeKey};

use serde::Serialize;

use crate::authorize::AuthorizationRequest;
use crate::model::{
    Actor, AdministratorsAnswer, Authentication, Client, Consent, DeviceApproval, DeviceApprovalRecord,
    DeviceAuthorization, DeviceMove, DeviceState, Grant, Interaction, PersonsAnswer, RequestOrigin, Session,
    SignOutRevokes, TenantId, UserId,
};
use crate::{Decision, Effect, Entropy, Id, Policy, Secret, SecretKind, Timestamp};

/// How often one user code may be entered. More than a person needs who goes back and begins again;
/// after that the code opens nothing (RFC 8628 §5.1).
pub const MOST_ENTRIES: u32 = 5;

/// What a device is told (RFC 8628 §3.2).
#[derive(Serialize)]
pub struct DeviceAuthorizationResponse {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: String,
    /// Seconds.
    pub expires_in: u32,
    /// Seconds.
    pub interval: u32,
}

/// The person who answers for a device.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    pub session: &'a Session,
    /// The client that the page named.
    pub client: &'a Client,
    pub interaction: &'a Interaction,
    pub origin: &'a RequestOrigin,
}

/// An administrator who approves a device.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub actor: Actor,
    /// Whom the administrator names.
    pub user: Option<UserId>,
}

/// Why somebody's answer for a device does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was answered before, or has expired.
    Over,
    /// Under this policy only an administrator answers.
    AdministratorOnly,
    /// Under this policy a person enters the code first.
    PersonFirst,
    /// Under this policy the administrator names the user.
    UserMissing,
    /// The administrator names another user than the one who entered the code.
    AnotherUser,
    /// The person who entered the code signed out since, and such grants end with the session.
    SignedOut,
}

/// Lets a device begin to wait (RFC 8628 §3.2). A user code that another device has is a conflict;
/// decided once more it is another one.
pub fn begin(
    tenant_id: TenantId,
    (request, origin): (AuthorizationRequest, RequestOrigin),
    policy: &Policy,
    key: &UserCodeKey,
    (now, entropy): (Timestamp, &dyn Entropy),
) -> Decision<DeviceAuthorizationResponse> {
    let id = Id::generate(now, entropy);
    let device_code = Secret::generate(SecretKind::DeviceCode, entropy);
    let user_code = key.code_of(tenant_id, id);
    let lifetimes = &policy.lifetimes;
    let device = DeviceAuthorization {
        tenant_id,
        id,
        device_code: device_code.hash(),
        user_code: key.hash(tenant_id, &user_code),
        client_id: request.client_id.clone(),
        request,
        origin,
        state: DeviceState::Pending,
        user_id: None,
        approval: DeviceApprovalRecord::default(),
        entries: 0,
        poll_interval: lifetimes.device_poll_interval,
        polled_at: None,
        created_at: now,
        expires_at: now + lifetimes.device_code,
    };
    let verification_uri = format!("{}/activate", policy.issuer);
    let answer = DeviceAuthorizationResponse {
        device_code: device_code.expose().to_owned(),
        verification_uri_complete: format!("{verification_uri}?user_code={}", user_code.expose()),
        user_code: user_code.expose(),
        verification_uri,
        expires_in: lifetimes.device_code.seconds(),
        interval: lifetimes.device_poll_interval.seconds(),
    };
    Decision { effects: vec![Effect::StoreDeviceAuthorization(Box::new(device))], outcome: Ok(answer) }
}

/// Whether a person who knows the code can still enter it.
pub fn can_be_entered(device: &DeviceAuthorization, now: Timestamp) -> bool {
    is_open(device, now) && device.entries < MOST_ENTRIES
}

/// Whether a person can still answer.
pub fn is_open(device: &DeviceAuthorization, now: Timestamp) -> bool {
    device.state == DeviceState::Pending && now < device.expires_at
}

/// The person lets the device in (RFC 8628 §3.3), as far as the policy leaves it to them.
pub fn allow(
    device: &DeviceAuthorization,
    policy: DeviceApproval,
    person: Person<'_>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Decision<DeviceState, Refusal> {
    if !is_open(device, now) {
        return Decision::only(Err(Refusal::Over));
    }
    let mut step = persons_step(device, person, now);
    let mut effects = vec![complete(person, now)];
    match policy {
        DeviceApproval::Admin => return Decision::only(Err(Refusal::AdministratorOnly)),
        DeviceApproval::UserThenAdmin => step.to = DeviceState::AwaitingAdministrator,
        DeviceApproval::User => {
            step.to = DeviceState::Approved;
            let authentication = authentication_in(person.session);
            effects.push(grant(device, &mut step, (person.session.user_id, authentication), entropy));
            effects.push(Effect::TouchSession { session: person.session.id });
            effects.extend(consent(device, &step));
        }
    }
    moved(effects, step)
}

/// The person does not let the device in.
pub fn deny(
    device: &DeviceAuthorization,
    person: Person<'_>,
    now: Timestamp,
) -> Decision<DeviceState, Refusal> {
    if !is_open(device, now) {
        return Decision::only(Err(Refusal::Over));
    }
    moved(vec![complete(person, now)], persons_step(device, person, now))
}

/// An administrator lets the device in: after a person, or in a person's place. `session` is the one in
/// which the person answered, if it is still known; `revokes` says whether it matters that it goes on.
pub fn approve(
    device: &DeviceAuthorization,
    (policy, revokes): (DeviceApproval, SignOutRevokes),
    administrator: Administrator,
    session: Option<&Session>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Decision<DeviceState, Refusal> {
    let Administrator { actor, user: named } = administrator;
    let (user, authentication, person_allowed) = match whose(device, policy, named, now, entropy) {
        Ok(found) => found,
        Err(refusal) => return Decision::only(Err(refusal)),
    };
    let ends_with =
        Some(authentication.session_id).filter(|_| person_allowed && revokes.ends(&device.request.scope));
    if ends_with.is_some() && session.is_some_and(|session| session.ended_at.is_some()) {
        return Decision::only(Err(Refusal::SignedOut));
    }
    let mut step = administrators_step(device, actor, now);
    step.to = DeviceState::Approved;
    step.user_id = Some(user);
    let mut effects = vec![grant(device, &mut step, (user, authentication), entropy)];
    effects.extend(ends_with.map(|session| Effect::TouchSession { session }));
    effects.extend(consent(device, &step));
    moved(effects, step)
}

/// An administrator does not let the device in, whoever has to answer.
pub fn deny_by_administrator(
    device: &DeviceAuthorization,
    actor: Actor,
    now: Timestamp,
) -> Decision<DeviceState, Refusal> {
    let open = matches!(device.state, DeviceState::Pending | DeviceState::AwaitingAdministrator);
    if !open || device.expires_at <= now {
        return Decision::only(Err(Refusal::Over));
    }
    moved(vec![], administrators_step(device, actor, now))
}

/// Whose device it becomes, how they were signed in, and whether they allowed it themselves.
fn whose(
    device: &DeviceAuthorization,
    policy: DeviceApproval,
    named: Option<UserId>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(UserId, Authentication, bool), Refusal> {
    if device.expires_at <= now {
        return Err(Refusal::Over);
    }
    match (device.state, &device.approval.person, device.user_id) {
        (DeviceState::AwaitingAdministrator, Some(answer), Some(user)) => {
            match named.is_some_and(|named| named != user) {
                true => Err(Refusal::AnotherUser),
                false => Ok((user, answer.authentication.clone(), true)),
            }
        }
        (DeviceState::Pending, ..) if policy == DeviceApproval::Admin => {
            let user = named.ok_or(Refusal::UserMissing)?;
            // Nobody signed in: no method is claimed, and the session is one that nobody has.
            let session_id = Id::generate(now, entropy);
            Ok((user, Authentication { session_id, authenticated_at: now, amr: vec![] }, false))
        }
        (DeviceState::Pending, ..) => Err(Refusal::PersonFirst),
        _ => Err(Refusal::Over),
    }
}

/// A person's step; to `denied` unless they say otherwise.
fn persons_step(device: &DeviceAuthorization, person: Person<'_>, now: Timestamp) -> DeviceMove {
    let answer = PersonsAnswer {
        authentication: authentication_in(person.session),
        origin: person.origin.clone(),
        client_fingerprint: person.client.consent_fingerprint(),
        at: now,
    };
    DeviceMove {
        id: device.id,
        from: device.state,
        to: DeviceState::Denied,
        user_id: Some(person.session.user_id),
        approval: DeviceApprovalRecord { person: Some(answer), ..device.approval.clone() },
        at: now,
    }
}

/// An administrator's step; to `denied` unless they say otherwise.
fn administrators_step(device: &DeviceAuthorization, actor: Actor, now: Timestamp) -> DeviceMove {
    let answer = AdministratorsAnswer { actor, at: now };
    DeviceMove {
        id: device.id,
        from: device.state,
        to: DeviceState::Denied,
        user_id: device.user_id,
        approval: DeviceApprovalRecord { administrator: Some(answer), ..device.approval.clone() },
        at: now,
    }
}

fn authentication_in(session: &Session) -> Authentication {
    Authentication {
        session_id: session.id,
        authenticated_at: session.authenticated_at,
        amr: session.amr.clone(),
    }
}

fn complete(person: Person<'_>, now: Timestamp) -> Effect {
    Effect::CompleteInteraction { interaction: person.interaction.id, at: now }
}

/// The device's grant, which exists as soon as it is approved: whatever ends the user's grants until
/// the device comes for its tokens ends this one too.
fn grant(
    device: &DeviceAuthorization,
    step: &mut DeviceMove,
    (user_id, authentication): (UserId, Authentication),
    entropy: &dyn Entropy,
) -> Effect {
    let id = Id::generate(step.at, entropy);
    step.approval.grant_id = Some(id);
    Effect::StoreGrant(Box::new(Grant {
        tenant_id: device.tenant_id,
        id,
        client_id: device.client_id.clone(),
        user_id,
        scope: device.request.scope.clone(),
        resources: device.request.resources.clone(),
        authentication,
        nonce: None,
        created_at: step.at,
        revoked_at: None,
        revocation_reason: None,
    }))
}

/// What the person allowed, if one did, so that they find it in their account and can take it back. It
/// never answers for another device, nor for what a client made of itself after they saw it.
fn consent(device: &DeviceAuthorization, step: &DeviceMove) -> Option<Effect> {
    let (user_id, answer) = step.user_id.zip(step.approval.person.as_ref())?;
    Some(Effect::StoreConsent(Box::new(Consent {
        tenant_id: device.tenant_id,
        user_id,
        client_id: device.client_id.clone(),
        scope: device.request.scope.clone(),
        resources: device.request.resources.clone(),
        client_fingerprint: answer.client_fingerprint,
        given_at: step.at,
    })))
}

fn moved(mut effects: Vec<Effect>, step: DeviceMove) -> Decision<DeviceState, Refusal> {
    let to = step.to;
    effects.push(Effect::MoveDevice(Box::new(step)));
    Decision { effects, outcome: Ok(to) }
}

#[cfg(test)]
mod tests;
