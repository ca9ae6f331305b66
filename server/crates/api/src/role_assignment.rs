use serde::{Deserialize, Serialize};

/// That somebody has a role: in the tenant whose assignment it is, or in all of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct RoleAssignment {
    /// `<role>:<subject_type>:<subject_tenant>:<subject>`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub id: String,
    /// A built-in role, or one of the tenant's or the platform's own. Nobody can give a role that allows
    /// more than they may themselves.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 63)))]
    pub role: String,
    /// Whether a user or a client has the role.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub subject_type: SubjectType,
    /// The user's identifier, a UUID, or the `client_id`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub subject: String,
    /// Slug of the tenant that the subject belongs to: the one that the role is for, which is the default,
    /// or `system`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub subject_tenant: String,
    /// RFC 3339, UTC. The epoch where an earlier version gave the role.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
}

/// What has a role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum SubjectType {
    #[default]
    User,
    /// A client for itself: a service account.
    Client,
}
