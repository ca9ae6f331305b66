use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::Tag;
use super::caller::Admin;
use super::responses::{Answer, Deleted};
use crate::app::admin::AdminFault;

pub struct AuthenticatorsApi;

#[OpenApi(tag = "Tag::Users")]
impl AuthenticatorsApi {
    /// List a user's passkeys
    ///
    /// All on one page, the oldest first.
    #[oai(path = "/tenants/:tenant/users/:user/passkeys", method = "get", operation_id = "list_passkeys")]
    async fn list_passkeys(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Answer<api::Page<api::Passkey>>, AdminFault> {
        Ok(Answer(admin.list_passkeys(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Remove a passkey
    ///
    /// The user cannot sign in with it any more. Where they are signed in they stay so, and no browser stands for their
    /// second factor from now on.
    #[oai(
        path = "/tenants/:tenant/users/:user/passkeys/:passkey",
        method = "delete",
        operation_id = "delete_passkey"
    )]
    async fn delete_passkey(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// The passkey's identifier, a UUID.
        passkey: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_passkey(&admin.caller, &tenant.0, (&user.0, &passkey.0)).await?;
        Ok(Deleted)
    }

    /// List a user's authenticators
    ///
    /// Authenticator apps and recovery codes, all on one page. Passkeys have a collection of their own.
    #[oai(
        path = "/tenants/:tenant/users/:user/authenticators",
        method = "get",
        operation_id = "list_authenticators"
    )]
    async fn list_authenticators(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Answer<api::Page<api::Authenticator>>, AdminFault> {
        Ok(Answer(admin.list_authenticators(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Remove an authenticator
    ///
    /// An app, or all recovery codes. What is said of passkeys holds here too.
    #[oai(
        path = "/tenants/:tenant/users/:user/authenticators/:authenticator",
        method = "delete",
        operation_id = "delete_authenticator"
    )]
    async fn delete_authenticator(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// The authenticator's identifier: a UUID, or `recovery-codes`.
        authenticator: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_authenticator(&admin.caller, &tenant.0, (&user.0, &authenticator.0)).await?;
        Ok(Deleted)
    }
}
