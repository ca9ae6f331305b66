//! Roles and who has them, in a tenant or in all of the platform.

mod assign;
mod assignments;
mod edit;
mod filters;
mod list;
mod matrix;
mod subject;

pub use assignments::UserRoles;
pub use edit::Role;
pub use list::Roles;

use crate::address::encode;
use crate::place::{Place, Section};
use crate::rights::PLATFORM;

/// The tenant whose accounts administer all of the platform.
pub const SYSTEM: &str = "system";

/// Where roles are held: in a tenant, or in all of the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(Option<String>);

impl Domain {
    pub const fn new(tenant: Option<String>) -> Self {
        Self(tenant)
    }

    /// Where users of a tenant may have roles, as far as one asks on their page.
    #[must_use]
    pub fn of_users(tenant: &str) -> Vec<Self> {
        let platform = (tenant == SYSTEM).then_some(Self(None));
        platform.into_iter().chain([Self(Some(tenant.to_owned()))]).collect()
    }

    /// The name under which rights there are held.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.0.as_deref().unwrap_or(PLATFORM)
    }

    /// The tenant whose users and clients have roles there, beside those of the system tenant.
    #[must_use]
    pub fn home(&self) -> &str {
        self.0.as_deref().unwrap_or(SYSTEM)
    }

    /// The domain for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.0
            .as_ref()
            .map_or_else(|| "the whole platform".to_owned(), |tenant| format!("the tenant {tenant}"))
    }

    /// A list of the admin API there.
    #[must_use]
    pub fn path(&self, list: &str) -> String {
        self.0.as_ref().map_or_else(|| list.to_owned(), |tenant| format!("tenants/{}/{list}", encode(tenant)))
    }

    #[must_use]
    pub fn roles(&self) -> Place {
        self.0.clone().map_or(Place::PlatformRoles, |tenant| Place::Tenant(tenant, Section::Roles))
    }

    #[must_use]
    pub fn role(&self, name: &str) -> Place {
        let name = name.to_owned();
        match self.0.clone() {
            Some(tenant) => Place::Tenant(tenant, Section::Role(name)),
            None => Place::PlatformRole(name),
        }
    }
}
