use serde::{Deserialize, Serialize};

use super::{Actor, Authentication, ClientId, GrantId, TenantId, UserId};
use crate::authorize::AuthorizationRequest;
use crate::{Id, Lifetime, SecretHash, Timestamp};

/// Identifies a device authorization.
pub type DeviceAuthorizationId = Id<DeviceAuthorization>;

/// A device that waits to be let in, or was (RFC 8628 §3.1, §3.2). A row outlives its use so that a
/// replay is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceAuthorization {
    pub tenant_id: TenantId,
    pub id: DeviceAuthorizationId,
    pub device_code: SecretHash,
    pub user_code: SecretHash,
    pub client_id: ClientId,
    pub request: AuthorizationRequest,
    pub origin: RequestOrigin,
    pub state: DeviceState,
    /// Who entered the code and answered, or whom an administrator named.
    pub user_id: Option<UserId>,
    pub approval: DeviceApprovalRecord,
    /// How often the user code was entered.
    pub entries: u32,
    /// Fewest seconds between two polls (RFC 8628 §3.5).
    pub poll_interval: Lifetime,
    /// The last poll that came too soon; others are not written down.
    pub polled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// How far a device has come. Whether it has expired is for the time to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    /// Nobody has answered yet.
    Pending,
    /// A person has allowed it, and an administrator has to as well.
    AwaitingAdministrator,
    /// Its tokens wait for it.
    Approved,
    /// For good.
    Denied,
    /// It has its tokens.
    Redeemed,
}

impl DeviceState {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::AwaitingAdministrator, Self::Approved, Self::Denied, Self::Redeemed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::AwaitingAdministrator => "awaiting_administrator",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
        }
    }
}

/// Where a request came from, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestOrigin {
    /// The network address.
    #[serde(default)]
    pub address: Option<String>,
    /// What the browser says that it is (RFC 9110 §10.1.5), cut to [`Self::USER_AGENT_LENGTH`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl RequestOrigin {
    /// Characters kept of a `User-Agent`.
    pub const USER_AGENT_LENGTH: usize = 256;
}

/// What became of a device, for the tokens and for whoever looks into it later.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceApprovalRecord {
    /// The person's answer.
    pub person: Option<PersonsAnswer>,
    /// An administrator's answer.
    pub administrator: Option<AdministratorsAnswer>,
    /// The grant that the device's tokens belong to, once it is approved.
    pub grant_id: Option<GrantId>,
}

/// How the person who entered the code was signed in, and where they did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonsAnswer {
    pub authentication: Authentication,
    pub origin: RequestOrigin,
    /// What they were told of the client, as [`Client::consent_fingerprint`](super::Client::consent_fingerprint).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_fingerprint: Option<SecretHash>,
    pub at: Timestamp,
}

/// Which administrator answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdministratorsAnswer {
    pub actor: Actor,
    pub at: Timestamp,
}

/// A device's step from one state to another.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceMove {
    pub id: DeviceAuthorizationId,
    pub from: DeviceState,
    pub to: DeviceState,
    pub user_id: Option<UserId>,
    pub approval: DeviceApprovalRecord,
    pub at: Timestamp,
}
