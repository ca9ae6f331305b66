use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::responses::{Answer, Deleted};
use crate::app::admin::AdminFault;

pub struct SessionsApi;

#[OpenApi(tag = "Tag::Sessions")]
impl SessionsApi {
    /// List sessions
    ///
    /// Those that are over stay until an hour after they would have expired.
    #[oai(path = "/tenants/:tenant/sessions", method = "get", operation_id = "list_sessions")]
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
        /// Only sessions of this user: an identifier, a UUID.
        #[oai(validator(max_length = 255))]
        user: Query<Option<String>>,
        /// Only sessions in which somebody is signed in, or only those that are over.
        active: Query<Option<bool>>,
    ) -> Result<Answer<api::Page<api::Session>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        let wanted = (user.0.as_deref(), active.0);
        Ok(Answer(admin.list_sessions(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Read a session
    #[oai(path = "/tenants/:tenant/sessions/:session", method = "get", operation_id = "read_session")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The session's identifier, a UUID.
        session: Path<String>,
    ) -> Result<Answer<api::Session>, AdminFault> {
        Ok(Answer(admin.read_session(&admin.caller, &tenant.0, &session.0).await?))
    }

    /// Sign a session out
    ///
    /// With the grants that the tenant's `sign_out_revokes` ends. It stays in the collection for a while, as ended.
    #[oai(path = "/tenants/:tenant/sessions/:session", method = "delete", operation_id = "delete_session")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The session's identifier, a UUID.
        session: Path<String>,
    ) -> Result<Deleted, AdminFault> {
        admin.delete_session(&admin.caller, &tenant.0, &session.0).await?;
        Ok(Deleted)
    }
}
