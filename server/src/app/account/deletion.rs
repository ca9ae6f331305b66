//! A person deletes their own account.

use grantor_protocol::model::AuditKind;
use grantor_store::{ChangeKind, WriteError};
use serde_json::json;

use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};

/// Why an account stays, for its person to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionRefused {
    /// The tenant does not let people do this.
    NotAllowed,
    /// What was typed is not the name of the account.
    OtherName,
    /// Nobody could look after the platform.
    LastAdministrator,
}

impl App {
    /// Deletes the person's account with all that belongs to it, where the tenant lets people do that and
    /// they typed its name. The trail says that it was done, and nothing more of them.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a sign-in that is not fresh; faults of the store.
    pub async fn delete_own_account(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        typed: &str,
    ) -> Result<Result<(), DeletionRefused>, Fault> {
        if !context.tenant.settings.sign_in.account_deletion {
            return Ok(Err(DeletionRefused::NotAllowed));
        }
        self.require_fresh(signed_in)?;
        let user = &signed_in.user;
        if typed.trim().to_lowercase() != user.username.to_lowercase() {
            return Ok(Err(DeletionRefused::OtherName));
        }
        let mut event = self.event(AuditKind::UserChanged, signed_in.actor(), user.id.to_string());
        event.detail = json!({ "deleted": true });
        match self.store.tenant(context.tenant.id).delete_user(user.id, None, vec![event]).await {
            Err(WriteError::Protected(_)) => Ok(Err(DeletionRefused::LastAdministrator)),
            // Somebody did it already.
            Ok(()) | Err(WriteError::NotFound) => {
                self.forget(context.tenant.id, ChangeKind::RoleAssignments);
                Ok(Ok(()))
            }
            Err(error) => Err(Fault::internal(error)),
        }
    }
}
