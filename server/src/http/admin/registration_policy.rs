use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path};

use super::Tag;
use super::caller::Admin;
use super::payload::{Body, Patch};
use super::responses::{Changed, Found};
use crate::app::admin::{AdminFault, Precondition, Write};

pub struct RegistrationPolicyApi;

#[OpenApi(tag = "Tag::RegistrationPolicy")]
impl RegistrationPolicyApi {
    /// Read the registration policy
    ///
    /// It is a part of the tenant, `settings.registration`, with rights of its own; its `ETag` is the tenant's.
    #[oai(
        path = "/tenants/:tenant/registration-policy",
        method = "get",
        operation_id = "read_registration_policy"
    )]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
    ) -> Result<Found<api::RegistrationPolicy>, AdminFault> {
        Ok(Found(admin.read_registration_policy(&admin.caller, &tenant.0).await?))
    }

    /// Replace the registration policy
    ///
    /// Members that are absent get their defaults. It counts for registrations from now on, and for clients that registered
    /// before as soon as they change themselves or use what it bounds: scopes, resources and lifetimes.
    #[oai(
        path = "/tenants/:tenant/registration-policy",
        method = "put",
        operation_id = "put_registration_policy"
    )]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only if the tenant still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        document: Body<api::RegistrationPolicy>,
    ) -> Result<Changed<api::RegistrationPolicy>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let write = Write::Replace(document.json);
        Ok(Changed(admin.write_registration_policy(&admin.caller, &tenant.0, write, &precondition).await?))
    }

    /// Change the registration policy
    ///
    /// A list such as `trusted_software_statement_issuers` is replaced as a whole.
    #[oai(
        path = "/tenants/:tenant/registration-policy",
        method = "patch",
        operation_id = "patch_registration_policy"
    )]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// Only if the tenant still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::RegistrationPolicy>,
    ) -> Result<Changed<api::RegistrationPolicy>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let write = Write::Merge(patch.json);
        Ok(Changed(admin.write_registration_policy(&admin.caller, &tenant.0, write, &precondition).await?))
    }
}
