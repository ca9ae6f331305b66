use grantor_api as api;
use grantor_store::AssignmentFilter;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::Body;
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::{AdminFault, Place, Precondition, Saved};

pub struct RoleAssignmentsApi;

fn stored(
    admin: &Admin,
    tenant: Option<&str>,
    saved: Saved<api::RoleAssignment>,
) -> Stored<api::RoleAssignment> {
    let path = |made: &api::RoleAssignment| match tenant {
        Some(tenant) => ["tenants", tenant, "role-assignments", &made.id].map(str::to_owned).to_vec(),
        None => ["role-assignments", &made.id].map(str::to_owned).to_vec(),
    };
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Roles")]
impl RoleAssignmentsApi {
    /// List who has which role in a tenant
    #[oai(path = "/tenants/:tenant/role-assignments", method = "get", operation_id = "list_role_assignments")]
    async fn list_role_assignments(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only this user's, by identifier, or this client's, by `client_id`.
        #[oai(validator(max_length = 255))]
        subject: Query<Option<String>>,
        /// Only of this role.
        #[oai(validator(max_length = 63))]
        role: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::RoleAssignment>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let filter = AssignmentFilter { subject: subject.0, role: role.0 };
        Ok(Answer(
            admin.list_role_assignments(&admin.caller, Place::Tenant(&tenant.0), &filter, &page).await?,
        ))
    }

    /// Give a role in a tenant
    ///
    /// The caller must hold whatever the role allows. To give it again changes nothing and answers 200.
    #[oai(
        path = "/tenants/:tenant/role-assignments",
        method = "post",
        operation_id = "create_role_assignment"
    )]
    async fn create_role_assignment(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::RoleAssignment>,
    ) -> Result<Stored<api::RoleAssignment>, AdminFault> {
        let saved =
            admin.create_role_assignment(&admin.caller, Place::Tenant(&tenant.0), document.json).await?;
        Ok(stored(&admin, Some(&tenant.0), saved))
    }

    /// Read whether somebody has a role in a tenant
    #[oai(
        path = "/tenants/:tenant/role-assignments/:assignment",
        method = "get",
        operation_id = "read_role_assignment"
    )]
    async fn read_role_assignment(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
    ) -> Result<Found<api::RoleAssignment>, AdminFault> {
        Ok(Found(admin.read_role_assignment(&admin.caller, Place::Tenant(&tenant.0), &assignment.0).await?))
    }

    /// Have somebody have a role in a tenant
    ///
    /// The `id` in the path says who and which; the document may be empty. To put it again changes nothing.
    #[oai(
        path = "/tenants/:tenant/role-assignments/:assignment",
        method = "put",
        operation_id = "put_role_assignment"
    )]
    async fn put_role_assignment(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
        /// Only if the assignment still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such assignment.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::RoleAssignment>,
    ) -> Result<Stored<api::RoleAssignment>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_role_assignment(
                &admin.caller,
                Place::Tenant(&tenant.0),
                &assignment.0,
                document.json,
                &precondition,
            )
            .await?;
        Ok(stored(&admin, Some(&tenant.0), saved))
    }

    /// Take a role away in a tenant
    ///
    /// The caller must hold whatever the role allows. The last `platform-admin` of the platform stays.
    #[oai(
        path = "/tenants/:tenant/role-assignments/:assignment",
        method = "delete",
        operation_id = "delete_role_assignment"
    )]
    async fn delete_role_assignment(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
        /// Only if the assignment still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin
            .delete_role_assignment(&admin.caller, Place::Tenant(&tenant.0), &assignment.0, &precondition)
            .await?;
        Ok(Deleted)
    }

    /// List who has which role in all of the platform
    #[oai(path = "/role-assignments", method = "get", operation_id = "list_platform_role_assignments")]
    async fn list_platform_role_assignments(
        &self,
        admin: Admin,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only this user's, by identifier, or this client's, by `client_id`.
        #[oai(validator(max_length = 255))]
        subject: Query<Option<String>>,
        /// Only of this role.
        #[oai(validator(max_length = 63))]
        role: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::RoleAssignment>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let filter = AssignmentFilter { subject: subject.0, role: role.0 };
        Ok(Answer(admin.list_role_assignments(&admin.caller, Place::Platform, &filter, &page).await?))
    }

    /// Give a role in all of the platform
    ///
    /// The caller must hold whatever the role allows. To give it again changes nothing and answers 200.
    #[oai(path = "/role-assignments", method = "post", operation_id = "create_platform_role_assignment")]
    async fn create_platform_role_assignment(
        &self,
        admin: Admin,
        document: Body<api::RoleAssignment>,
    ) -> Result<Stored<api::RoleAssignment>, AdminFault> {
        let saved = admin.create_role_assignment(&admin.caller, Place::Platform, document.json).await?;
        Ok(stored(&admin, None, saved))
    }

    /// Read whether somebody has a role in all of the platform
    #[oai(
        path = "/role-assignments/:assignment",
        method = "get",
        operation_id = "read_platform_role_assignment"
    )]
    async fn read_platform_role_assignment(
        &self,
        admin: Admin,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
    ) -> Result<Found<api::RoleAssignment>, AdminFault> {
        Ok(Found(admin.read_role_assignment(&admin.caller, Place::Platform, &assignment.0).await?))
    }

    /// Have somebody have a role in all of the platform
    ///
    /// The `id` in the path says who and which; the document may be empty. To put it again changes nothing.
    #[oai(
        path = "/role-assignments/:assignment",
        method = "put",
        operation_id = "put_platform_role_assignment"
    )]
    async fn put_platform_role_assignment(
        &self,
        admin: Admin,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
        /// Only if the assignment still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such assignment.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::RoleAssignment>,
    ) -> Result<Stored<api::RoleAssignment>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_role_assignment(&admin.caller, Place::Platform, &assignment.0, document.json, &precondition)
            .await?;
        Ok(stored(&admin, None, saved))
    }

    /// Take a role away in all of the platform
    ///
    /// The caller must hold whatever the role allows. The last `platform-admin` of the platform stays.
    #[oai(
        path = "/role-assignments/:assignment",
        method = "delete",
        operation_id = "delete_platform_role_assignment"
    )]
    async fn delete_platform_role_assignment(
        &self,
        admin: Admin,
        /// The assignment's `id`, percent-encoded as one segment of the path.
        assignment: Path<String>,
        /// Only if the assignment still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_role_assignment(&admin.caller, Place::Platform, &assignment.0, &precondition).await?;
        Ok(Deleted)
    }
}
