use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Entropy;

/// What an opaque secret is for; people and secret scanners recognise it by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    AuthorizationCode,
    AccessToken,
    RefreshToken,
    DeviceCode,
    InitialAccessToken,
    RegistrationAccessToken,
    RequestUri,
    ClientSecret,
    Session,
    Browser,
    KnownBrowser,
    ConsoleSession,
    Setup,
    OneTimeLink,
    /// `state` of ours at another provider.
    UpstreamState,
}

impl SecretKind {
    /// The letters before the underscore.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "gac",
            Self::AccessToken => "gat",
            Self::DeviceCode => "gdc",
            Self::InitialAccessToken => "gis",
            Self::RegistrationAccessToken => "grg",
            Self::RequestUri => "gru",
            Self::RefreshToken => "grt",
            Self::ClientSecret => "gcs",
            Self::Session => "gse",
            Self::Browser => "gbr",
            Self::KnownBrowser => "gkb",
            Self::ConsoleSession => "gco",
            Self::Setup => "gsu",
            Self::OneTimeLink => "gol",
            Self::UpstreamState => "gus",
        }
    }
}

/// A secret in clear: a code, a token, a client secret, a cookie's value. Shown once, never stored
/// and never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The SHA-256 of a secret: what the store keeps. A secret has 256 random bits, so a fast hash is
/// enough and a password hash would only cost.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecretHash([u8; 32]);

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 256 bits need 43 digits of base 62.
const DIGITS: usize = 43;

impl Secret {
    /// `<prefix>_<256 random bits in base 62>`.
    pub fn generate(kind: SecretKind, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self::from_bytes(kind, &bytes)
    }

    /// `<prefix>_<these 256 bits in base 62>`.
    pub fn from_bytes(kind: SecretKind, bytes: &[u8; 32]) -> Self {
        let prefix = kind.prefix();
        let mut text = String::with_capacity(prefix.len() + 1 + DIGITS);
        text.push_str(prefix);
        text.push('_');
        text.extend(base62(bytes).iter().map(|digit| char::from(*digit)));
        Self(text)
    }

    /// A secret that somebody presented.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the text begins as secrets of this kind do.
    pub fn is_of(&self, kind: SecretKind) -> bool {
        self.0.strip_prefix(kind.prefix()).is_some_and(|rest| rest.starts_with('_'))
    }

    /// The clear text, for the one place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps and looks up.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl SecretHash {
    /// The hash that these bytes are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `secret` is the one hashed here; takes the same time whatever differs.
    pub fn matches(&self, secret: &Secret) -> bool {
        self.0.ct_eq(&secret.hash().0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(..)")
    }
}

/// Long division by 62^5 keeps the inner loop on 32-bit limbs: five digits for every pass.
fn base62(bytes: &[u8; 32]) -> [u8; DIGITS] {
    const GROUP: u64 = 62 * 62 * 62 * 62 * 62;
    let mut limbs = [0_u32; 8];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(4)) {
        *limb = chunk.iter().fold(0, |value, byte| (value << 8) | u32::from(*byte));
    }
    let mut digits = [b'0'; DIGITS];
    for group in digits.rchunks_mut(5) {
        let mut remainder = 0_u64;
        for limb in &mut limbs {
            let value = (remainder << 32) | u64::from(*limb);
            *limb = u32::try_from(value / GROUP).unwrap_or_default();
            remainder = value % GROUP;
        }
        for digit in group.iter_mut().rev() {
            *digit = BASE62[usize::try_from(remainder % 62).unwrap_or_default()];
            remainder /= 62;
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same conversion by schoolbook division, one digit at a time.
    fn base62_slowly(bytes: &[u8; 32]) -> Vec<u8> {
        let mut number = bytes.to_vec();
        let mut digits = vec![];
        for _ in 0..DIGITS {
            let mut remainder = 0_u32;
            for byte in &mut number {
                let value = remainder * 256 + u32::from(*byte);
                *byte = (value / 62) as u8;
                remainder = value % 62;
            }
            digits.push(BASE62[remainder as usize]);
        }
        digits.reverse();
        digits
    }

    proptest! {
        #[test]
        fn base62_is_the_number_in_base_62(bytes: [u8; 32]) {
            prop_assert_eq!(base62(&bytes).to_vec(), base62_slowly(&bytes));
        }
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let secret = Secret::from_bytes(SecretKind::RefreshToken, &[0xff; 32]);
        assert!(secret.expose().starts_with("grt_") && secret.expose().len() == 4 + DIGITS);
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(..) SecretHash(..)");
        assert!(secret.hash().matches(&secret));
        assert!(!secret.hash().matches(&Secret::presented("grt_other")));
    }
}
