use serde::{Deserialize, Serialize};

/// How often requests are answered; further ones get 429 with `Retry-After`. Each server node counts on
/// its own. A member that is absent has the installation's default. Only who may create tenants may
/// change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct RateLimits {
    /// Passwords that are tried at the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub sign_in: Option<RateLimit>,
    /// Wrong passwords from one IPv4 address or one IPv6 network of 64 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub failed_sign_in: Option<RateLimit>,
    /// Wrong passwords of one account, from everywhere but the browsers that its person has signed in with: each of
    /// those is counted by itself, so that nobody locks somebody else out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub failed_sign_in_account: Option<RateLimit>,
    /// The token endpoint, pushed authorization requests, revocation and UserInfo.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub token: Option<RateLimit>,
    /// The registration endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub registration: Option<RateLimit>,
    /// The same from one IPv4 address or one IPv6 network of 64 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub registration_address: Option<RateLimit>,
    /// Calls of this API by the tenant's own users and clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub admin: Option<RateLimit>,
    /// The device authorization endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub device: Option<RateLimit>,
    /// Token introspection.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub introspection: Option<RateLimit>,
    /// The authorization endpoint and the tenant's pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub authorize: Option<RateLimit>,
}

/// So many requests in a unit of time on average, and `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct RateLimit {
    /// How many requests are let through in the long run.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "1000000"))))]
    pub requests: u32,
    /// In which time.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub per: RateUnit,
    /// How many may come at once after a quiet time.
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "1"), maximum(value = "1000000"))))]
    pub burst: u32,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum RateUnit {
    #[default]
    Second,
    Minute,
    Hour,
}

/// How many the tenant may have; what is absent has no bound. What is there already stays when a quota is
/// lowered below it. Only who may create tenants may change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Quotas {
    /// Users, locked ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub users: Option<u32>,
    /// Clients, those that registered themselves included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub clients: Option<u32>,
    /// Clients that may register themselves in a day of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub registrations_per_day: Option<u32>,
}
