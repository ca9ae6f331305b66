use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::payload::Body;
use super::responses::{Answer, Moved, Stored};
use crate::app::admin::AdminFault;

pub struct KeysApi;

#[OpenApi(tag = "Tag::Keys")]
impl KeysApi {
    /// List signing keys
    ///
    /// Those that are removed included.
    #[oai(path = "/tenants/:tenant/keys", method = "get", operation_id = "list_keys")]
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
        /// Only keys in this state.
        state: Query<Option<api::KeyState>>,
        /// Only keys of this algorithm.
        algorithm: Query<Option<api::SigningAlgorithm>>,
    ) -> Result<Answer<api::Page<api::Key>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let wanted = (state.0, algorithm.0);
        Ok(Answer(admin.list_keys(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Create a signing key
    ///
    /// It is published, and signs a day later in place of the key of its algorithm that does. An algorithm has one
    /// published key at a time: 409 while there is one.
    #[oai(path = "/tenants/:tenant/keys", method = "post", operation_id = "create_key")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::NewKey>,
    ) -> Result<Stored<api::Key>, AdminFault> {
        let saved = admin.create_key(&admin.caller, &tenant.0, document.json).await?;
        let path = |key: &api::Key| ["tenants", &tenant.0, "keys", &key.kid].map(str::to_owned).to_vec();
        Ok(Stored::at(&admin.addresses.admin_api(), path, saved))
    }

    /// Give a key its successor
    ///
    /// The answer is the successor. It is published now and signs a day later, or signs `at_once`; the key that signs now
    /// retires then, and stays in the JWKS until all that it signed has expired. While a successor is published already it is
    /// that one: to ask again does nothing more.
    #[oai(path = "/tenants/:tenant/keys/rotate", method = "post", operation_id = "rotate_keys")]
    async fn rotate(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        rotation: Body<api::KeyRotation>,
    ) -> Result<Moved<api::Key>, AdminFault> {
        Ok(Moved(admin.rotate_keys(&admin.caller, &tenant.0, rotation.json).await?))
    }

    /// Read a signing key
    #[oai(path = "/tenants/:tenant/keys/:kid", method = "get", operation_id = "read_key")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The key's `kid`.
        kid: Path<String>,
    ) -> Result<Answer<api::Key>, AdminFault> {
        Ok(Answer(admin.read_key(&admin.caller, &tenant.0, &kid.0).await?))
    }

    /// Let a published key sign now
    ///
    /// The key of its algorithm that signs now retires. Whoever keeps the JWKS does not know a key that was published less
    /// than five minutes ago, and refuses what it signs until then.
    #[oai(path = "/tenants/:tenant/keys/:kid/activate", method = "post", operation_id = "activate_key")]
    async fn activate(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The key's `kid`.
        kid: Path<String>,
    ) -> Result<Moved<api::Key>, AdminFault> {
        Ok(Moved(admin.activate_key(&admin.caller, &tenant.0, &kid.0).await?))
    }

    /// Let a key sign no more
    ///
    /// The published key of its algorithm signs from now on, or a new one if there is none. What the key signed stays valid:
    /// it leaves the JWKS when all of that has expired.
    #[oai(path = "/tenants/:tenant/keys/:kid/retire", method = "post", operation_id = "retire_key")]
    async fn retire(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The key's `kid`.
        kid: Path<String>,
    ) -> Result<Moved<api::Key>, AdminFault> {
        Ok(Moved(admin.retire_key(&admin.caller, &tenant.0, &kid.0).await?))
    }

    /// Revoke a key now
    ///
    /// For a key that others may have. It leaves the JWKS at once and for good, and all access tokens and ID tokens that it
    /// signed are refused by introspection, UserInfo, this API and as `id_token_hint`; resource servers that verify tokens
    /// themselves refuse them when they read the JWKS next, five minutes later at most. A key that signs is followed in the
    /// same step by the published key of its algorithm, or by a new one. Sessions, grants, refresh tokens and opaque access
    /// tokens stay valid: clients get new access tokens with their refresh tokens.
    #[oai(path = "/tenants/:tenant/keys/:kid/revoke", method = "post", operation_id = "revoke_key")]
    async fn revoke(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The key's `kid`.
        kid: Path<String>,
    ) -> Result<Moved<api::Key>, AdminFault> {
        Ok(Moved(admin.revoke_key(&admin.caller, &tenant.0, &kid.0).await?))
    }
}
