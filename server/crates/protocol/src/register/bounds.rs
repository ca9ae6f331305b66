//! What clients that register themselves can have.

use serde_json::{Map, Value};

use crate::Policy;
use crate::model::{GrantType, RegistrationBounds};
use crate::redirect_uri::{self, Target};

/// What bounds a self-made client.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub policy: &'a Policy,
    /// Those of the initial access token, where there was one.
    pub token: Option<&'a RegistrationBounds>,
    /// The claims of its software statement, where there was one, as somebody whom the tenant trusts
    /// made them.
    pub statement: Option<&'a Map<String, Value>>,
}

impl Bounds<'_> {
    /// Whether the tenant serves the grant type and gives it to such clients.
    pub fn allow_grant_type(&self, grant_type: GrantType) -> bool {
        let of_token = self.token.and_then(|token| token.grant_types.as_ref());
        self.policy.grant_types.contains(&grant_type)
            && self.policy.registration.grant_types.contains(&grant_type)
            && of_token.is_none_or(|allowed| allowed.contains(&grant_type))
    }

    /// Whether such clients may have the scope, which the tenant must know, too.
    pub fn allow_scope(&self, token: &str) -> bool {
        let of_token = self.token.and_then(|bounds| bounds.scope.as_ref());
        let allowed = [self.policy.registration.scope.as_ref(), of_token];
        self.policy.scopes.contains(token)
            && allowed.into_iter().flatten().all(|allowed| allowed.contains(token))
    }

    /// Whether people may be sent there for such a client.
    ///
    /// # Errors
    /// Why not.
    pub fn allow_redirect_uri(&self, uri: &str) -> Result<(), &'static str> {
        let policy = &self.policy.registration;
        let of_token = self.token.map(|token| token.redirect_uri_hosts.as_slice()).unwrap_or_default();
        let within = |hosts: &[String], host: &str| {
            hosts.is_empty() || hosts.iter().any(|pattern| host_matches(pattern, host))
        };
        match redirect_uri::target(uri) {
            None => Err("is not an absolute URI"),
            Some(Target::Loopback) if policy.loopback_redirect_uris => Ok(()),
            Some(Target::Loopback) => Err("is a loopback address, which this tenant does not allow"),
            Some(Target::PrivateUse) if policy.private_use_redirect_uris => Ok(()),
            Some(Target::PrivateUse) => Err("has a private-use scheme, which this tenant does not allow"),
            Some(Target::Host(host)) => {
                if within(&policy.redirect_uri_hosts, &host) && within(of_token, &host) {
                    Ok(())
                } else {
                    Err("has a host that this tenant does not allow")
                }
            }
        }
    }
}

/// Whether a host is meant: by its name, or by `*.example.com` for every name below it.
pub fn host_matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        None => pattern.eq_ignore_ascii_case(host),
        Some(parent) => host.split_once('.').is_some_and(|(label, rest)| {
            !label.is_empty() && (rest.eq_ignore_ascii_case(parent) || host_matches(pattern, rest))
        }),
    }
}
