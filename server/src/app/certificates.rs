//! Whether a client's certificate is the one that is expected (RFC 8705 §2).
//!
//! `tls_client_auth` asks [`TrustAnchors::verify`] and then
//! [`ExpectedSubject::matches`](grantor_protocol::certificate::ExpectedSubject::matches) with the certificate's
//! [names](ClientCertificate::names); `self_signed_tls_client_auth` asks [`self_signed_matches`] and nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor_jose::PublicJwk;
use grantor_protocol::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use serde_json::Value;

use super::ClientCertificate;

/// The certification authorities whose client certificates a tenant believes, parsed once.
#[derive(Clone, Debug)]
pub struct TrustAnchors(Arc<dyn ClientCertVerifier>);

/// Why a text does not name certification authorities.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MalformedAnchors(String);

/// Why a certificate is not one that a trusted authority made for a client.
#[derive(Debug, thiserror::Error)]
#[error("the certificate is not trusted: {0}")]
pub struct Untrusted(rustls::Error);

impl TrustAnchors {
    /// Reads certificates in PEM (RFC 7468).
    ///
    /// # Errors
    /// A text that is not PEM or has no certificate in it, one of them that is not of X.509, and a private key,
    /// which nobody else should have.
    pub fn parse(pem: &str) -> Result<Self, MalformedAnchors> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(MalformedAnchors("there is a private key among the certificates".to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| MalformedAnchors(format!("not PEM: {error}")))?;
            roots.add(certificate).map_err(|error| MalformedAnchors(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(MalformedAnchors("there is no certificate in PEM".to_owned()));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map(Self)
            .map_err(|error| MalformedAnchors(error.to_string()))
    }

    /// Builds a path from the certificate over those that came with it to one of these authorities (RFC 8705 §2.1,
    /// RFC 5280 §6): signatures, validity at `now`, basic and name constraints, and the extended key usage, which is
    /// client authentication if it is there. Revocation lists are not asked.
    ///
    /// # Errors
    /// No such path.
    pub fn verify(&self, certificate: &ClientCertificate, now: Timestamp) -> Result<(), Untrusted> {
        let mut chain = certificate.chain().iter().map(|der| CertificateDer::from(der.as_slice()));
        let leaf = chain.next().unwrap_or_else(|| CertificateDer::from(&[][..]));
        let intermediates: Vec<_> = chain.collect();
        let seconds = u64::try_from(now.unix_seconds()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.0.verify_client_cert(&leaf, &intermediates, now).map(|_| ()).map_err(Untrusted)
    }
}

/// Whether the client's JWK Set (RFC 7517 §5) holds the certificate (RFC 8705 §2.2): as the first of a key's `x5c`, or
/// as the key itself, so that a new certificate for the same key needs no registration. A key for encryption does not
/// count. Neither names nor validity are looked at: registration is what makes the certificate good.
pub fn self_signed_matches(certificate: &ClientCertificate, jwks: &Value) -> bool {
    let keys = jwks.get("keys").and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter(|jwk| jwk.get("use").is_none_or(|key_use| key_use == "sig"))
        .any(|jwk| holds_certificate(jwk, certificate) || holds_key(jwk, certificate))
}

fn holds_certificate(jwk: &Value, certificate: &ClientCertificate) -> bool {
    // RFC 7517 §4.7: base64 and not base64url.
    let registered =
        jwk.pointer("/x5c/0").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    registered.is_some() && registered.as_ref() == certificate.chain().first()
}

fn holds_key(jwk: &Value, certificate: &ClientCertificate) -> bool {
    certificate.key_thumbprint().is_some_and(|thumbprint| {
        PublicJwk::parse(jwk).is_ok_and(|registered| registered.thumbprint_sha256() == thumbprint)
    })
}

#[cfg(test)]
mod tests;
