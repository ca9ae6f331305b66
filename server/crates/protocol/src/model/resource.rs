use serde::{Deserialize, Serialize};

use super::{ScopeDescription, TenantId};
use crate::{Scope, Timestamp};

/// An API that takes access tokens (RFC 8707 §2, RFC 9728), with the scopes that it understands.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectedResource {
    pub tenant_id: TenantId,
    /// The resource indicator: what clients send as `resource` and tokens carry in `aud`, compared
    /// byte for byte.
    pub identifier: String,
    pub settings: ResourceSettings,
    /// Counts changes.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What the tenant's administrators choose for a protected resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResourceSettings {
    /// The resource's name for people, on consent pages.
    pub name: String,
    /// Scopes of this resource alone, with the sentences that the consent page shows.
    pub scopes: Vec<ScopeDescription>,
    pub access_token_format: AccessTokenFormat,
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessTokenFormat {
    /// A signed JWT (RFC 9068) that the resource verifies itself.
    #[default]
    Jwt,
    /// A handle that the resource asks us about (RFC 7662).
    Opaque,
}

impl ResourceSettings {
    /// The names of the resource's own scopes.
    pub fn scope(&self) -> Scope {
        self.scopes.iter().map(|scope| scope.name.clone()).collect()
    }
}
