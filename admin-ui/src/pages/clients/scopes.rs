//! What there is to choose from for clients: scopes and protected resources.

use grantor_api::{Page, ProtectedResource, ScopeDescription, Tenant};

use crate::address::encode;
use crate::session::session;
use crate::ui::{Remote, remote};

/// A value, its name, and what there is to say about it, as fields take them.
type Choice = (String, String, String);

const STANDARD: [(&str, &str); 4] = [
    ("openid", "Know who somebody is: gives an ID token."),
    ("profile", "Their name and picture."),
    ("email", "Their email address."),
    ("offline_access", "Stay signed in after the session has ended."),
];

/// What the tenant has; nothing of what this administrator may not read.
#[derive(Clone, Copy)]
pub struct Offers {
    tenant: Option<Remote<Tenant>>,
    resources: Option<Remote<Page<ProtectedResource>>>,
}

impl Offers {
    pub fn of(tenant: &str) -> Self {
        let session = session();
        let path = format!("tenants/{}", encode(tenant));
        let resources = format!("{path}/resources?limit=200");
        Self {
            tenant: session.may(tenant, "tenant", "read").then(|| remote(move || path.clone())),
            resources: session.may(tenant, "resource", "read").then(|| remote(move || resources.clone())),
        }
    }

    /// The tenant's issuer, once it is known.
    pub fn issuer(self) -> Option<String> {
        Some(self.tenant?.ready()?.issuer)
    }

    fn known_resources(self) -> Vec<ProtectedResource> {
        self.resources.and_then(Remote::ready).map(|page| page.items).unwrap_or_default()
    }

    /// All scopes, each once, with those in `held` that nobody describes at the end.
    pub fn scopes(self, held: &str) -> Vec<Choice> {
        let mut choices: Vec<Choice> =
            STANDARD.iter().map(|(name, about)| choice(name, (*about).to_owned())).collect();
        let mut add = |scope: &ScopeDescription, of: Option<&str>| {
            if choices.iter().all(|(name, ..)| *name != scope.name) {
                let of = of.map(|of| format!(" ({of})")).unwrap_or_default();
                choices.push(choice(&scope.name, format!("{}{of}", scope.description)));
            }
        };
        for scope in
            self.tenant.and_then(Remote::ready).map(|tenant| tenant.settings.scopes).unwrap_or_default()
        {
            add(&scope, None);
        }
        for resource in self.known_resources() {
            let of = if resource.name.is_empty() { &resource.identifier } else { &resource.name };
            resource.scopes.iter().for_each(|scope| add(scope, Some(of)));
        }
        for scope in held.split_whitespace() {
            if choices.iter().all(|(name, ..)| name != scope) {
                choices.push(choice(scope, String::new()));
            }
        }
        choices
    }

    /// The protected resources, and those in `held` that are not among them.
    pub fn resources(self, held: &[String]) -> Vec<Choice> {
        let mut choices: Vec<Choice> = self
            .known_resources()
            .into_iter()
            .map(|resource| choice(&resource.identifier, resource.name))
            .collect();
        for identifier in held {
            if choices.iter().all(|(known, ..)| known != identifier) {
                choices.push(choice(identifier, String::new()));
            }
        }
        choices
    }
}

fn choice(name: &str, about: String) -> Choice {
    (name.to_owned(), name.to_owned(), about)
}
