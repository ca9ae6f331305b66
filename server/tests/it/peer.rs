//! Who sent a request, from the connection or from a trusted proxy's headers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor::app::ClientCertificate;
use grantor::http::peer;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Request};
use rcgen::generate_simple_self_signed;

use crate::support::TestApp;

fn certificate(name: &str) -> ClientCertificate {
    let identity = generate_simple_self_signed([name.to_owned()]).unwrap();
    ClientCertificate::parse(vec![identity.cert.der().to_vec()]).unwrap()
}

/// A request that came over TCP from `remote`, perhaps with a certificate in the TLS handshake, and that says in every
/// header which proxies use that it is 203.0.113.66's with the `claimed` certificate.
fn request(remote: &str, connection: Option<&ClientCertificate>, claimed: &ClientCertificate) -> Request {
    let item = format!(":{}:", STANDARD.encode(&claimed.chain()[0]));
    let request = poem::http::Request::builder()
        .uri("/t/acme/token")
        .header("x-forwarded-for", "203.0.113.66")
        .header("forwarded", "for=203.0.113.66;proto=https")
        .header("client-cert", &item)
        .header("client-cert-chain", &item)
        .body(())
        .unwrap();
    let address: SocketAddr = remote.parse().unwrap();
    let (parts, ()) = request.into_parts();
    let connected = (parts, LocalAddr(address.into()), RemoteAddr(address.into()), Scheme::HTTPS);
    let mut request = Request::from_parts(connected.into(), Body::empty());
    if let Some(certificate) = connection {
        request.extensions_mut().insert(Arc::new(certificate.clone()));
    }
    request
}

#[tokio::test]
async fn headers_of_a_client_say_nothing() {
    let app = TestApp::sqlite().await.app;
    let (own, claimed) = (certificate("own.example"), certificate("victim.example"));
    for remote in ["198.51.100.1:4711", "127.0.0.1:4711", "[::1]:4711", "192.0.3.1:4711"] {
        let address: SocketAddr = remote.parse().unwrap();
        let without = peer(&app, &request(remote, None, &claimed));
        assert_eq!(without.address, Some(address.ip()));
        assert_eq!(without.certificate, None, "{remote}");
        let with = peer(&app, &request(remote, Some(&own), &claimed));
        assert_eq!(with.certificate.unwrap().thumbprint(), own.thumbprint());
    }
}

#[tokio::test]
async fn a_trusted_proxy_says_who_it_is_and_not_its_own_certificate() {
    let app = TestApp::sqlite().await.app;
    let (proxys, clients) = (certificate("proxy.example"), certificate("client.example"));
    for remote in ["192.0.2.1:4711", "[::ffff:192.0.2.1]:4711"] {
        let seen = peer(&app, &request(remote, Some(&proxys), &clients));
        assert_eq!(seen.address, Some(IpAddr::from([203, 0, 113, 66])));
        assert_eq!(seen.certificate.unwrap().thumbprint(), clients.thumbprint());
        let mut without = request(remote, Some(&proxys), &clients);
        without.headers_mut().remove("client-cert");
        assert_eq!(peer(&app, &without).certificate, None);
        let mut malformed = request(remote, Some(&proxys), &clients);
        malformed.headers_mut().insert("client-cert", "MIIB".parse().unwrap());
        assert_eq!(peer(&app, &malformed).certificate, None);
        assert_eq!(peer(&app, &malformed).address, Some(IpAddr::from([203, 0, 113, 66])));
    }
}

#[tokio::test]
async fn a_request_from_nowhere_has_no_address() {
    let app = TestApp::sqlite().await.app;
    let mut request = Request::default();
    request.headers_mut().insert("x-forwarded-for", "203.0.113.66".parse().unwrap());
    let seen = peer(&app, &request);
    assert_eq!((seen.address, seen.certificate), (None, None));
}
