use serde::{Deserialize, Serialize};

use crate::DeviceApproval;

/// A device that waits to be let in, or what became of it (RFC 8628).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceAuthorization {
    /// A UUID.
    pub id: String,
    /// How far the device has come.
    pub state: DeviceState,
    /// Who lets the client's devices in at present.
    pub approval: DeviceApproval,
    /// The client that the device is.
    pub client_id: String,
    /// The client's name for people.
    pub client_name: String,
    /// Scopes that the device asks for, separated by spaces.
    pub scope: String,
    /// Protected resources (RFC 8707) that the device asks for.
    pub resources: Vec<String>,
    /// Network address that the device asked from, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub requested_from: Option<String>,
    /// How often the code was entered.
    pub entries: u32,
    /// Who entered the code and answered, or whom an administrator named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub user_id: Option<String>,
    /// The name of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub username: Option<String>,
    /// Network address that the user entered the code from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub entered_from: Option<String>,
    /// When the user answered. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub answered_at: Option<String>,
    /// The administrator who answered: a user's identifier or a `client_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub administrator: Option<String>,
    /// When the administrator answered. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub administered_at: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When its codes expire. RFC 3339, UTC.
    pub expires_at: String,
}

/// How far a device has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
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
    /// Its codes expired before it had its tokens.
    Expired,
}

/// How an administrator lets a device in. At most one member names the user: the administrator's
/// choice where nobody enters the code, and otherwise a check of who did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct DeviceApprovalAnswer {
    /// The user's identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The user's name, without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}
