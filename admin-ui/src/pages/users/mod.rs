//! Users of a tenant.

mod actions;
mod create;
mod factors;
mod list;
mod messages;
mod password;
mod picker;
mod profile;
mod user;

pub use create::NewUser;
pub use list::Users;
pub use picker::{PersonFilter, UserPicker};
pub use user::User;

use crate::address::encode;

/// The path of a tenant's users in the admin API.
pub fn users_path(tenant: &str) -> String {
    format!("tenants/{}/users", encode(tenant))
}

/// The path of one user.
pub fn user_path(tenant: &str, user: &str) -> String {
    format!("{}/{}", users_path(tenant), encode(user))
}
