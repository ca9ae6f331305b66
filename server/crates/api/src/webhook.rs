use serde::{Deserialize, Serialize};

use crate::SecretText;

/// An address that is told of what goes into the tenant's audit trail, as Standard Webhooks has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Webhook {
    /// A UUID. With PUT it is the one in the path; it cannot be changed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub id: String,
    /// Where events are sent: an https address on the public internet. No redirect is followed.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 2048)))]
    pub url: String,
    /// For people.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub description: String,
    /// Which events are sent: kinds of audit events such as `client.changed`, or the part before their dot for all that
    /// begin with it, such as `client`. Empty, all of them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 100)))]
    pub events: Vec<String>,
    /// Whether events are sent. What happens while it is false is not sent afterwards, but can be replayed. A replacement
    /// that says nothing of it leaves it as it is.
    #[serde(default = "enabled")]
    #[cfg_attr(feature = "openapi", oai(default = "enabled"))]
    pub enabled: bool,
    /// Why it is not enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub disabled_reason: Option<WebhookDisabledReason>,
    /// What deliveries are signed with, given once: in the answers to the requests that made the webhook or the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub secret: Option<SecretText>,
    /// When the first attempt failed of those that have failed since one succeeded; absent while nothing fails. After five
    /// days the webhook is disabled. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub failing_since: Option<String>,
    /// Whether events of the past are being put among the deliveries once more.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub replaying: bool,
    /// Counts changes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub version: i64,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub updated_at: String,
}

const fn enabled() -> bool {
    true
}

/// Why a webhook is disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum WebhookDisabledReason {
    /// An administrator wants it so.
    Administrator,
    /// Its receiver answered with 410: it is gone.
    Gone,
    /// Nothing could be delivered for five days.
    Failing,
}

/// What a rotation of a webhook's secret is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct WebhookSecretRotation {
    /// How long deliveries are signed with the secrets of before as well, in seconds; 0 ends them at once. Absent, for a
    /// day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "2592000"))))]
    pub overlap: Option<u32>,
}

/// Which events are to be sent once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct WebhookReplay {
    /// The earliest time. RFC 3339.
    pub from: String,
    /// The first time that is too late. RFC 3339.
    pub to: String,
}

/// An event on its way to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct WebhookDelivery {
    /// The audit event's identifier, a UUID.
    pub id: String,
    /// The header `webhook-id`: the same in every attempt, also when it is asked for again.
    pub message_id: String,
    /// The kind of the event, or `webhook.test`.
    pub kind: String,
    /// How far it has come.
    pub state: WebhookDeliveryState,
    /// Attempts that were made since it was put here, or last asked for again.
    pub attempts: u32,
    /// When the next attempt is due. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next_attempt_at: Option<String>,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_attempt_at: Option<String>,
    /// The HTTP status that the receiver answered the last attempt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_status: Option<u16>,
    /// Why the last attempt got no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last_error: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it leaves the list. Absent while it is pending. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<String>,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum WebhookDeliveryState {
    /// Not sent yet, or to be tried again.
    Pending,
    /// The receiver answered with 2xx.
    Delivered,
    /// Given up.
    Failed,
}
