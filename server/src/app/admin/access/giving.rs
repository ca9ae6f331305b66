//! Nobody gives what they do not hold: not with a role, nor by what a role allows, nor by taking over
//! somebody who holds more.

use grantor_protocol::model::{Tenant, TenantId};
use grantor_store::{Permission, Role, Subject};

use super::{Action, BUILT_IN_ROLES, Domain, Resource, built_in_permissions, counts, is_platform_role};
use crate::app::admin::{AdminFault, Caller};
use crate::app::bootstrap::{PLATFORM_ADMIN, SYSTEM_TENANT};
use crate::app::{App, Fault};

/// The role that may do whatever a tenant's own administrators may.
const TENANT_OWNER: &str = "tenant-owner";

/// A role that can be held somewhere.
pub struct KnownRole {
    pub permissions: Vec<Permission>,
    /// The role as it is stored, if administrators made it.
    pub custom: Option<Role>,
}

impl App {
    /// The role of this name that can be held in a tenant, or without one in all of the platform.
    ///
    /// # Errors
    /// A fault of the store.
    pub(in crate::app) async fn known_role(
        &self,
        scope: Option<TenantId>,
        name: &str,
    ) -> Result<Option<KnownRole>, Fault> {
        if BUILT_IN_ROLES.contains(&name) {
            let known = KnownRole { permissions: built_in_permissions(name), custom: None };
            return Ok(Some(known).filter(|_| scope.is_none() || !is_platform_role(name)));
        }
        // PostgreSQL takes no NUL in text, and no name has one.
        if name.contains('\0') {
            return Ok(None);
        }
        let owner = match scope {
            Some(tenant) => tenant,
            None => self.system_tenant().await?,
        };
        let role = self.store.tenant(owner).role(scope.is_none(), name).await?;
        Ok(role.map(|role| KnownRole { permissions: role.permissions.clone(), custom: Some(role) }))
    }

    /// Demands that the caller holds all of these permissions in the domain, as the database is now.
    ///
    /// # Errors
    /// [`AdminFault::NotHeld`].
    pub(in crate::app::admin) async fn authorize_holding(
        &self,
        caller: &Caller,
        domain: Domain,
        permissions: &[Permission],
    ) -> Result<(), AdminFault> {
        let enforcer = self.load_enforcer(domain).await?;
        for permission in permissions {
            if !enforcer.holds(caller, domain, permission)? {
                return Err(AdminFault::NotHeld(permission.clone()));
            }
        }
        Ok(())
    }

    /// Demands that the caller could have given `subject` every role that it holds: whoever can change
    /// its credentials can act as it.
    ///
    /// # Errors
    /// [`AdminFault::Forbidden`].
    pub(in crate::app::admin) async fn authorize_over(
        &self,
        caller: &Caller,
        home: TenantId,
        subject: &Subject,
    ) -> Result<(), AdminFault> {
        let held = self.store.tenant(home).assignments_of(subject).await?;
        if held.is_empty() {
            return Ok(());
        }
        let system = self.system_tenant().await?;
        for held in held.into_iter().filter(|held| counts(held, home, system)) {
            let domain = held.scope.map_or(Domain::Platform, Domain::Tenant);
            let permissions = self.known_role(held.scope, &held.role).await?.map(|role| role.permissions);
            self.authorize_giving(caller, domain, &permissions.unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Demands that the caller could make somebody an administrator of everything that administrators
    /// of this tenant administer, which is the platform where it is the system tenant.
    ///
    /// # Errors
    /// [`AdminFault::Forbidden`].
    pub(in crate::app::admin) async fn authorize_over_administrators(
        &self,
        caller: &Caller,
        tenant: &Tenant,
    ) -> Result<(), AdminFault> {
        let (domain, role) = match tenant.slug == SYSTEM_TENANT {
            true => (Domain::Platform, PLATFORM_ADMIN),
            false => (Domain::Tenant(tenant.id), TENANT_OWNER),
        };
        self.authorize_giving(caller, domain, &built_in_permissions(role)).await
    }

    /// Demands that the caller could give these permissions in the domain. What is missing is not said:
    /// it would tell of roles that the caller may not see.
    async fn authorize_giving(
        &self,
        caller: &Caller,
        domain: Domain,
        permissions: &[Permission],
    ) -> Result<(), AdminFault> {
        let to_give = [super::permission(Resource::RoleAssignment.as_str(), Action::Create.as_str())];
        for needed in [&to_give[..], permissions] {
            match self.authorize_holding(caller, domain, needed).await {
                Err(AdminFault::NotHeld(_)) => return Err(AdminFault::Forbidden),
                other => other?,
            }
        }
        Ok(())
    }
}
