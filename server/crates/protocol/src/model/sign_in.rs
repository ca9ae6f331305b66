use serde::{Deserialize, Serialize};

use crate::password::DEFAULT_MIN_LENGTH;

/// What a tenant demands of new passwords (NIST SP 800-63B-4 §3.1.1.2): length, and nothing that
/// everybody who knows the person or the place would try first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// In characters.
    pub min_length: u32,
    /// Words that no password contains, whatever their case.
    pub forbidden_words: Vec<String>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: DEFAULT_MIN_LENGTH, forbidden_words: vec![] }
    }
}

/// How people sign in at a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInPolicy {
    pub identifier: SignInIdentifier,
    pub passkeys: PasskeyUse,
    pub user_verification: UserVerification,
    pub second_factor: SecondFactorDemand,
    /// For how many days a person can have a browser remembered as a second factor; 0: never.
    pub remember_browser_days: u32,
    /// Whether people may change the name that they sign in with.
    pub change_username: bool,
    /// Whether people may delete their own account.
    pub account_deletion: bool,

    /// Whether who forgot their password can have a link to choose another.
    pub password_reset: bool,
    /// Whether a link in a mail signs in.
    pub magic_link: bool,
    /// Whether users are told of sign-ins from browsers that they did not use before.
    pub new_sign_in_notice: bool,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self {
            identifier: SignInIdentifier::default(),
            passkeys: PasskeyUse::default(),
            user_verification: UserVerification::default(),
            second_factor: SecondFactorDemand::default(),
            remember_browser_days: 30,
            change_username: false,
            account_deletion: false,
            password_reset: true,
            magic_link: false,
            new_sign_in_notice: true,
        }
    }
}

/// What passkeys are good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyUse {
    Off,
    /// After the password.
    SecondFactor,
    /// In place of the password, too.
    #[default]
    Passwordless,
}

/// Whether a passkey must verify its user (WebAuthn §5.8.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserVerification {
    #[default]
    Preferred,
    Required,
}

/// Who needs a second factor beside their password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorDemand {
    /// Nobody is asked for one, whether they have one or not.
    Off,
    /// Whoever has one.
    #[default]
    Optional,
    /// Whoever has a role in the administration; others as with `Optional`.
    RequiredForAdministrators,
    /// Everybody.
    Required,
}

/// What people say who they are with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInIdentifier {
    #[default]
    UsernameOrEmail,
    Username,
    Email,
}
