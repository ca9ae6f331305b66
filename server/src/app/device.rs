//! Device authorization (RFC 8628): devices that ask, people who enter their codes, devices that poll.

use std::net::IpAddr;
use std::sync::Arc;

use grantor_protocol::authorize;
use grantor_protocol::device::{self, DeviceAuthorizationResponse, Person, UserCode};
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, DeviceApproval, DeviceAuthorization, DeviceState, InteractionId, Metric,
    Purpose, RequestOrigin, TenantId,
};
use grantor_protocol::token::{Issuance, TokenRequest, device_code};
use grantor_protocol::{Decision, Effect, ErrorCode, Lifetime, Secret, SecretHash, Timestamp};
use grantor_store::ApplyError;
use quick_cache::sync::Cache;
use serde_json::json;

use super::authorize::{Browser, Progress, SignedIn, progress};
use super::client_auth::ClientRequest;
use super::fault::WRONG_CODES;
use super::interaction::{OVER, Opened};
use super::limits::Network;
use super::{App, Fault, LoadedClient, TenantContext};

/// Wrong codes that a browser, or an address, may enter before it has to wait (RFC 8628 §5.1).
const MOST_ATTEMPTS: u32 = 10;

/// How long after the last wrong code they are forgotten.
const ATTEMPTS_FORGOTTEN_AFTER: Lifetime = Lifetime::from_seconds(600);

/// Devices whose last poll is remembered.
const POLLS: usize = 100_000;

/// When devices polled last. Kept in memory, so that a poll that has nothing to tell costs no write:
/// behind several nodes, or after a restart, a device that polls too fast is noticed a little later,
/// but what it is told then, the longer interval, is durable and the same on every node.
pub struct Polls(Cache<(TenantId, SecretHash), Timestamp>);

impl Default for Polls {
    fn default() -> Self {
        Self(Cache::new(POLLS))
    }
}

/// What came of a user code.
pub enum Entered {
    /// Wrong, used or expired: which of them is not said.
    Unknown,
    /// The person goes on to sign in or to consent.
    Begun { progress: Progress, new_browser: Option<Secret> },
    /// There is nothing for a person to answer: an administrator lets the device in.
    ForAdministrators { client: Arc<LoadedClient> },
}

impl App {
    /// Lets a device begin to wait (RFC 8628 §3.1).
    ///
    /// # Errors
    /// The standard's errors; faults of ours.
    pub async fn device_authorization(
        &self,
        context: &TenantContext,
        request: ClientRequest<'_>,
    ) -> Result<DeviceAuthorizationResponse, Fault> {
        request.params.refuse_duplicates()?;
        self.settle(context.tenant.id, move || async move {
            let authenticated = self.authenticate_client(context, request).await?;
            let client = &authenticated.loaded.client;
            let mut effects: Vec<_> = authenticated.spent.into_iter().collect();
            let policy = &context.policy;
            let outcome = match authorize::validate_device(request.params, client, policy) {
                Err(error) => Err(error),
                Ok(asked) => {
                    self.prepare_id_token_key(context, client);
                    let chance = (self.now(), self.entropy.as_ref());
                    let asked = (asked, origin(request.peer.address));
                    let begun = device::begin(context.tenant.id, asked, policy, &self.user_codes, chance);
                    effects.extend(begun.effects);
                    effects.extend(self.note_use(context, &authenticated.loaded));
                    begun.outcome
                }
            };
            Ok(Decision { effects, outcome })
        })
        .await
    }

    /// The hidden field of the form that takes a code, with the cookie to set if the browser had none.
    pub fn activation_form(&self, browser: &Browser) -> (String, Option<Secret>) {
        let new_browser = self.new_browser(browser);
        let token = browser.browser.as_ref().or(new_browser.as_ref()).map(|secret| self.forms.token(secret));
        (token.unwrap_or_default(), new_browser)
    }

    /// Looks up a user code that a person entered (RFC 8628 §3.3) and begins the interaction that it
    /// leads to.
    ///
    /// # Errors
    /// [`Fault::TooMany`] after too many wrong codes.
    pub async fn enter_user_code(
        &self,
        context: &Arc<TenantContext>,
        browser: &Browser,
        typed: &str,
    ) -> Result<Entered, Fault> {
        // What no device can have tells nothing about any.
        let Some(user_code) = UserCode::parse(typed) else { return Ok(Entered::Unknown) };
        let tenant_id = context.tenant.id;
        let subjects = attempt_subjects(browser);
        self.count_attempts(tenant_id, &subjects, (MOST_ATTEMPTS, ATTEMPTS_FORGOTTEN_AFTER)).await?;
        let hash = self.user_codes.hash(tenant_id, &user_code);
        let device = self.store.tenant(tenant_id).device_by_user_code(&hash).await?;
        let Some(device) = device.filter(|device| device::can_be_entered(device, self.now())) else {
            return Ok(Entered::Unknown);
        };
        let client = self.client(tenant_id, &device.client_id).await?;
        let Some(client) = client.filter(|loaded| loaded.client.enabled) else { return Ok(Entered::Unknown) };
        let signed_in = self.signed_in(tenant_id, browser.session.as_ref()).await?;
        let mut effects: Vec<_> =
            subjects.into_iter().map(|subject| Effect::UncountAttempt { subject }).collect();
        let (device_id, most, at) = (device.id, device::MOST_ENTRIES, self.now());
        effects.push(Effect::EnterUserCode { device: device_id, most, at });
        let actor = signed_in.as_ref().map_or(Actor::Anonymous, |it| Actor::User { id: it.user.id });
        let event = self.device_event(AuditKind::DeviceEntered, actor, &device, browser.address);
        effects.push(Effect::RecordAudit(Box::new(event)));
        let entered = if context.policy.device_approval_for(&client.client) == DeviceApproval::Admin {
            Entered::ForAdministrators { client }
        } else {
            let purpose = Purpose::Device {
                request: Box::new(device.request.clone()),
                device: device.id,
                entered_from: origin(browser.address),
            };
            let (interaction, new_browser) = self.new_interaction(context, purpose, browser)?;
            let id = interaction.id;
            effects.push(Effect::StoreInteraction(Box::new(interaction)));
            let signed_in = signed_in.as_ref();
            let step = self.next_step(tenant_id, &device.request, &client, signed_in, None, false).await?;
            Entered::Begun { progress: progress(&step, id), new_browser }
        };
        match self.apply(tenant_id, effects).await {
            // Somebody answered meanwhile, or entered it once too often.
            Err(ApplyError::Conflict) => Ok(Entered::Unknown),
            other => {
                other?;
                Ok(entered)
            }
        }
    }

    /// Takes the person's answer for a device, once they are signed in.
    ///
    /// # Errors
    /// [`Fault::Expired`] when somebody answered meanwhile or the code has expired.
    pub(super) async fn answer_for_device(
        &self,
        context: &TenantContext,
        opened: &Opened,
        (device, client): (&DeviceAuthorization, &LoadedClient),
        signed_in: &SignedIn,
        allowed: bool,
    ) -> Result<Progress, Fault> {
        let Purpose::Device { entered_from, .. } = &opened.interaction.purpose else { return Err(OVER) };
        let session = &signed_in.session;
        let client = &client.client;
        let person = Person { session, client, interaction: &opened.interaction, origin: entered_from };
        let now = self.now();
        let Decision { mut effects, outcome } = if allowed {
            let policy = context.policy.device_approval_for(client);
            device::allow(device, policy, person, now, self.entropy.as_ref())
        } else {
            device::deny(device, person, now)
        };
        outcome.map_err(|_| OVER)?;
        let kind = if allowed { AuditKind::DeviceApproved } else { AuditKind::DeviceDenied };
        let address = entered_from.address.as_deref().and_then(|address| address.parse().ok());
        let event = self.device_event(kind, Actor::User { id: signed_in.user.id }, device, address);
        effects.push(Effect::RecordAudit(Box::new(event)));
        match self.apply(context.tenant.id, effects).await {
            Err(ApplyError::Conflict) => Err(OVER),
            other => {
                other?;
                if allowed && context.policy.device_approval_for(client) == DeviceApproval::User {
                    self.count(context.tenant.id, Metric::DevicesApproved);
                }
                Ok(Progress::Device(opened.interaction.id))
            }
        }
    }

    /// What became of the device that the person answered for in this browser.
    ///
    /// # Errors
    /// [`Fault::Expired`] where there is nothing of this browser's.
    pub async fn device_outcome(
        &self,
        context: &TenantContext,
        id: InteractionId,
        browser: &Browser,
    ) -> Result<(DeviceState, Arc<LoadedClient>), Fault> {
        let cookie = browser.browser.as_ref().ok_or(OVER)?;
        let store = self.store.tenant(context.tenant.id);
        let interaction = store.interaction(id).await?.filter(|it| it.browser.matches(cookie)).ok_or(OVER)?;
        let (Purpose::Device { device, .. }, Some(_)) = (&interaction.purpose, interaction.completed_at)
        else {
            return Err(OVER);
        };
        let device = store.device_authorization(*device).await?.ok_or(OVER)?;
        let client = self.client(context.tenant.id, &device.client_id).await?.ok_or(OVER)?;
        Ok((device.state, client))
    }

    /// The user code of a device, for the page that asks whether it is the person's.
    pub fn user_code_of(&self, device: &DeviceAuthorization) -> String {
        self.user_codes.code_of(device.tenant_id, device.id).expose()
    }

    /// Answers a device that polls (RFC 8628 §3.4).
    pub(super) async fn decide_device_code(
        &self,
        context: &TenantContext,
        request: TokenRequest<'_>,
    ) -> Result<Decision<Issuance>, Fault> {
        let hash = match device_code::presented(request.params) {
            Ok(secret) => secret.hash(),
            Err(error) => return Ok(Decision::only(Err(error))),
        };
        let loaded = self.store.tenant(context.tenant.id).device_with_grant(&hash).await?;
        let key = (context.tenant.id, hash);
        let decision = device_code::decide(request, loaded.as_ref(), self.polls.0.get(&key));
        if let Err(error) = &decision.outcome
            && matches!(error.code, ErrorCode::AuthorizationPending | ErrorCode::SlowDown)
        {
            self.polls.0.insert(key, request.now);
        }
        Ok(decision)
    }

    /// An event about a device, for the trail.
    pub(super) fn device_event(
        &self,
        kind: AuditKind,
        actor: Actor,
        device: &DeviceAuthorization,
        address: Option<IpAddr>,
    ) -> AuditEvent {
        let detail = json!({ "client_id": device.client_id, "address": address });
        AuditEvent { detail, ..self.event(kind, actor, device.id.to_string()) }
    }

    /// Before the attempt is made, so that no crowd gets past the limit.
    pub(super) async fn count_attempts(
        &self,
        tenant_id: TenantId,
        subjects: &[SecretHash],
        (most, forgotten_after): (u32, Lifetime),
    ) -> Result<(), Fault> {
        let at = self.now();
        let expires_at = at + forgotten_after;
        let count = |subject: &SecretHash| Effect::CountAttempt { subject: *subject, most, at, expires_at };
        match self.apply(tenant_id, subjects.iter().map(count).collect()).await {
            Err(ApplyError::Conflict) => {
                let store = self.store.tenant(tenant_id);
                let until = store.attempts_exhausted_until(subjects, most, at).await?.unwrap_or(at);
                Err(Fault::TooMany { what: WRONG_CODES, retry_after: until.seconds_since(at).max(1) })
            }
            other => Ok(other?),
        }
    }
}

fn origin(address: Option<IpAddr>) -> RequestOrigin {
    RequestOrigin { address: address.map(|address| address.to_string()), user_agent: None }
}

/// Who is counted: the browser, and the subscriber whose address it has.
fn attempt_subjects(browser: &Browser) -> Vec<SecretHash> {
    let cookie = browser.browser.as_ref().map(|cookie| format!("user code, browser {}", cookie.expose()));
    let address = browser.address.map(|address| format!("user code, {}", Network::from(Some(address))));
    [cookie, address].into_iter().flatten().map(|subject| Secret::presented(subject).hash()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_and_subscriber_are_counted() {
        let subjects = |cookie: Option<&str>, address: Option<&str>| {
            attempt_subjects(&Browser {
                browser: cookie.map(Secret::presented),
                session: None,
                known: None,
                address: address.map(|address| address.parse().unwrap()),
                user_agent: None,
            })
        };
        assert_eq!(subjects(None, None), []);
        assert_eq!(subjects(Some("a"), Some("192.0.2.1")).len(), 2);
        assert_eq!(subjects(None, Some("2001:db8::1")), subjects(None, Some("2001:db8::ffff:1")));
        assert_ne!(subjects(None, Some("192.0.2.1")), subjects(None, Some("192.0.2.2")));
        assert_ne!(subjects(Some("a"), None), subjects(Some("b"), None));
    }
}
