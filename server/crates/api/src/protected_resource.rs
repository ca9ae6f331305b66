use serde::{Deserialize, Serialize};

use crate::{AccessTokenFormat, ScopeDescription};

/// A protected resource: an API that takes the tenant's access tokens, with the scopes that it
/// understands (RFC 8707, RFC 9728).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct ProtectedResource {
    /// The resource indicator: an absolute https URI, an http URI on a loopback address or a URN, without
    /// a fragment. Clients send it as `resource` and tokens carry it in `aud`, compared byte for byte.
    /// With PUT it is the one in the path; it cannot be changed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 1024)))]
    pub identifier: String,
    /// Name for people, on consent pages.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 255)))]
    pub name: String,
    /// Scopes that this resource alone understands. A token for other resources does not carry them.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 200)))]
    pub scopes: Vec<ScopeDescription>,
    /// Form of access tokens for the resource, of clients that choose none themselves.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub access_token_format: AccessTokenFormat,
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
