//! Authenticator apps (RFC 6238) and recovery codes.

use grantor_protocol::model::{
    Ceremony, CeremonyId, CeremonyPurpose, TenantId, TotpAuthenticator, TotpId, User,
};
use grantor_protocol::{Effect, Id, Secret, SecretHash};
use grantor_store::ApplyError;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};

use super::webauthn::OVER;
use super::{App, Fault, TenantContext};

/// Bytes of an app's secret (RFC 4226 §4, R6).
const SECRET_LENGTH: usize = 20;

/// Recovery codes that a user is given.
const RECOVERY_CODES: usize = 10;

/// Letters of a recovery code: 86 bits, so that a plain hash is enough.
const RECOVERY_CODE_LENGTH: usize = 20;

/// Consonants that neither form words nor look like digits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// An authenticator app that is being added: what the person puts into it.
pub struct TotpOffer {
    pub ceremony: CeremonyId,
    /// In base 32, for those who type it.
    pub secret: String,
    /// `otpauth://totp/...`, for the QR code.
    pub address: String,
}

/// What is kept of an app that is being added.
#[derive(Serialize, Deserialize)]
struct Enrolment {
    id: TotpId,
    sealed_secret: Vec<u8>,
}

impl App {
    /// Offers the user another authenticator app.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn begin_totp(&self, context: &TenantContext, user: &User) -> Result<TotpOffer, Fault> {
        let (tenant_id, id) = (context.tenant.id, Id::generate(self.now(), self.entropy.as_ref()));
        let mut secret = [0; SECRET_LENGTH];
        self.entropy.fill(&mut secret);
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        self.entropy.fill(&mut nonce);
        let sealed_secret = self.master.seal(nonce, &associated_data(tenant_id, id), &secret)?;
        let state = serde_json::to_value(Enrolment { id, sealed_secret }).map_err(Fault::internal)?;
        let purpose = CeremonyPurpose::Enrol { user: user.id };
        let ceremony = self.store_ceremony(context, purpose, state).await?;
        offer(context, user, ceremony, &secret)
    }

    /// The authenticator app, if it shows this code now: then it has the secret. A wrong code spends nothing, so that
    /// the person can try again.
    ///
    /// # Errors
    /// [`Fault::Expired`] for an offer that is over or another user's.
    pub async fn finish_totp(
        &self,
        context: &TenantContext,
        user: &User,
        (ceremony, code, name): (&str, &str, &str),
    ) -> Result<Option<TotpAuthenticator>, Fault> {
        let (_, enrolment) = self.enrolment(context, user, ceremony).await?;
        let now = self.now();
        let mut totp = TotpAuthenticator {
            tenant_id: context.tenant.id,
            id: enrolment.id,
            user_id: user.id,
            name: name.to_owned(),
            sealed_secret: enrolment.sealed_secret,
            last_step: 0,
            created_at: now,
            last_used_at: None,
        };
        let Some(step) = self.totp_step(&totp, code)? else { return Ok(None) };
        totp.last_step = step;
        self.spend_ceremony(context, ceremony).await?;
        Ok(Some(totp))
    }

    /// The offer that is still open, to be shown once more.
    ///
    /// # Errors
    /// As [`Self::finish_totp`].
    pub async fn reopen_totp(
        &self,
        context: &TenantContext,
        user: &User,
        ceremony: &str,
    ) -> Result<TotpOffer, Fault> {
        let (id, enrolment) = self.enrolment(context, user, ceremony).await?;
        let data = associated_data(context.tenant.id, enrolment.id);
        let secret = self.master.open(&data, &enrolment.sealed_secret)?;
        offer(context, user, id, secret.expose())
    }

    async fn enrolment(
        &self,
        context: &TenantContext,
        user: &User,
        ceremony: &str,
    ) -> Result<(CeremonyId, Enrolment), Fault> {
        let id: CeremonyId = ceremony.parse().map_err(|_| OVER)?;
        let found = self.store.tenant(context.tenant.id).ceremony(id).await?;
        let is_open = |found: &Ceremony| {
            found.purpose == CeremonyPurpose::Enrol { user: user.id } && self.now() < found.expires_at
        };
        let found = found.filter(is_open).ok_or(OVER)?;
        Ok((id, serde_json::from_value(found.state).map_err(Fault::internal)?))
    }

    /// The time step whose code this is, one step before or after now included (RFC 6238 §5.2).
    pub(super) fn totp_step(&self, totp: &TotpAuthenticator, code: &str) -> Result<Option<i64>, Fault> {
        let data = associated_data(totp.tenant_id, totp.id);
        let secret = self.master.open(&data, &totp.sealed_secret)?;
        let generator: Totp = Builder::new()
            .with_secret(secret.expose().to_vec())
            .build()
            .map_err(|error| Fault::internal(error.to_string()))?;
        let code: String = code.chars().filter(|character| !character.is_whitespace()).collect();
        let now = u64::try_from(self.now().unix_seconds()).unwrap_or_default();
        Ok(generator.check(&code, now).and_then(|step| i64::try_from(step).ok()))
    }

    /// New recovery codes, and the effect that puts them in place of those of before.
    pub(super) fn new_recovery_codes(&self, user: &User) -> (Vec<String>, Effect) {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| self.recovery_code()).collect();
        let hashes = codes.iter().map(|code| recovery_code_hash(code)).collect();
        (codes, Effect::ReplaceRecoveryCodes { user: user.id, hashes, at: self.now() })
    }

    fn recovery_code(&self) -> String {
        let mut code = String::new();
        while code.chars().filter(char::is_ascii_alphabetic).count() < RECOVERY_CODE_LENGTH {
            let mut byte = [0];
            self.entropy.fill(&mut byte);
            // 240 is a multiple of 20: what is above would make some letters likelier than others.
            let Some(letter) = (byte[0] < 240).then(|| ALPHABET[usize::from(byte[0]) % ALPHABET.len()])
            else {
                continue;
            };
            if code.len() % 5 == 4 {
                code.push('-');
            }
            code.push(char::from(letter));
        }
        code
    }

    /// Whether the user had this code, and has not used it before.
    pub(super) async fn spend_recovery_code(&self, user: &User, code: &str) -> Result<bool, Fault> {
        let spent =
            Effect::SpendRecoveryCode { user: user.id, hash: recovery_code_hash(code), at: self.now() };
        match self.apply(user.tenant_id, vec![spent]).await {
            Err(ApplyError::Conflict) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }
}

/// What the person puts into their app. A colon separates tenant and user in the address.
fn offer(
    context: &TenantContext,
    user: &User,
    ceremony: CeremonyId,
    secret: &[u8],
) -> Result<TotpOffer, Fault> {
    let without_colon = |text: &str| text.replace(':', " ");
    let totp = Builder::new()
        .with_secret(secret.to_vec())
        .with_account_name(without_colon(user.email.as_deref().unwrap_or(&user.username)))
        .with_issuer(Some(without_colon(&context.tenant.name)))
        .build()
        .map_err(|error| Fault::internal(error.to_string()))?;
    let address = totp.to_url().map_err(|error| Fault::internal(error.to_string()))?;
    Ok(TotpOffer { ceremony, secret: totp.secret().to_base32(), address })
}

/// Case, spaces and hyphens mean nothing.
fn recovery_code_hash(code: &str) -> SecretHash {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
    Secret::presented(letters.collect::<String>()).hash()
}

/// What an app's secret is bound to where it is sealed.
pub fn associated_data(tenant_id: TenantId, id: TotpId) -> Vec<u8> {
    [b"grantor totp secret".as_slice(), tenant_id.as_bytes(), id.as_bytes()].concat()
}
