use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::*;

struct Server {
    acceptor: TlsAcceptor,
    roots: Arc<RootCertStore>,
}

/// What a client's handshake came to on the server's side.
type Outcome = Result<Seen, std::io::Error>;

struct Seen {
    certificate: Option<Arc<ClientCertificate>>,
    resumed: bool,
}

impl Server {
    fn new(client_auth: TlsClientAuth) -> Self {
        let CertifiedKey { cert, signing_key } = identity();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = server_config(vec![cert.der().clone()], key, client_auth).unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), roots: Arc::new(roots) }
    }

    fn client(&self, identity: Option<Identity>, version: &'static SupportedProtocolVersion) -> ClientConfig {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(Arc::clone(&self.roots));
        match identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(identity)),
            None => builder.with_no_client_auth(),
        }
    }

    async fn handshake(&self, client: Arc<ClientConfig>) -> Outcome {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = async {
            // A session ticket comes after the handshake, with the first bytes that the server sends.
            let mut stream = TlsConnector::from(client).connect(name, near).await?;
            stream.read_exact(&mut [0]).await
        };
        let accepting = async {
            let mut stream = self.acceptor.accept(far).await?;
            stream.write_all(&[1]).await?;
            stream.shutdown().await?;
            let connection = stream.get_ref().1;
            let resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
            Ok(Seen { certificate: client_certificate(connection), resumed })
        };
        tokio::join!(connecting, accepting).1
    }
}

fn identity() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// Presents this certificate and signs with this key, whether they belong together or not.
#[derive(Debug)]
struct Identity(Arc<rustls::sign::CertifiedKey>);

impl Identity {
    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
        Self(Arc::new(rustls::sign::CertifiedKey::new(vec![certificate.der().clone()], key)))
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        assert!(hints.is_empty(), "the server asks for certificates of certain authorities");
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

#[tokio::test]
async fn a_certificate_is_taken_if_there_is_one() {
    let server = Server::new(TlsClientAuth::Optional);
    for version in VERSIONS {
        let CertifiedKey { cert, signing_key } = identity();
        let client = server.client(Some(Identity::new(&cert, &signing_key)), version);
        let certificate = server.handshake(Arc::new(client)).await.unwrap().certificate.unwrap();
        assert_eq!(certificate.chain(), [cert.der().to_vec()]);
        let without = server.client(None, version);
        assert_eq!(server.handshake(Arc::new(without)).await.unwrap().certificate, None);
    }
}

#[tokio::test]
async fn a_certificate_without_its_private_key_ends_the_handshake() {
    let server = Server::new(TlsClientAuth::Optional);
    for version in VERSIONS {
        let (stolen, own) = (identity().cert, identity().signing_key);
        let client = server.client(Some(Identity::new(&stolen, &own)), version);
        let refused = server.handshake(Arc::new(client)).await.err().unwrap();
        assert!(refused.to_string().contains("BadSignature"), "{refused}");
    }
}

#[tokio::test]
async fn a_resumed_session_keeps_its_certificate() {
    let server = Server::new(TlsClientAuth::Optional);
    for version in VERSIONS {
        let CertifiedKey { cert, signing_key } = identity();
        let mut client = server.client(Some(Identity::new(&cert, &signing_key)), version);
        client.resumption = Resumption::in_memory_sessions(8);
        let client = Arc::new(client);
        for resumed in [false, true] {
            let seen = server.handshake(Arc::clone(&client)).await.unwrap();
            assert_eq!(seen.resumed, resumed);
            assert_eq!(seen.certificate.unwrap().chain(), [cert.der().to_vec()]);
        }
    }
}

#[tokio::test]
async fn nobody_is_asked_unless_the_operator_says_so() {
    let server = Server::new(TlsClientAuth::None);
    for version in VERSIONS {
        let CertifiedKey { cert, signing_key } = identity();
        let client = server.client(Some(Identity::new(&cert, &signing_key)), version);
        assert_eq!(server.handshake(Arc::new(client)).await.unwrap().certificate, None);
    }
}
