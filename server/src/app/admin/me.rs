use grantor_api as api;

use super::access::counts;
use super::{AdminFault, Caller};
use crate::app::App;

impl App {
    /// Who the caller is, and the roles that count for it. Whoever is authenticated may ask.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn me(&self, caller: &Caller) -> Result<api::Me, AdminFault> {
        let system = self.system_tenant().await?;
        let mut roles = vec![];
        for held in self.store.tenant(caller.tenant_id).assignments_of(&caller.subject).await? {
            if !counts(&held, caller.tenant_id, system) {
                continue;
            }
            let tenant = match held.scope {
                None => Some("*".to_owned()),
                Some(id) => self.store.tenants().by_id(id).await?.map(|tenant| tenant.slug),
            };
            // A role in a tenant that is gone is none.
            roles.extend(tenant.map(|tenant| api::HeldRole { role: held.role, tenant }));
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
            csrf_token: caller.csrf_token.clone(),
        })
    }
}
