//! Passkeys (WebAuthn): the ceremonies that make one and that prove to have one.
//!
//! The relying party is the host of the tenant's issuer, and its origin the only one that is taken. Tenants on one
//! host share it, so that a credential is looked for in the tenant that asks, and nowhere else.

use grantor_protocol::model::{
    Actor, AuditKind, Authenticators, Ceremony, CeremonyId, CeremonyPurpose, Factor, InteractionId, Passkey,
    User, UserStatus, UserVerification,
};
use grantor_protocol::{Effect, Id, Lifetime};
use grantor_store::ApplyError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    AuthenticationResult, CreationChallengeResponse, DiscoverableAuthentication, DiscoverableKey,
    Passkey as Credential, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication, SecurityKeyRegistration, Url, Uuid,
    Webauthn, WebauthnBuilder, WebauthnError, WebauthnResult,
};
use webauthn_rs_proto::ResidentKeyRequirement;

use super::{App, Fault, TenantContext};

/// How long a person may look for their device.
const CEREMONY_LIFETIME: Lifetime = Lifetime::from_seconds(300);

/// A challenge for the browser.
pub struct Challenge {
    pub ceremony: CeremonyId,
    /// The argument of `navigator.credentials.create` or `.get` (WebAuthn §5.1.3, §5.1.4).
    pub options: Value,
}

/// What came of a browser's answer to a challenge.
pub enum Asserted {
    /// This user has the passkey; the factor that it is.
    Yes(Box<User>, Factor),
    No,
}

impl App {
    /// Whether passkeys can be used at the tenant: browsers know them at names only, not at IP addresses.
    pub fn takes_passkeys(context: &TenantContext) -> bool {
        Url::parse(&context.policy.issuer).is_ok_and(|issuer| issuer.domain().is_some())
    }

    /// Asks the browser for any passkey that it has for the tenant (WebAuthn §7.2, discoverable credentials).
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn begin_passkey_sign_in(
        &self,
        context: &TenantContext,
        interaction: InteractionId,
    ) -> Result<Challenge, Fault> {
        let (options, state) =
            relying_party(context)?.start_discoverable_authentication().map_err(Fault::internal)?;
        self.begin_ceremony(context, CeremonyPurpose::Discover { interaction }, &options, &state).await
    }

    /// Asks for one of the user's own passkeys, as the factor that follows another.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn begin_passkey_factor(
        &self,
        context: &TenantContext,
        interaction: InteractionId,
        (user, authenticators): (&User, &Authenticators),
    ) -> Result<Challenge, Fault> {
        let purpose = CeremonyPurpose::Assert { interaction, user: user.id };
        let relying_party = relying_party(context)?;
        if demands_verification(context) {
            let credentials: Vec<Credential> = credentials(authenticators)?;
            let (options, state) =
                relying_party.start_passkey_authentication(&credentials).map_err(Fault::internal)?;
            return self.begin_ceremony(context, purpose, &options, &state).await;
        }
        let credentials: Vec<SecurityKey> = credentials(authenticators)?;
        let (options, state) =
            relying_party.start_securitykey_authentication(&credentials).map_err(Fault::internal)?;
        self.begin_ceremony(context, purpose, &options, &state).await
    }

    /// Asks the browser to make a passkey for the user. Where the tenant wants it to verify its user, or the user has no
    /// password that it could come after, it is one that browsers find without being told which; otherwise a security
    /// key that holds none will do.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn begin_passkey_registration(
        &self,
        context: &TenantContext,
        (user, authenticators): (&User, &Authenticators),
    ) -> Result<Challenge, Fault> {
        let known = authenticators.passkeys.iter().map(|held| held.credential_id.clone()).collect();
        let (id, name) = (Uuid::from_bytes(*user.id.as_bytes()), user.display_name());
        let (relying_party, purpose) = (relying_party(context)?, CeremonyPurpose::Register { user: user.id });
        if demands_verification(context) || user.password.is_none() {
            let (mut options, state) = relying_party
                .start_passkey_registration(id, &user.username, name, Some(known))
                .map_err(Fault::internal)?;
            discoverable(&mut options, ResidentKeyRequirement::Required);
            return self.begin_ceremony(context, purpose, &options, &Making::Verified(state)).await;
        }
        let (mut options, state) = relying_party
            .start_securitykey_registration(id, &user.username, name, Some(known), None, None)
            .map_err(Fault::internal)?;
        discoverable(&mut options, ResidentKeyRequirement::Preferred);
        // Browsers refuse to protect by verification what need not verify.
        if let Some(extensions) = &mut options.public_key.extensions {
            extensions.cred_protect = None;
        }
        self.begin_ceremony(context, purpose, &options, &Making::Any(state)).await
    }

    /// The passkey that the browser made, and whether its user was verified; None if that is no answer to the
    /// challenge.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a challenge that is over.
    pub async fn finish_passkey_registration(
        &self,
        context: &TenantContext,
        user: &User,
        (ceremony, answer, name): (&str, &str, &str),
    ) -> Result<Option<(Passkey, bool)>, Fault> {
        let made = self.finish_first_passkey(context, (ceremony, answer, name)).await?;
        match &made {
            Some((passkey, _)) if passkey.user_id != user.id => Err(OVER),
            _ => Ok(made),
        }
    }

    /// [`Self::finish_passkey_registration`] for somebody who is made with their passkey: the ceremony knows who that
    /// is going to be.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a challenge that is over.
    pub async fn finish_first_passkey(
        &self,
        context: &TenantContext,
        (ceremony, answer, name): (&str, &str, &str),
    ) -> Result<Option<(Passkey, bool)>, Fault> {
        let ceremony = self.spend_ceremony(context, ceremony).await?;
        let CeremonyPurpose::Register { user } = ceremony.purpose else { return Err(OVER) };
        let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(answer) else { return Ok(None) };
        let Some(credential) = check_made(context, &answer, ceremony.state)? else { return Ok(None) };
        let now = self.now();
        let member = |name: &str| credential["cred"][name].as_bool().unwrap_or_default();
        let (synced, user_verified) = (member("backup_eligible"), member("user_verified"));
        let made: Credential = read(credential.clone())?;
        let passkey = Passkey {
            tenant_id: context.tenant.id,
            id: Id::generate(now, self.entropy.as_ref()),
            user_id: user,
            credential_id: made.cred_id().to_vec(),
            name: name.to_owned(),
            counter: credential["cred"]["counter"].as_i64().unwrap_or_default(),
            synced,
            credential,
            created_at: now,
            last_used_at: None,
        };
        Ok(Some((passkey, user_verified)))
    }

    /// Whose passkey the browser used, if the answer is one to the challenge. A passkey whose counter went back is
    /// refused: there is a copy of it.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a challenge that is over or belongs to another interaction.
    pub async fn finish_passkey_assertion(
        &self,
        context: &TenantContext,
        interaction: InteractionId,
        (ceremony, answer): (&str, &str),
    ) -> Result<Asserted, Fault> {
        let ceremony = self.spend_ceremony(context, ceremony).await?;
        let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else { return Ok(Asserted::No) };
        let store = self.store.tenant(context.tenant.id);
        let Some(passkey) = store.passkey_by_credential(answer.get_credential_id()).await? else {
            return Ok(Asserted::No);
        };
        let checked = match ceremony.purpose {
            CeremonyPurpose::Discover { interaction: of } if of == interaction => {
                check_discovered(context, &passkey, &answer, read(ceremony.state)?)?
            }
            CeremonyPurpose::Assert { interaction: of, user }
                if of == interaction && user == passkey.user_id =>
            {
                check_asserted(context, &answer, ceremony.state)?
            }
            _ => return Err(OVER),
        };
        let result = match checked {
            Ok(result) => result,
            Err(Refused::Wrong) => return Ok(Asserted::No),
            Err(Refused::Copied) => {
                self.record_copy(&passkey).await?;
                return Ok(Asserted::No);
            }
        };
        if !self.use_passkey(&passkey, &result).await? {
            return Ok(Asserted::No);
        }
        let user = store.user(passkey.user_id).await?.filter(|user| user.status == UserStatus::Active);
        let factor = Factor::Passkey { user_verified: result.user_verified() };
        Ok(user.map_or(Asserted::No, |user| Asserted::Yes(Box::new(user), factor)))
    }

    /// Whether the passkey was used: somebody else may have used it at the same time.
    async fn use_passkey(&self, passkey: &Passkey, result: &AuthenticationResult) -> Result<bool, Fault> {
        let mut credential: Credential = read(passkey.credential.clone())?;
        credential.update_credential(result);
        let used = Effect::UsePasskey {
            passkey: passkey.id,
            credential: serde_json::to_value(&credential).map_err(Fault::internal)?,
            counter: (passkey.counter, result.counter().into()),
            at: self.now(),
        };
        match self.apply(passkey.tenant_id, vec![used]).await {
            Err(ApplyError::Conflict) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    async fn record_copy(&self, passkey: &Passkey) -> Result<(), Fault> {
        tracing::warn!(passkey = %passkey.id, "a passkey's counter did not go on: there is a copy of it");
        let actor = Actor::User { id: passkey.user_id };
        let event = self.event(AuditKind::PasskeyCopied, actor, passkey.id.to_string());
        Ok(self.apply(passkey.tenant_id, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }

    /// Keeps what the answer to a challenge is checked with.
    async fn begin_ceremony(
        &self,
        context: &TenantContext,
        purpose: CeremonyPurpose,
        options: &impl Serialize,
        state: &impl Serialize,
    ) -> Result<Challenge, Fault> {
        let state = serde_json::to_value(state).map_err(Fault::internal)?;
        let options = serde_json::to_value(options).map_err(Fault::internal)?;
        let ceremony = self.store_ceremony(context, purpose, state).await?;
        Ok(Challenge { ceremony, options })
    }

    pub(super) async fn store_ceremony(
        &self,
        context: &TenantContext,
        purpose: CeremonyPurpose,
        state: Value,
    ) -> Result<CeremonyId, Fault> {
        let now = self.now();
        let (tenant_id, id) = (context.tenant.id, Id::generate(now, self.entropy.as_ref()));
        let ceremony = Ceremony { tenant_id, id, purpose, state, expires_at: now + CEREMONY_LIFETIME };
        self.apply(tenant_id, vec![Effect::StoreCeremony(Box::new(ceremony))]).await?;
        Ok(id)
    }

    /// A challenge is good for one answer, whatever that is.
    pub(super) async fn spend_ceremony(
        &self,
        context: &TenantContext,
        ceremony: &str,
    ) -> Result<Ceremony, Fault> {
        let id: CeremonyId = ceremony.parse().map_err(|_| OVER)?;
        let tenant_id = context.tenant.id;
        let found = self.store.tenant(tenant_id).ceremony(id).await?;
        let found = found.filter(|ceremony| self.now() < ceremony.expires_at).ok_or(OVER)?;
        match self.apply(tenant_id, vec![Effect::SpendCeremony { ceremony: id }]).await {
            Err(ApplyError::Conflict) => Err(OVER),
            other => Ok(other.map(|()| found)?),
        }
    }
}

pub(super) const OVER: Fault = Fault::Expired("this page is over; go back and begin again");

/// The relying party that the tenant is (WebAuthn §5.1.2).
fn relying_party(context: &TenantContext) -> Result<Webauthn, Fault> {
    let origin = Url::parse(&context.policy.issuer).map_err(Fault::internal)?;
    let host = origin.domain().ok_or(Fault::Expired("passkeys need a host with a name"))?;
    let builder = WebauthnBuilder::new(host, &origin).map_err(Fault::internal)?;
    builder.rp_name(&context.tenant.name).build().map_err(Fault::internal)
}

fn demands_verification(context: &TenantContext) -> bool {
    context.tenant.settings.sign_in.user_verification == UserVerification::Required
}

/// Why a passkey was not taken.
enum Refused {
    Wrong,
    /// Its counter did not go on (WebAuthn §6.1.1).
    Copied,
}

/// Any authenticator may make it, and whether the browser finds it by itself is as said.
fn discoverable(options: &mut CreationChallengeResponse, resident_key: ResidentKeyRequirement) {
    options.public_key.hints = None;
    if let Some(selection) = &mut options.public_key.authenticator_selection {
        selection.require_resident_key = resident_key == ResidentKeyRequirement::Required;
        selection.resident_key = Some(resident_key);
    }
}

/// What the answer of a browser that makes a passkey is checked with.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Making {
    /// It has to verify its user.
    Verified(PasskeyRegistration),
    Any(SecurityKeyRegistration),
}

/// WebAuthn §7.1. The credential is a document of the same shape whichever way it was made.
fn check_made(
    context: &TenantContext,
    answer: &RegisterPublicKeyCredential,
    state: Value,
) -> Result<Option<Value>, Fault> {
    let relying_party = relying_party(context)?;
    let made = match read(state)? {
        Making::Verified(state) => {
            relying_party.finish_passkey_registration(answer, &state).map(serde_json::to_value)
        }
        Making::Any(state) => {
            relying_party.finish_securitykey_registration(answer, &state).map(serde_json::to_value)
        }
    };
    match made {
        Ok(credential) => Ok(Some(credential.map_err(Fault::internal)?)),
        Err(error) => {
            tracing::warn!(%error, "a passkey was not taken");
            Ok(None)
        }
    }
}

/// WebAuthn §7.2 for a credential that the browser found by itself: the user handle names whose it is.
fn check_discovered(
    context: &TenantContext,
    passkey: &Passkey,
    answer: &PublicKeyCredential,
    state: DiscoverableAuthentication,
) -> Result<Result<AuthenticationResult, Refused>, Fault> {
    let relying_party = relying_party(context)?;
    let owner = relying_party.identify_discoverable_authentication(answer).map(|(owner, _)| owner);
    if !owner.is_ok_and(|owner| owner.as_bytes() == passkey.user_id.as_bytes()) {
        return Ok(Err(Refused::Wrong));
    }
    let credential: Credential = read(passkey.credential.clone())?;
    let key = DiscoverableKey::from(&credential);
    Ok(checked(relying_party.finish_discoverable_authentication_v2(answer, state, &key)))
}

/// WebAuthn §7.2 for one of the credentials that the browser was told to look for.
fn check_asserted(
    context: &TenantContext,
    answer: &PublicKeyCredential,
    state: Value,
) -> Result<Result<AuthenticationResult, Refused>, Fault> {
    let relying_party = relying_party(context)?;
    if demands_verification(context) {
        let state: PasskeyAuthentication = read(state)?;
        return Ok(checked(relying_party.finish_passkey_authentication(answer, &state)));
    }
    let state: SecurityKeyAuthentication = read(state)?;
    Ok(checked(relying_party.finish_securitykey_authentication(answer, &state)))
}

fn checked(result: WebauthnResult<AuthenticationResult>) -> Result<AuthenticationResult, Refused> {
    result.map_err(|error| {
        tracing::warn!(%error, "a passkey was refused");
        match error {
            WebauthnError::CredentialPossibleCompromise => Refused::Copied,
            _ => Refused::Wrong,
        }
    })
}

fn credentials<T: DeserializeOwned>(authenticators: &Authenticators) -> Result<Vec<T>, Fault> {
    authenticators.passkeys.iter().map(|passkey| read(passkey.credential.clone())).collect()
}

fn read<T: DeserializeOwned>(document: Value) -> Result<T, Fault> {
    serde_json::from_value(document).map_err(Fault::internal)
}
