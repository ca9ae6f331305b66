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
    /// None in sessions from before there was such a limit.
    pub idle: Option<Idle>,
}

/// How long a session's browser may stay away (NIST SP 800-63B-4 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    pub lifetime: Lifetime,
    /// Until when it may by now.
    pub expires_at: Timestamp,
}

/// How exactly it is kept when a browser was seen, in seconds: whatever is less than this, and less than a fifth of
/// the time that it may stay away, is not written down.
const SEEN: u32 = 300;

impl Session {
    /// Whether the user proved who they are a short while ago: what cannot be taken back asks for that.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.seconds_since(self.authenticated_at) < i64::from(FRESH.seconds())
    }

    /// Neither ended nor expired, and its browser was not away for too long.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && self.idle.is_none_or(|idle| now < idle.expires_at)
    }

    /// The browser was seen: until when it may stay away now, if that is worth writing down.
    pub fn seen(&self, now: Timestamp) -> Option<Timestamp> {
        let Idle { lifetime, expires_at } = self.idle?;
        let until = now + lifetime;
        let step = SEEN.min(lifetime.seconds() / 5);
        (until.seconds_since(expires_at) >= i64::from(step.max(1))).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};

    fn idle(seconds: u32) -> Session {
        let lifetime = Lifetime::from_seconds(seconds);
        Session { idle: Some(Idle { lifetime, expires_at: NOW + lifetime }), ..testing::session() }
    }

    /// NIST SP 800-63B-4 §5.2.
    #[test]
    fn a_browser_that_stays_away_is_signed_out() {
        let at = |seconds| NOW + Lifetime::from_seconds(seconds);
        let session = idle(3600);
        assert!(session.is_live(at(3599)) && !session.is_live(at(3600)));
        assert_eq!((session.seen(at(299)), session.seen(at(300))), (None, Some(at(3900))));
        let short = idle(300);
        assert_eq!((short.seen(at(59)), short.seen(at(60))), (None, Some(at(360))));
        assert_eq!(testing::session().seen(at(9999)), None);
    }
}
