//! What a role allows, as a table of nouns and actions.

use grantor_api::{Me, Permission, Role};

use crate::rights;

/// Every noun, or every action.
pub const ALL: &str = "*";

/// What rights are about, as the admin API names it and as people read it.
pub const NOUNS: [(&str, &str); 18] = [
    (ALL, "Everything"),
    ("tenant", "The tenant and its settings"),
    ("domain", "Domains"),
    ("client", "Clients"),
    ("user", "Users"),
    ("session", "Sessions"),
    ("grant", "Grants"),
    ("device-authorization", "Device approvals"),
    ("key", "Keys"),
    ("resource", "Resources"),
    ("registration-policy", "Registration policy"),
    ("initial-access-token", "Initial access tokens"),
    ("role", "Roles"),
    ("role-assignment", "Who has which role"),
    ("audit-event", "Audit trail"),
    ("stats", "Figures"),
    ("webhook", "Webhooks"),
    ("identity-provider", "Identity providers"),
];

/// What is done to nouns.
pub const ACTIONS: [(&str, &str); 5] =
    [(ALL, "All"), ("read", "Read"), ("create", "Create"), ("update", "Update"), ("delete", "Delete")];

/// What is done to tenants alone.
pub const TENANT_ACTIONS: [(&str, &str); 3] =
    [("suspend", "Suspend"), ("export", "Export"), ("import", "Import")];

/// How a role stands to a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    No,
    Yes,
    /// It is part of a wider one that the role has.
    WithinAnother,
}

fn permission(noun: &str, action: &str) -> Permission {
    Permission { resource: noun.to_owned(), action: action.to_owned() }
}

/// Whether one permission is another, or a part of it.
fn covers(wide: &Permission, narrow: &Permission) -> bool {
    [narrow.resource.as_str(), ALL].contains(&wide.resource.as_str())
        && [narrow.action.as_str(), ALL].contains(&wide.action.as_str())
}

/// How a role with these permissions stands to one.
#[must_use]
pub fn held(permissions: &[Permission], noun: &str, action: &str) -> Held {
    let wanted = permission(noun, action);
    if permissions.iter().any(|held| *held != wanted && covers(held, &wanted)) {
        Held::WithinAnother
    } else if permissions.contains(&wanted) {
        Held::Yes
    } else {
        Held::No
    }
}

/// The permissions with one more, or one less. What is part of the new one goes: it says nothing any longer.
#[must_use]
pub fn with(permissions: &[Permission], noun: &str, action: &str, on: bool) -> Vec<Permission> {
    let changed = permission(noun, action);
    let mut kept: Vec<_> = permissions.iter().filter(|held| !covers(&changed, held)).cloned().collect();
    if on {
        kept.push(changed);
    } else {
        kept.extend(permissions.iter().filter(|held| **held != changed && covers(&changed, held)).cloned());
    }
    in_order(kept)
}

/// In the order of the table, so that the same permissions are the same list.
#[must_use]
pub fn in_order(mut permissions: Vec<Permission>) -> Vec<Permission> {
    permissions.sort_by_key(|held| {
        let noun = NOUNS.iter().position(|(name, _)| *name == held.resource);
        let action = ACTIONS.iter().chain(&TENANT_ACTIONS).position(|(name, _)| *name == held.action);
        (noun, action)
    });
    permissions
}

/// Whether somebody may give a role: who gives it holds all that it allows.
#[must_use]
pub fn may_give(me: &Me, tenant: &str, role: &Role) -> bool {
    role.permissions.iter().all(|held| rights::may(me, tenant, &held.resource, &held.action))
}

/// Nouns that are named of those to which the same is done, in a list.
const NAMED: usize = 4;

/// What a role allows in a few words, for a list: what the same is done to stands together.
#[must_use]
pub fn summary(permissions: &[Permission]) -> String {
    let name = |noun: &str| {
        let known = NOUNS.iter().find(|(known, _)| *known == noun);
        known.map_or_else(|| noun.to_owned(), |(_, name)| name.to_lowercase())
    };
    let mut by_noun: Vec<(&str, Vec<&str>)> = vec![];
    for held in permissions {
        let action = if held.action == ALL { "all of" } else { held.action.as_str() };
        match by_noun.iter_mut().find(|(noun, _)| *noun == held.resource) {
            Some((_, actions)) => actions.push(action),
            None => by_noun.push((&held.resource, vec![action])),
        }
    }
    let mut by_actions: Vec<(String, Vec<String>)> = vec![];
    for (noun, actions) in by_noun {
        let actions = actions.join("/");
        match by_actions.iter_mut().find(|(known, _)| *known == actions) {
            Some((_, nouns)) => nouns.push(name(noun)),
            None => by_actions.push((actions, vec![name(noun)])),
        }
    }
    let words: Vec<_> = by_actions
        .into_iter()
        .map(|(actions, nouns)| {
            let more = nouns.len().saturating_sub(NAMED);
            let named = nouns.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
            if more == 0 {
                format!("{actions} {named}")
            } else {
                format!("{actions} {named} and {more} more")
            }
        })
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_api::HeldPermissions;

    fn list(pairs: &[(&str, &str)]) -> Vec<Permission> {
        pairs.iter().map(|(noun, action)| permission(noun, action)).collect()
    }

    #[test]
    fn what_is_part_of_a_wider_permission_is_held_within_it() {
        let permissions = list(&[("user", "*"), ("*", "read"), ("client", "update")]);
        assert_eq!(held(&permissions, "user", "*"), Held::Yes);
        assert_eq!(held(&permissions, "user", "delete"), Held::WithinAnother);
        assert_eq!(held(&permissions, "client", "read"), Held::WithinAnother);
        assert_eq!(held(&permissions, "client", "update"), Held::Yes);
        assert_eq!(held(&permissions, "client", "*"), Held::No);
        assert_eq!(held(&permissions, "*", "*"), Held::No);
    }

    #[test]
    fn a_wider_permission_takes_the_place_of_its_parts() {
        let permissions = list(&[("user", "read"), ("user", "update"), ("client", "read")]);
        assert_eq!(with(&permissions, "user", "*", true), list(&[("client", "read"), ("user", "*")]));
        assert_eq!(with(&permissions, "*", "read", true), list(&[("*", "read"), ("user", "update")]));
        assert_eq!(with(&permissions, "*", "*", true), list(&[("*", "*")]));
    }

    #[test]
    fn taking_one_away_leaves_the_others() {
        let permissions = list(&[("user", "read"), ("user", "update")]);
        assert_eq!(with(&permissions, "user", "read", false), list(&[("user", "update")]));
        assert_eq!(with(&with(&permissions, "key", "read", true), "key", "read", false), permissions);
    }

    #[test]
    fn who_gives_a_role_holds_what_it_allows() {
        let me = Me {
            subject: "s".to_owned(),
            name: "Ada".to_owned(),
            email: None,
            tenant: "acme".to_owned(),
            roles: vec![],
            permissions: vec![HeldPermissions {
                tenant: "acme".to_owned(),
                permissions: list(&[("user", "read"), ("user", "update"), ("client", "*")]),
            }],
            csrf_token: None,
        };
        let role = |pairs: &[(&str, &str)]| Role {
            name: "r".to_owned(),
            description: String::new(),
            permissions: list(pairs),
            built_in: false,
            version: 1,
            created_at: String::new(),
            updated_at: String::new(),
        };
        assert!(may_give(&me, "acme", &role(&[("user", "read"), ("client", "delete")])));
        assert!(!may_give(&me, "acme", &role(&[("user", "*")])));
        assert!(!may_give(&me, "other", &role(&[("user", "read")])));
    }

    #[test]
    fn a_role_is_summed_up_in_a_line() {
        let permissions =
            list(&[("*", "read"), ("user", "read"), ("user", "update"), ("session", "*"), ("grant", "*")]);
        assert_eq!(summary(&permissions), "read everything; read/update users; all of sessions, grants");
        let many = list(&["client", "user", "key", "session", "grant", "role"].map(|noun| (noun, "*")));
        assert_eq!(summary(&many), "all of clients, users, keys, sessions and 2 more");
        assert_eq!(summary(&[]), "nothing");
    }
}
