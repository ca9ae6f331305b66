use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

use crate::{Error, Result, SecretBytes};

/// The size of the nonce of a sealed value, in bytes.
pub const NONCE_LENGTH: usize = 12;

const VERSION: u8 = 1;
const ID_LENGTH: usize = 4;
const HEAD_LENGTH: usize = 1 + ID_LENGTH + NONCE_LENGTH;

/// The installation's master key: seals private keys and secrets at rest, and derives keys for other purposes.
/// Wiped when dropped; Debug shows its identifier only.
pub struct MasterKey {
    key: Zeroizing<[u8; 32]>,
    sealing: LessSafeKey,
    id: [u8; ID_LENGTH],
}

impl MasterKey {
    /// # Errors
    /// [`Error::Cryptography`], which no key provokes.
    pub fn new(key: [u8; 32]) -> Result<MasterKey> {
        let key = Zeroizing::new(key);
        let sealing = Zeroizing::new(hkdf_block(&key[..], b"grantor seal"));
        let sealing =
            UnboundKey::new(&AES_256_GCM, &sealing[..]).map_err(|_| Error::Cryptography("sealing key"))?;
        let mut labelled = Context::new(&SHA256);
        labelled.update(b"grantor master key id");
        labelled.update(&key[..]);
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&labelled.finish().as_ref()[..ID_LENGTH]);
        Ok(MasterKey { key, sealing: LessSafeKey::new(sealing), id })
    }

    /// Tells master keys apart without telling anything about them.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Encrypts with AES-256-GCM: version, key identifier, nonce, ciphertext and tag. `associated_data` says what
    /// the value is and whose (tenant, table, row), so that it opens nowhere else.
    ///
    /// The nonce must be random and never used twice.
    ///
    /// # Errors
    /// [`Error::Cryptography`], which only a plaintext of gigabytes provokes.
    pub fn seal(
        &self,
        nonce: [u8; NONCE_LENGTH],
        associated_data: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(HEAD_LENGTH + plaintext.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend(self.id);
        sealed.extend(nonce);
        sealed.extend(plaintext);
        let tag = self
            .sealing
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated_data),
                &mut sealed[HEAD_LENGTH..],
            )
            .map_err(|_| Error::Cryptography("seal"))?;
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Decrypts what [`MasterKey::seal`] made with the same associated data.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is no sealed value, [`Error::WrongMasterKey`] if another key sealed it,
    /// [`Error::DecryptionFailed`] if it was altered or belongs to other associated data.
    pub fn open(&self, associated_data: &[u8], sealed: &[u8]) -> Result<SecretBytes> {
        let malformed = Error::Malformed("not a sealed value");
        let Some((head, ciphertext)) = sealed.split_at_checked(HEAD_LENGTH) else { return Err(malformed) };
        let (&[VERSION, ref id @ ..], nonce) = head.split_at(1 + ID_LENGTH) else { return Err(malformed) };
        if id != self.id {
            return Err(Error::WrongMasterKey);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| malformed)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(associated_data), &mut plaintext)
            .map_err(|_| Error::DecryptionFailed)?
            .len();
        Ok(SecretBytes::new(plaintext[..length].to_vec()))
    }

    /// A key for one purpose, by HKDF-SHA256 (RFC 5869) with `label` as its info: the same for the same label,
    /// and telling nothing about the master key or the keys of other labels.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        hkdf_block(&self.key[..], label.as_bytes())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// HKDF with an empty salt and one block of output, which is two HMACs and cannot fail.
pub(crate) fn hkdf_block(key: &[u8], info: &[u8]) -> [u8; 32] {
    let extracted = sign(&Key::new(HMAC_SHA256, &[0; 32]), key);
    let block = sign(&Key::new(HMAC_SHA256, extracted.as_ref()), &[info, &[1]].concat());
    let mut output = [0; 32];
    output.copy_from_slice(block.as_ref());
    output
}

#[cfg(test)]
mod tests {
    use super::hkdf_block;

    #[test]
    fn hkdf_is_that_of_rfc_5869_appendix_a_3() {
        let expected = [
            0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31,
            0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d,
        ];
        assert_eq!(hkdf_block(&[0x0b; 22], b""), expected);
    }
}
