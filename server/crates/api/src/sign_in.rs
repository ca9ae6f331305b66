use serde::{Deserialize, Serialize};

/// What is demanded of new passwords. They contain neither their user's name nor the part of the email
/// address before the at sign; of what characters they are is not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct PasswordPolicy {
    /// The fewest characters. Passwords that are there already stay.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "min_length", validator(minimum(value = "8"), maximum(value = "64")))
    )]
    pub min_length: u32,
    /// Words of 4 characters or more that no password contains, whatever their case: the name of the
    /// company, of the product.
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 100)))]
    pub forbidden_words: Vec<String>,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: min_length(), forbidden_words: vec![] }
    }
}

const fn min_length() -> u32 {
    12
}

/// How people sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct SignInPolicy {
    /// What people say who they are with. Users without it cannot sign in.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub identifier: SignInIdentifier,
    /// What passkeys are good for.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub passkeys: PasskeyUse,
    /// Whether a passkey must make sure that it is its owner who uses it: by a fingerprint, a face, a PIN.
    /// One that did not is half of a sign-in.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub user_verification: UserVerification,
    /// Who needs a second factor beside their password.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub second_factor: SecondFactorDemand,
    /// For how many days a person can have a browser remembered as a second factor; 0: never.
    #[cfg_attr(
        feature = "openapi",
        oai(default = "remember_browser_days", validator(maximum(value = "365")))
    )]
    pub remember_browser_days: u32,
    /// Whether people may change their user name on their account pages.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub change_username: bool,
    /// Whether people may delete their account on their account pages. The last administrator cannot.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub account_deletion: bool,

    /// Whether people who forgot their password can have a link sent to their email address, to choose another.
    #[cfg_attr(feature = "openapi", oai(default = "enabled"))]
    pub password_reset: bool,
    /// Whether people can sign in with a link that is sent to their email address, in the browser in which they
    /// ask for it.
    #[cfg_attr(feature = "openapi", oai(default))]
    pub magic_link: bool,
    /// Whether people are told, at their verified email address, of sign-ins from browsers that they did not use
    /// before.
    #[cfg_attr(feature = "openapi", oai(default = "enabled"))]
    pub new_sign_in_notice: bool,
}

impl Default for SignInPolicy {
    fn default() -> Self {
        Self {
            identifier: SignInIdentifier::default(),
            passkeys: PasskeyUse::default(),
            user_verification: UserVerification::default(),
            second_factor: SecondFactorDemand::default(),
            remember_browser_days: remember_browser_days(),
            change_username: false,
            account_deletion: false,

            password_reset: enabled(),
            magic_link: false,
            new_sign_in_notice: enabled(),
        }
    }
}

const fn remember_browser_days() -> u32 {
    30
}

/// What passkeys are good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum PasskeyUse {
    /// Nobody signs in with one.
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
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum UserVerification {
    #[default]
    Preferred,
    Required,
}

/// Who needs a second factor beside their password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum SecondFactorDemand {
    /// Nobody is asked for one, whether they have one or not.
    Off,
    /// Whoever has one.
    #[default]
    Optional,
    /// Whoever has a role in the administration; others as with `optional`.
    RequiredForAdministrators,
    /// Everybody: whoever has none makes one while they sign in.
    Required,
}

const fn enabled() -> bool {
    true
}

/// What people say who they are with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum SignInIdentifier {
    /// Either. Where one user's name is another's address, the name counts.
    #[default]
    UsernameOrEmail,
    Username,
    Email,
}
