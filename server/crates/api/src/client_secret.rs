use serde::{Deserialize, Serialize};

use crate::SecretText;

/// A secret of a client's, which may have several at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ClientSecret {
    /// A UUID.
    pub id: String,
    /// The secret itself, given once: in the answer to the request that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub client_secret: Option<SecretText>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When it is refused from. Absent, it is valid until it is deleted. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub expires_at: Option<String>,
}

/// A new secret, and what becomes of those that there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct NewClientSecret {
    /// How long the new secret is valid, in seconds. Absent, until it is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(minimum(value = "60"), maximum(value = "157680000"))))]
    pub expires_in: Option<u32>,
    /// How long the other secrets stay valid beside it, in seconds; 0 ends them at once. Absent, they stay as
    /// they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(validator(maximum(value = "31536000"))))]
    pub overlap: Option<u32>,
}
