//! Telling webhooks what happened. The audit trail is the outbox: whoever works on a webhook reads on where it was
//! read to, puts what the webhook wants among its deliveries, and sends those that are due. Any number of nodes may
//! work on the same one: each step states in its write what it relies on.

use std::time::Duration;

use futures_util::future::join_all;
use grantor_outbound::{Post, Refusal};
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, DeliveryState, TenantId, TenantStatus, Webhook, WebhookDelivery,
    WebhookDisabled, WebhookId, WebhookSecret, WebhookSecretId,
};
use grantor_protocol::webhook::{Answer, SigningSecret, attempted, disables, message_id, signatures, wants};
use grantor_protocol::{Id, Lifetime, Timestamp};
use grantor_store::{AuditFilter, RecordedEvent, Stretch, WebhookWork};
use http::HeaderValue;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::admin::audit_event_document;
use super::{App, Fault};

/// Webhooks that are looked for in one go.
const MOST: u32 = 10_000;

/// Events of the trail that are read at a time.
const BATCH: u32 = 100;

/// Deliveries of one webhook that wait to be sent, at most: the rest waits in the trail.
const MOST_PENDING: u32 = 1000;

/// Deliveries of one webhook that are under way at a time.
const AT_ONCE: u32 = 8;

/// What a receiver has, from the resolution of its name to the head of its answer. A claim lasts four times
/// as long.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How long what our own limits refused waits.
const LIMITED: Lifetime = Lifetime::from_seconds(5);

/// What is sent.
#[derive(Serialize)]
struct Payload<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    /// When it happened. RFC 3339, UTC.
    timestamp: String,
    data: T,
}

impl App {
    /// Webhooks for which there is something to do.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn webhooks_at_work(&self) -> Result<Vec<(TenantId, WebhookId)>, Fault> {
        Ok(self.store.webhooks_at_work(self.now(), MOST).await?)
    }

    /// Takes one step for a webhook: looks for what it wants to know and sends some of what is due. Gives
    /// whether another step would find something at once.
    ///
    /// # Errors
    /// A fault of the store, secrets that do not open.
    pub async fn work_on_webhook(&self, tenant_id: TenantId, id: WebhookId) -> Result<bool, Fault> {
        let Some(tenant) = self.store.tenants().by_id(tenant_id).await? else { return Ok(false) };
        let store = self.store.tenant(tenant_id);
        let Some(work) = store.webhook_work(id).await? else { return Ok(false) };
        if tenant.status != TenantStatus::Active || work.webhook.disabled.is_some() {
            return Ok(false);
        }
        let found = self.look_for_events(&tenant.slug, &work).await?;
        let claimed = store.claim_webhook_deliveries(id, self.now(), AT_ONCE).await?;
        let sent = join_all(claimed.iter().map(|claimed| self.deliver(&work.webhook, claimed))).await;
        let sent = sent.into_iter().collect::<Result<Vec<_>, Fault>>()?;
        Ok(sent.iter().all(|sent| *sent) && (found || claimed.len() >= AT_ONCE as usize))
    }

    /// Gives whether the trail was read on.
    async fn look_for_events(&self, slug: &str, work: &WebhookWork) -> Result<bool, Fault> {
        let (webhook, store) = (&work.webhook, self.store.tenant(work.webhook.tenant_id));
        if store.has_pending_webhook_deliveries(webhook.id, MOST_PENDING).await? {
            return Ok(false);
        }
        let mut found = false;
        for stretch in &work.stretches {
            let read = store.audit_events_after(stretch.after, BATCH, &AuditFilter::default()).await?;
            let Some((events, reached)) = part_of(*stretch, read) else { continue };
            let wanted = events
                .into_iter()
                .filter(|recorded| wants(&webhook.settings.events, recorded.event.kind.as_str()))
                .map(|recorded| self.delivery_of(webhook, slug, recorded))
                .collect::<Result<_, Fault>>()?;
            found |= store.put_webhook_deliveries(webhook.id, *stretch, reached, wanted).await?;
        }
        Ok(found)
    }

    fn delivery_of(
        &self,
        webhook: &Webhook,
        slug: &str,
        recorded: RecordedEvent,
    ) -> Result<WebhookDelivery, Fault> {
        let (id, kind, at) = (recorded.event.id, recorded.event.kind.as_str(), recorded.event.at);
        self.webhook_delivery(webhook, id, (kind, at), &audit_event_document(slug, recorded))
    }

    /// A delivery that is due at once.
    ///
    /// # Errors
    /// Data that cannot be written as JSON.
    pub(super) fn webhook_delivery(
        &self,
        webhook: &Webhook,
        event_id: Id<AuditEvent>,
        (kind, at): (&str, Timestamp),
        data: &impl Serialize,
    ) -> Result<WebhookDelivery, Fault> {
        let payload = Payload { kind, timestamp: at.to_string(), data };
        let now = self.now();
        Ok(WebhookDelivery {
            tenant_id: webhook.tenant_id,
            webhook_id: webhook.id,
            event_id,
            kind: kind.to_owned(),
            payload: serde_json::to_string(&payload).map_err(Fault::internal)?,
            state: DeliveryState::Pending,
            attempts: 0,
            due_at: Some(now),
            last_attempt: None,
            created_at: now,
            expires_at: None,
        })
    }

    /// Sends a claimed delivery and writes down what came of it. False if our own limits refused it.
    async fn deliver(&self, webhook: &Webhook, claimed: &WebhookDelivery) -> Result<bool, Fault> {
        let store = self.store.tenant(webhook.tenant_id);
        let post = self.signed(webhook, claimed)?;
        let answer = match self.fetcher.post(budget(webhook), &webhook.settings.url, post).await {
            Ok(answered) => {
                let seconds = |wait: Duration| {
                    Lifetime::from_seconds(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX))
                };
                Answer::Status { status: answered.status, retry_after: answered.retry_after.map(seconds) }
            }
            Err(Refusal::Busy) => {
                store.release_webhook_delivery(claimed, self.now() + LIMITED).await?;
                return Ok(false);
            }
            Err(refusal) => {
                let (webhook, detail) = (webhook.id, refusal.detail());
                tracing::debug!(%webhook, %refusal, detail, "a webhook did not answer");
                Answer::None(refusal.to_string())
            }
        };
        let now = self.now();
        let (after, verdict) = attempted(claimed, &answer, now, self.entropy.as_ref());
        let disabled =
            disables(verdict, webhook.failing_since, now).map(|why| (why, self.disabling(webhook, why)));
        store.record_webhook_attempt(claimed, &after, (verdict, webhook.version), disabled).await?;
        Ok(true)
    }

    fn disabling(&self, webhook: &Webhook, why: WebhookDisabled) -> AuditEvent {
        let detail = json!({
            "before": { "enabled": true },
            "after": { "enabled": false, "disabled_reason": why.as_str() },
        });
        let event = self.event(AuditKind::WebhookDisabled, Actor::System, webhook.id.to_string());
        AuditEvent { detail, ..event }
    }

    /// The request for a delivery, signed now.
    fn signed(&self, webhook: &Webhook, claimed: &WebhookDelivery) -> Result<Post, Fault> {
        let now = self.now();
        let id = message_id(webhook.id, claimed.event_id);
        let valid = webhook.secrets.iter().filter(|secret| secret.is_valid(now));
        let secrets =
            valid.map(|secret| self.open_webhook_secret(webhook, secret)).collect::<Result<Vec<_>, _>>()?;
        let headers = [
            ("webhook-signature", signatures(&secrets, &id, now, &claimed.payload)),
            ("webhook-timestamp", now.unix_seconds().to_string()),
            ("webhook-id", id),
        ];
        let header = |(name, value): (&'static str, String)| {
            HeaderValue::try_from(value).map(|value| (name, value)).map_err(Fault::internal)
        };
        Ok(Post {
            content_type: "application/json",
            headers: headers.into_iter().map(header).collect::<Result<_, _>>()?,
            body: claimed.payload.clone().into(),
            timeout: TIMEOUT,
        })
    }

    /// A new secret of a webhook, encrypted under the master key.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub(super) fn new_webhook_secret(
        &self,
        tenant_id: TenantId,
        webhook: WebhookId,
    ) -> Result<WebhookSecret, Fault> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let (id, secret) = (Id::generate(now, entropy), SigningSecret::generate(entropy));
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        entropy.fill(&mut nonce);
        let sealed = self.master.seal(nonce, &associated_data(tenant_id, webhook, id), secret.as_bytes())?;
        Ok(WebhookSecret { id, sealed, created_at: now, expires_at: None })
    }

    /// # Errors
    /// A secret that another master key sealed, or that belongs to another webhook.
    pub(super) fn open_webhook_secret(
        &self,
        webhook: &Webhook,
        secret: &WebhookSecret,
    ) -> Result<SigningSecret, Fault> {
        let data = associated_data(webhook.tenant_id, webhook.id, secret.id);
        Ok(SigningSecret::from_bytes(self.master.open(&data, &secret.sealed)?.expose()))
    }
}

/// What belongs to a stretch of the trail of what was read behind its beginning, and how far that reaches; None
/// where there is nothing to be done.
fn part_of(stretch: Stretch, read: Vec<RecordedEvent>) -> Option<(Vec<RecordedEvent>, i64)> {
    let last = read.last().map(|recorded| recorded.sequence);
    match stretch.until {
        None => last.map(|last| (read, last)),
        Some(until) => {
            let is_in = |recorded: &RecordedEvent| recorded.sequence <= until;
            let is_whole = read.len() < BATCH as usize;
            let reached = last.filter(|_| !is_whole).map_or(until, |last| last.min(until));
            Some((read.into_iter().filter(is_in).collect(), reached))
        }
    }
}

/// Whose budget a webhook's posts are on: its own, beside what is fetched for the tenant. Another tenant may
/// have a webhook with the same identifier.
fn budget(webhook: &Webhook) -> [u8; 16] {
    let both = [webhook.tenant_id.as_bytes().as_slice(), webhook.id.as_bytes()].concat();
    let mut budget = [0; 16];
    budget.copy_from_slice(&Sha256::digest(both)[..16]);
    budget
}

/// What a sealed secret is bound to: moved to another webhook it does not open.
pub(super) fn associated_data(tenant_id: TenantId, webhook: WebhookId, id: WebhookSecretId) -> Vec<u8> {
    [b"grantor webhook secret".as_slice(), tenant_id.as_bytes(), webhook.as_bytes(), id.as_bytes()].concat()
}
