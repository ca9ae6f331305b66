use std::fmt;

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a token, a key or a sealed value was refused. No variant carries any part of the token or the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the structure its specification demands; the text says where.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// The signature is good, but the payload is not the claims that were asked for.
    #[error("claims: {0}")]
    Claims(ClaimsFault),
    /// `alg` or `enc` names nothing this crate implements; `none` is one of those.
    #[error("unknown algorithm")]
    UnknownAlgorithm,
    /// The algorithm is known, but not allowed here or not one the key is for.
    #[error("algorithm not allowed")]
    AlgorithmNotAllowed,
    /// No key of the set can have signed the token; fetching the set anew may help.
    #[error("no matching key")]
    NoMatchingKey,
    /// The signature does not verify.
    #[error("bad signature")]
    BadSignature,
    /// A private or symmetric key where only a public one belongs.
    #[error("private key material")]
    PrivateKeyMaterial,
    /// The header carries `crit` (RFC 7515 §4.1.11), and no extension is understood.
    #[error("critical header")]
    CriticalHeader,
    /// Longer than the documented limit.
    #[error("too large")]
    TooLarge,
    /// An RSA modulus below 2048 bits or an HMAC secret below 256.
    #[error("weak key")]
    WeakKey,
    /// A key of a type, curve, size or use that cannot serve here; the text says which.
    #[error("unsupported key: {0}")]
    UnsupportedKey(&'static str),
    /// The value was sealed under another master key.
    #[error("wrong master key")]
    WrongMasterKey,
    /// Decryption failed: the ciphertext was altered, or belongs to another key or other associated data.
    #[error("decryption failed")]
    DecryptionFailed,
    /// The cryptographic library failed at something that should not fail; the text says at what.
    #[error("cryptographic failure: {0}")]
    Cryptography(&'static str),
}

/// What is wrong with a claims set: names a missing or repeated claim, never a claim's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimsFault(String);

impl fmt::Display for ClaimsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<serde_json::Error> for ClaimsFault {
    fn from(error: serde_json::Error) -> ClaimsFault {
        if !error.is_data() {
            return ClaimsFault("not JSON".into());
        }
        let text = error.to_string();
        // Only these two messages of serde quote nothing but the name of one of our own fields.
        if text.starts_with("missing field `") || text.starts_with("duplicate field `") {
            let end = text.find(" at line ").unwrap_or(text.len());
            return ClaimsFault(text[..end].into());
        }
        ClaimsFault("a claim has the wrong type".into())
    }
}
