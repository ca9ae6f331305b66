use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey, PublicKeyComponents,
};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::jwe::{ContentEncryption, Header, KeyManagement, concat_kdf};
use crate::jwk::{KeyUse, Parameters, PublicJwk, has_private_members, permits};
use crate::signing::rsa_parameters;
use crate::{Curve, Error, MAX_KEYS, Result, SecretBytes};

/// A recipient's public key, parsed once.
#[derive(Clone)]
pub struct EncryptionKey {
    material: PublicMaterial,
    jwk: PublicJwk,
}

#[derive(Clone)]
enum PublicMaterial {
    Rsa(PublicEncryptingKey),
    /// An uncompressed point on P-256.
    Ec(Vec<u8>),
}

/// A content encryption key and what its recipient needs to get at it.
pub(crate) struct Agreed {
    pub content_key: Zeroizing<Vec<u8>>,
    pub encrypted_key: Vec<u8>,
    pub ephemeral: Option<Parameters>,
}

impl EncryptionKey {
    /// Parses one public JWK: RSA of 2048 to 4096 bits for RSA-OAEP-256, or EC on P-256 for ECDH-ES.
    ///
    /// # Errors
    /// As [`PublicJwk::parse`]; further [`Error::UnsupportedKey`] if `use`, `key_ops` or `alg` say that the key is
    /// not for such encryption.
    pub fn from_jwk(jwk: &Value) -> Result<EncryptionKey> {
        let public = PublicJwk::parse(jwk)?;
        if !permits(jwk, KeyUse::Encryption) {
            return Err(Error::UnsupportedKey("not for encryption"));
        }
        let material = match &public.parameters {
            Parameters::Rsa { .. } => {
                let (n, e) = public.parameters.rsa_components()?;
                let key: std::result::Result<PublicEncryptingKey, _> =
                    PublicKeyComponents { n, e }.try_into();
                PublicMaterial::Rsa(key.map_err(|_| Error::Malformed("not an RSA key"))?)
            }
            Parameters::Ec { crv: Curve::P256, .. } => PublicMaterial::Ec(public.parameters.point()?),
            _ => return Err(Error::UnsupportedKey("curve")),
        };
        let key = EncryptionKey { material, jwk: public };
        if key.jwk.alg().is_some_and(|alg| alg != key.algorithm().as_str()) {
            return Err(Error::UnsupportedKey("alg"));
        }
        Ok(key)
    }

    /// The first key of a JWK Set that serves the algorithm; one with `use` of `enc` goes before one without.
    ///
    /// # Errors
    /// As [`crate::KeySet::parse`]; [`Error::NoMatchingKey`].
    pub fn from_key_set(jwks: &Value, algorithm: KeyManagement) -> Result<EncryptionKey> {
        let keys = jwks.get("keys").and_then(Value::as_array).ok_or(Error::Malformed("no keys array"))?;
        if keys.len() > MAX_KEYS {
            return Err(Error::TooLarge);
        }
        if keys.iter().filter_map(Value::as_object).any(has_private_members) {
            return Err(Error::PrivateKeyMaterial);
        }
        let mut usable: Vec<_> = keys
            .iter()
            .filter_map(|key| EncryptionKey::from_jwk(key).ok())
            .filter(|key| key.algorithm() == algorithm)
            .collect();
        usable.sort_by_key(|key| key.jwk.key_use().is_none());
        usable.into_iter().next().ok_or(Error::NoMatchingKey)
    }

    /// The one algorithm that keys of this type serve.
    pub fn algorithm(&self) -> KeyManagement {
        match self.material {
            PublicMaterial::Rsa(_) => KeyManagement::RsaOaep256,
            PublicMaterial::Ec(_) => KeyManagement::EcdhEs,
        }
    }

    pub fn kid(&self) -> Option<&str> {
        self.jwk.kid()
    }

    /// Makes a content encryption key for one message.
    pub(crate) fn agree(&self, encryption: ContentEncryption) -> Result<Agreed> {
        match &self.material {
            PublicMaterial::Rsa(key) => wrap_with_rsa(key, encryption),
            PublicMaterial::Ec(point) => agree_on_p256(point, encryption),
        }
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EncryptionKey").field("jwk", &self.jwk).finish_non_exhaustive()
    }
}

fn wrap_with_rsa(key: &PublicEncryptingKey, encryption: ContentEncryption) -> Result<Agreed> {
    let failed = |_| Error::Cryptography("RSA-OAEP");
    let mut content_key = Zeroizing::new(vec![0; encryption.key_length()]);
    rand::fill(&mut content_key).map_err(failed)?;
    let key = OaepPublicEncryptingKey::new(key.clone()).map_err(failed)?;
    let mut encrypted_key = vec![0; key.ciphertext_size()];
    let length =
        key.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut encrypted_key, None).map_err(failed)?.len();
    encrypted_key.truncate(length);
    Ok(Agreed { content_key, encrypted_key, ephemeral: None })
}

fn agree_on_p256(recipient: &[u8], encryption: ContentEncryption) -> Result<Agreed> {
    let failed = Error::Cryptography("ECDH-ES");
    let ephemeral = PrivateKey::generate(&ECDH_P256).map_err(|_| failed.clone())?;
    let public = ephemeral.compute_public_key().map_err(|_| failed.clone())?;
    let recipient = UnparsedPublicKey::new(&ECDH_P256, recipient);
    let content_key = agreement::agree(&ephemeral, recipient, failed, |shared_secret| {
        Ok(concat_kdf::derive(shared_secret, encryption, b"", b""))
    })?;
    let ephemeral = Some(Parameters::from_point(Curve::P256, public.as_ref())?);
    Ok(Agreed { content_key, encrypted_key: Vec::new(), ephemeral })
}

/// A private key that decrypts: parsed once, cheap to clone. Debug shows its public part only.
#[derive(Clone)]
pub struct DecryptionKey(Arc<Inner>);

struct Inner {
    material: PrivateMaterial,
    public_jwk: PublicJwk,
}

enum PrivateMaterial {
    Rsa(OaepPrivateDecryptingKey),
    Ec(PrivateKey),
}

impl DecryptionKey {
    /// Makes a new key (RSA: 2048 bits) and returns it with its PKCS #8 form, to be sealed and stored.
    ///
    /// # Errors
    /// [`Error::Cryptography`].
    pub fn generate(algorithm: KeyManagement, kid: &str) -> Result<(DecryptionKey, SecretBytes)> {
        let failed = |_| Error::Cryptography("key generation");
        let pkcs8: Pkcs8V1Der<'_> = match algorithm {
            KeyManagement::RsaOaep256 => {
                PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(failed)?.as_der().map_err(failed)?
            }
            KeyManagement::EcdhEs => {
                PrivateKey::generate(&ECDH_P256).map_err(failed)?.as_der().map_err(failed)?
            }
        };
        let pkcs8 = SecretBytes::new(pkcs8.as_ref().to_vec());
        Ok((DecryptionKey::from_pkcs8(algorithm, kid, pkcs8.expose())?, pkcs8))
    }

    /// Reads a private key from PKCS #8 in DER.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the key is not one, or not for this algorithm.
    pub fn from_pkcs8(algorithm: KeyManagement, kid: &str, pkcs8: &[u8]) -> Result<DecryptionKey> {
        let malformed = || Error::Malformed("not a PKCS #8 key for the algorithm");
        let (material, parameters) = match algorithm {
            KeyManagement::RsaOaep256 => {
                let parameters =
                    rsa_parameters(&ring::rsa::KeyPair::from_pkcs8(pkcs8).map_err(|_| malformed())?);
                let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| malformed())?;
                let key = OaepPrivateDecryptingKey::new(key).map_err(|_| malformed())?;
                (PrivateMaterial::Rsa(key), parameters)
            }
            KeyManagement::EcdhEs => {
                let key = PrivateKey::from_private_key_der(&ECDH_P256, pkcs8).map_err(|_| malformed())?;
                let public = key.compute_public_key().map_err(|_| malformed())?;
                (PrivateMaterial::Ec(key), Parameters::from_point(Curve::P256, public.as_ref())?)
            }
        };
        let public_jwk = PublicJwk {
            parameters,
            kid: Some(kid.to_owned()),
            key_use: Some(KeyUse::Encryption),
            alg: Some(algorithm.as_str().to_owned()),
        };
        Ok(DecryptionKey(Arc::new(Inner { material, public_jwk })))
    }

    pub fn algorithm(&self) -> KeyManagement {
        match self.0.material {
            PrivateMaterial::Rsa(_) => KeyManagement::RsaOaep256,
            PrivateMaterial::Ec(_) => KeyManagement::EcdhEs,
        }
    }

    /// The public key with `kid`, `use` and `alg`, as it is to be published.
    pub fn public_jwk(&self) -> &PublicJwk {
        &self.0.public_jwk
    }

    /// The content encryption key of a message.
    pub(crate) fn content_key(&self, header: &Header, encrypted_key: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        if header.algorithm != self.algorithm() {
            return Err(Error::AlgorithmNotAllowed);
        }
        match &self.0.material {
            PrivateMaterial::Rsa(key) => unwrap_with_rsa(key, header.encryption, encrypted_key),
            PrivateMaterial::Ec(key) => agree_with_sender(key, header, encrypted_key),
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DecryptionKey")
            .field("public_jwk", &self.0.public_jwk)
            .finish_non_exhaustive()
    }
}

fn unwrap_with_rsa(
    key: &OaepPrivateDecryptingKey,
    encryption: ContentEncryption,
    encrypted_key: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let mut content_key = Zeroizing::new(vec![0; key.min_output_size()]);
    let length = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted_key, &mut content_key, None)
        .map_err(|_| Error::DecryptionFailed)?
        .len();
    if length != encryption.key_length() {
        return Err(Error::DecryptionFailed);
    }
    content_key.truncate(length);
    Ok(content_key)
}

fn agree_with_sender(key: &PrivateKey, header: &Header, encrypted_key: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if !encrypted_key.is_empty() {
        return Err(Error::Malformed("direct key agreement has no encrypted key"));
    }
    let point = match header.ephemeral.as_ref().map(|jwk| &jwk.parameters) {
        Some(parameters @ Parameters::Ec { crv: Curve::P256, .. }) => parameters.point()?,
        _ => return Err(Error::Malformed("no epk on the key's curve")),
    };
    let sender = UnparsedPublicKey::new(&ECDH_P256, point);
    let [party_u, party_v] = &header.party_information;
    agreement::agree(key, sender, Error::DecryptionFailed, |shared_secret| {
        Ok(concat_kdf::derive(shared_secret, header.encryption, party_u, party_v))
    })
}
