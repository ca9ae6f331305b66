use grantor_protocol::model::{AuditKind, MessageKind, User, UserStatus};
use serde_json::json;

use super::{AdminFault, Caller};
use crate::app::App;

impl App {
    /// Sends a user a link to choose their first password, which ends those that were sent before.
    ///
    /// # Errors
    /// A user who can sign in already, or may not; one without an email address; too many messages to it.
    pub async fn invite_user(&self, caller: &Caller, tenant: &str, user: &str) -> Result<(), AdminFault> {
        let user = self.user_to_write_to(caller, tenant, user).await?;
        if self.has_a_way_to_sign_in(&user).await? {
            return Err(AdminFault::Protected("the user can sign in already: nobody has to be invited"));
        }
        self.send_to_user(caller, &user, MessageKind::Invitation).await
    }

    /// Sends a user a link to choose a new password, whether the tenant lets people ask for one themselves or not.
    ///
    /// # Errors
    /// A user who is locked; one without an email address; too many messages to it.
    pub async fn send_password_reset(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<(), AdminFault> {
        let user = self.user_to_write_to(caller, tenant, user).await?;
        self.send_to_user(caller, &user, MessageKind::PasswordReset).await
    }

    /// Sends a user a link that verifies their email address.
    ///
    /// # Errors
    /// An address that is verified; a user who is locked; one without an address; too many messages to it.
    pub async fn send_verification(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<(), AdminFault> {
        let user = self.user_to_write_to(caller, tenant, user).await?;
        if user.email_verified {
            return Err(AdminFault::Protected("the email address is verified already"));
        }
        self.send_to_user(caller, &user, MessageKind::Verification).await
    }

    async fn user_to_write_to(&self, caller: &Caller, tenant: &str, user: &str) -> Result<User, AdminFault> {
        let (_, user) = self.user_to_change(caller, tenant, user).await?;
        if user.status != UserStatus::Active {
            return Err(AdminFault::Protected("the user is locked"));
        }
        Ok(user)
    }

    async fn send_to_user(&self, caller: &Caller, user: &User, kind: MessageKind) -> Result<(), AdminFault> {
        let Some(address) = &user.email else {
            return Err(AdminFault::invalid("/email", "there is no email address to send it to"));
        };
        let event = self.admin_event(caller, AuditKind::MessageRequested, &user.id.to_string(), json!({}));
        Ok(self.send_link(kind, (user, address), event).await?)
    }

    /// Whether there is anything that the user could prove to be themselves with.
    async fn has_a_way_to_sign_in(&self, user: &User) -> Result<bool, AdminFault> {
        if user.password.is_some() {
            return Ok(true);
        }
        let store = self.store.tenant(user.tenant_id);
        let held = store.authenticators(user.id, None, self.now()).await?;
        Ok(!held.passkeys.is_empty() || !store.identity_links_of(user.id).await?.is_empty())
    }
}
