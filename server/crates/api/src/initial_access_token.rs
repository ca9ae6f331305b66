use serde::{Deserialize, Serialize};

use crate::{GrantType, SecretText};

/// An initial access token (RFC 7591 §3): lets whoever holds it register clients at the tenant's
/// registration endpoint. Never changed: it is used up, expires or is deleted. What it says about
/// clients is a part of what the tenant's registration policy allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct InitialAccessToken {
    /// A UUID.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub id: String,
    /// The token itself, given once: in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub token: Option<SecretText>,
    /// To tell tokens apart.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub name: String,
    /// How long it can be used, in seconds, told when it is made; a day if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        oai(write_only, validator(minimum(value = "60"), maximum(value = "31536000")))
    )]
    pub expires_in: Option<u32>,
    /// RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub expires_at: String,
    /// How many clients can be registered with it. Absent, any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "1000000"))))]
    pub uses_left: Option<u32>,
    /// Hosts that redirect URIs may have, `*.example.com` for all below; none: those of the policy.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub redirect_uri_hosts: Vec<String>,
    /// Scopes that the clients may have, separated by spaces. Absent, those of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Absent, those of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// Protected resources that the clients may name. Absent, those of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_items = 64)))]
    pub resources: Option<Vec<String>>,
    /// RFC 3339, UTC.
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
}
