use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, sign};

use crate::seal::{NONCE_LENGTH, hkdf_block};
use crate::{Error, Result, SecretBytes};

/// A key that people carry from one installation to another, made of a passphrase: encrypts values with
/// AES-256-GCM-SIV (RFC 8452) so that the same value in the same place is the same bytes, and
/// authenticates what they stand in. Debug shows nothing.
///
/// Nonces are made of the value and its place. GCM-SIV bears two values under one nonce, so what somebody learns
/// from two ciphertexts of the same key and place is whether they hold the same.
pub struct PortableKey {
    sealing: LessSafeKey,
    nonces: Key,
    digests: Key,
    check: [u8; 16],
}

/// A message authentication code (HMAC-SHA256) over many pieces.
pub struct PortableDigest(Context);

impl PortableKey {
    /// `secret` has to be a uniform key: what a password hash made of a passphrase.
    ///
    /// # Errors
    /// [`Error::Cryptography`], which no key provokes.
    pub fn new(secret: &[u8; 32]) -> Result<Self> {
        let sealing = hkdf_block(secret, b"grantor portable seal");
        let sealing =
            UnboundKey::new(&AES_256_GCM_SIV, &sealing).map_err(|_| Error::Cryptography("portable key"))?;
        let mut check = [0; 16];
        check.copy_from_slice(&hkdf_block(secret, b"grantor portable check")[..16]);
        Ok(Self {
            sealing: LessSafeKey::new(sealing),
            nonces: Key::new(HMAC_SHA256, &hkdf_block(secret, b"grantor portable nonce")),
            digests: Key::new(HMAC_SHA256, &hkdf_block(secret, b"grantor portable digest")),
            check,
        })
    }

    /// Tells keys apart without telling anything about them.
    pub fn check(&self) -> [u8; 16] {
        self.check
    }

    /// Encrypts: nonce, ciphertext and tag. `place` says what the value is and where it stands, so
    /// that it opens nowhere else.
    ///
    /// # Errors
    /// [`Error::Cryptography`], which only a plaintext of gigabytes provokes.
    pub fn seal(&self, place: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = Context::with_key(&self.nonces);
        nonce.update(&(place.len() as u64).to_be_bytes());
        nonce.update(place);
        nonce.update(plaintext);
        let mut bytes = [0; NONCE_LENGTH];
        bytes.copy_from_slice(&nonce.sign().as_ref()[..NONCE_LENGTH]);
        let mut sealed = plaintext.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(bytes), Aad::from(place), &mut sealed)
            .map_err(|_| Error::Cryptography("portable seal"))?;
        Ok([bytes.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no sealed value, [`Error::DecryptionFailed`] if it was altered,
    /// belongs to another place or another key.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<SecretBytes> {
        let malformed = Error::Malformed("not a sealed value");
        let Some((nonce, ciphertext)) = sealed.split_at_checked(NONCE_LENGTH) else { return Err(malformed) };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| malformed)?;
        let mut plaintext = ciphertext.to_vec();
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(place), &mut plaintext)
            .map_err(|_| Error::DecryptionFailed)?
            .len();
        plaintext.truncate(length);
        Ok(SecretBytes::new(plaintext))
    }

    /// Begins a message authentication code.
    pub fn digest(&self) -> PortableDigest {
        PortableDigest(Context::with_key(&self.digests))
    }

    /// Whether two codes are the same, in constant time.
    pub fn same(&self, one: &[u8], other: &[u8]) -> bool {
        // HMAC both under the key: comparing those tells nothing of the codes.
        sign(&self.nonces, one).as_ref() == sign(&self.nonces, other).as_ref()
    }
}

impl PortableDigest {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        let mut code = [0; 32];
        code.copy_from_slice(self.0.sign().as_ref());
        code
    }
}

impl fmt::Debug for PortableKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PortableKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_value_in_the_same_place_is_the_same_bytes() {
        let key = PortableKey::new(&[1; 32]).unwrap();
        let sealed = key.seal(b"here", b"secret").unwrap();
        assert_eq!(sealed, key.seal(b"here", b"secret").unwrap());
        assert_eq!(key.open(b"here", &sealed).unwrap().expose(), b"secret");
        assert_ne!(sealed, key.seal(b"there", b"secret").unwrap());
        assert_ne!(sealed[..NONCE_LENGTH], key.seal(b"here", b"another").unwrap()[..NONCE_LENGTH]);
    }

    #[test]
    fn opens_only_where_it_belongs_and_as_it_was() {
        let key = PortableKey::new(&[1; 32]).unwrap();
        let sealed = key.seal(b"here", b"secret").unwrap();
        assert_eq!(key.open(b"there", &sealed).unwrap_err(), Error::DecryptionFailed);
        let other = PortableKey::new(&[2; 32]).unwrap();
        assert_eq!(other.open(b"here", &sealed).unwrap_err(), Error::DecryptionFailed);
        assert_ne!(key.check(), other.check());
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert_eq!(key.open(b"here", &altered).unwrap_err(), Error::DecryptionFailed, "{position}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_err(), "{length}");
        }
    }
}
