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

            password_reset: enabled(),
            magic_link: false,
            new_sign_in_notice: enabled(),
        }
    }
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
