use serde::{Deserialize, Serialize};

/// A role: what whoever has it may do, in the tenant that it is held in or in all of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Role {
    /// Small letters, digits and hyphens, beginning with a letter. Names of built-in roles, and those
    /// that begin with `platform-`, are taken. With PUT it is the one in the path; it cannot be changed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 63)))]
    pub name: String,
    /// What the role is for, for people.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 1024)))]
    pub description: String,
    /// What it allows. Nobody can put into a role what they do not hold themselves.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub permissions: Vec<Permission>,
    /// Whether every installation has the role, as it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub built_in: bool,
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

/// The right to do something to things of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Permission {
    /// `tenant`, `domain`, `client`, `user`, `key`, `device-authorization`, `session`, `grant`, `resource`,
    /// `initial-access-token`, `registration-policy`, `role`, `role-assignment`, `audit-event`, `stats`,
    /// `webhook`, `identity-provider`, or `*` for all of them.
    pub resource: String,
    /// `read`, `create`, `update`, `delete`, of tenants `suspend` too, or `*` for all of them.
    pub action: String,
}
