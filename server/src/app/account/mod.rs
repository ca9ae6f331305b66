//! A person's own account: what is kept of them, where they are signed in, what they allowed.

mod data;
mod deletion;
mod devices;
mod password;
mod profile;
mod sessions;

use grantor_protocol::Effect;
use grantor_protocol::model::{Actor, AuditKind, ClientId, Consent, RevocationReason};

pub use deletion::DeletionRefused;
pub use devices::WaitingDevices;
pub use password::{PasswordChanged, PasswordRefused};
pub use profile::{ProfileRefused, Wrong};

use super::authorize::SignedIn;
use super::{App, Fault, TenantContext};

impl SignedIn {
    const fn actor(&self) -> Actor {
        Actor::User { id: self.user.id }
    }
}

impl App {
    /// What the user lets clients have, with the clients' names.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn consents(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<Vec<(Consent, Option<String>)>, Fault> {
        Ok(self.store.tenant(context.tenant.id).consents_of(signed_in.user.id).await?)
    }

    /// Takes a consent back, and with it every grant and token that the client has of the user.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn revoke_consent(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        client_id: ClientId,
    ) -> Result<(), Fault> {
        let (user, at) = (signed_in.user.id, self.clock.now());
        let event = self.event(AuditKind::ConsentRevoked, signed_in.actor(), client_id.to_string());
        let reason = RevocationReason::RevokedByUser;
        let effects = vec![
            Effect::ForgetConsent { user, client_id: client_id.clone() },
            Effect::RevokeGrantsOf { user, client_id, reason, at },
            Effect::RecordAudit(Box::new(event)),
        ];
        Ok(self.apply(context.tenant.id, effects).await?)
    }
}
