use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, sorted_page};
use super::payload::{Body, Patch};
use super::responses::{Accepted, Answer, Found, Moved, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved};

pub struct TenantsApi;

pub(super) fn stored(admin: &Admin, saved: Saved<api::Tenant>) -> Stored<api::Tenant> {
    let path = |tenant: &api::Tenant| vec!["tenants".to_owned(), tenant.slug.clone()];
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Tenants")]
impl TenantsApi {
    /// List tenants
    #[oai(path = "/tenants", method = "get", operation_id = "list_tenants")]
    async fn list(
        &self,
        admin: Admin,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only tenants whose slug or name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
        /// Only tenants with this status.
        status: Query<Option<api::TenantStatus>>,
        /// The order, that of creation if it is absent; what `q` finds comes in the order of the names that it
        /// was found by.
        sort: Query<Option<api::TenantSort>>,
    ) -> Result<Answer<api::Page<api::Tenant>>, AdminFault> {
        let sort = sort.0.map(api::TenantSort::as_str);
        let page = sorted_page(limit.0, cursor.0.as_deref(), q.0, sort)?;
        Ok(Answer(admin.list_tenants(&admin.caller, &page, status.0).await?))
    }

    /// Create a tenant
    ///
    /// It has its first signing key and can be used at once.
    #[oai(path = "/tenants", method = "post", operation_id = "create_tenant")]
    async fn create(
        &self,
        admin: Admin,
        document: Body<api::Tenant>,
    ) -> Result<Stored<api::Tenant>, AdminFault> {
        let saved = admin.create_tenant(&admin.caller, document.json).await?;
        Ok(stored(&admin, saved))
    }

    /// Read a tenant
    #[oai(path = "/tenants/:tenant", method = "get", operation_id = "read_tenant")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
    ) -> Result<Found<api::Tenant>, AdminFault> {
        Ok(Found(admin.read_tenant(&admin.caller, &tenant.0).await?))
    }

    /// Create or replace a tenant
    ///
    /// Members that are absent get their defaults, but for `status`, which stays as it is.
    #[oai(path = "/tenants/:tenant", method = "put", operation_id = "put_tenant")]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only if the tenant still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such tenant.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Tenant>,
    ) -> Result<Stored<api::Tenant>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin.put_tenant(&admin.caller, &tenant.0, document.json, &precondition).await?;
        Ok(stored(&admin, saved))
    }

    /// Change a tenant
    #[oai(path = "/tenants/:tenant", method = "patch", operation_id = "patch_tenant")]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only if the tenant still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Tenant>,
    ) -> Result<Stored<api::Tenant>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin.patch_tenant(&admin.caller, &tenant.0, patch.json, &precondition).await?;
        Ok(stored(&admin, saved))
    }

    /// Delete a tenant
    ///
    /// With its users, clients, keys, tokens and audit trail. From this answer on it is not there any more for anybody,
    /// but for its slug, which stays taken until the job that the answer describes has deleted the last row.
    #[oai(path = "/tenants/:tenant", method = "delete", operation_id = "delete_tenant")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only if the tenant still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Accepted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let job = admin.delete_tenant(&admin.caller, &tenant.0, &precondition).await?;
        Ok(Accepted::at(&admin.addresses.admin_api(), job))
    }

    /// Suspend a tenant
    ///
    /// Every address of its issuer answers 403 until it is resumed, metadata and JWKS included, and its own administrators
    /// are refused here; it keeps all that it has. Resource servers that verify access tokens themselves take those that are
    /// out until they expire, or until they read the JWKS again.
    #[oai(path = "/tenants/:tenant/suspend", method = "post", operation_id = "suspend_tenant")]
    async fn suspend(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
    ) -> Result<Moved<api::Tenant>, AdminFault> {
        Ok(Moved(admin.suspend_tenant(&admin.caller, &tenant.0).await?))
    }

    /// Resume a suspended tenant
    ///
    /// Sessions, grants and tokens that have not expired meanwhile are valid again.
    #[oai(path = "/tenants/:tenant/resume", method = "post", operation_id = "resume_tenant")]
    async fn resume(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
    ) -> Result<Moved<api::Tenant>, AdminFault> {
        Ok(Moved(admin.resume_tenant(&admin.caller, &tenant.0).await?))
    }

    /// Read what a tenant holds
    ///
    /// Counted at a bounded price: of each kind no more than the newest 10,000 are looked at.
    #[oai(path = "/tenants/:tenant/usage", method = "get", operation_id = "read_tenant_usage")]
    async fn usage(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
    ) -> Result<Answer<api::Usage>, AdminFault> {
        Ok(Answer(admin.read_tenant_usage(&admin.caller, &tenant.0).await?))
    }
}
