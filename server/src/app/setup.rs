//! The first administrator, made with the secret of a setup link.

use grantor_protocol::model::{Authenticators, Factor, Session, SignInIdentifier, User, UserId, UserStatus};
use grantor_protocol::{Lifetime, Secret, SecretKind, password};

use super::authenticators::{FirstFactor, NotChosen};
use super::authorize::Browser;
use super::bootstrap::SYSTEM_TENANT;
use super::webauthn::Challenge;
use super::{App, Fault, TenantContext};

/// How long a setup link can be used.
const SETUP_LIFETIME: Lifetime = Lifetime::from_seconds(24 * 3600);

const SPENT_LINK: Fault =
    Fault::Expired("this setup link was used already or is too old; restart for a new one");

/// Why the first administrator was not made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("that is not an email address")]
    NoEmail,
    #[error(transparent)]
    NotChosen(#[from] NotChosen),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl App {
    pub(super) async fn setup_link(&self) -> Result<String, Fault> {
        let secret = Secret::generate(SecretKind::Setup, self.entropy.as_ref());
        let expires_at = self.now() + SETUP_LIFETIME;
        self.store.installation().put_setup_token(secret.hash(), expires_at).await?;
        Ok(format!("{}/setup?setup={}", self.addresses, secret.expose()))
    }

    /// Asks the browser of whoever has the link to make a passkey for the first administrator.
    ///
    /// # Errors
    /// [`SetupError::NoEmail`], [`NotChosen::NoPasskey`]; [`Fault::Expired`] for a link that was used or is too old.
    pub async fn begin_setup_passkey(&self, secret: &Secret, email: &str) -> Result<Challenge, SetupError> {
        check_email(email)?;
        self.check_setup(secret).await?;
        let context = self.any_tenant(SYSTEM_TENANT).await?;
        if !Self::passkeys_are_enough(&context) {
            return Err(NotChosen::NoPasskey.into());
        }
        // A passkey knows whose it is: where a making was cut short, it is for the user who is there.
        let store = self.store.tenant(context.tenant.id);
        let found =
            store.user_by_login(email, SignInIdentifier::UsernameOrEmail).await.map_err(Fault::from)?;
        let user = match found {
            Some(found) => User { password: None, ..found },
            None => self.new_administrator(context.tenant.id, email, None),
        };
        let known = (&user, &Authenticators::default());
        Ok(self.begin_passkey_registration(&context, known).await?)
    }

    /// Makes the first administrator with the secret of a setup link, which is spent by it, and signs them in.
    /// Without a session in the answer they can do that themselves.
    ///
    /// # Errors
    /// [`SetupError::NoEmail`] and [`SetupError::NotChosen`] for what the person can mend;
    /// [`Fault::Expired`] for a link that was used or is too old.
    pub async fn set_up(
        &self,
        secret: &Secret,
        (email, first): (&str, FirstFactor<'_>),
        browser: &Browser,
    ) -> Result<Option<(Session, Secret)>, SetupError> {
        check_email(email)?;
        let context = self.any_tenant(SYSTEM_TENANT).await?;
        let system = context.tenant.id;
        self.check_setup(secret).await?;
        if self.has_administrator(system).await? {
            return Err(SPENT_LINK.into());
        }
        let mut user = self.new_administrator(system, email, None);
        // Before the link is spent: when that is refused the person can try again.
        let (passkey, factor) = match first {
            FirstFactor::Password(password) => {
                let policy = &context.tenant.settings.password_policy;
                password::check(password, policy, [email]).map_err(NotChosen::Weak)?;
                user.password = Some(self.passwords.hash(system, password, self.entropy.as_ref()).await?);
                (None, Factor::Password)
            }
            FirstFactor::Passkey(ceremony, answer, name) => {
                let made = self.finish_first_passkey(&context, (ceremony, answer, name)).await?;
                let (passkey, user_verified) = made.ok_or(NotChosen::NoPasskey)?;
                if !user_verified || !Self::passkeys_are_enough(&context) {
                    return Err(NotChosen::NoPasskey.into());
                }
                user.id = passkey.user_id;
                (Some(passkey), Factor::Passkey { user_verified })
            }
        };
        let installation = self.store.installation();
        if !installation.consume_setup_token(secret.hash(), self.now()).await.map_err(Fault::from)? {
            return Err(SPENT_LINK.into());
        }
        let id = self.store_administrator(user, passkey).await?;
        // There is an administrator now, whatever becomes of the session.
        Ok(self.first_session(&context, (id, factor), browser).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the first administrator has to sign in");
            None
        }))
    }

    async fn first_session(
        &self,
        context: &TenantContext,
        (id, factor): (UserId, Factor),
        browser: &Browser,
    ) -> Result<Option<(Session, Secret)>, Fault> {
        let Some(user) = self.store.tenant(context.tenant.id).user(id).await? else { return Ok(None) };
        if user.status != UserStatus::Active {
            return Ok(None);
        }
        self.start_session(context, (&user, &[factor]), browser, None, (vec![], false)).await.map(Some)
    }

    /// Whether a setup link is still good, without spending it.
    ///
    /// # Errors
    /// [`Fault::Expired`].
    pub async fn check_setup(&self, secret: &Secret) -> Result<(), Fault> {
        if self.store.installation().is_setup_token_open(secret.hash(), self.now()).await? {
            Ok(())
        } else {
            Err(SPENT_LINK)
        }
    }
}

fn check_email(email: &str) -> Result<(), SetupError> {
    match email.contains('@') && email.len() <= 254 {
        true => Ok(()),
        false => Err(SetupError::NoEmail),
    }
}
