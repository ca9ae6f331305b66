//! What webhooks can be told of: kinds of audit events, in groups that a webhook can name as a whole.

/// Events that a webhook can name by what is before their dot.
pub struct Group {
    /// Names the group in a webhook's `events`.
    pub name: &'static str,
    pub title: &'static str,
    /// Kinds and what they tell.
    pub kinds: &'static [(&'static str, &'static str)],
}

const fn group(
    name: &'static str,
    title: &'static str,
    kinds: &'static [(&'static str, &'static str)],
) -> Group {
    Group { name, title, kinds }
}

pub const GROUPS: &[Group] = &[
    group(
        "sign_in",
        "Sign-ins",
        &[("sign_in.succeeded", "Somebody signed in"), ("sign_in.failed", "A sign-in failed")],
    ),
    group("sign_out", "Sign-outs", &[]),
    group(
        "consent",
        "Consents",
        &[
            ("consent.given", "Somebody consented to a client"),
            ("consent.revoked", "A consent was taken back"),
        ],
    ),
    group("grant", "Grants", &[("grant.revoked", "A grant was revoked")]),
    group(
        "token",
        "Tokens",
        &[
            ("token.issued", "Access tokens were issued"),
            ("token.exchanged", "A token was exchanged for one of another subject"),
        ],
    ),
    group(
        "authorization_code",
        "Authorization codes",
        &[("authorization_code.replayed", "A code came twice")],
    ),
    group(
        "refresh_token",
        "Refresh tokens",
        &[("refresh_token.replayed", "A used refresh token came again")],
    ),
    group(
        "device",
        "Devices",
        &[
            ("device.entered", "Somebody entered a user code"),
            ("device.approved", "A device was let in"),
            ("device.denied", "A device was turned away"),
        ],
    ),
    group("device_code", "Device codes", &[("device_code.replayed", "A device code came twice")]),
    group("user", "Users", &[("user.changed", "A user was made, changed or deleted")]),
    group(
        "authenticator",
        "Passkeys and authenticator apps",
        &[("authenticator.changed", "One was added or removed")],
    ),
    group("second_factor", "Second factors", &[("second_factor.failed", "A second factor was wrong")]),
    group("passkey", "Passkeys", &[("passkey.copied", "A copy of a passkey was used")]),
    group(
        "message",
        "Messages",
        &[("message.requested", "One was asked for"), ("message.failed", "One was given up")],
    ),
    group("password", "Passwords", &[("password.reset", "Somebody chose a new password by a link")]),
    group("email", "Email addresses", &[("email.verified", "Somebody proved that an address is theirs")]),
    group("invitation", "Invitations", &[("invitation.accepted", "Somebody chose their first password")]),
    group(
        "client",
        "Clients",
        &[
            ("client.changed", "A client was made, changed or deleted"),
            ("client.registered", "A client registered itself"),
            ("client.expired", "An unused self-made client was deleted"),
        ],
    ),
    group(
        "initial_access_token",
        "Initial access tokens",
        &[("initial_access_token.changed", "One was made or deleted")],
    ),
    group("resource", "Protected resources", &[("resource.changed", "One was made, changed or deleted")]),
    group("key", "Keys", &[("key.changed", "A signing key was made, rotated or ended")]),
    group("role", "Roles", &[("role.changed", "A role was made, changed or deleted")]),
    group(
        "role_assignment",
        "Role assignments",
        &[("role_assignment.changed", "A role was given or taken away")],
    ),
    group(
        "administrator",
        "Administrators",
        &[("administrator.created", "One was made at the command line")],
    ),
    group(
        "tenant",
        "The tenant",
        &[("tenant.changed", "Settings were changed"), ("tenant.exported", "All of it was exported")],
    ),
    group(
        "domain",
        "Domains",
        &[("domain.changed", "A domain was added, verified, made primary or removed")],
    ),
    group(
        "identity_provider",
        "Identity providers",
        &[("identity_provider.changed", "One was made, changed or deleted")],
    ),
    group(
        "identity",
        "Ways to sign in",
        &[
            ("identity.linked", "Somebody signs in through another provider"),
            ("identity.unlinked", "Somebody no longer does"),
        ],
    ),
    group(
        "webhook",
        "Webhooks",
        &[
            ("webhook.changed", "One was made, changed or deleted"),
            ("webhook.disabled", "One was disabled because nobody answers"),
            ("webhook.replayed", "Somebody asked for events once more"),
            ("webhook.tested", "Somebody tried one"),
        ],
    ),
];

/// Events that this console has no choice for: of another version of the server's.
#[must_use]
pub fn others(events: &[String]) -> Vec<String> {
    events.iter().filter(|event| !is_known(event)).cloned().collect()
}

fn is_known(event: &str) -> bool {
    GROUPS.iter().any(|group| group.name == event || group.kinds.iter().any(|(kind, _)| *kind == event))
}

/// The events with these in place of the ones that there is no choice for.
#[must_use]
pub fn with_others(events: &[String], others: &[String]) -> Vec<String> {
    events.iter().filter(|event| is_known(event)).chain(others).cloned().collect()
}

/// The events with one switched on or off. A group takes its kinds in, and they leave with it.
#[must_use]
pub fn toggle(events: &[String], event: &str, on: bool) -> Vec<String> {
    let within = |held: &str| held.strip_prefix(event).is_some_and(|rest| rest.starts_with('.'));
    let mut events: Vec<_> = events.iter().filter(|held| *held != event && !within(held)).cloned().collect();
    if on {
        events.push(event.to_owned());
    }
    events
}

/// What a webhook is told of, in a few words.
#[must_use]
pub fn in_words(events: &[String]) -> String {
    match events {
        [] => "All events".to_owned(),
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        events => events.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(events: &[&str]) -> Vec<String> {
        events.iter().map(|event| (*event).to_owned()).collect()
    }

    #[test]
    fn every_kind_is_in_the_group_that_its_name_begins_with() {
        for group in GROUPS {
            for (kind, _) in group.kinds {
                assert_eq!(kind.split_once('.').map(|(begin, _)| begin), Some(group.name));
            }
        }
    }

    #[test]
    fn a_group_takes_its_kinds_in() {
        let events = owned(&["client.changed", "user", "client_x"]);
        assert_eq!(toggle(&events, "client", true), owned(&["user", "client_x", "client"]));
        assert_eq!(toggle(&events, "client.changed", false), owned(&["user", "client_x"]));
    }

    #[test]
    fn unknown_events_are_kept() {
        let events = owned(&["client", "weather.changed"]);
        assert_eq!(others(&events), owned(&["weather.changed"]));
        assert_eq!(with_others(&events, &owned(&["tide"])), owned(&["client", "tide"]));
    }

    #[test]
    fn many_events_are_summed_up() {
        assert_eq!(in_words(&[]), "All events");
        assert_eq!(in_words(&owned(&["a", "b"])), "a, b");
        assert_eq!(in_words(&owned(&["a", "b", "c", "d", "e"])), "a, b, c and 2 more");
    }
}
