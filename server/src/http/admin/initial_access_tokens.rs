use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::Body;
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::AdminFault;

pub struct InitialAccessTokensApi;

#[OpenApi(tag = "Tag::InitialAccessTokens")]
impl InitialAccessTokensApi {
    /// List initial access tokens
    #[oai(
        path = "/tenants/:tenant/initial-access-tokens",
        method = "get",
        operation_id = "list_initial_access_tokens"
    )]
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
    ) -> Result<Answer<api::Page<api::InitialAccessToken>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_initial_access_tokens(&admin.caller, &tenant.0, &page).await?))
    }

    /// Create an initial access token
    ///
    /// The answer holds the token, this once.
    #[oai(
        path = "/tenants/:tenant/initial-access-tokens",
        method = "post",
        operation_id = "create_initial_access_token"
    )]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::InitialAccessToken>,
    ) -> Result<Stored<api::InitialAccessToken>, AdminFault> {
        let saved = admin.create_initial_access_token(&admin.caller, &tenant.0, document.json).await?;
        let path = |token: &api::InitialAccessToken| {
            ["tenants", &tenant.0, "initial-access-tokens", &token.id].map(str::to_owned).to_vec()
        };
        Ok(Stored::at(&admin.addresses.admin_api(), path, saved))
    }

    /// Read an initial access token
    #[oai(
        path = "/tenants/:tenant/initial-access-tokens/:token",
        method = "get",
        operation_id = "read_initial_access_token"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The token's identifier.
        token: Path<String>,
    ) -> Result<Found<api::InitialAccessToken>, AdminFault> {
        Ok(Found(admin.read_initial_access_token(&admin.caller, &tenant.0, &token.0).await?))
    }

    /// Delete an initial access token
    ///
    /// Clients that were registered with it stay.
    #[oai(
        path = "/tenants/:tenant/initial-access-tokens/:token",
        method = "delete",
        operation_id = "delete_initial_access_token"
    )]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The token's identifier.
        token: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_initial_access_token(&admin.caller, &tenant.0, &token.0).await?;
        Ok(Deleted)
    }
}
