//! Proof Key for Code Exchange (RFC 7636), method S256 only: `plain` protects nothing that OAuth 2.1
//! §4.1.1 wants protected.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// An S256 `code_challenge`: the SHA-256 of the client's `code_verifier`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// Reads `code_challenge` and `code_challenge_method` of an authorization request.
    ///
    /// # Errors
    /// `invalid_request` for a method other than S256 (RFC 7636 §4.4.1; an absent method means
    /// `plain`) or a challenge that is no base64url SHA-256.
    pub fn from_request(challenge: &str, method: Option<&str>) -> Result<Self, Error> {
        if method != Some("S256") {
            return Err(Error::invalid_request("code_challenge_method must be S256"));
        }
        match URL_SAFE_NO_PAD.decode(challenge) {
            Ok(digest) if digest.len() == 32 => Ok(Self(challenge.to_owned())),
            _ => Err(Error::invalid_request(
                "code_challenge must be the base64url encoding, without padding, of a SHA-256 digest",
            )),
        }
    }

    /// The challenge as it was sent, which is how the store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A challenge that was checked before it was stored.
    pub fn from_stored(challenge: String) -> Self {
        Self(challenge)
    }

    /// Whether `code_verifier` is the one that the challenge was made from (RFC 7636 §4.6).
    pub fn is_met_by(&self, code_verifier: &str) -> bool {
        is_code_verifier(code_verifier)
            && URL_SAFE_NO_PAD
                .encode(Sha256::digest(code_verifier))
                .as_bytes()
                .ct_eq(self.0.as_bytes())
                .into()
    }
}

/// The syntax of RFC 7636 §4.1: 43 to 128 unreserved characters.
fn is_code_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 Appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn rfc_7636_appendix_b() {
        let challenge = CodeChallenge::from_request(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert!(!challenge.is_met_by(&VERIFIER.replace('d', "e")));
        assert!(!challenge.is_met_by(CHALLENGE));
    }

    #[test]
    fn refuses_plain_and_malformed_challenges() {
        for (challenge, method) in [
            (VERIFIER, Some("plain")),
            (CHALLENGE, None),
            (CHALLENGE, Some("s256")),
            ("short", Some("S256")),
            (&format!("{CHALLENGE}="), Some("S256")),
        ] {
            assert!(CodeChallenge::from_request(challenge, method).is_err(), "{challenge} {method:?}");
        }
    }

    /// RFC 7636 §4.1.
    #[test]
    fn refuses_malformed_verifiers() {
        for verifier in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43))] {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            assert!(!CodeChallenge::from_stored(digest).is_met_by(&verifier), "{verifier}");
        }
    }
}
