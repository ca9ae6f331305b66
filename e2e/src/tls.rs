//! A certificate for `localhost`, made anew for each test process, and the trust in it.

use anyhow::Context;
use rcgen::CertifiedKey;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

struct Identity {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

/// A client's certificate and private key, as PEM files.
pub struct ClientIdentity {
    pub certificate: PathBuf,
    pub private_key: PathBuf,
    pub der: Vec<u8>,
}

/// Writes certificate and private key as PEM files, and gives their paths in this order.
///
/// # Errors
/// When they cannot be written.
pub fn write_to(directory: &Path) -> anyhow::Result<[PathBuf; 2]> {
    let identity = identity()?;
    let paths = ["certificate.pem", "key.pem"].map(|name| directory.join(name));
    for (path, content) in paths.iter().zip([&identity.certificate_pem, &identity.key_pem]) {
        std::fs::write(path, content).with_context(|| path.display().to_string())?;
    }
    Ok(paths)
}

/// Makes a certificate that no authority knows, for a client, and writes it and its private key as PEM files.
///
/// # Errors
/// When they cannot be written.
pub fn write_client_to(directory: &Path) -> anyhow::Result<ClientIdentity> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["client.example".to_owned()])?;
    let [certificate, private_key] = ["client.pem", "client-key.pem"].map(|name| directory.join(name));
    std::fs::write(&certificate, cert.pem()).with_context(|| certificate.display().to_string())?;
    std::fs::write(&private_key, signing_key.serialize_pem())
        .with_context(|| private_key.display().to_string())?;
    Ok(ClientIdentity { certificate, private_key, der: cert.der().to_vec() })
}

/// Begins TLS as a client that trusts this certificate and no other.
///
/// # Errors
/// When the server has another certificate, or speaks no TLS.
pub(crate) async fn connect(host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let config = configuration().map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn configuration() -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(identity()?.certificate.clone())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn identity() -> anyhow::Result<&'static Identity> {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    if let Some(identity) = IDENTITY.get() {
        return Ok(identity);
    }
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let identity = Identity {
        certificate: cert.der().clone(),
        certificate_pem: cert.pem(),
        key_pem: signing_key.serialize_pem(),
    };
    Ok(IDENTITY.get_or_init(|| identity))
}
