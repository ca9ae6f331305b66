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

            password_reset: true,
            magic_link: false,
            new_sign_in_notice: true,
        }
    }
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
