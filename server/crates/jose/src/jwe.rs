//! JWE in compact serialization (RFC 7516): RSA-OAEP-256 and ECDH-ES on P-256, with A128GCM and A256GCM.
//!
//! Content encryption keys, ephemeral keys and initialization vectors come from the cryptographic library's own
//! generator: none of them may ever repeat, so they are not the caller's to choose.

mod concat_kdf;
mod header;
mod keys;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::{decode_base64url, push_base64url};
use crate::{Error, Result, SecretBytes};

pub use header::Header;
pub use keys::{DecryptionKey, EncryptionKey};

/// The longest JWE, in bytes, that is looked at or made: room for a token of [`crate::MAX_TOKEN_LENGTH`] inside.
pub const MAX_LENGTH: usize = 96 * 1024;

const IV_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;

/// How the content encryption key reaches the recipient: the header's `alg` (RFC 7518 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
}

/// How the content is encrypted: the header's `enc` (RFC 7518 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContentEncryption {
    A128GCM,
    A256GCM,
}

/// What a JWE carried. Encryption says nothing about who sent it: verify the signature of what is inside.
#[derive(Debug, Clone)]
pub struct Decrypted {
    pub header: Header,
    pub plaintext: SecretBytes,
}

impl KeyManagement {
    /// The registered name, as it stands in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            KeyManagement::RsaOaep256 => "RSA-OAEP-256",
            KeyManagement::EcdhEs => "ECDH-ES",
        }
    }
}

impl std::str::FromStr for KeyManagement {
    type Err = Error;

    fn from_str(name: &str) -> Result<KeyManagement> {
        [KeyManagement::RsaOaep256, KeyManagement::EcdhEs]
            .into_iter()
            .find(|algorithm| algorithm.as_str() == name)
            .ok_or(Error::UnknownAlgorithm)
    }
}

impl ContentEncryption {
    /// The registered name, as it stands in `enc`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ContentEncryption::A128GCM => "A128GCM",
            ContentEncryption::A256GCM => "A256GCM",
        }
    }

    const fn key_length(self) -> usize {
        match self {
            ContentEncryption::A128GCM => 16,
            ContentEncryption::A256GCM => 32,
        }
    }

    fn cipher(self, key: &[u8]) -> Result<LessSafeKey> {
        let algorithm = match self {
            ContentEncryption::A128GCM => &AES_128_GCM,
            ContentEncryption::A256GCM => &AES_256_GCM,
        };
        let key =
            UnboundKey::new(algorithm, key).map_err(|_| Error::Cryptography("content encryption key"))?;
        Ok(LessSafeKey::new(key))
    }
}

impl std::str::FromStr for ContentEncryption {
    type Err = Error;

    fn from_str(name: &str) -> Result<ContentEncryption> {
        [ContentEncryption::A128GCM, ContentEncryption::A256GCM]
            .into_iter()
            .find(|encryption| encryption.as_str() == name)
            .ok_or(Error::UnknownAlgorithm)
    }
}

/// Encrypts for the owner of `key`. `cty` is `JWT` when the plaintext is itself a token (RFC 7519 §5.2).
///
/// # Errors
/// [`Error::TooLarge`] if the result would exceed [`MAX_LENGTH`], [`Error::Cryptography`].
pub fn encrypt(
    key: &EncryptionKey,
    encryption: ContentEncryption,
    plaintext: &[u8],
    cty: Option<&str>,
) -> Result<String> {
    // The header, the encrypted key (RSA of 4096 bits), the vector and the tag fit in the 2 KiB set aside.
    if plaintext.len().div_ceil(3) * 4 > MAX_LENGTH - 2048 {
        return Err(Error::TooLarge);
    }
    let agreed = key.agree(encryption)?;
    let header = header::encode(key, encryption, cty, agreed.ephemeral.as_ref());
    let mut token = String::with_capacity(plaintext.len() * 4 / 3 + 1024);
    push_base64url(&mut token, header.as_bytes());
    let mut iv = [0; IV_LENGTH];
    rand::fill(&mut iv).map_err(|_| Error::Cryptography("initialization vector"))?;
    let mut ciphertext = plaintext.to_vec();
    let tag = encryption
        .cipher(&agreed.content_key)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(iv),
            Aad::from(token.as_bytes()),
            &mut ciphertext,
        )
        .map_err(|_| Error::Cryptography("content encryption"))?;
    for part in [&agreed.encrypted_key[..], &iv, &ciphertext, tag.as_ref()] {
        token.push('.');
        push_base64url(&mut token, part);
    }
    Ok(token)
}

/// Decrypts what was encrypted to `key`.
///
/// # Errors
/// Those of [`Header::peek`]; [`Error::AlgorithmNotAllowed`] if `alg` is not the key's; [`Error::DecryptionFailed`]
/// for everything that goes wrong with the cryptography, whatever it is, so that nothing can be learned from it.
pub fn decrypt(key: &DecryptionKey, token: &str) -> Result<Decrypted> {
    let header = Header::peek(token)?;
    let [protected, encrypted_key, iv, ciphertext, tag] = parts(token)?;
    let part = |text| decode_base64url(text).ok_or(Error::Malformed("a part is not base64url"));
    let iv: [u8; IV_LENGTH] = exactly(&part(iv)?, "initialization vector")?;
    let tag: [u8; TAG_LENGTH] = exactly(&part(tag)?, "authentication tag")?;
    let mut sealed = Zeroizing::new(part(ciphertext)?);
    sealed.extend(tag);
    let content_key = key.content_key(&header, &part(encrypted_key)?)?;
    let length = header
        .encryption
        .cipher(&content_key)?
        .open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(protected.as_bytes()), &mut sealed)
        .map_err(|_| Error::DecryptionFailed)?
        .len();
    Ok(Decrypted { header, plaintext: SecretBytes::new(sealed[..length].to_vec()) })
}

/// The five parts of a compact JWE (RFC 7516 §7.1), bounded in length.
fn parts(token: &str) -> Result<[&str; 5]> {
    if token.len() > MAX_LENGTH {
        return Err(Error::TooLarge);
    }
    let mut parts = token.split('.');
    let mut next = || parts.next().ok_or(Error::Malformed("not five parts"));
    let five = [next()?, next()?, next()?, next()?, next()?];
    if parts.next().is_some() { Err(Error::Malformed("not five parts")) } else { Ok(five) }
}

fn exactly<const LENGTH: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; LENGTH]> {
    bytes.try_into().map_err(|_| Error::Malformed(what))
}
