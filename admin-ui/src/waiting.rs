//! Devices that wait for somebody: in which order, for how long, and what can be done with them.

use grantor_api::{DeviceApproval, DeviceAuthorization, DeviceState, ScopeDescription};

/// What an administrator can do with a waiting device beside turning it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Let it in for the person who entered its code.
    Approve,
    /// Let it in for a user whom the administrator names.
    ApproveFor,
    /// Nothing: somebody has to enter the code first.
    PersonFirst,
}

/// What an administrator can do with a device of this state under this policy.
#[must_use]
pub fn answer(device: &DeviceAuthorization) -> Answer {
    match (device.state, device.approval) {
        (DeviceState::AwaitingAdministrator, _) => Answer::Approve,
        (_, DeviceApproval::Admin) => Answer::ApproveFor,
        _ => Answer::PersonFirst,
    }
}

/// Those first that only wait for an administrator; among them, who came first.
pub fn put_in_order(devices: &mut [DeviceAuthorization]) {
    let place = |device: &DeviceAuthorization| match answer(device) {
        Answer::Approve => 0,
        Answer::ApproveFor => 1,
        Answer::PersonFirst => 2,
    };
    devices.sort_by(|one, other| {
        let key =
            |device: &DeviceAuthorization| (place(device), device.created_at.clone(), device.id.clone());
        key(one).cmp(&key(other))
    });
}

/// The one that is chosen after a step down or up; what was chosen may be gone by now.
#[must_use]
pub fn step(ids: &[String], chosen: Option<&str>, down: bool) -> Option<String> {
    let last = ids.len().checked_sub(1)?;
    let index = match (ids.iter().position(|id| Some(id.as_str()) == chosen), down) {
        (None, _) => 0,
        (Some(index), true) => (index + 1).min(last),
        (Some(index), false) => index.saturating_sub(1),
    };
    ids.get(index).cloned()
}

/// The one that is chosen when the queue has changed: the same one, or what now stands in its place.
#[must_use]
pub fn still_chosen(before: &[String], after: &[String], chosen: Option<&str>) -> Option<String> {
    let Some(chosen) = chosen else { return after.first().cloned() };
    if after.iter().any(|id| id == chosen) {
        return Some(chosen.to_owned());
    }
    let place = before.iter().position(|id| id == chosen).unwrap_or_default();
    let next = before.iter().skip(place).find(|id| after.contains(id));
    next.or_else(|| after.last()).cloned()
}

/// A time that runs out, to the second: `9:05`, `1:00:00`.
#[must_use]
pub fn countdown(seconds: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is cut to what a device waits"
    )]
    let seconds = seconds.clamp(0.0, 359_999.0) as u32;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// How much of the time is left, from 1 to 0.
#[must_use]
pub fn share_left(created: f64, expires: f64, now: f64) -> f64 {
    let whole = expires - created;
    if whole > 0.0 { ((expires - now) / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// What a scope lets a client do: the standard's own scopes, and those that the tenant describes.
#[must_use]
pub fn scope_in_words(scope: &str, described: &[ScopeDescription]) -> Option<String> {
    let standard = match scope {
        "openid" => "Know who signed in",
        "profile" => "Read the name and the profile",
        "email" => "Read the email address",
        "offline_access" => "Keep access while nobody is signed in",
        _ => {
            return described.iter().find(|known| known.name == scope).map(|known| known.description.clone());
        }
    };
    Some(standard.to_owned())
}

/// What became of a device.
#[must_use]
pub fn outcome(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Pending | DeviceState::AwaitingAdministrator => "Waiting",
        DeviceState::Approved => "Approved",
        DeviceState::Denied => "Denied",
        DeviceState::Redeemed => "Signed in",
        DeviceState::Expired => "Expired",
    }
}

/// When a device was decided upon, or ran out of time.
#[must_use]
pub fn decided_at(device: &DeviceAuthorization) -> &str {
    if device.state == DeviceState::Expired {
        return &device.expires_at;
    }
    device.administered_at.as_ref().or(device.answered_at.as_ref()).unwrap_or(&device.created_at)
}

/// What is said when devices have come that were not there before; nothing where there are none.
#[must_use]
pub fn announcement(before: &[String], after: &[DeviceAuthorization]) -> Option<String> {
    let new: Vec<_> = after.iter().filter(|device| !before.contains(&device.id)).collect();
    match new.as_slice() {
        [] => None,
        [device] => Some(format!("A new device waits: {}", name(device))),
        devices => Some(format!("{} new devices wait", devices.len())),
    }
}

/// What to call a device: its client's name.
#[must_use]
pub fn name(device: &DeviceAuthorization) -> &str {
    if device.client_name.is_empty() { &device.client_id } else { &device.client_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(
        id: &str,
        state: DeviceState,
        approval: DeviceApproval,
        created_at: &str,
    ) -> DeviceAuthorization {
        DeviceAuthorization {
            id: id.to_owned(),
            state,
            approval,
            client_id: "tv".to_owned(),
            client_name: "Television".to_owned(),
            scope: "openid".to_owned(),
            resources: vec![],
            requested_from: None,
            entries: 0,
            user_id: None,
            username: None,
            entered_from: None,
            answered_at: None,
            administrator: None,
            administered_at: None,
            created_at: created_at.to_owned(),
            expires_at: "2026-01-01T00:10:00Z".to_owned(),
        }
    }

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_can_be_decided_comes_first_and_then_what_came_first() {
        use DeviceState::{AwaitingAdministrator, Pending};
        let mut devices = vec![
            device("person", Pending, DeviceApproval::UserThenAdmin, "1"),
            device("later", AwaitingAdministrator, DeviceApproval::UserThenAdmin, "3"),
            device("sooner", AwaitingAdministrator, DeviceApproval::UserThenAdmin, "2"),
            device("named", Pending, DeviceApproval::Admin, "0"),
        ];
        put_in_order(&mut devices);
        let order: Vec<_> = devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(order, ["sooner", "later", "named", "person"]);
    }

    #[test]
    fn steps_end_at_the_ends() {
        let all = ids(&["a", "b", "c"]);
        for (chosen, down, expected) in [
            (None, true, "a"),
            (Some("a"), true, "b"),
            (Some("c"), true, "c"),
            (Some("a"), false, "a"),
            (Some("x"), true, "a"),
        ] {
            assert_eq!(step(&all, chosen, down).as_deref(), Some(expected), "{chosen:?} {down}");
        }
        assert_eq!(step(&[], Some("a"), true), None);
    }

    #[test]
    fn when_the_chosen_one_goes_the_next_is_chosen() {
        let before = ids(&["a", "b", "c"]);
        for (after, chosen, expected) in [
            (ids(&["a", "b", "c"]), Some("b"), Some("b")),
            (ids(&["a", "c"]), Some("b"), Some("c")),
            (ids(&["a", "b"]), Some("c"), Some("b")),
            (ids(&["d"]), Some("a"), Some("d")),
            (ids(&["a"]), None, Some("a")),
            (ids(&[]), Some("a"), None),
        ] {
            assert_eq!(still_chosen(&before, &after, chosen).as_deref(), expected, "{after:?}");
        }
    }

    #[test]
    fn time_runs_out_to_the_second() {
        for (seconds, text) in
            [(-3.0, "0:00"), (0.9, "0:00"), (65.2, "1:05"), (600.0, "10:00"), (3600.0, "1:00:00")]
        {
            assert_eq!(countdown(seconds), text);
        }
        assert!((share_left(0.0, 600.0, 150.0) - 0.75).abs() < 1e-9);
        assert!(share_left(0.0, 600.0, 700.0).abs() < 1e-9 && share_left(5.0, 5.0, 5.0).abs() < 1e-9);
    }

    #[test]
    fn scopes_are_said_as_the_tenant_says_them() {
        let described =
            [ScopeDescription { name: "orders:read".into(), description: "See your orders".into() }];
        assert_eq!(scope_in_words("orders:read", &described).as_deref(), Some("See your orders"));
        assert_eq!(scope_in_words("openid", &[]).as_deref(), Some("Know who signed in"));
        assert_eq!(scope_in_words("other", &described), None);
    }

    #[test]
    fn arrivals_are_announced_and_departures_are_not() {
        let one = device("a", DeviceState::Pending, DeviceApproval::User, "1");
        let other = device("b", DeviceState::Pending, DeviceApproval::User, "1");
        assert_eq!(announcement(&ids(&["a", "b"]), std::slice::from_ref(&one)), None);
        assert_eq!(
            announcement(&[], std::slice::from_ref(&one)).as_deref(),
            Some("A new device waits: Television")
        );
        assert_eq!(announcement(&[], &[one, other]).as_deref(), Some("2 new devices wait"));
    }

    #[test]
    fn a_device_is_decided_when_the_last_one_answered() {
        let mut device = device("a", DeviceState::Denied, DeviceApproval::User, "1");
        assert_eq!(decided_at(&device), "1");
        device.answered_at = Some("2".to_owned());
        device.administered_at = Some("3".to_owned());
        assert_eq!(decided_at(&device), "3");
        device.state = DeviceState::Expired;
        assert_eq!(decided_at(&device), "2026-01-01T00:10:00Z");
    }
}
