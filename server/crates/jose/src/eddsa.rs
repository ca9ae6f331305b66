//! EdDSA with Ed25519 (RFC 8037 §3.1), which biscuit does not know.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

use crate::encoding::decode_base64url;
use crate::header::parts;
use crate::{Error, Result};

/// Verifies a compact JWS and returns its payload.
pub(crate) fn verify(public_key: &[u8], token: &str) -> Result<Vec<u8>> {
    let [header, payload, signature] = parts(token)?;
    let signature = decode_base64url(signature).ok_or(Error::Malformed("signature is not base64url"))?;
    let signing_input = &token[..header.len() + 1 + payload.len()];
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(signing_input.as_bytes(), &signature)
        .map_err(|_| Error::BadSignature)?;
    decode_base64url(payload).ok_or(Error::Malformed("payload is not base64url"))
}
