use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::{AdminFault, PlatformRole, Precondition, Saved, TenantRole};
use crate::app::bootstrap::SYSTEM_TENANT;

pub struct RolesApi;

fn stored(admin: &Admin, tenant: Option<&str>, saved: Saved<api::Role>) -> Stored<api::Role> {
    let path = |role: &api::Role| match tenant {
        Some(tenant) => ["tenants", tenant, "roles", &role.name].map(str::to_owned).to_vec(),
        None => ["roles", &role.name].map(str::to_owned).to_vec(),
    };
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Roles")]
impl RolesApi {
    /// List a tenant's roles
    ///
    /// Built-in ones first, then those that administrators made.
    #[oai(path = "/tenants/:tenant/roles", method = "get", operation_id = "list_roles")]
    async fn list_roles(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only roles whose name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::Role>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), q.0)?;
        Ok(Answer(admin.list_roles::<false>(&admin.caller, &tenant.0, &page).await?))
    }

    /// Create a tenant's role
    ///
    /// It can hold no permission that the caller does not hold.
    #[oai(path = "/tenants/:tenant/roles", method = "post", operation_id = "create_role")]
    async fn create_role(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let saved = admin.create_one::<TenantRole>(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, Some(&tenant.0), saved))
    }

    /// Read a tenant's role
    #[oai(path = "/tenants/:tenant/roles/:role", method = "get", operation_id = "read_role")]
    async fn read_role(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The role's name.
        role: Path<String>,
    ) -> Result<Found<api::Role>, AdminFault> {
        Ok(Found(admin.read_one::<TenantRole>(&admin.caller, &tenant.0, &role.0).await?))
    }

    /// Create or replace a tenant's role
    ///
    /// Members that are absent get their defaults. Whoever has the role has the new permissions at once.
    #[oai(path = "/tenants/:tenant/roles/:role", method = "put", operation_id = "put_role")]
    async fn put_role(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such role.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_one::<TenantRole>(&admin.caller, &tenant.0, &role.0, document.json, &precondition)
            .await?;
        Ok(stored(&admin, Some(&tenant.0), saved))
    }

    /// Change a tenant's role
    #[oai(path = "/tenants/:tenant/roles/:role", method = "patch", operation_id = "patch_role")]
    async fn patch_role(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin
            .patch_one::<TenantRole>(&admin.caller, &tenant.0, &role.0, patch.json, &precondition)
            .await?;
        Ok(stored(&admin, Some(&tenant.0), saved))
    }

    /// Delete a tenant's role
    ///
    /// Only one that nobody has.
    #[oai(path = "/tenants/:tenant/roles/:role", method = "delete", operation_id = "delete_role")]
    async fn delete_role(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_one::<TenantRole>(&admin.caller, &tenant.0, &role.0, &precondition).await?;
        Ok(Deleted)
    }

    /// List the platform's roles
    ///
    /// Built-in ones first, then those that administrators made.
    #[oai(path = "/roles", method = "get", operation_id = "list_platform_roles")]
    async fn list_platform_roles(
        &self,
        admin: Admin,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only roles whose name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::Role>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), q.0)?;
        Ok(Answer(admin.list_roles::<true>(&admin.caller, SYSTEM_TENANT, &page).await?))
    }

    /// Create a role of the platform
    ///
    /// It can hold no permission that the caller does not hold.
    #[oai(path = "/roles", method = "post", operation_id = "create_platform_role")]
    async fn create_platform_role(
        &self,
        admin: Admin,
        document: Body<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let saved = admin.create_one::<PlatformRole>(&admin.caller, SYSTEM_TENANT, document.json).await?;
        Ok(stored(&admin, None, saved))
    }

    /// Read a role of the platform
    #[oai(path = "/roles/:role", method = "get", operation_id = "read_platform_role")]
    async fn read_platform_role(
        &self,
        admin: Admin,
        /// The role's name.
        role: Path<String>,
    ) -> Result<Found<api::Role>, AdminFault> {
        Ok(Found(admin.read_one::<PlatformRole>(&admin.caller, SYSTEM_TENANT, &role.0).await?))
    }

    /// Create or replace a role of the platform
    ///
    /// Members that are absent get their defaults. Whoever has the role has the new permissions at once.
    #[oai(path = "/roles/:role", method = "put", operation_id = "put_platform_role")]
    async fn put_platform_role(
        &self,
        admin: Admin,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such role.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_one::<PlatformRole>(&admin.caller, SYSTEM_TENANT, &role.0, document.json, &precondition)
            .await?;
        Ok(stored(&admin, None, saved))
    }

    /// Change a role of the platform
    #[oai(path = "/roles/:role", method = "patch", operation_id = "patch_platform_role")]
    async fn patch_platform_role(
        &self,
        admin: Admin,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Role>,
    ) -> Result<Stored<api::Role>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin
            .patch_one::<PlatformRole>(&admin.caller, SYSTEM_TENANT, &role.0, patch.json, &precondition)
            .await?;
        Ok(stored(&admin, None, saved))
    }

    /// Delete a role of the platform
    ///
    /// Only one that nobody has.
    #[oai(path = "/roles/:role", method = "delete", operation_id = "delete_platform_role")]
    async fn delete_platform_role(
        &self,
        admin: Admin,
        /// The role's name.
        role: Path<String>,
        /// Only if the role still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_one::<PlatformRole>(&admin.caller, SYSTEM_TENANT, &role.0, &precondition).await?;
        Ok(Deleted)
    }
}
