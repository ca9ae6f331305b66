use serde::{Deserialize, Serialize};

use crate::Permission;

/// Who the caller of the admin API is, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Me {
    /// The user's or service account's identifier, stable for ever.
    pub subject: String,
    /// What to call the caller on a page.
    pub name: String,
    /// The caller's email address, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub email: Option<String>,
    /// Slug of the tenant that the caller signed in at.
    pub tenant: String,
    /// Roles held, each with the tenant it is held in (`*` is the whole platform).
    pub roles: Vec<HeldRole>,
    /// What these roles allow, tenant by tenant. What is held in `*` is held in every tenant too.
    #[serde(default)]
    pub permissions: Vec<HeldPermissions>,
    /// To be sent back as `X-Grantor-CSRF` with every changing request of a cookie session; absent
    /// for callers with an access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(skip_serializing_if_is_none))]
    pub csrf_token: Option<String>,
}

/// One role in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct HeldRole {
    /// Built-in or custom role name.
    pub role: String,
    /// Slug of the tenant, or `*` for every tenant.
    pub tenant: String,
}

/// What the caller may do in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct HeldPermissions {
    /// Slug of the tenant, or `*` for the whole platform: every tenant, and the collection of them.
    pub tenant: String,
    /// What the caller may do there.
    pub permissions: Vec<Permission>,
}
