use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::SecretHash;
use crate::model::{DeviceAuthorizationId, TenantId};

/// Consonants that neither form words nor look like digits (RFC 8628 §6.1).
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

const LENGTH: usize = 8;

/// What a person reads on a device and enters in a browser (RFC 8628 §3.3, §6.1): 34 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// A code as somebody typed it: case, spaces and punctuation mean nothing (RFC 8628 §6.1).
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = [0; LENGTH];
        let mut count = 0;
        for character in text.chars().filter(|character| character.is_alphanumeric()) {
            let letter = u8::try_from(character).ok()?.to_ascii_uppercase();
            *letters.get_mut(count)? = *ALPHABET.iter().find(|known| **known == letter)?;
            count += 1;
        }
        (count == LENGTH).then_some(Self(letters))
    }

    /// The code as people read it: `BCDF-GHJK`.
    pub fn expose(&self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        [first, b"-", second].concat().into_iter().map(char::from).collect()
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UserCode(..)")
    }
}

/// Key of the functions that give every device its user code and every user code its hash. A code is
/// too short for a plain hash: whoever had the table would find it by trying all.
#[derive(Clone)]
pub struct UserCodeKey([u8; 32]);

impl UserCodeKey {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The code of a device. Computed, so that pages can show it although it is not stored.
    pub fn code_of(&self, tenant: TenantId, device: DeviceAuthorizationId) -> UserCode {
        let mac = self.mac(b"code", tenant, device.as_bytes());
        let mut number = mac.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let mut letters = [0; LENGTH];
        for letter in &mut letters {
            // 128 bits divided so often still leave nothing that could be told from chance.
            let (rest, digit) = (number / 20, number % 20);
            *letter =
                usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit)).copied().unwrap_or(b'B');
            number = rest;
        }
        UserCode(letters)
    }

    /// What the store keeps and looks up.
    pub fn hash(&self, tenant: TenantId, code: &UserCode) -> SecretHash {
        SecretHash::from_bytes(self.mac(b"hash", tenant, &code.0))
    }

    fn mac(&self, purpose: &[u8], tenant: TenantId, value: &[u8]) -> [u8; 32] {
        // HMAC takes keys of every length.
        Hmac::<Sha256>::new_from_slice(&self.0)
            .map(|mac| {
                let mac = mac.chain_update(purpose).chain_update(tenant.as_bytes()).chain_update(value);
                mac.finalize().into_bytes().into()
            })
            .unwrap_or(self.0)
    }
}

impl fmt::Debug for UserCodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UserCodeKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::Id;
    use crate::testing::TENANT;

    const KEY: UserCodeKey = UserCodeKey::new([9; 32]);

    /// RFC 8628 §6.1.
    #[test]
    fn is_read_however_it_is_typed() {
        let code = UserCode::parse("BCDF-GHJK").unwrap();
        assert_eq!(code.expose(), "BCDF-GHJK");
        for text in ["bcdfghjk", " bcdf ghjk ", "B.C.D.F_G/H-J--K", "\u{201c}BCDF\u{2013}GHJK\u{201d}"] {
            assert_eq!(UserCode::parse(text), Some(code.clone()), "{text}");
        }
        for text in
            ["", "BCDF", "BCDF-GHJKL", "ACDF-GHJK", "YCDF-GHJK", "1CDF-GHJK", "\u{df}CDFGHJK", "--------"]
        {
            assert_eq!(UserCode::parse(text), None, "{text}");
        }
        assert_eq!(format!("{code:?}"), "UserCode(..)");
    }

    #[test]
    fn every_device_has_its_own() {
        let codes: BTreeSet<_> =
            (0..100_u8).map(|number| KEY.code_of(TENANT, Id::from_bytes([number; 16])).expose()).collect();
        assert_eq!(codes.len(), 100);
        let letters: BTreeSet<_> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), 21, "all letters and the hyphen: {letters:?}");
        let device = Id::from_bytes([1; 16]);
        let other = UserCodeKey::new([8; 32]);
        assert_ne!(KEY.code_of(TENANT, device), other.code_of(TENANT, device));
        assert_ne!(KEY.code_of(TENANT, device), KEY.code_of(Id::from_bytes([7; 16]), device));
    }

    #[test]
    fn a_hash_is_the_tenants_and_the_servers() {
        let code = UserCode::parse("BCDF-GHJK").unwrap();
        let hash = KEY.hash(TENANT, &code);
        assert_eq!(hash, KEY.hash(TENANT, &UserCode::parse("bcdfghjk").unwrap()));
        assert_ne!(hash, KEY.hash(Id::from_bytes([7; 16]), &code));
        assert_ne!(hash, UserCodeKey::new([8; 32]).hash(TENANT, &code));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text: String) {
            let read = UserCode::parse(&text);
            prop_assert!(read.is_none_or(|code| UserCode::parse(&code.expose()) == Some(code)));
        }

        #[test]
        fn what_is_made_can_be_read(bytes: [u8; 16]) {
            let code = KEY.code_of(TENANT, Id::from_bytes(bytes));
            prop_assert_eq!(UserCode::parse(&code.expose()), Some(code));
        }
    }
}
