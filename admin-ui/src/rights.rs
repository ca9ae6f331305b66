//! What the administrator may do, so that nothing is offered that would be refused. The server decides.

use grantor_api::{Me, Permission};

/// Every tenant, and the collection of them.
pub const PLATFORM: &str = "*";

/// Whether `me` may do `action` to a `noun` of the tenant, or of the platform as a whole with [`PLATFORM`].
#[must_use]
pub fn may(me: &Me, tenant: &str, noun: &str, action: &str) -> bool {
    let allows = |permission: &Permission| {
        [noun, "*"].contains(&permission.resource.as_str())
            && [action, "*"].contains(&permission.action.as_str())
    };
    me.permissions
        .iter()
        .filter(|held| held.tenant == tenant || held.tenant == PLATFORM)
        .any(|held| held.permissions.iter().any(allows))
}

/// The tenants that `me` may see by name; empty for who sees all of them.
#[must_use]
pub fn own_tenants(me: &Me) -> Vec<String> {
    if may(me, PLATFORM, "tenant", "read") {
        return vec![];
    }
    me.permissions.iter().map(|held| held.tenant.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_api::HeldPermissions;

    fn me(permissions: &[(&str, &str, &str)]) -> Me {
        let held = |(tenant, resource, action): &(&str, &str, &str)| HeldPermissions {
            tenant: (*tenant).to_owned(),
            permissions: vec![Permission { resource: (*resource).to_owned(), action: (*action).to_owned() }],
        };
        Me {
            subject: "s".to_owned(),
            name: "Ada".to_owned(),
            email: None,
            tenant: "system".to_owned(),
            roles: vec![],
            permissions: permissions.iter().map(held).collect(),
            csrf_token: None,
        }
    }

    #[test]
    fn what_is_held_in_a_tenant_counts_there_alone() {
        let me = me(&[("acme", "client", "*"), ("acme", "user", "read")]);
        assert!(may(&me, "acme", "client", "delete") && may(&me, "acme", "user", "read"));
        assert!(!may(&me, "acme", "user", "update"));
        assert!(!may(&me, "other", "client", "read"));
        assert!(!may(&me, PLATFORM, "client", "read"));
    }

    #[test]
    fn what_is_held_on_the_platform_counts_everywhere() {
        let me = me(&[("*", "*", "*")]);
        assert!(may(&me, "acme", "key", "update") && may(&me, PLATFORM, "tenant", "create"));
        assert!(own_tenants(&me).is_empty());
    }

    #[test]
    fn own_tenants_are_those_where_something_is_held() {
        assert_eq!(own_tenants(&me(&[("acme", "tenant", "read"), ("b", "user", "read")])), ["acme", "b"]);
    }
}
