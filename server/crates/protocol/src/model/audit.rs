use serde::{Deserialize, Serialize};

use super::{ClientId, UserId};
use crate::{Id, Timestamp};

/// Something that the tenant's administrators may want to know later. Holds no secret.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    pub id: Id<AuditEvent>,
    pub at: Timestamp,
    pub kind: AuditKind,
    pub actor: Actor,
    /// What it happened to: an identifier of the kind that `kind` implies.
    pub target: String,
    /// Further facts, readable by people.
    pub detail: serde_json::Value,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    User {
        id: UserId,
    },
    Client {
        client_id: ClientId,
    },
    /// The operator at the command line, or a job of the server's own.
    System,
    Anonymous,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditKind {
    SignInSucceeded,
    SignInFailed,
    SignedOut,
    ConsentGiven,
    ConsentRevoked,
    GrantRevoked,
    AuthorizationCodeReplayed,
    RefreshTokenReplayed,
    /// Somebody entered a device's user code.
    DeviceEntered,
    DeviceApproved,
    DeviceDenied,
    DeviceCodeReplayed,
    TenantChanged,
    /// All of the tenant left, encrypted to a passphrase.
    TenantExported,
    ClientChanged,
    ClientRegistered,
    ClientExpired,
    InitialAccessTokenChanged,
    UserChanged,
    KeyChanged,
    AdministratorCreated,
    ResourceChanged,
    /// A client got a token that does not tell that the client is not its subject (RFC 8693 §1.1).
    TokenExchanged,
}

impl AuditKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignInSucceeded => "sign_in.succeeded",
            Self::SignInFailed => "sign_in.failed",
            Self::SignedOut => "sign_out",
            Self::ConsentGiven => "consent.given",
            Self::ConsentRevoked => "consent.revoked",
            Self::GrantRevoked => "grant.revoked",
            Self::AuthorizationCodeReplayed => "authorization_code.replayed",
            Self::RefreshTokenReplayed => "refresh_token.replayed",
            Self::DeviceEntered => "device.entered",
            Self::DeviceApproved => "device.approved",
            Self::DeviceDenied => "device.denied",
            Self::DeviceCodeReplayed => "device_code.replayed",
            Self::TenantChanged => "tenant.changed",
            Self::TenantExported => "tenant.exported",
            Self::ClientChanged => "client.changed",
            Self::ClientRegistered => "client.registered",
            Self::ClientExpired => "client.expired",
            Self::InitialAccessTokenChanged => "initial_access_token.changed",
            Self::UserChanged => "user.changed",
            Self::KeyChanged => "key.changed",
            Self::AdministratorCreated => "administrator.created",
            Self::ResourceChanged => "resource.changed",
            Self::TokenExchanged => "token.exchanged",
        }
    }
}
