use grantor_api as api;
use grantor_protocol::model::Domain;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Moved, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved};

pub struct DomainsApi;

fn stored(admin: &Admin, tenant: &str, saved: Saved<api::Domain>) -> Stored<api::Domain> {
    let path =
        |domain: &api::Domain| ["tenants", tenant, "domains", &domain.domain].map(str::to_owned).to_vec();
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Domains")]
impl DomainsApi {
    /// List domains
    #[oai(path = "/tenants/:tenant/domains", method = "get", operation_id = "list_domains")]
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
        /// Only domains that begin so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::Domain>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), q.0)?;
        Ok(Answer(admin.list_domains(&admin.caller, &tenant.0, &page).await?))
    }

    /// Create a domain
    ///
    /// It is pending: publish its `challenge` in DNS, then verify it. Nothing is served at it before it is primary.
    #[oai(path = "/tenants/:tenant/domains", method = "post", operation_id = "create_domain")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::Domain>,
    ) -> Result<Stored<api::Domain>, AdminFault> {
        let saved = admin.create_one::<Domain>(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Read a domain
    #[oai(path = "/tenants/:tenant/domains/:domain", method = "get", operation_id = "read_domain")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The host name.
        domain: Path<String>,
    ) -> Result<Found<api::Domain>, AdminFault> {
        Ok(Found(admin.read_one::<Domain>(&admin.caller, &tenant.0, &domain.0).await?))
    }

    /// Create or replace a domain
    ///
    /// With `primary` the tenant's issuer moves, to the domain or back to the server's own address.
    #[oai(path = "/tenants/:tenant/domains/:domain", method = "put", operation_id = "put_domain")]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The host name.
        domain: Path<String>,
        /// Only if the domain still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such domain.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::Domain>,
    ) -> Result<Stored<api::Domain>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin
            .put_one::<Domain>(&admin.caller, &tenant.0, &domain.0, document.json, &precondition)
            .await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change a domain
    ///
    /// With `primary` the tenant's issuer moves, to the domain or back to the server's own address. Sessions at the address
    /// that it leaves do not come along; grants and refresh tokens do, access tokens end at once.
    #[oai(path = "/tenants/:tenant/domains/:domain", method = "patch", operation_id = "patch_domain")]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The host name.
        domain: Path<String>,
        /// Only if the domain still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::Domain>,
    ) -> Result<Stored<api::Domain>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved =
            admin.patch_one::<Domain>(&admin.caller, &tenant.0, &domain.0, patch.json, &precondition).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Verify a domain
    ///
    /// Looks the TXT record of the domain's `challenge` up, now. If it is there the domain is verified for good, and no other
    /// tenant can have it verified until this one deletes it. If not, a problem of type `urn:grantor:problem:domain-not-verified`
    /// says what was found instead: ask again once the record is published.
    #[oai(path = "/tenants/:tenant/domains/:domain/verify", method = "post", operation_id = "verify_domain")]
    async fn verify(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The host name.
        domain: Path<String>,
    ) -> Result<Moved<api::Domain>, AdminFault> {
        Ok(Moved(admin.verify_domain(&admin.caller, &tenant.0, &domain.0).await?))
    }

    /// Delete a domain
    ///
    /// If it is primary, the tenant's issuer is at the server's own address again. Another tenant may have the domain verified
    /// from now on.
    #[oai(path = "/tenants/:tenant/domains/:domain", method = "delete", operation_id = "delete_domain")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The host name.
        domain: Path<String>,
        /// Only if the domain still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_one::<Domain>(&admin.caller, &tenant.0, &domain.0, &precondition).await?;
        Ok(Deleted)
    }
}
