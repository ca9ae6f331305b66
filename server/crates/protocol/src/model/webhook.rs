use serde::{Deserialize, Serialize};

use super::{AuditEvent, TenantId};
use crate::{Id, Timestamp};

pub type WebhookId = Id<Webhook>;

pub type WebhookSecretId = Id<WebhookSecret>;

/// An address that is told of what goes into the tenant's audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    pub tenant_id: TenantId,
    pub id: WebhookId,
    pub settings: WebhookSettings,
    /// Why nothing is sent; None while it is enabled.
    pub disabled: Option<WebhookDisabled>,
    /// What deliveries are signed with, the newest first; those that have expired do not count.
    pub secrets: Vec<WebhookSecret>,
    /// When the first attempt failed of those that have failed since one succeeded.
    pub failing_since: Option<Timestamp>,
    /// Events of the past are being sent once more.
    pub replaying: bool,
    /// Counts changes.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the tenant's administrators choose for a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookSettings {
    pub url: String,
    pub description: String,
    /// Kinds of audit events, or the part before their dot; none is all of them.
    pub events: Vec<String>,
}

/// Why a webhook is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDisabled {
    /// An administrator wants it so.
    Administrator,
    /// Its receiver said that it is gone (410, RFC 9110 §15.5.11).
    Gone,
    /// Nothing has been delivered for days.
    Failing,
}

/// One of a webhook's secrets, encrypted under the master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSecret {
    pub id: WebhookSecretId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// None: until another one takes its place.
    pub expires_at: Option<Timestamp>,
}

/// One event on its way to one webhook; the same event is never there twice.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookDelivery {
    pub tenant_id: TenantId,
    pub webhook_id: WebhookId,
    pub event_id: Id<AuditEvent>,
    /// The event's kind, or `webhook.test`.
    pub kind: String,
    /// What is sent: JSON.
    pub payload: String,
    pub state: DeliveryState,
    /// Those that were made since it was put here, or last asked for again.
    pub attempts: u32,
    /// When the next attempt is due; None where there will be none. Whoever makes it claims it by putting
    /// this off for a while.
    pub due_at: Option<Timestamp>,
    pub last_attempt: Option<DeliveryAttempt>,
    pub created_at: Timestamp,
    /// When it leaves; None while it is pending.
    pub expires_at: Option<Timestamp>,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    pub at: Timestamp,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// Why there is no answer, in words that tell nothing of the network.
    pub error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Not sent yet, or to be tried again.
    Pending,
    Delivered,
    /// Given up.
    Failed,
}

impl WebhookDisabled {
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Gone, Self::Failing];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

impl DeliveryState {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl WebhookSecret {
    /// Whether deliveries are signed with it.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}
