use grantor_api as api;
use grantor_protocol::model::{Authenticators, Passkey, PasskeyId, RecoveryCode, TotpAuthenticator, TotpId};

use super::{Action, AdminFault, Caller, Resource};
use crate::app::authorize::Browser;
use crate::app::{App, TenantContext};

/// What recovery codes are called among the other authenticators: a user has one set of them.
const RECOVERY_CODES: &str = "recovery-codes";

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_passkeys(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<api::Page<api::Passkey>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Read).await?;
        let held = self.authenticators_of(&context, user).await?;
        Ok(whole(held.passkeys.iter().map(passkey_document).collect()))
    }

    /// # Errors
    /// As [`Self::list_passkeys`].
    pub async fn list_authenticators(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<api::Page<api::Authenticator>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Read).await?;
        let held = self.authenticators_of(&context, user).await?;
        let apps = held.totp.iter().map(totp_document);
        Ok(whole(apps.chain(recovery_document(&held.recovery_codes)).collect()))
    }

    /// # Errors
    /// As [`Self::list_passkeys`].
    pub async fn delete_passkey(
        &self,
        caller: &Caller,
        tenant: &str,
        (user, passkey): (&str, &str),
    ) -> Result<(), AdminFault> {
        let (_, user) = self.user_to_change(caller, tenant, user).await?;
        let id: PasskeyId = passkey.parse().map_err(|_| AdminFault::NotFound)?;
        removed(self.remove_passkey(&user, id, caller.actor()).await?)
    }

    /// # Errors
    /// As [`Self::list_passkeys`].
    pub async fn delete_authenticator(
        &self,
        caller: &Caller,
        tenant: &str,
        (user, authenticator): (&str, &str),
    ) -> Result<(), AdminFault> {
        let (context, user) = self.user_to_change(caller, tenant, user).await?;
        if authenticator == RECOVERY_CODES {
            let held = self.authenticators(&context, &user, &Browser::default()).await?;
            if held.recovery_codes.is_empty() {
                return Err(AdminFault::NotFound);
            }
            return removed(self.remove_recovery_codes(&user, caller.actor()).await?);
        }
        let id: TotpId = authenticator.parse().map_err(|_| AdminFault::NotFound)?;
        removed(self.remove_totp(&user, id, caller.actor()).await?)
    }

    async fn authenticators_of(
        &self,
        context: &TenantContext,
        user: &str,
    ) -> Result<Authenticators, AdminFault> {
        let id = user.parse().map_err(|_| AdminFault::NotFound)?;
        let user = self.store.tenant(context.tenant.id).user(id).await?.ok_or(AdminFault::NotFound)?;
        Ok(self.authenticators(context, &user, &Browser::default()).await?)
    }
}

/// Somebody has too few of them for a second page.
const fn whole<T>(items: Vec<T>) -> api::Page<T> {
    api::Page { items, next: None }
}

const fn removed(was_there: bool) -> Result<(), AdminFault> {
    if was_there { Ok(()) } else { Err(AdminFault::NotFound) }
}

fn passkey_document(passkey: &Passkey) -> api::Passkey {
    api::Passkey {
        id: passkey.id.to_string(),
        name: passkey.name.clone(),
        synced: passkey.synced,
        created_at: passkey.created_at.to_string(),
        last_used_at: passkey.last_used_at.map(|at| at.to_string()),
    }
}

fn totp_document(totp: &TotpAuthenticator) -> api::Authenticator {
    api::Authenticator {
        id: totp.id.to_string(),
        kind: api::AuthenticatorKind::Totp,
        name: Some(totp.name.clone()),
        remaining: None,
        created_at: totp.created_at.to_string(),
        last_used_at: totp.last_used_at.map(|at| at.to_string()),
    }
}

fn recovery_document(codes: &[RecoveryCode]) -> Option<api::Authenticator> {
    let created_at = codes.iter().map(|code| code.created_at).min()?;
    let remaining = codes.iter().filter(|code| code.used_at.is_none()).count();
    Some(api::Authenticator {
        id: RECOVERY_CODES.to_owned(),
        kind: api::AuthenticatorKind::RecoveryCodes,
        name: None,
        remaining: u32::try_from(remaining).ok(),
        created_at: created_at.to_string(),
        last_used_at: codes.iter().filter_map(|code| code.used_at).max().map(|at| at.to_string()),
    })
}
