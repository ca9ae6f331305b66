//! Messages to people, and the links in them that do something once.

use crate::model::{
    AuditEvent, Message, MessageKind, OneTimeLink, Passkey, PasswordHash, RevocationReason, User, UserStatus,
};
use crate::{Effect, Lifetime, Timestamp};

/// Messages of one kind that an address gets within [`FLOOD_PERIOD`], at most; nobody can fill somebody
/// else's mailbox.
pub const FLOOD_MOST: u32 = 5;

/// When an address that got [`FLOOD_MOST`] messages of a kind may get more.
pub const FLOOD_PERIOD: Lifetime = Lifetime::from_seconds(3600);

/// For how long it is tried to send what is still of use.
const LONGEST_DELIVERY: Lifetime = Lifetime::from_seconds(24 * 60 * 60);

const FIRST_RETRY: u32 = 15;
const LONGEST_RETRY: u32 = 60 * 60;

/// When a message of this kind that is made now is given up.
pub fn delivered_until(kind: MessageKind, now: Timestamp) -> Timestamp {
    now + kind.lifetime().min(LONGEST_DELIVERY)
}

/// How long a message that could not be sent waits after this many attempts.
pub fn retry_after(attempts: u32) -> Lifetime {
    let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    Lifetime::from_seconds(FIRST_RETRY.saturating_mul(doubled).min(LONGEST_RETRY))
}

/// Whether a link still does what it is for. Nothing tells a used one from one that expired, that went to an
/// address which is not the user's any more, or whose user is locked.
pub fn is_open(link: &OneTimeLink, kind: MessageKind, user: &User, now: Timestamp) -> bool {
    link.kind == kind
        && link.consumed_at.is_none()
        && now < link.expires_at
        && user.id == link.user_id
        && user.status == UserStatus::Active
        && user.email.as_deref() == Some(link.address.as_str())
        && (kind != MessageKind::Invitation || user.password.is_none())
}

/// Sends a link; an invitation ends those before it.
pub fn send(link: OneTimeLink, message: Message, event: AuditEvent) -> Vec<Effect> {
    let (user, at) = (link.user_id, link.created_at);
    let ends = (link.kind == MessageKind::Invitation).then_some(Effect::EndOneTimeLinks {
        user,
        kind: Some(MessageKind::Invitation),
        at,
    });
    ends.into_iter()
        .chain([
            Effect::StoreOneTimeLink(Box::new(link)),
            Effect::QueueMessage(Box::new(message)),
            Effect::RecordAudit(Box::new(event)),
        ])
        .collect()
}

/// Uses a link. Whoever does reads what is sent to its address, which is verified by it.
pub fn spend(link: &OneTimeLink, event: Option<AuditEvent>, at: Timestamp) -> Vec<Effect> {
    let mut effects = vec![
        Effect::ConsumeOneTimeLink { hash: link.hash, at },
        Effect::ProveAddress { user: link.user_id, address: link.address.clone(), at },
    ];
    effects.extend(event.map(|event| Effect::RecordAudit(Box::new(event))));
    effects
}

/// Uses a link to sign in with a passkey from then on, which ends every other link of the user.
pub fn choose_passkey(link: &OneTimeLink, passkey: Passkey, event: AuditEvent, at: Timestamp) -> Vec<Effect> {
    let mut effects = spend(link, Some(event), at);
    effects.extend([
        Effect::StorePasskey(Box::new(passkey)),
        Effect::EndOneTimeLinks { user: link.user_id, kind: None, at },
    ]);
    effects
}

/// Uses a link to choose a password, which ends every other link of the user. A reset signs out everywhere:
/// somebody else may know the old password.
pub fn choose_password(
    link: &OneTimeLink,
    password: PasswordHash,
    event: AuditEvent,
    at: Timestamp,
) -> Vec<Effect> {
    let user = link.user_id;
    let mut effects = spend(link, Some(event), at);
    effects.extend([
        Effect::SetPassword { user, password, at },
        Effect::EndOneTimeLinks { user, kind: None, at },
    ]);
    if link.kind == MessageKind::PasswordReset {
        effects.push(Effect::SignOutEverywhere { user, reason: RevocationReason::RevokedByUser, at });
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserProfile;
    use crate::{Id, SecretHash};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn user() -> User {
        User {
            tenant_id: Id::from_bytes([1; 16]),
            id: Id::from_bytes([2; 16]),
            username: "ada".to_owned(),
            email: Some("ada@acme.example".to_owned()),
            email_verified: false,
            status: UserStatus::Active,
            password: None,
            profile: UserProfile::default(),
            version: 1,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn link(kind: MessageKind) -> OneTimeLink {
        OneTimeLink {
            tenant_id: Id::from_bytes([1; 16]),
            hash: SecretHash::from_bytes([3; 32]),
            kind,
            user_id: user().id,
            address: "ada@acme.example".to_owned(),
            asked_in: None,
            created_at: NOW,
            expires_at: NOW + kind.lifetime(),
            consumed_at: None,
        }
    }

    #[test]
    fn a_link_is_good_for_one_thing_one_person_and_a_while() {
        let password = Some(PasswordHash::from_phc("x"));
        for kind in MessageKind::ALL {
            let open = |change: &dyn Fn(&mut OneTimeLink, &mut User), at| {
                let (mut link, mut user) = (link(kind), user());
                change(&mut link, &mut user);
                is_open(&link, kind, &user, at)
            };
            assert!(open(&|_, _| (), NOW), "{kind:?}");
            let end = NOW + kind.lifetime();
            assert!(open(&|_, _| (), end - Lifetime::from_seconds(1)), "{kind:?}");
            assert!(!open(&|_, _| (), end), "{kind:?} expires");
            assert!(!open(&|link, _| link.consumed_at = Some(NOW), NOW), "{kind:?} is used");
            assert!(!open(&|_, user| user.status = UserStatus::Locked, NOW), "{kind:?} of a locked user");
            assert!(!open(&|_, user| user.id = Id::from_bytes([9; 16]), NOW), "{kind:?} of another");
            assert!(!open(&|_, user| user.email = None, NOW), "{kind:?} without an address");
            let moved =
                |_: &mut OneTimeLink, user: &mut User| user.email = Some("new@acme.example".to_owned());
            assert!(!open(&moved, NOW), "{kind:?} to an address of before");
            for other in MessageKind::ALL.into_iter().filter(|other| *other != kind) {
                assert!(!is_open(&link(kind), other, &user(), NOW), "{kind:?} as {other:?}");
            }
            let with_password = |_: &mut OneTimeLink, user: &mut User| user.password.clone_from(&password);
            assert_eq!(open(&with_password, NOW), kind != MessageKind::Invitation, "{kind:?}");
        }
    }

    #[test]
    fn retries_are_further_and_further_apart() {
        let seconds = |attempts| retry_after(attempts).seconds();
        assert_eq!([0, 1, 2, 3, 8].map(seconds), [15, 15, 30, 60, 1920]);
        assert_eq!([9, 32, 33, u32::MAX].map(seconds), [3600; 4]);
    }

    #[test]
    fn nothing_is_sent_that_is_of_no_use_any_more() {
        for (kind, seconds) in [
            (MessageKind::MagicLink, 600),
            (MessageKind::PasswordReset, 1800),
            (MessageKind::Invitation, 86_400),
            (MessageKind::NewSignIn, 86_400),
        ] {
            assert_eq!(delivered_until(kind, NOW).seconds_since(NOW), seconds, "{kind:?}");
        }
    }
}
