use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::responses::{Answer, Deleted};
use crate::app::admin::{AdminFault, WantedGrants};

pub struct GrantsApi;

#[OpenApi(tag = "Tag::Grants")]
impl GrantsApi {
    /// List grants
    #[oai(path = "/tenants/:tenant/grants", method = "get", operation_id = "list_grants")]
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
        /// Only grants of this user: an identifier, a UUID.
        #[oai(validator(max_length = 255))]
        user: Query<Option<String>>,
        /// Only grants to this client.
        #[oai(validator(max_length = 255))]
        client_id: Query<Option<String>>,
        /// Only grants that are not revoked, or only those that are.
        active: Query<Option<bool>>,
    ) -> Result<Answer<api::Page<api::Grant>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let (user, client_id) = (user.0.as_deref(), client_id.0.as_deref());
        let wanted = WantedGrants { user, client_id, active: active.0 };
        Ok(Answer(admin.list_grants(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Read a grant
    #[oai(path = "/tenants/:tenant/grants/:grant", method = "get", operation_id = "read_grant")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The grant's identifier, a UUID.
        grant: Path<String>,
    ) -> Result<Answer<api::Grant>, AdminFault> {
        Ok(Answer(admin.read_grant(&admin.caller, &tenant.0, &grant.0).await?))
    }

    /// Revoke a grant
    ///
    /// Its codes and refresh tokens are refused at once on every node, its access tokens by introspection and UserInfo.
    /// What the user consented to stays: without their session they are asked to sign in, and not to consent, next time. The
    /// grant stays in the collection, as revoked.
    #[oai(path = "/tenants/:tenant/grants/:grant", method = "delete", operation_id = "delete_grant")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The grant's identifier, a UUID.
        grant: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_grant(&admin.caller, &tenant.0, &grant.0).await?;
        Ok(Deleted)
    }

    /// List a client's grants
    #[oai(
        path = "/tenants/:tenant/clients/:client_id/grants",
        method = "get",
        operation_id = "list_client_grants"
    )]
    async fn list_of_client(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
        /// Only grants of this user: an identifier, a UUID.
        #[oai(validator(max_length = 255))]
        user: Query<Option<String>>,
        /// Only grants that are not revoked, or only those that are.
        active: Query<Option<bool>>,
    ) -> Result<Answer<api::Page<api::Grant>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let wanted = WantedGrants { user: user.0.as_deref(), client_id: None, active: active.0 };
        let grants = admin.list_client_grants(&admin.caller, &tenant.0, &client_id.0, &page, wanted);
        Ok(Answer(grants.await?))
    }

    /// Revoke all of a client's grants
    ///
    /// As with one grant. The client can be given new ones: disable it to keep it out. Access tokens that it has for
    /// itself belong to no grant and are not revoked.
    #[oai(
        path = "/tenants/:tenant/clients/:client_id/grants",
        method = "delete",
        operation_id = "delete_client_grants"
    )]
    async fn delete_of_client(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_client_grants(&admin.caller, &tenant.0, &client_id.0).await?;
        Ok(Deleted)
    }
}
