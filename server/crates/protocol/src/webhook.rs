//! Webhooks as <https://www.standardwebhooks.com> describes them: what is signed, when what failed is tried
//! again, and what a receiver's answer means.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::{AuditEvent, DeliveryAttempt, DeliveryState, WebhookDelivery, WebhookDisabled, WebhookId};
use crate::{Entropy, Id, Lifetime, Timestamp};

/// The kind of what is sent to try a webhook.
pub const TEST: &str = "webhook.test";

/// How long after each failed attempt the next one is due, before some of it is added at random.
const RETRIES: [Lifetime; 9] = [
    Lifetime::from_seconds(5),
    Lifetime::from_seconds(5 * 60),
    Lifetime::from_seconds(30 * 60),
    Lifetime::from_seconds(2 * 3600),
    Lifetime::from_seconds(5 * 3600),
    Lifetime::from_seconds(10 * 3600),
    Lifetime::from_seconds(14 * 3600),
    Lifetime::from_seconds(20 * 3600),
    Lifetime::from_seconds(24 * 3600),
];

/// The longest that a receiver may have us wait with `Retry-After`.
const LONGEST_WAIT: Lifetime = Lifetime::from_seconds(24 * 3600);

/// A webhook that only fails for so long is disabled.
pub const FAILING_FOR: Lifetime = Lifetime::from_seconds(5 * 86_400);

/// How long what was delivered can be seen.
const DELIVERED_KEPT: Lifetime = Lifetime::from_seconds(7 * 86_400);

/// How long what was given up can be seen, and asked for again.
const FAILED_KEPT: Lifetime = Lifetime::from_seconds(30 * 86_400);

const PREFIX: &str = "whsec_";

/// A webhook's secret in clear: the key of the HMAC. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// What came of sending a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver answered.
    Status {
        status: u16,
        /// How long the receiver wants us to wait (RFC 9110 §10.2.3).
        retry_after: Option<Lifetime>,
    },
    /// There is no answer; why, in words for whoever runs the receiver.
    None(String),
}

/// What an answer says of the webhook that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Works,
    Fails,
    Gone,
}

impl SigningSecret {
    /// 256 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = vec![0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// A secret of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes, for the one place that encrypts them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `whsec_<base64>`, as receivers' libraries take it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// `v1,<base64 HMAC-SHA256(id.timestamp.body)>`.
    fn sign(&self, message_id: &str, at: Timestamp, body: &str) -> String {
        let signed = format!("{message_id}.{}.{body}", at.unix_seconds());
        // HMAC takes keys of every length.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mac| mac.chain_update(signed).finalize().into_bytes().to_vec())
            .unwrap_or_default();
        format!("v1,{}", STANDARD.encode(mac))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(..)")
    }
}

/// The header `webhook-signature`: one signature for each valid secret, so that receivers can change over.
pub fn signatures(secrets: &[SigningSecret], message_id: &str, at: Timestamp, body: &str) -> String {
    let signatures: Vec<_> = secrets.iter().map(|secret| secret.sign(message_id, at, body)).collect();
    signatures.join(" ")
}

/// The header `webhook-id`: the same whenever the same event is sent to the same webhook, so that receivers can
/// tell what they have had already.
pub fn message_id(webhook: WebhookId, event: Id<AuditEvent>) -> String {
    format!("msg_{webhook}_{event}").replace('-', "")
}

/// Whether a webhook for these `events` is told of an event of this kind: all of them where it names none,
/// `client.changed` for itself, `client` for whatever begins with `client.`.
pub fn wants(events: &[String], kind: &str) -> bool {
    let begins = |wanted: &String| kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'));
    events.is_empty() || events.iter().any(|wanted| wanted == kind || begins(wanted))
}

/// The delivery after an attempt that got this answer, and what that says of the webhook.
pub fn attempted(
    delivery: &WebhookDelivery,
    answer: &Answer,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> (WebhookDelivery, Verdict) {
    let attempts = delivery.attempts.saturating_add(1);
    let (verdict, retry_after) = match answer {
        Answer::Status { status: 200..=299, .. } => (Verdict::Works, None),
        Answer::Status { status: 410, .. } => (Verdict::Gone, None),
        Answer::Status { retry_after, .. } => (Verdict::Fails, *retry_after),
        Answer::None(_) => (Verdict::Fails, None),
    };
    let next = (verdict == Verdict::Fails).then(|| retry_at(attempts, retry_after, now, entropy)).flatten();
    let (state, expires_at) = match (verdict, next) {
        (Verdict::Works, _) => (DeliveryState::Delivered, Some(now + DELIVERED_KEPT)),
        (_, Some(_)) => (DeliveryState::Pending, None),
        (_, None) => (DeliveryState::Failed, Some(now + FAILED_KEPT)),
    };
    let (status, error) = match answer {
        Answer::Status { status, .. } => (Some(*status), None),
        Answer::None(why) => (None, Some(why.clone())),
    };
    let last_attempt = Some(DeliveryAttempt { at: now, status, error });
    (WebhookDelivery { state, attempts, due_at: next, last_attempt, expires_at, ..delivery.clone() }, verdict)
}

/// Whether a webhook is to be disabled after an attempt, having failed since this time before it.
pub fn disables(
    verdict: Verdict,
    failing_since: Option<Timestamp>,
    now: Timestamp,
) -> Option<WebhookDisabled> {
    match verdict {
        Verdict::Works => None,
        Verdict::Gone => Some(WebhookDisabled::Gone),
        Verdict::Fails => {
            failing_since.filter(|since| *since + FAILING_FOR <= now).map(|_| WebhookDisabled::Failing)
        }
    }
}

/// When to try again after so many attempts, if at all: what failed together does not come back together, and
/// nobody is asked sooner than they want.
fn retry_at(
    attempts: u32,
    retry_after: Option<Lifetime>,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Option<Timestamp> {
    let delay = *RETRIES.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    let mut byte = [0];
    entropy.fill(&mut byte);
    // Up to a fifth more.
    let jitter = u64::from(delay.seconds()) * u64::from(byte[0]) / (5 * 255);
    let delay = delay.seconds().saturating_add(u32::try_from(jitter).unwrap_or_default());
    let wanted = retry_after.map_or(0, |wanted| wanted.min(LONGEST_WAIT).seconds());
    Some(now + Lifetime::from_seconds(delay.max(wanted)))
}

#[cfg(test)]
mod tests;
