use serde::{Deserialize, Serialize};

/// One way in which a person proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Factor {
    Password,
    Passkey {
        /// The authenticator itself made sure that it is its owner who uses it (WebAuthn §6.1, flag UV).
        user_verified: bool,
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
    /// Authentication method references (RFC 8176 §2). A passkey proves that its key is there and that somebody
    /// is, not that the key is in hardware: it is attested by nobody. For what has no reference there is
    /// none: nothing is claimed of another provider, nor of a link in a mail.
    fn references(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Passkey { .. } => &["pop", "user"],
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
        matches!(self, Self::Passkey { user_verified: true })
    }
}

const MULTI_FACTOR: &str = "mfa";

/// The `amr` (RFC 8176) of somebody who proved all of these.
pub fn amr(factors: &[Factor]) -> Vec<String> {
    let mut amr = vec![];
    for factor in factors {
        add(&mut amr, factor.references());
    }
    if is_multi_factor(factors) {
        add(&mut amr, &[MULTI_FACTOR]);
    }
    amr
}

/// The `amr` of a session whose person proved one factor more. What began the session was something else than a
/// mere possession, so that one with it makes two.
pub fn stepped_up(amr: &[String], factor: Factor) -> Vec<String> {
    let multi_factor = factor.is_possession() || amr.iter().any(|held| held == MULTI_FACTOR);
    let mut amr: Vec<_> = amr.iter().filter(|held| *held != MULTI_FACTOR).cloned().collect();
    add(&mut amr, factor.references());
    if multi_factor {
        add(&mut amr, &[MULTI_FACTOR]);
    }
    amr
}

fn add(amr: &mut Vec<String>, references: &[&str]) {
    for reference in references {
        if !amr.iter().any(|held| held == reference) {
            amr.push((*reference).to_owned());
        }
    }
}

/// Whether these are two factors of different kinds: what the person has, and what they know, are, or have
/// elsewhere.
pub fn is_multi_factor(factors: &[Factor]) -> bool {
    factors.iter().any(|factor| factor.is_multi_factor())
        || (factors.iter().any(|factor| factor.is_possession())
            && factors.iter().any(|factor| !factor.is_possession()))
}

/// How sure it is that a person is who they say, as the claim `acr` (OpenID Connect Core §2) tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acr {
    /// One factor.
    #[serde(rename = "1fa")]
    SingleFactor,
    /// Two factors of different kinds.
    #[serde(rename = "mfa")]
    MultiFactor,
    /// Two factors, one of which cannot be given away to another site (OpenID Connect Extended Authentication
    /// Profile ACR Values §2).
    #[serde(rename = "phr")]
    PhishingResistant,
}

impl Acr {
    pub const ALL: [Self; 3] = [Self::SingleFactor, Self::MultiFactor, Self::PhishingResistant];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SingleFactor => "1fa",
            Self::MultiFactor => MULTI_FACTOR,
            Self::PhishingResistant => "phr",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// What this `amr` comes to.
    pub fn of(amr: &[String]) -> Self {
        let has = |reference: &str| amr.iter().any(|held| held == reference);
        match (has(MULTI_FACTOR), has("pop")) {
            (true, true) => Self::PhishingResistant,
            (true, false) => Self::MultiFactor,
            (false, _) => Self::SingleFactor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIED: Factor = Factor::Passkey { user_verified: true };
    const TOUCHED: Factor = Factor::Passkey { user_verified: false };

    /// RFC 8176 §2, and nothing that was not so.
    #[test]
    fn amr_and_acr_tell_what_was_proven() {
        let cases: [(&[Factor], &[&str], Acr); 9] = [
            (&[Factor::Password], &["pwd"], Acr::SingleFactor),
            (&[Factor::Password, Factor::Totp], &["pwd", "otp", "mfa"], Acr::MultiFactor),
            (&[Factor::Password, Factor::RecoveryCode], &["pwd", "otp", "mfa"], Acr::MultiFactor),
            (&[Factor::Password, TOUCHED], &["pwd", "pop", "user", "mfa"], Acr::PhishingResistant),
            (&[VERIFIED], &["pop", "user", "mfa"], Acr::PhishingResistant),
            (&[TOUCHED, Factor::Totp], &["pop", "user", "otp"], Acr::SingleFactor),
            (&[Factor::MagicLink], &[], Acr::SingleFactor),
            (&[Factor::Upstream, Factor::Totp], &["otp", "mfa"], Acr::MultiFactor),
            (&[Factor::MagicLink, Factor::Password], &["pwd"], Acr::SingleFactor),
        ];
        for (factors, expected, level) in cases {
            let amr = amr(factors);
            assert_eq!(amr, expected, "{factors:?}");
            assert_eq!(Acr::of(&amr), level, "{factors:?}");
        }
    }

    #[test]
    fn stepping_up_adds_to_what_was() {
        let after = |first: &[Factor], then| stepped_up(&amr(first), then);
        assert_eq!(after(&[Factor::Password], Factor::Totp), ["pwd", "otp", "mfa"]);
        assert_eq!(after(&[Factor::Upstream], TOUCHED), ["pop", "user", "mfa"]);
        assert_eq!(after(&[Factor::Password, Factor::Totp], TOUCHED), ["pwd", "otp", "pop", "user", "mfa"]);
        assert_eq!(after(&[VERIFIED], Factor::Totp), ["pop", "user", "otp", "mfa"]);
    }

    #[test]
    fn levels_are_in_order() {
        assert!(Acr::SingleFactor < Acr::MultiFactor && Acr::MultiFactor < Acr::PhishingResistant);
        for level in Acr::ALL {
            assert_eq!(Acr::parse(level.as_str()), Some(level));
        }
        assert_eq!(Acr::parse("MFA"), None);
    }
}
