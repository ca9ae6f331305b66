use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a tenant, or the whole platform, did over a time, and what there is at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Stats {
    /// When the first point begins. RFC 3339, UTC.
    pub from: String,
    /// When the last point ends. RFC 3339, UTC.
    pub to: String,
    /// What time a point stands for.
    pub resolution: StatsResolution,
    /// One for every hour or day of the time, in order, also where nothing happened.
    pub points: Vec<StatsPoint>,
    /// The points' sum.
    pub total: StatsCounts,
    /// What there is now.
    pub present: StatsPresent,
}

/// What one point of time stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum StatsResolution {
    #[default]
    Hour,
    /// A day of UTC.
    Day,
}

/// What happened in one hour or day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StatsPoint {
    /// When it begins. RFC 3339, UTC.
    pub at: String,
    /// What happened in its time.
    pub counts: StatsCounts,
}

/// How often things happened. Counts are written down every few seconds, so the last ones may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StatsCounts {
    /// Access tokens issued, by grant type; a grant type without any is absent.
    pub tokens: BTreeMap<String, u64>,
    /// People who signed in.
    pub sign_ins: u64,
    /// Passwords that were wrong.
    pub failed_sign_ins: u64,
    /// Clients that registered themselves.
    pub registrations: u64,
    /// Devices that were let in.
    pub devices_approved: u64,
    /// Requests that a rate limit refused.
    pub limited: u64,
}

/// What there is at present. The platform's figures are at most ten minutes old.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct StatsPresent {
    /// When it was counted. RFC 3339, UTC.
    pub at: String,
    /// Users, locked ones included.
    pub users: u64,
    /// Clients, disabled ones included.
    pub clients: u64,
    /// Devices that wait for a person or an administrator.
    pub devices_waiting: u64,
    /// Signing keys that sign and will be replaced within a week.
    pub keys_rotating_soon: u64,
    /// Tenants of the platform; absent of one tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub tenants: Option<u64>,
}
