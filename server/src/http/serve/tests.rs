use poem::endpoint::make_sync;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::*;
use crate::config::TlsClientAuth;

/// One request over a connection of its own: the thumbprint that the handler saw, or `none`.
async fn asked(address: SocketAddr, client: ClientConfig) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.rsplit("\r\n\r\n").next().unwrap().to_owned()
}

#[tokio::test]
async fn handlers_see_the_certificate_of_the_connection() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [certificate, private_key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&private_key, signing_key.serialize_pem()).unwrap();
    let tls = Tls { certificate, private_key, client_auth: TlsClientAuth::Optional };
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), Some(&tls)).await.unwrap();
    let address = listener.address().unwrap();
    let endpoint = make_sync(|request| {
        let certificate = request.extensions().get::<Arc<ClientCertificate>>();
        Response::builder()
            .body(certificate.map_or("none", |certificate| certificate.thumbprint()).to_owned())
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve(endpoint, async { drop(stopped.await) }));

    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = || {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        builder.unwrap().with_root_certificates(roots.clone())
    };
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let with = client().with_client_auth_cert(vec![cert.der().clone()], key).unwrap();
    let expected = ClientCertificate::parse(vec![cert.der().to_vec()]).unwrap();
    assert_eq!(asked(address, with).await, expected.thumbprint());
    assert_eq!(asked(address, client().with_no_client_auth()).await, "none");

    stop.send(()).unwrap();
    serving.await.unwrap();
}
