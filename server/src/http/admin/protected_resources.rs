use grantor_api as api;
use grantor_protocol::model::ProtectedResource;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved};

pub struct ProtectedResourcesApi;

fn stored(
    admin: &Admin,
    tenant: &str,
    saved: Saved<api::ProtectedResource>,
) -> Stored<api::ProtectedResource> {
    let path = |resource: &api::ProtectedResource| {
        ["tenants", tenant, "resources", &resource.identifier].map(str::to_owned).to_vec()
    };
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Resources")]
impl ProtectedResourcesApi {
    /// List protected resources
    #[oai(path = "/tenants/:tenant/resources", method = "get", operation_id = "list_protected_resources")]
    async fn list(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only resources whose identifier or name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::ProtectedResource>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), q.0)?;
        Ok(Answer(admin.list_protected_resources(&admin.caller, &tenant.0, &page).await?))
    }

    /// Create a protected resource
    ///
    /// Clients may ask for tokens for it from now on, as far as their `resources` allow.
    #[oai(path = "/tenants/:tenant/resources", method = "post", operation_id = "create_protected_resource")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::ProtectedResource>,
    ) -> Result<Stored<api::ProtectedResource>, AdminFault> {
        let saved = admin.create_one::<ProtectedResource>(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Read a protected resource
    #[oai(
        path = "/tenants/:tenant/resources/:identifier",
        method = "get",
        operation_id = "read_protected_resource"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The resource's identifier, percent-encoded as one segment of the path.
        identifier: Path<String>,
    ) -> Result<Found<api::ProtectedResource>, AdminFault> {
        Ok(Found(admin.read_one::<ProtectedResource>(&admin.caller, &tenant.0, &identifier.0).await?))
    }

    /// Create or replace a protected resource
    ///
    /// Members that are absent get their defaults.
    #[oai(
        path = "/tenants/:tenant/resources/:identifier",
        method = "put",
        operation_id = "put_protected_resource"
    )]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The resource's identifier, percent-encoded as one segment of the path.
        identifier: Path<String>,
        /// Only if the resource still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such resource.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::ProtectedResource>,
    ) -> Result<Stored<api::ProtectedResource>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_one::<ProtectedResource>(
                &admin.caller,
                &tenant.0,
                &identifier.0,
                document.json,
                &precondition,
            )
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change a protected resource
    #[oai(
        path = "/tenants/:tenant/resources/:identifier",
        method = "patch",
        operation_id = "patch_protected_resource"
    )]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The resource's identifier, percent-encoded as one segment of the path.
        identifier: Path<String>,
        /// Only if the resource still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::ProtectedResource>,
    ) -> Result<Stored<api::ProtectedResource>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin
            .patch_one::<ProtectedResource>(
                &admin.caller,
                &tenant.0,
                &identifier.0,
                patch.json,
                &precondition,
            )
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Delete a protected resource
    ///
    /// No token is issued for it any more. Those that are out already live on until they expire.
    #[oai(
        path = "/tenants/:tenant/resources/:identifier",
        method = "delete",
        operation_id = "delete_protected_resource"
    )]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The resource's identifier, percent-encoded as one segment of the path.
        identifier: Path<String>,
        /// Only if the resource still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_one::<ProtectedResource>(&admin.caller, &tenant.0, &identifier.0, &precondition).await?;
        Ok(Deleted)
    }
}
