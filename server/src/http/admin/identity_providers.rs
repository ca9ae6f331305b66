use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved, TenantIdentityProvider};

pub struct IdentityProvidersApi;

fn stored(admin: &Admin, tenant: &str, saved: Saved<api::IdentityProvider>) -> Stored<api::IdentityProvider> {
    let path = |provider: &api::IdentityProvider| {
        ["tenants", tenant, "identity-providers", &provider.name].map(str::to_owned).to_vec()
    };
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::IdentityProviders")]
impl IdentityProvidersApi {
    /// List identity providers
    #[oai(
        path = "/tenants/:tenant/identity-providers",
        method = "get",
        operation_id = "list_identity_providers"
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
    ) -> Result<Answer<api::Page<api::IdentityProvider>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_identity_providers(&admin.caller, &tenant.0, &page).await?))
    }

    /// Read an identity provider
    #[oai(
        path = "/tenants/:tenant/identity-providers/:provider",
        method = "get",
        operation_id = "read_identity_provider"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The provider's name.
        provider: Path<String>,
    ) -> Result<Found<api::IdentityProvider>, AdminFault> {
        Ok(Found(admin.read_one::<TenantIdentityProvider>(&admin.caller, &tenant.0, &provider.0).await?))
    }

    /// Create or replace an identity provider
    ///
    /// People can sign in through it at once, if it is enabled. Members that are absent get their defaults, but for
    /// `enabled` and `client_secret`, which stay as they are. A tenant has 50 at most.
    #[oai(
        path = "/tenants/:tenant/identity-providers/:provider",
        method = "put",
        operation_id = "put_identity_provider"
    )]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The provider's name.
        provider: Path<String>,
        /// Only if the provider still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such provider.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::IdentityProvider>,
    ) -> Result<Stored<api::IdentityProvider>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let (caller, provider) = (&admin.caller, &provider.0);
        let saved = admin
            .put_one::<TenantIdentityProvider>(caller, &tenant.0, provider, document.json, &precondition)
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change an identity provider
    #[oai(
        path = "/tenants/:tenant/identity-providers/:provider",
        method = "patch",
        operation_id = "patch_identity_provider"
    )]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The provider's name.
        provider: Path<String>,
        /// Only if the provider still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::IdentityProvider>,
    ) -> Result<Stored<api::IdentityProvider>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let (caller, provider) = (&admin.caller, &provider.0);
        let saved = admin
            .patch_one::<TenantIdentityProvider>(caller, &tenant.0, provider, patch.json, &precondition)
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Delete an identity provider
    ///
    /// With the links of all who sign in through it: who has no other way to sign in has none any more. Sessions stay.
    #[oai(
        path = "/tenants/:tenant/identity-providers/:provider",
        method = "delete",
        operation_id = "delete_identity_provider"
    )]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The provider's name.
        provider: Path<String>,
        /// Only if the provider still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let (caller, provider) = (&admin.caller, &provider.0);
        admin.delete_one::<TenantIdentityProvider>(caller, &tenant.0, provider, &precondition).await?;
        Ok(Deleted)
    }

    /// List a user's identity links
    ///
    /// Who the user is at the providers that they sign in through.
    #[oai(
        path = "/tenants/:tenant/users/:user/identity-links",
        method = "get",
        operation_id = "list_identity_links"
    )]
    async fn links(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::IdentityLink>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_identity_links(&admin.caller, &tenant.0, &user.0, &page).await?))
    }

    /// Remove a user's identity link
    ///
    /// Even if it is their only way to sign in. Their sessions stay: sign them out everywhere to end those.
    #[oai(
        path = "/tenants/:tenant/users/:user/identity-links/:provider",
        method = "delete",
        operation_id = "delete_identity_link"
    )]
    async fn unlink(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// The provider's name.
        provider: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_identity_link(&admin.caller, &tenant.0, &user.0, &provider.0).await?;
        Ok(Deleted)
    }
}
