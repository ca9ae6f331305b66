use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::Tag;
use super::caller::Admin;
use super::payload::Body;
use super::responses::{Answer, Deleted, Stored};
use crate::app::admin::AdminFault;

pub struct ClientSecretsApi;

#[OpenApi(tag = "Tag::Clients")]
impl ClientSecretsApi {
    /// List a client's secrets
    ///
    /// Those that are valid, without their values: there are five at most.
    #[oai(
        path = "/tenants/:tenant/clients/:client_id/secrets",
        method = "get",
        operation_id = "list_client_secrets"
    )]
    async fn list(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
    ) -> Result<Answer<api::Page<api::ClientSecret>>, AdminFault> {
        Ok(Answer(admin.list_client_secrets(&admin.caller, &tenant.0, &client_id.0).await?))
    }

    /// Create a client secret
    ///
    /// The answer holds it, this once. The other secrets stay valid, or for `overlap` seconds more. A client has five valid
    /// secrets at most, and none if it does not authenticate with one: 409.
    #[oai(
        path = "/tenants/:tenant/clients/:client_id/secrets",
        method = "post",
        operation_id = "create_client_secret"
    )]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        document: Body<api::NewClientSecret>,
    ) -> Result<Stored<api::ClientSecret>, AdminFault> {
        let saved = admin.create_client_secret(&admin.caller, &tenant.0, &client_id.0, document.json).await?;
        let path = |secret: &api::ClientSecret| {
            ["tenants", &tenant.0, "clients", &client_id.0, "secrets", &secret.id].map(str::to_owned).to_vec()
        };
        Ok(Stored::at(&admin.addresses.admin_api(), path, saved))
    }

    /// Delete a client secret
    ///
    /// It is refused at once. The only secret of a client that authenticates with one stays: 409.
    #[oai(
        path = "/tenants/:tenant/clients/:client_id/secrets/:secret",
        method = "delete",
        operation_id = "delete_client_secret"
    )]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The client's identifier.
        client_id: Path<String>,
        /// The secret's identifier, a UUID.
        secret: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_client_secret(&admin.caller, &tenant.0, &client_id.0, &secret.0).await?;
        Ok(Deleted)
    }
}
