use super::{RequestOrigin, TenantId, UserId};
use crate::{Id, Lifetime, SecretHash, Timestamp};

/// For how long a sign-in is enough for what cannot be taken back.
pub const FRESH: Lifetime = Lifetime::from_seconds(600);

/// Identifies a session; its text is the `sid` claim. The cookie holds another, secret value, and a new one
/// whenever the user signs in again.
pub type SessionId = Id<Session>;

/// One browser in which a user is signed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub tenant_id: TenantId,
    pub id: SessionId,
    /// Hash of the cookie's value.
    pub secret: SecretHash,
    pub user_id: UserId,
    /// When the user last proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// Authentication methods used (`amr`, RFC 8176).
    pub amr: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// Where the person signed in.
    pub origin: RequestOrigin,
}

impl Session {
    /// Whether the user proved who they are a short while ago: what cannot be taken back asks for that.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.seconds_since(self.authenticated_at) < i64::from(FRESH.seconds())
    }

    /// Neither ended nor expired.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}
