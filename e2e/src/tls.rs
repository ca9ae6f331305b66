//! A certificate for `localhost`, made anew for each test process, and the trust in it.

use anyhow::Context;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey, IsCa, KeyPair, PublicKeyData,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use serde_json::{Value, json};
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
    /// The public key with the certificate, as clients register it (RFC 7517 §4.7).
    pub jwk: Value,
}

/// A certificate authority that makes clients' certificates.
pub struct ClientAuthority(CertifiedIssuer<'static, KeyPair>);

impl ClientAuthority {
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        let mut parameters = CertificateParams::new([])?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Ok(Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?))
    }

    /// The authority's own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Makes a client's certificate for this host name and writes it with its private key.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_client_to(&self, directory: &Path, host: &str) -> anyhow::Result<ClientIdentity> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new([host.to_owned()])?.signed_by(&key, &self.0)?;
        write_client(directory, host, &certificate, &key)
    }
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
    write_client(directory, "client", &cert, &signing_key)
}

fn write_client(
    directory: &Path,
    name: &str,
    certificate: &rcgen::Certificate,
    key: &KeyPair,
) -> anyhow::Result<ClientIdentity> {
    let paths = [format!("{name}.pem"), format!("{name}-key.pem")].map(|name| directory.join(name));
    for (path, content) in paths.iter().zip([certificate.pem(), key.serialize_pem()]) {
        std::fs::write(path, content).with_context(|| path.display().to_string())?;
    }
    let [written, private_key] = paths;
    let (x, y) = key.der_bytes().get(1..).context("no point")?.split_at_checked(32).context("no point")?;
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": BASE64_URL_SAFE_NO_PAD.encode(x),
        "y": BASE64_URL_SAFE_NO_PAD.encode(y),
        "x5c": [BASE64_STANDARD.encode(certificate.der())],
    });
    Ok(ClientIdentity { certificate: written, private_key, der: certificate.der().to_vec(), jwk })
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
