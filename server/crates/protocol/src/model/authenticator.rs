use serde::{Deserialize, Serialize};

use super::{InteractionId, TenantId, UserId};
use crate::{Id, SecretHash, Timestamp};

/// Identifies a passkey.
pub type PasskeyId = Id<Passkey>;

/// Identifies an authenticator app of a user.
pub type TotpId = Id<TotpAuthenticator>;

/// Identifies a ceremony.
pub type CeremonyId = Id<Ceremony>;

/// A passkey: a key pair whose private part never leaves its owner's devices (WebAuthn §4).
#[derive(Clone, Debug, PartialEq)]
pub struct Passkey {
    pub tenant_id: TenantId,
    pub id: PasskeyId,
    pub user_id: UserId,
    /// The authenticator's own name for it, unique in the tenant (WebAuthn §4).
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Public key, flags and counter, as the WebAuthn library keeps them.
    pub credential: serde_json::Value,
    /// How often it signed, as it last said; 0 where it does not count (WebAuthn §6.1.1).
    pub counter: i64,
    /// It is or can be in several devices (WebAuthn §6.1.3, flag BE).
    pub synced: bool,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// An app that shows codes of the time (RFC 6238).
#[derive(Clone, Debug, PartialEq)]
pub struct TotpAuthenticator {
    pub tenant_id: TenantId,
    pub id: TotpId,
    pub user_id: UserId,
    pub name: String,
    /// The secret that it shares with the server, sealed.
    pub sealed_secret: Vec<u8>,
    /// The time step of the last code that was taken (RFC 6238 §5.2): neither it nor one before is taken again.
    pub last_step: i64,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// A code for the day when the other factors are lost, good for once.
#[derive(Clone, Debug, PartialEq)]
pub struct RecoveryCode {
    pub hash: SecretHash,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// A challenge that waits for its answer: a passkey's signature, or the first code of an authenticator app.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceremony {
    pub tenant_id: TenantId,
    pub id: CeremonyId,
    pub purpose: CeremonyPurpose,
    /// What the answer is checked with, as the library that checks it keeps it.
    pub state: serde_json::Value,
    pub expires_at: Timestamp,
}

/// What a ceremony is for: its answer is good for nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CeremonyPurpose {
    /// Whoever answers says who they are.
    Discover { interaction: InteractionId },
    /// This user proves that they have one of their passkeys.
    Assert { interaction: InteractionId, user: UserId },
    /// This user gets another passkey.
    Register { user: UserId },
    /// This user gets another authenticator app.
    Enrol { user: UserId },
}

/// A browser in which a user signed in before.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownBrowser {
    pub tenant_id: TenantId,
    pub user_id: UserId,
    /// Hash of its cookie.
    pub hash: SecretHash,
    pub seen_at: Timestamp,
    /// Until when it stands for the user's second factor.
    pub trusted_until: Option<Timestamp>,
    pub expires_at: Timestamp,
}

impl KnownBrowser {
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }
}

/// All that a user can sign in with beside their password.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authenticators {
    pub passkeys: Vec<Passkey>,
    pub totp: Vec<TotpAuthenticator>,
    pub recovery_codes: Vec<RecoveryCode>,
    /// The browser that asks, where the user signed in with it before.
    pub browser: Option<KnownBrowser>,
    /// They signed in with any browser that is not forgotten.
    pub has_known_browsers: bool,
}

impl Authenticators {
    /// Recovery codes that are not used up.
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery_codes.iter().filter(|code| code.used_at.is_none()).count()
    }
}
