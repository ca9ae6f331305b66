//! JSON Object Signing and Encryption for an authorization server: JWS (RFC 7515), JWE (RFC 7516), JWK
//! (RFC 7517) and thumbprints (RFC 7638), plus the sealing of keys at rest.
//!
//! Signatures go through the `biscuit` crate; EdDSA (RFC 8037), JWE and the making of keys, which it lacks, go
//! to `aws-lc-rs`. This crate does no I/O and reads no clock: `exp`, `aud`, `jti` and their kin are the caller's
//! to check, on claims whose signature is proven here.
//!
//! Signing: [`SigningKey`]. Verifying: [`VerificationKey`] for one key, [`KeySet`] for a JWK Set. Looking before
//! verifying: [`Header::peek`]. Encryption: [`jwe`]. Keys at rest: [`MasterKey`]. On their way to another installation:
//! [`PortableKey`].

mod algorithm;
mod eddsa;
mod encoding;
mod error;
mod header;
pub mod jwe;
mod jwk;
mod key_set;
mod numeric_date;
mod portable;
mod seal;
mod secret;
mod signing;
mod verify;

#[cfg(test)]
mod tests;

pub use algorithm::{Algorithm, Curve, KeyType};
pub use error::{Error, Result};
pub use header::Header;
pub use jwk::{KeyUse, PublicJwk};
pub use key_set::{KeySet, MAX_KEYS};
pub use numeric_date::NumericDate;
pub use portable::{PortableDigest, PortableKey};
pub use seal::{MasterKey, NONCE_LENGTH};
pub use secret::SecretBytes;
pub use signing::SigningKey;
pub use verify::{VerificationKey, Verified, unverified_claims};

/// The longest token, in bytes, that is looked at: 64 KiB. Anything longer is [`Error::TooLarge`].
pub const MAX_TOKEN_LENGTH: usize = 64 * 1024;
