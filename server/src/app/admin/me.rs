use std::collections::BTreeMap;

use grantor_api as api;

use super::access::counts;
use super::{AdminFault, Caller};
use crate::app::App;

impl App {
    /// Who the caller is, the roles that count for it, and what they allow. Whoever is authenticated
    /// may ask.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn me(&self, caller: &Caller) -> Result<api::Me, AdminFault> {
        let system = self.system_tenant().await?;
        let mut roles = vec![];
        let mut allowed = BTreeMap::<String, Vec<api::Permission>>::new();
        for held in self.store.tenant(caller.tenant_id).assignments_of(&caller.subject).await? {
            if !counts(&held, caller.tenant_id, system) {
                continue;
            }
            let tenant = match held.scope {
                None => Some("*".to_owned()),
                Some(id) => self.store.tenants().by_id(id).await?.map(|tenant| tenant.slug),
            };
            // A role in a tenant that is gone is none, nor is a role that is not known any more.
            let (Some(tenant), Some(role)) = (tenant, self.known_role(held.scope, &held.role).await?) else {
                continue;
            };
            let there = allowed.entry(tenant.clone()).or_default();
            for held in role.permissions {
                let permission = api::Permission { resource: held.resource, action: held.action };
                if !there.contains(&permission) {
                    there.push(permission);
                }
            }
            roles.push(api::HeldRole { role: held.role, tenant });
        }
        Ok(api::Me {
            subject: match &caller.subject {
                grantor_store::Subject::User(id) => id.to_string(),
                grantor_store::Subject::Client(client_id) => client_id.to_string(),
            },
            name: caller.name.clone(),
            email: caller.email.clone(),
            tenant: caller.tenant.clone(),
            roles,
            permissions: allowed
                .into_iter()
                .map(|(tenant, permissions)| api::HeldPermissions { tenant, permissions })
                .collect(),
            csrf_token: caller.csrf_token.clone(),
        })
    }
}
