use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, sorted_page, text};
use super::payload::{Body, Patch};
use super::responses::{Answer, Deleted, Found, Moved, Queued, Stored};
use crate::app::admin::{AdminFault, Precondition, Saved};

pub struct UsersApi;

fn stored(admin: &Admin, tenant: &str, saved: Saved<api::User>) -> Stored<api::User> {
    let path = |user: &api::User| ["tenants", tenant, "users", &user.id].map(str::to_owned).to_vec();
    Stored::at(&admin.addresses.admin_api(), path, saved)
}

#[OpenApi(tag = "Tag::Users")]
impl UsersApi {
    /// List users
    #[oai(path = "/tenants/:tenant/users", method = "get", operation_id = "list_users")]
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
        /// Only users whose username, email address or name begins so, without regard to case.
        #[oai(validator(max_length = 255))]
        q: Query<Option<String>>,
        /// Only users with this status.
        status: Query<Option<api::UserStatus>>,
        /// Only the user with this email address, without regard to case.
        #[oai(validator(max_length = 254))]
        email: Query<Option<String>>,
        /// The order, that of creation if it is absent; what `q` finds comes in the order of the names that it
        /// was found by.
        sort: Query<Option<api::UserSort>>,
    ) -> Result<Answer<api::Page<api::User>>, AdminFault> {
        let sort = sort.0.map(api::UserSort::as_str);
        let page = sorted_page(limit.0, cursor.0.as_deref(), q.0, sort)?;
        let wanted = (status.0, text("email", email.0)?);
        Ok(Answer(admin.list_users(&admin.caller, &tenant.0, &page, wanted).await?))
    }

    /// Create a user
    ///
    /// Without a password the user cannot sign in with one.
    #[oai(path = "/tenants/:tenant/users", method = "post", operation_id = "create_user")]
    async fn create(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::User>,
    ) -> Result<Stored<api::User>, AdminFault> {
        let saved = admin.create_user(&admin.caller, &tenant.0, document.json).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Read a user
    #[oai(path = "/tenants/:tenant/users/:user", method = "get", operation_id = "read_user")]
    async fn read(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Found<api::User>, AdminFault> {
        Ok(Found(admin.read_user(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Create or replace a user
    ///
    /// Members that are absent get their defaults, but for `status` and the password, which stay as they are.
    #[oai(path = "/tenants/:tenant/users/:user", method = "put", operation_id = "put_user")]
    async fn put(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// Only if the user still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        /// `*`: only if there is no such user.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<String>>,
        document: Body<api::User>,
    ) -> Result<Stored<api::User>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: if_none_match.0 };
        let saved = admin.put_user(&admin.caller, &tenant.0, &user.0, document.json, &precondition).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Change a user
    #[oai(path = "/tenants/:tenant/users/:user", method = "patch", operation_id = "patch_user")]
    async fn patch(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// Only if the user still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        patch: Patch<api::User>,
    ) -> Result<Stored<api::User>, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        let saved = admin.patch_user(&admin.caller, &tenant.0, &user.0, patch.json, &precondition).await?;
        Ok(stored(&admin, &tenant.0, saved))
    }

    /// Delete a user
    ///
    /// With their sessions, grants, tokens and consents.
    #[oai(path = "/tenants/:tenant/users/:user", method = "delete", operation_id = "delete_user")]
    async fn delete(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        /// Only if the user still has this `ETag`.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
    ) -> Result<Deleted, AdminFault> {
        let precondition = Precondition { if_match: if_match.0, if_none_match: None };
        admin.delete_user(&admin.caller, &tenant.0, &user.0, &precondition).await?;
        Ok(Deleted)
    }

    /// Set a user's password
    ///
    /// The user stays signed in where they are: sign them out everywhere if somebody else knew the old one.
    #[oai(
        path = "/tenants/:tenant/users/:user/password",
        method = "post",
        operation_id = "set_user_password"
    )]
    async fn set_password(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
        document: Body<api::NewPassword>,
    ) -> Result<Moved<api::User>, AdminFault> {
        let changed = admin.set_user_password(&admin.caller, &tenant.0, &user.0, document.json);
        Ok(Moved(changed.await?))
    }

    /// Lock a user
    ///
    /// They are signed out everywhere, their grants end, and they cannot sign in until they are unlocked.
    #[oai(path = "/tenants/:tenant/users/:user/lock", method = "post", operation_id = "lock_user")]
    async fn lock(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Moved<api::User>, AdminFault> {
        Ok(Moved(admin.lock_user(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Unlock a user
    ///
    /// They can sign in again. What ended when they were locked stays ended.
    #[oai(path = "/tenants/:tenant/users/:user/unlock", method = "post", operation_id = "unlock_user")]
    async fn unlock(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Moved<api::User>, AdminFault> {
        Ok(Moved(admin.unlock_user(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Sign a user out everywhere
    ///
    /// Every session of theirs ends, the console's too, and every grant with its tokens. They can sign in again.
    #[oai(path = "/tenants/:tenant/users/:user/sign-out", method = "post", operation_id = "sign_out_user")]
    async fn sign_out(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Moved<api::User>, AdminFault> {
        Ok(Moved(admin.sign_out_user(&admin.caller, &tenant.0, &user.0).await?))
    }

    /// Invite a user
    ///
    /// They get a mail with a link to choose a password, good once and for 7 days; it verifies their email address
    /// and signs them in. An invitation ends those before it.
    #[oai(path = "/tenants/:tenant/users/:user/invite", method = "post", operation_id = "invite_user")]
    async fn invite(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Queued, AdminFault> {
        admin.invite_user(&admin.caller, &tenant.0, &user.0).await?;
        Ok(Queued)
    }

    /// Send a user a password reset
    ///
    /// They get a mail with a link to choose a new password, good once and for 30 minutes. Their password stays as
    /// it is until they do; then they are signed out everywhere.
    #[oai(
        path = "/tenants/:tenant/users/:user/send-password-reset",
        method = "post",
        operation_id = "send_password_reset"
    )]
    async fn send_password_reset(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Queued, AdminFault> {
        admin.send_password_reset(&admin.caller, &tenant.0, &user.0).await?;
        Ok(Queued)
    }

    /// Have a user verify their email address
    ///
    /// They get a mail with a link that verifies it, good once and for a day.
    #[oai(
        path = "/tenants/:tenant/users/:user/send-verification",
        method = "post",
        operation_id = "send_verification"
    )]
    async fn send_verification(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        /// The user's identifier, a UUID.
        user: Path<String>,
    ) -> Result<Queued, AdminFault> {
        admin.send_verification(&admin.caller, &tenant.0, &user.0).await?;
        Ok(Queued)
    }
}
