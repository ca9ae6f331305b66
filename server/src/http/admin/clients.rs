use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, sorted_page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved};

pub struct ClientsApi;

fn stored(admin: &Admin, tenant: &str, saved: Saved<api::Client>) -> Stored<api::Client> {
    let path =
        |client: &api::Client| ["tenants", tenant, "clients", &client.client_id].map(str::to_owned).to_vec();
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Clients")]
impl ClientsApi {
    /// List clients
    #[oai(path = "/tenants/:tenant/clients", method = "get", operation_id = "list_clients")]
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
        /// Only clients whose identifier or name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
        /// Only clients that are enabled, or only those that are disabled.
        enabled: Query<Option<bool>>,
        /// Only clients that registered themselves or came by their metadata document, or only those that
        /// administrators made.
        self_registered: Query<Option<bool>>,
        /// Only clients that may use this grant type.
        grant_type: Query<Option<api::GrantType>>,
        /// The order, that of creation if it is absent; what `q` finds comes in the order of the names that it
        /// was found by.
        sort: Query<Option<api::ClientSort>>,
    ) -> Result<Answer<api::Page<api::Client>>, AdminFault> {
        let sort = sort.0.map(api::ClientSort::as_str);
        let page = sorted_page(limit.0, cursor.0.as_deref(), q.0, sort)?;
        let wanted = (enabled.0, self_registered.0, grant_type.0);
        Ok(Answer(admin.list_clients(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Create a client
    ///
    /// For a client that authenticates with a secret the answer holds it, this once.
    #[oai(path = "/tenants/:tenant/clients", method = "post", operation_id = "create_client")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::Client>,
    ) -> Result<Stored<api::Client>, AdminFault> {
        let saved = admin.create_client(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Read a client
    #[oai(path = "/tenants/:tenant/clients/:client_id", method = "get", operation_id = "read_client")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
    ) -> Result<Found<api::Client>, AdminFault> {
        Ok(Found(admin.read_client(&admin.caller, &tenant.0, &client_id.0).await?))
    }

    /// Create or replace a client
    ///
    /// Members that are absent get their defaults, but for `enabled`, which stays as it is. Secrets stay while the
    /// client has use for them.
    #[oai(path = "/tenants/:tenant/clients/:client_id", method = "put", operation_id = "put_client")]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        /// Only if the client still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such client.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Client>,
    ) -> Result<Stored<api::Client>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved =
            admin.put_client(&admin.caller, &tenant.0, &client_id.0, document.json, &precondition).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change a client
    #[oai(path = "/tenants/:tenant/clients/:client_id", method = "patch", operation_id = "patch_client")]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        /// Only if the client still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Client>,
    ) -> Result<Stored<api::Client>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved =
            admin.patch_client(&admin.caller, &tenant.0, &client_id.0, patch.json, &precondition).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Delete a client
    ///
    /// With its grants, tokens and consents.
    #[oai(path = "/tenants/:tenant/clients/:client_id", method = "delete", operation_id = "delete_client")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        /// Only if the client still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_client(&admin.caller, &tenant.0, &client_id.0, &precondition).await?;
        Ok(Deleted)
    }
}
