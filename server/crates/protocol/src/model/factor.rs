use serde::{Deserialize, Serialize};

/// One way in which a person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Factor {
    Password,
    Passkey {
        /// The authenticator itself made sure that it is its owner who uses it (WebAuthn §6.1, flag UV).
        user_verified: bool,
        /// The key is or can be in several devices (WebAuthn §6.1.3, flag BE).
        synced: bool,
    },
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of the codes that were given out for the day when the other factors are lost.
    RecoveryCode,
    /// A one-time link in a mail.
    MagicLink,
    /// Another provider's word (OpenID Connect Core §3.1.3.7).
    Upstream,
}

impl Factor {
    /// Authentication method references (RFC 8176 §2). For what has no reference there is none: nothing is
    /// claimed of another provider, nor of a link in a mail.
    fn references(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Passkey { user_verified: true, synced: true } => &["swk", "user"],
            Self::Passkey { user_verified: true, synced: false } => &["hwk", "user"],
            Self::Passkey { user_verified: false, synced: true } => &["swk"],
            Self::Passkey { user_verified: false, synced: false } => &["hwk"],
            Self::Totp | Self::RecoveryCode => &["otp"],
            Self::MagicLink | Self::Upstream => &[],
        }
    }

    /// Whether it is something that the person has, beside what they know or are.
    const fn is_possession(self) -> bool {
        matches!(self, Self::Passkey { .. } | Self::Totp | Self::RecoveryCode)
    }

    /// Whether it is two factors in one: the key, and what unlocks it.
    const fn is_multi_factor(self) -> bool {
        matches!(self, Self::Passkey { user_verified: true, .. })
    }
}

/// The `amr` (RFC 8176) of somebody who proved all of these.
pub fn amr(factors: &[Factor]) -> Vec<String> {
    let mut amr: Vec<String> = vec![];
    for reference in factors.iter().flat_map(|factor| factor.references()) {
        if !amr.iter().any(|held| held == reference) {
            amr.push((*reference).to_owned());
        }
    }
    if is_multi_factor(factors) {
        amr.push("mfa".to_owned());
    }
    amr
}

/// Whether these are two factors of different kinds: what the person has, and what they know, are, or have
/// elsewhere.
pub fn is_multi_factor(factors: &[Factor]) -> bool {
    factors.iter().any(|factor| factor.is_multi_factor())
        || (factors.iter().any(|factor| factor.is_possession())
            && factors.iter().any(|factor| !factor.is_possession()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8176 §2, and nothing that was not so.
    #[test]
    fn amr_tells_what_was_proven() {
        let passkey = |user_verified, synced| Factor::Passkey { user_verified, synced };
        let cases: [(&[Factor], &[&str]); 10] = [
            (&[Factor::Password], &["pwd"]),
            (&[Factor::Password, Factor::Totp], &["pwd", "otp", "mfa"]),
            (&[Factor::Password, Factor::RecoveryCode], &["pwd", "otp", "mfa"]),
            (&[Factor::Password, passkey(false, false)], &["pwd", "hwk", "mfa"]),
            (&[passkey(false, true)], &["swk"]),
            (&[passkey(true, true)], &["swk", "user", "mfa"]),
            (&[passkey(false, false), Factor::Totp], &["hwk", "otp"]),
            (&[Factor::MagicLink], &[]),
            (&[Factor::Upstream, Factor::Totp], &["otp", "mfa"]),
            (&[Factor::MagicLink, Factor::Password], &["pwd"]),
        ];
        for (factors, expected) in cases {
            assert_eq!(amr(factors), expected, "{factors:?}");
        }
    }
}
