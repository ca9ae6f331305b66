use std::net::IpAddr;

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
    /// The request that it happened in. Rules leave it out: it is ambient as the log's correlation id is,
    /// and added when the event is recorded.
    pub origin: Option<EventOrigin>,
    /// Further facts, readable by people: of a change `before` and `after`.
    pub detail: serde_json::Value,
}

/// Which request something happened in. What the server does by itself and what a command does have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventOrigin {
    /// The client's network address, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// `User-Agent` (RFC 9110 §10.1.5), at most [`EventOrigin::LONGEST_USER_AGENT`] bytes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What finds the request's log lines; its `X-Request-Id`.
    pub correlation_id: String,
}

impl EventOrigin {
    /// In bytes. What browsers send is shorter.
    pub const LONGEST_USER_AGENT: usize = 256;

    /// Takes what is not too long of a `User-Agent`; control characters, which no database need take, become
    /// spaces.
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>, correlation_id: String) -> Self {
        let user_agent = user_agent.map(|text| {
            let end = text.floor_char_boundary(Self::LONGEST_USER_AGENT);
            let character = |held: char| if held.is_control() { ' ' } else { held };
            text.get(..end).unwrap_or_default().chars().map(character).collect()
        });
        Self { address, user_agent, correlation_id }
    }
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

impl Actor {
    /// One line of text for each actor, to search by: `user:<id>`, `client:<client_id>`, `system` or
    /// `anonymous`.
    pub fn key(&self) -> String {
        match self {
            Self::User { id } => format!("user:{id}"),
            Self::Client { client_id } => format!("client:{client_id}"),
            Self::System => "system".to_owned(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }
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
    /// A host name for the tenant's issuer, and whether the issuer is at it.
    DomainChanged,
    /// A role that administrators made, and what it allows.
    RoleChanged,
    /// Somebody was given a role, or it was taken away.
    RoleAssignmentChanged,
    WebhookChanged,
    /// The server disabled a webhook whose receiver is gone or answers no more.
    WebhookDisabled,
    /// Somebody asked for deliveries once more.
    WebhookReplayed,
    WebhookTested,
    /// Another provider that people can sign in through.
    IdentityProviderChanged,
    /// Somebody signs in through another provider from now on.
    IdentityLinked,
    IdentityUnlinked,
    /// A client got a token that does not tell that the client is not its subject (RFC 8693 §1.1).
    TokenExchanged,
    /// A passkey, an authenticator app or recovery codes: added, removed.
    AuthenticatorChanged,
    /// Somebody with a first factor gave a wrong second one.
    SecondFactorFailed,
    /// A passkey's counter went backwards: there is a copy of it (WebAuthn §6.1.1).
    PasskeyCopied,
    /// A client got access tokens: one, or several alike within a second or so.
    TokenIssued,
    /// Somebody asked for a message to a user, or an administrator for them.
    MessageRequested,
    /// A message was given up.
    MessageFailed,
    /// A user chose a new password by a link.
    PasswordReset,
    /// A user proved by a link that an email address is theirs.
    EmailVerified,
    /// A user chose their first password by a link.
    InvitationAccepted,
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
            Self::DomainChanged => "domain.changed",
            Self::RoleChanged => "role.changed",
            Self::RoleAssignmentChanged => "role_assignment.changed",
            Self::WebhookChanged => "webhook.changed",
            Self::WebhookDisabled => "webhook.disabled",
            Self::WebhookReplayed => "webhook.replayed",
            Self::WebhookTested => "webhook.tested",
            Self::IdentityProviderChanged => "identity_provider.changed",
            Self::IdentityLinked => "identity.linked",
            Self::IdentityUnlinked => "identity.unlinked",
            Self::TokenExchanged => "token.exchanged",
            Self::AuthenticatorChanged => "authenticator.changed",
            Self::SecondFactorFailed => "second_factor.failed",
            Self::PasskeyCopied => "passkey.copied",
            Self::TokenIssued => "token.issued",
            Self::MessageRequested => "message.requested",
            Self::MessageFailed => "message.failed",
            Self::PasswordReset => "password.reset",
            Self::EmailVerified => "email.verified",
            Self::InvitationAccepted => "invitation.accepted",
        }
    }
}
