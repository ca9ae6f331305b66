use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happened: a change, or what concerns security. Never changed, and chained by hash to the event before
/// it: a verification finds what was changed or removed behind the server's back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditEvent {
    /// A UUID.
    pub id: String,
    /// Counts the tenant's events, without gaps. Absent for events from before there was a chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub sequence: Option<i64>,
    /// RFC 3339, UTC.
    pub at: String,
    /// What happened, such as `client.changed` or `sign_in.failed`.
    pub kind: String,
    /// Who did it.
    pub actor: AuditActor,
    /// What it happened to: an identifier of what `kind` tells of.
    pub target: String,
    /// The slug of the tenant whose trail this is.
    pub tenant: String,
    /// What was changed, as it was before: the members that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub before: Option<Value>,
    /// The same members as they are after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub after: Option<Value>,
    /// Further facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub detail: Option<Value>,
    /// Network address that the request came from, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub address: Option<String>,
    /// What the request said that it came from, cut to 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub user_agent: Option<String>,
    /// The `X-Request-Id` of the request, which finds its log lines. Absent for what the server does by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub correlation_id: Option<String>,
    /// The `hash` of the event before, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub previous_hash: Option<String>,
    /// SHA-256 of the event and of `previous_hash`, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub hash: Option<String>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditActor {
    /// Which of a user, a client and the server itself.
    pub kind: ActorKind,
    /// The user's identifier or the `client_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub id: Option<String>,
    /// The slug of the tenant that an administrator belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub tenant: Option<String>,
}

/// What kind of actor did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum ActorKind {
    User,
    Client,
    /// The server itself, or a command of its operator.
    System,
    /// Nobody knows who.
    Anonymous,
}

/// Which events come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum AuditOrder {
    #[default]
    Newest,
    Oldest,
}

/// What was found of a stretch of a tenant's audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditVerification {
    /// How many events were looked at and are what was recorded, up to the first that is not.
    pub events: u64,
    /// The `sequence` of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub first: Option<i64>,
    /// The `sequence` of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub last: Option<i64>,
    /// Where to go on: `from` of the next request. Absent at the end of the trail, and where an event is not what was
    /// recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub next: Option<i64>,
    /// The first event that is not what was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub broken: Option<BrokenAuditEvent>,
    /// Events up to this `sequence` were deleted because the tenant keeps them no longer; 0 if there are none.
    pub deleted_to: i64,
    /// The `sequence` of the newest event, as the trail's head has it; 0 if there is none.
    pub newest: i64,
    /// The `hash` of the newest event. Whoever keeps both elsewhere can tell later that nobody wrote the whole trail anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub newest_hash: Option<String>,
}

/// An event that is not what was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct BrokenAuditEvent {
    /// Its number.
    pub sequence: i64,
    /// How it differs from what was recorded.
    pub fault: AuditFault,
    /// The event that shows it: the changed or added one, or the one that follows what is missing. Absent where the newest
    /// events are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub event_id: Option<String>,
    /// When that event happened. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub at: Option<String>,
}

/// How an event differs from what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum AuditFault {
    Changed,
    Removed,
    Added,
}
