//! Events of the audit trail in words, and what was verified of them.

use grantor_api::{ActorKind, AuditActor, AuditEvent, AuditFault, AuditVerification, BrokenAuditEvent};
use serde_json::Value;

use crate::place::{Place, Section};

/// Kinds of events and what they are called.
pub const KINDS: [(&str, &str); 42] = [
    ("sign_in.succeeded", "Signed in"),
    ("sign_in.failed", "Failed to sign in"),
    ("sign_out", "Signed out"),
    ("consent.given", "Consented"),
    ("consent.revoked", "Took a consent back"),
    ("grant.revoked", "Grant revoked"),
    ("token.issued", "Tokens issued"),
    ("token.exchanged", "Token exchanged"),
    ("authorization_code.replayed", "Authorization code replayed"),
    ("refresh_token.replayed", "Refresh token replayed"),
    ("device.entered", "Device code entered"),
    ("device.approved", "Device approved"),
    ("device.denied", "Device denied"),
    ("device_code.replayed", "Device code replayed"),
    ("client.changed", "Client changed"),
    ("client.registered", "Client registered itself"),
    ("client.expired", "Unused client removed"),
    ("user.changed", "User changed"),
    ("message.requested", "Message asked for"),
    ("message.failed", "Message not delivered"),
    ("password.reset", "Password reset"),
    ("email.verified", "Email address verified"),
    ("invitation.accepted", "Invitation accepted"),
    ("administrator.created", "Administrator created"),
    ("role.changed", "Role changed"),
    ("role_assignment.changed", "Role assignment changed"),
    ("key.changed", "Key changed"),
    ("resource.changed", "Resource changed"),
    ("initial_access_token.changed", "Initial access token changed"),
    ("domain.changed", "Domain changed"),
    ("tenant.changed", "Tenant changed"),
    ("tenant.exported", "Tenant exported"),
    ("identity_provider.changed", "Identity provider changed"),
    ("identity.linked", "Way to sign in added"),
    ("identity.unlinked", "Way to sign in removed"),
    ("webhook.changed", "Webhook changed"),
    ("webhook.disabled", "Webhook disabled"),
    ("webhook.replayed", "Webhook deliveries replayed"),
    ("webhook.tested", "Webhook tested"),
    ("authenticator.changed", "Changed a way to sign in"),
    ("second_factor.failed", "Failed the second factor"),
    ("passkey.copied", "Used a copied passkey"),
];

/// Whether the kind tells of an attack, or of what may be one.
#[must_use]
pub fn is_alarming(kind: &str) -> bool {
    kind.ends_with(".replayed") && !kind.starts_with("webhook")
        || ["sign_in.failed", "second_factor.failed", "passkey.copied"].contains(&kind)
}

/// What a kind is called; itself where this version of the console does not know it.
#[must_use]
pub fn kind_words(kind: &str) -> String {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or_else(|| kind.replace(['.', '_'], " "), |(_, words)| (*words).to_owned())
}

/// What happened, in a few words: whether "changed" was a creation or a deletion can be told.
#[must_use]
pub fn words(event: &AuditEvent) -> String {
    let words = kind_words(&event.kind);
    let Some(what) = words.strip_suffix(" changed") else { return words };
    let nothing = |value: &Option<Value>| value.as_ref().is_none_or(is_nothing);
    let revoked = event.detail.as_ref().and_then(|detail| detail.get("revoked")) == Some(&Value::Bool(true));
    let state = [&event.after, &event.detail]
        .into_iter()
        .flatten()
        .find_map(|value| value.get("state"))
        .and_then(Value::as_str);
    match (event.kind.as_str(), state) {
        ("key.changed", _) if revoked => "Key revoked".to_owned(),
        ("key.changed", Some(state)) => format!("Key {state}"),
        _ if nothing(&event.before) && !nothing(&event.after) => format!("{what} created"),
        _ if nothing(&event.after) && !nothing(&event.before) => format!("{what} deleted"),
        _ => words,
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// The name by which the admin API filters for an actor.
#[must_use]
pub fn actor_key(actor: &AuditActor) -> String {
    let id = actor.id.as_deref().unwrap_or_default();
    match actor.kind {
        ActorKind::User => format!("user:{id}"),
        ActorKind::Client => format!("client:{id}"),
        ActorKind::System => "system".to_owned(),
        ActorKind::Anonymous => "anonymous".to_owned(),
    }
}

/// Whom or what an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    User { tenant: String, id: String },
    Client { tenant: String, id: String },
    Other,
}

/// Whom an event happened to, as far as its kind tells. Of a role assignment that is who holds the role.
#[must_use]
pub fn target(event: &AuditEvent) -> Target {
    let (tenant, id) = (event.tenant.clone(), event.target.clone());
    match event.kind.as_str() {
        "client.changed" | "client.registered" | "client.expired" => Target::Client { tenant, id },
        // Tokens are issued for their subject, which is the client itself where there is no other.
        "token.issued" if event.actor.id.as_deref() == Some(&id) => Target::Client { tenant, id },
        "token.issued" | "user.changed" | "identity.linked" | "identity.unlinked" => {
            Target::User { tenant, id }
        }
        "role_assignment.changed" => {
            let parts: Vec<&str> = id.splitn(4, ':').collect();
            match parts.as_slice() {
                [_, "user", tenant, id] => {
                    Target::User { tenant: (*tenant).to_owned(), id: (*id).to_owned() }
                }
                [_, _, tenant, id] => Target::Client { tenant: (*tenant).to_owned(), id: (*id).to_owned() },
                _ => Target::Other,
            }
        }
        _ => Target::Other,
    }
}

/// The target for people: by its name where that is known, and with the role where one was given.
#[must_use]
pub fn target_words(event: &AuditEvent, name: Option<String>) -> String {
    match (event.kind.as_str(), name, event.target.split_once(':')) {
        ("role_assignment.changed", Some(name), Some((role, _))) => format!("{role} for {name}"),
        (_, Some(name), _) => name,
        (_, None, _) => shortened(&event.target),
    }
}

/// A UUID by its end, because those that are made one after the other begin alike.
#[must_use]
pub fn shortened(id: &str) -> String {
    let is_uuid = id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4;
    if is_uuid { format!("\u{2026}{}", id.get(28..).unwrap_or_default()) } else { id.to_owned() }
}

/// Where to look at what an event happened to.
#[must_use]
pub fn target_place(event: &AuditEvent) -> Option<Place> {
    let name = || event.target.clone();
    let section = match (event.kind.as_str(), target(event)) {
        ("role_assignment.changed", _) => Section::Roles,
        (_, Target::Client { id, .. }) => Section::Client(id),
        (_, Target::User { id, .. }) => Section::User(id),
        ("key.changed", _) => Section::Keys,
        ("resource.changed", _) => Section::Resource(name()),
        ("role.changed", _) => Section::Role(name()),
        ("domain.changed", _) => Section::Domains,
        ("initial_access_token.changed", _) => Section::Registration,
        ("tenant.changed" | "tenant.exported", _) => Section::Settings,
        ("identity_provider.changed", _) => Section::IdentityProvider(name()),
        ("webhook.changed" | "webhook.disabled" | "webhook.replayed" | "webhook.tested", _) => {
            Section::Webhook(name())
        }
        _ => return None,
    };
    Some(Place::Tenant(event.tenant.clone(), section))
}

/// What the server has verified so far of a tenant's trail, a stretch after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub events: u64,
    /// The numbers of the first event and of the last that are what was recorded.
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// The newest event's number and hash.
    pub newest: i64,
    pub newest_hash: Option<String>,
    /// The number up to which the tenant keeps events no longer.
    pub deleted_to: i64,
}

impl Verified {
    /// Takes in what was found of the next stretch.
    pub fn take(&mut self, stretch: &AuditVerification) {
        self.events += stretch.events;
        self.first = self.first.or(stretch.first);
        self.last = stretch.last.or(self.last);
        self.newest = stretch.newest;
        self.newest_hash.clone_from(&stretch.newest_hash);
        self.deleted_to = stretch.deleted_to;
    }
}

/// How an event differs from what was recorded.
#[must_use]
pub fn fault_words(broken: &BrokenAuditEvent) -> String {
    let number = broken.sequence;
    match (broken.fault, &broken.event_id) {
        (AuditFault::Changed, _) => format!("Event {number} was changed: it is not what was recorded."),
        (AuditFault::Added, _) => format!("Event {number} was added: it was never recorded."),
        (AuditFault::Removed, Some(_)) => format!("Event {number} is not there any more."),
        (AuditFault::Removed, None) => {
            format!(
                "Event {number} is not there any more, and none behind it: the end of the trail is missing."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(sequence: i64, previous: &str, hash: &str) -> AuditEvent {
        AuditEvent {
            id: "e".to_owned(),
            sequence: Some(sequence),
            at: String::new(),
            kind: "client.changed".to_owned(),
            actor: AuditActor { kind: ActorKind::System, id: None, tenant: None },
            target: "app".to_owned(),
            tenant: "acme".to_owned(),
            before: None,
            after: None,
            detail: None,
            address: None,
            user_agent: None,
            correlation_id: None,
            previous_hash: Some(previous.to_owned()),
            hash: Some(hash.to_owned()),
        }
    }

    #[test]
    fn creations_and_deletions_are_called_that() {
        let of = |before: Value, after: Value| AuditEvent {
            before: Some(before),
            after: Some(after),
            ..event(1, "", "")
        };
        assert_eq!(words(&of(json!({}), json!({ "a": 1 }))), "Client created");
        assert_eq!(words(&of(json!({ "a": 1 }), json!({}))), "Client deleted");
        assert_eq!(words(&of(json!({ "a": 1 }), json!({ "a": 2 }))), "Client changed");
        assert_eq!(words(&event(1, "", "")), "Client changed");
        let created = AuditEvent { after: Some(json!({ "a": 1 })), ..event(1, "", "") };
        assert_eq!(words(&created), "Client created");
        let key = |detail: Value| AuditEvent {
            kind: "key.changed".to_owned(),
            detail: Some(detail),
            ..event(1, "", "")
        };
        assert_eq!(words(&key(json!({ "state": "active" }))), "Key active");
        assert_eq!(words(&key(json!({ "revoked": true }))), "Key revoked");
        assert_eq!(kind_words("moon.landed_on"), "moon landed on");
    }

    #[test]
    fn actors_and_targets_can_be_found() {
        let actor = |kind, id: Option<&str>| AuditActor { kind, id: id.map(str::to_owned), tenant: None };
        assert_eq!(actor_key(&actor(ActorKind::User, Some("u1"))), "user:u1");
        assert_eq!(actor_key(&actor(ActorKind::System, None)), "system");
        let place = Place::Tenant("acme".to_owned(), Section::Client("app".to_owned()));
        assert_eq!(target_place(&event(1, "", "")), Some(place));
    }

    #[test]
    fn targets_are_told_with_their_names() {
        let id = "01a200ad-bdca-7a53-80f9-d23f1ef8a28f";
        let of =
            |kind: &str, target: String| AuditEvent { kind: kind.to_owned(), target, ..event(1, "", "") };
        let given = of("role_assignment.changed", format!("auditor:user:acme:{id}"));
        assert_eq!(target(&given), Target::User { tenant: "acme".to_owned(), id: id.to_owned() });
        assert_eq!(target_words(&given, Some("Ada".to_owned())), "auditor for Ada");
        let user = of("user.changed", id.to_owned());
        assert_eq!(target_words(&user, None), "\u{2026}1ef8a28f");
        let mut issued = of("token.issued", "app".to_owned());
        assert_eq!(target(&issued), Target::User { tenant: "acme".to_owned(), id: "app".to_owned() });
        issued.actor = AuditActor { kind: ActorKind::Client, id: Some("app".to_owned()), tenant: None };
        assert_eq!(target(&issued), Target::Client { tenant: "acme".to_owned(), id: "app".to_owned() });
    }

    #[test]
    fn stretches_add_up() {
        let stretch = |first: i64, last: i64, next: Option<i64>| AuditVerification {
            events: (last - first + 1).unsigned_abs(),
            first: Some(first),
            last: Some(last),
            next,
            broken: None,
            deleted_to: 6,
            newest: 12,
            newest_hash: Some("ab".to_owned()),
        };
        let mut verified = Verified::default();
        verified.take(&stretch(7, 9, Some(10)));
        verified.take(&stretch(10, 12, Some(13)));
        // At the end there may be none left.
        verified.take(&AuditVerification { events: 0, first: None, last: None, ..stretch(13, 13, None) });
        assert_eq!((verified.events, verified.first, verified.last), (6, Some(7), Some(12)));
        assert_eq!((verified.newest, verified.deleted_to), (12, 6));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let broken = |fault, event_id: Option<&str>| BrokenAuditEvent {
            sequence: 7,
            fault,
            event_id: event_id.map(str::to_owned),
            at: None,
        };
        for (broken, says) in [
            (broken(AuditFault::Changed, Some("e")), "changed"),
            (broken(AuditFault::Added, Some("e")), "added"),
            (broken(AuditFault::Removed, Some("e")), "not there any more."),
            (broken(AuditFault::Removed, None), "the end of the trail is missing"),
        ] {
            let words = fault_words(&broken);
            assert!(words.contains(says) && words.contains("Event 7"), "{words}");
        }
    }
}
