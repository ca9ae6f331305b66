//! DPoP proofs (RFC 9449): what one has to say once its signature is proven with the key in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{Effect, Error, ErrorCode, Lifetime, Secret, Timestamp};

/// The value of `typ` (RFC 9449 §4.2), compared as it is.
pub const PROOF_TYPE: &str = "dpop+jwt";

/// A proof may be so old: the time that a request takes, and what clients' clocks are slow by.
const OLDEST: Lifetime = Lifetime::from_seconds(60);

/// Clients' clocks may be fast by so much.
const CLOCK_SKEW: Lifetime = Lifetime::from_seconds(10);

/// Longest `jti`, in bytes.
const MAX_JTI_LENGTH: usize = 256;

/// A proof whose signature was verified with the public key that it carries.
#[derive(Clone, Debug)]
pub struct Proof {
    pub typ: Option<String>,
    /// Thumbprint of the key (RFC 7638).
    pub key: String,
    pub jti: String,
    pub htm: String,
    pub htu: String,
    pub iat: Timestamp,
    pub ath: Option<String>,
    pub nonce: ProofNonce,
}

/// What the claim `nonce` of a proof is (RFC 9449 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofNonce {
    Absent,
    /// One of ours that has not expired.
    Valid,
    /// One that has expired, or that was never ours.
    Unknown,
}

/// The request that a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct ProvenRequest<'a> {
    pub method: &'a str,
    /// The address that clients know, whatever the `Host` header says.
    pub uri: &'a str,
    /// The access token that came along, at a protected resource.
    pub access_token: Option<&'a str>,
}

/// Checks what a proof says (RFC 9449 §4.3) and says what spends it.
///
/// # Errors
/// `invalid_dpop_proof`; `use_dpop_nonce` where a nonce of ours is missing or has expired.
pub fn check(
    proof: &Proof,
    request: ProvenRequest<'_>,
    require_nonce: bool,
    already_spent: bool,
    now: Timestamp,
) -> Result<Effect, Error> {
    let refuse = |why: &str| Err(invalid_proof(why));
    if proof.typ.as_deref() != Some(PROOF_TYPE) {
        return refuse("typ must be dpop+jwt");
    }
    if proof.jti.is_empty() || proof.jti.len() > MAX_JTI_LENGTH {
        return refuse("jti must have 1 to 256 bytes");
    }
    if proof.htm != request.method {
        return refuse("htm is not the method of the request");
    }
    if !is_same_target(&proof.htu, request.uri) {
        return refuse("htu is not the address of the request");
    }
    if proof.ath != request.access_token.map(access_token_hash) {
        return refuse("ath must be the hash of the access token, and there only where one is used");
    }
    if proof.iat + OLDEST < now {
        return refuse("iat is more than 60 seconds ago");
    }
    if proof.iat > now + CLOCK_SKEW {
        return refuse("iat is in the future");
    }
    match proof.nonce {
        ProofNonce::Valid => {}
        ProofNonce::Absent if !require_nonce => {}
        ProofNonce::Absent => return Err(use_nonce("the proof needs the nonce that DPoP-Nonce gives")),
        ProofNonce::Unknown => {
            return Err(use_nonce("the nonce has expired: use the one that DPoP-Nonce gives"));
        }
    }
    if already_spent {
        return refuse("it was used before");
    }
    Ok(Effect::SpendProof {
        key: proof.key.clone(),
        jti: Secret::presented(proof.jti.as_str()).hash(),
        expires_at: proof.iat + OLDEST + CLOCK_SKEW,
    })
}

/// `invalid_dpop_proof`, with what the client's developer has to change.
pub fn invalid_proof(why: &str) -> Error {
    Error::new(ErrorCode::InvalidDpopProof, format!("DPoP proof: {why}"))
}

fn use_nonce(why: &str) -> Error {
    Error::new(ErrorCode::UseDpopNonce, why)
}

/// `ath` of an access token (RFC 9449 §4.2).
pub fn access_token_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(access_token.as_bytes()))
}

/// Whether two URIs name the same without query and fragment, after the normalisation of RFC 3986
/// §6.2.2 and §6.2.3 (RFC 9449 §4.3).
fn is_same_target(htu: &str, uri: &str) -> bool {
    let named = normalized(htu);
    named.is_some() && named == normalized(uri)
}

/// None for what is no `http` or `https` URI by its letters: parsers of URLs guess, and a guess proves
/// nothing.
fn normalized(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let is_web = ["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let is_uri = uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !is_web || !is_uri || rest.starts_with('/') {
        return None;
    }
    let mut url = Url::parse(uri).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(format!("{}{}", url.origin().ascii_serialization(), normalized_path(url.path())))
}

/// RFC 3986 §6.2.2.1 and §6.2.2.2: escapes in capitals, and none for what needs none.
fn normalized_path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        normal.push_str(before);
        let escaped = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(char::from(byte));
                rest = &after[2..];
            }
            Some(byte) => {
                normal.push_str(&format!("%{byte:02X}"));
                rest = &after[2..];
            }
            None => {
                normal.push('%');
                rest = after;
            }
        }
    }
    normal.push_str(rest);
    normal
}

#[cfg(test)]
mod tests;
