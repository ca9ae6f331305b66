use serde::{Deserialize, Serialize};

use super::{GrantType, TenantId};
use crate::{Id, Scope, SecretHash, Timestamp};

/// Identifies an initial access token.
pub type InitialAccessTokenId = Id<InitialAccessToken>;

/// Lets whoever holds it register clients (RFC 7591 §3). Never changed: it is used up, expires or is
/// deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct InitialAccessToken {
    pub tenant_id: TenantId,
    pub id: InitialAccessTokenId,
    pub hash: SecretHash,
    pub settings: InitialAccessTokenSettings,
    /// Registrations that are left; none: any number.
    pub uses_left: Option<u32>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// What an administrator says of an initial access token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InitialAccessTokenSettings {
    /// For the administrators, to tell tokens apart.
    pub name: String,
    pub bounds: RegistrationBounds,
}

/// What a client may have that was registered with an initial access token: a part of what the
/// tenant's registration policy allows, now and whenever the client changes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RegistrationBounds {
    /// As [`RegistrationPolicy::redirect_uri_hosts`](super::RegistrationPolicy::redirect_uri_hosts);
    /// none: what the policy says.
    pub redirect_uri_hosts: Vec<String>,
    pub scope: Option<Scope>,
    pub grant_types: Option<Vec<GrantType>>,
    pub resources: Option<Vec<String>>,
}
