//! The listener's side of TLS: its certificate, and the clients' (RFC 8705).

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, ServerConnection, SignatureScheme};
use tokio_rustls::TlsAcceptor;

use crate::app::ClientCertificate;
use crate::config::{Tls, TlsClientAuth};

/// Reads certificate chain and key from PEM files.
///
/// # Errors
/// One line that says which file cannot be used.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, String> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(&tls.certificate, &error))?;
    let key = PrivateKeyDer::from_pem_file(&tls.private_key)
        .map_err(|error| unreadable(&tls.private_key, &error))?;
    server_config(certificates, key, tls.client_auth)
        .map(|config| TlsAcceptor::from(Arc::new(config)))
        .map_err(|error| format!("{}: {error}", tls.certificate.display()))
}

fn server_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_auth: TlsClientAuth,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match client_auth {
        TlsClientAuth::None => builder.with_no_client_auth(),
        TlsClientAuth::Optional => builder.with_client_cert_verifier(Arc::new(AnyCertificate(provider))),
    };
    let mut config = builder.with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn unreadable(path: &Path, error: &rustls::pki_types::pem::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

/// The certificate that the client proved in the handshake, or in the one that this session resumes, to be its own.
pub(super) fn client_certificate(connection: &ServerConnection) -> Option<Arc<ClientCertificate>> {
    let chain = connection.peer_certificates()?.iter().map(|certificate| certificate.to_vec()).collect();
    match ClientCertificate::parse(chain) {
        Ok(certificate) => {
            tracing::debug!(thumbprint = certificate.thumbprint(), "a client's certificate");
            Some(Arc::new(certificate))
        }
        Err(error) => {
            tracing::warn!(%error, "a client's certificate cannot be read");
            None
        }
    }
}

/// Asks clients for a certificate and goes on without one. Any will do: which client it belongs to, and whether that
/// client needs an authority behind it, is known only when the request names tenant and client (RFC 8705 §2). The
/// signature in the handshake is verified, so that nobody presents a certificate without its private key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// No names: a client would otherwise hold back a certificate of an authority that is not among them.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
