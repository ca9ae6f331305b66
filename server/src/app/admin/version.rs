use grantor_protocol::Timestamp;

use super::AdminFault;

/// A document with its strong validator (RFC 9110 §8.8.3), quotes included.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    pub document: T,
    pub etag: String,
}

/// What a write left.
#[derive(Clone, Debug)]
pub struct Saved<T> {
    pub now: Versioned<T>,
    /// Whether there was nothing before.
    pub created: bool,
}

/// What a request demands of the state that it changes (RFC 9110 §13.1).
#[derive(Clone, Debug, Default)]
pub struct Precondition {
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
}

/// The validator of a version. The time of creation tells it from that of an earlier thing of the
/// same name.
pub(super) fn etag(version: i64, created_at: Timestamp) -> String {
    format!("\"{:x}-{version}\"", created_at.unix_microseconds())
}

impl Precondition {
    /// Compares with the validator of what is there, or with nothing being there.
    ///
    /// # Errors
    /// [`AdminFault::PreconditionFailed`].
    pub(super) fn check(&self, current: Option<&str>) -> Result<(), AdminFault> {
        let matches = |condition: &str| {
            current.is_some_and(|etag| {
                condition.split(',').map(str::trim).any(|held| held == "*" || held == etag)
            })
        };
        let holds = self.if_match.as_deref().is_none_or(matches)
            && !self.if_none_match.as_deref().is_some_and(matches);
        if holds { Ok(()) } else { Err(AdminFault::PreconditionFailed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §13.1.1, §13.1.2.
    #[test]
    fn a_precondition_is_about_what_is_there() {
        let holds = |if_match: Option<&str>, if_none_match: Option<&str>, current: Option<&str>| {
            let precondition = Precondition {
                if_match: if_match.map(str::to_owned),
                if_none_match: if_none_match.map(str::to_owned),
            };
            precondition.check(current).is_ok()
        };
        let now = Some("\"a-1\"");
        assert!(holds(None, None, now) && holds(None, None, None));
        assert!(holds(Some("\"a-1\""), None, now) && holds(Some("\"x\", \"a-1\""), None, now));
        assert!(holds(Some("*"), None, now));
        assert!(!holds(Some("\"a-2\""), None, now) && !holds(Some("*"), None, None));
        assert!(!holds(Some("W/\"a-1\""), None, now), "If-Match compares strongly");
        assert!(holds(None, Some("*"), None) && !holds(None, Some("*"), now));
        assert!(!holds(None, Some("\"a-1\""), now) && holds(None, Some("\"a-2\""), now));
    }

    #[test]
    fn a_thing_made_anew_has_another_validator() {
        let later = Timestamp::from_unix_microseconds(2);
        assert_ne!(etag(1, Timestamp::from_unix_microseconds(1)), etag(1, later));
        assert_ne!(etag(1, later), etag(2, later));
    }
}
