//! A domain's rights as casbin reads them: the built-in roles, those that administrators made, and who
//! has them.

use async_trait::async_trait;
use casbin::error::AdapterError;
use casbin::{Adapter, Filter, Model};
use grantor_protocol::model::TenantId;
use grantor_store::{Error, Role, RoleAssignment, Store};

use super::{BUILT_IN_ROLES, Domain, POLICY, counts, subject};

/// Gives casbin one domain's rights from the database. It does not write any: roles and assignments are
/// written by the use cases, with the trail's entry and what other nodes are told in one transaction.
pub(super) struct PolicyAdapter {
    store: Store,
    system: TenantId,
    domain: Domain,
}

/// Rules in the order of the model's definitions.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// Role, resource, action.
    pub permissions: Vec<Vec<String>>,
    /// Subject, role, domain.
    pub holders: Vec<Vec<String>>,
}

impl PolicyAdapter {
    pub fn new(store: Store, system: TenantId, domain: Domain) -> Self {
        Self { store, system, domain }
    }

    /// Tenants whose subjects may hold roles in the domain.
    pub fn homes(&self) -> Vec<TenantId> {
        let tenant = self.domain.scope().filter(|id| *id != self.system);
        std::iter::once(self.system).chain(tenant).collect()
    }

    async fn read(&self) -> Result<Policy, Error> {
        let mut policy = Policy::built_in();
        let system = self.store.tenant(self.system);
        system.roles(true).await?.iter().for_each(|role| policy.add_role(role));
        if let Some(tenant) = self.domain.scope() {
            let roles = self.store.tenant(tenant).roles(false).await?;
            roles.iter().for_each(|role| policy.add_role(role));
        }
        for home in self.homes() {
            for held in self.store.tenant(home).assignments_for(self.domain.scope()).await? {
                if counts(&held, home, self.system) {
                    policy.add_holder(home, &held, self.domain);
                }
            }
        }
        Ok(policy)
    }
}

impl Policy {
    pub fn built_in() -> Self {
        let rule = |(role, resource, action): &(&str, &str, &str)| {
            [*role, *resource, *action].map(str::to_owned).to_vec()
        };
        Self { permissions: POLICY.iter().map(rule).collect(), holders: vec![] }
    }

    pub fn add_role(&mut self, role: &Role) {
        let name = rule_name(&role.name, (!role.platform).then_some(role.tenant_id));
        for held in &role.permissions {
            self.permissions.push(vec![name.clone(), held.resource.clone(), held.action.clone()]);
        }
    }

    pub fn add_holder(&mut self, home: TenantId, held: &RoleAssignment, domain: Domain) {
        let role = rule_name(&held.role, held.scope);
        self.holders.push(vec![subject(home, &held.subject), role, domain.to_string()]);
    }

    /// One by one: of many at once casbin takes none if it has one of them, and who has a role in all of
    /// the platform may have it in the tenant too.
    pub fn fill(self, model: &mut dyn Model) {
        for permission in self.permissions {
            model.add_policy("p", "p", permission);
        }
        for holder in self.holders {
            model.add_policy("g", "g", holder);
        }
    }
}

/// What casbin calls a role: the platform's and a tenant's may have the same name, and no name has a `/`.
fn rule_name(role: &str, scope: Option<TenantId>) -> String {
    match scope {
        _ if BUILT_IN_ROLES.contains(&role) => role.to_owned(),
        None => format!("*/{role}"),
        Some(tenant) => format!("{tenant}/{role}"),
    }
}

#[async_trait]
impl Adapter for PolicyAdapter {
    async fn load_policy(&mut self, model: &mut dyn Model) -> casbin::Result<()> {
        let policy = self.read().await.map_err(|error| AdapterError(Box::new(error)))?;
        policy.fill(model);
        Ok(())
    }

    async fn load_filtered_policy<'a>(&mut self, _: &mut dyn Model, _: Filter<'a>) -> casbin::Result<()> {
        refuse("a domain's policy is small and is loaded whole")
    }

    async fn save_policy(&mut self, _: &mut dyn Model) -> casbin::Result<()> {
        refuse(READ_ONLY)
    }

    async fn clear_policy(&mut self) -> casbin::Result<()> {
        refuse(READ_ONLY)
    }

    fn is_filtered(&self) -> bool {
        false
    }

    async fn add_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        refuse(READ_ONLY)
    }

    async fn add_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        refuse(READ_ONLY)
    }

    async fn remove_policy(&mut self, _: &str, _: &str, _: Vec<String>) -> casbin::Result<bool> {
        refuse(READ_ONLY)
    }

    async fn remove_policies(&mut self, _: &str, _: &str, _: Vec<Vec<String>>) -> casbin::Result<bool> {
        refuse(READ_ONLY)
    }

    async fn remove_filtered_policy(
        &mut self,
        _: &str,
        _: &str,
        _: usize,
        _: Vec<String>,
    ) -> casbin::Result<bool> {
        refuse(READ_ONLY)
    }
}

const READ_ONLY: &str = "policies are changed by the admin API's use cases and not through casbin";

fn refuse<T>(why: &'static str) -> casbin::Result<T> {
    Err(AdapterError(why.into()).into())
}
