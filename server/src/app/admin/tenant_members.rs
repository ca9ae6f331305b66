//! Members of a tenant that take more to change than the right to the tenant.

use grantor_protocol::model::Tenant;

use super::limits_document::of_the_platform;
use super::{Action, AdminFault, Caller, Domain, FieldFault, Resource};
use crate::app::App;
use crate::app::bootstrap::SYSTEM_TENANT;

impl App {
    /// Demands whatever else the caller needs to make of the tenant what it is to be.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; [`AdminFault::ForbiddenMembers`], [`AdminFault::Protected`].
    pub(super) async fn authorize_members(
        &self,
        caller: &Caller,
        from: &Tenant,
        to: &Tenant,
    ) -> Result<(), AdminFault> {
        let (slug, before, after) = (&from.slug, &from.settings, &to.settings);
        if to.status != from.status {
            self.administered(caller, slug, Resource::Tenant, Action::Suspend).await?;
            if slug == SYSTEM_TENANT {
                return Err(AdminFault::Protected(
                    "the system tenant administers the platform and stays active",
                ));
            }
        }
        let limits = of_the_platform(before, after);
        if !limits.is_empty() {
            let right =
                self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Create).await;
            allowed(right, limits)?;
        }
        // Who vouches for certificates can act as any client that authenticates with one.
        if after.client_certificate_authorities != before.client_certificate_authorities {
            let right = self.authorize_over_administrators(caller, from).await;
            let detail = "takes the rights of those whom the clients act for";
            allowed(right, vec![FieldFault::new("/settings/client_certificate_authorities", detail)])?;
        }
        if after.registration != before.registration
            || after.self_registration() != before.self_registration()
        {
            let policy = Resource::RegistrationPolicy;
            let right = self.administered(caller, slug, policy, Action::Update).await.map(drop);
            let detail = "takes the right to change the registration policy";
            allowed(right, vec![FieldFault::new("/settings/registration", detail)])?;
        }
        Ok(())
    }
}

/// Who lacks the right may change the tenant all the same, but not these members of it.
fn allowed(right: Result<(), AdminFault>, members: Vec<FieldFault>) -> Result<(), AdminFault> {
    match right {
        Err(AdminFault::NotFound | AdminFault::Forbidden) => Err(AdminFault::ForbiddenMembers(members)),
        other => other,
    }
}
