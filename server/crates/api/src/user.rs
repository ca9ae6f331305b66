use serde::{Deserialize, Serialize};

use crate::SecretText;

/// A user: a resource owner who signs in at a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct User {
    /// A UUID, the `sub` of the user's tokens. With PUT it is the one in the path.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub id: String,
    /// The name to sign in with, unique in the tenant without regard to case.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 255)))]
    pub username: String,
    /// Unique in the tenant without regard to case; signs in as well as the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 254)))]
    pub email: Option<String>,
    /// Whether the address is known to be theirs; clients are told.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub email_verified: bool,
    /// Whether the user can sign in. A PUT without it leaves it as it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub status: UserStatus,
    /// A new password, as the tenant's `password_policy` wants it. Never given back; a request without it leaves the password as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(write_only, validator(min_length = 8, max_length = 1024)))]
    pub password: Option<SecretText>,
    /// Whether the user can sign in with a password.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub has_password: bool,
    /// What clients with the scope `profile` are told.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub profile: UserProfile,
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

/// A user's new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct NewPassword {
    /// As the tenant's `password_policy` wants it.
    #[cfg_attr(feature = "openapi", oai(write_only, validator(min_length = 8, max_length = 1024)))]
    pub password: SecretText,
}

/// Whether a user can sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum UserStatus {
    #[default]
    Active,
    Locked,
}

/// Standard claims about a person (OpenID Connect Core §5.1) that scope `profile` gives away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct UserProfile {
    /// Full name, as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub name: Option<String>,
    /// Given name or names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub given_name: Option<String>,
    /// Surname or surnames.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub family_name: Option<String>,
    /// What friends call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub nickname: Option<String>,
    /// An https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 2048)))]
    pub picture: Option<String>,
    /// An https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 2048)))]
    pub website: Option<String>,
    /// A language tag (BCP 47).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub locale: Option<String>,
    /// A time zone of the IANA database.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none, validator(max_length = 255)))]
    pub zoneinfo: Option<String>,
}
