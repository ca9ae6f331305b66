//! Events of the audit trail in words, and what can be checked of their chain.

use grantor_api::{ActorKind, AuditActor, AuditEvent};
use serde_json::Value;

use crate::place::{Place, Section};

/// Kinds of events and what they are called.
pub const KINDS: [(&str, &str); 31] = [
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
    ("administrator.created", "Administrator created"),
    ("role.changed", "Role changed"),
    ("role_assignment.changed", "Role assignment changed"),
    ("key.changed", "Key changed"),
    ("resource.changed", "Resource changed"),
    ("initial_access_token.changed", "Initial access token changed"),
    ("domain.changed", "Domain changed"),
    ("tenant.changed", "Tenant changed"),
    ("tenant.exported", "Tenant exported"),
    ("webhook.changed", "Webhook changed"),
    ("webhook.disabled", "Webhook disabled"),
    ("webhook.replayed", "Webhook deliveries replayed"),
    ("webhook.tested", "Webhook tested"),
];

/// Whether the kind tells of an attack, or of what may be one.
#[must_use]
pub fn is_alarming(kind: &str) -> bool {
    kind.ends_with(".replayed") && !kind.starts_with("webhook") || kind == "sign_in.failed"
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
    let nothing = |value: &Option<Value>| value.as_ref().is_some_and(is_nothing);
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

/// Where to look at what an event happened to.
#[must_use]
pub fn target_place(event: &AuditEvent) -> Option<Place> {
    let target = || event.target.clone();
    let section = match event.kind.as_str() {
        "client.changed" | "client.registered" | "token.issued" => Section::Client(target()),
        "user.changed" => Section::User(target()),
        "key.changed" => Section::Keys,
        "resource.changed" => Section::Resource(target()),
        "role.changed" => Section::Role(target()),
        "role_assignment.changed" => Section::Roles,
        "domain.changed" => Section::Domains,
        "initial_access_token.changed" => Section::Registration,
        "tenant.changed" | "tenant.exported" => Section::Settings,
        "webhook.changed" | "webhook.disabled" | "webhook.replayed" | "webhook.tested" => {
            Section::Webhook(target())
        }
        _ => return None,
    };
    Some(Place::Tenant(event.tenant.clone(), section))
}

/// How a trail differs from what a whole one would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// Events between these two numbers are not there.
    Missing { after: i64, before: i64 },
    /// The event does not continue the one before it.
    NotContinued { sequence: i64 },
    /// The trail's first event claims to continue something.
    NoBeginning,
}

/// A walk along a tenant's trail, the oldest event first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Events that were looked at and continue the one before.
    pub checked: u64,
    /// The number of the first event there is.
    pub first: Option<i64>,
    /// The number of the last that was looked at.
    pub last: i64,
    hash: String,
}

impl Walk {
    /// Goes on to the next event.
    ///
    /// # Errors
    /// What is wrong there.
    pub fn step(&mut self, event: &AuditEvent) -> Result<(), Break> {
        let Some(sequence) = event.sequence else { return Ok(()) };
        let previous = event.previous_hash.as_deref().unwrap_or_default();
        match self.first {
            None => {
                if sequence == 1 && previous.bytes().any(|digit| digit != b'0') {
                    return Err(Break::NoBeginning);
                }
                self.first = Some(sequence);
            }
            Some(_) if sequence != self.last + 1 => {
                return Err(Break::Missing { after: self.last, before: sequence });
            }
            Some(_) if previous != self.hash => return Err(Break::NotContinued { sequence }),
            Some(_) => {}
        }
        self.last = sequence;
        self.hash = event.hash.clone().unwrap_or_default();
        self.checked += 1;
        Ok(())
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
    fn a_whole_trail_is_walked_to_its_end() {
        let mut walk = Walk::default();
        for (sequence, previous, hash) in [(1, "00", "aa"), (2, "aa", "bb"), (3, "bb", "cc")] {
            assert_eq!(walk.step(&event(sequence, previous, hash)), Ok(()));
        }
        assert_eq!((walk.checked, walk.first, walk.last), (3, Some(1), 3));
        // Retention may have deleted the oldest.
        assert_eq!(Walk::default().step(&event(7, "dd", "ee")), Ok(()));
    }

    #[test]
    fn a_trail_that_was_tampered_with_is_found_out() {
        assert_eq!(Walk::default().step(&event(1, "0a", "aa")), Err(Break::NoBeginning));
        let mut walk = Walk::default();
        walk.step(&event(1, "00", "aa")).unwrap();
        assert_eq!(walk.clone().step(&event(3, "bb", "cc")), Err(Break::Missing { after: 1, before: 3 }));
        assert_eq!(walk.step(&event(2, "bb", "cc")), Err(Break::NotContinued { sequence: 2 }));
    }
}
