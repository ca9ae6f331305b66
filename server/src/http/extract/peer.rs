//! Who sent a request: what the listener saw, or what a trusted reverse proxy says.

mod client_cert;
mod forwarded;

use std::net::IpAddr;
use std::sync::Arc;

use poem::Request;

use crate::app::{App, ClientCertificate, Peer};

/// The client behind a request.
///
/// The connection says it, unless it comes from a reverse proxy that the operator trusts: then the address is what the
/// proxy's `Forwarded` (RFC 7239) or `X-Forwarded-For` says, and the certificate what its `Client-Cert` says
/// (RFC 9440), never the proxy's own. From everybody else these headers mean nothing (RFC 9440 §4, RFC 9700 §4.13).
pub fn peer(app: &App, request: &Request) -> Peer {
    let connected = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical());
    let certificate = match connected {
        Some(proxy) if app.trusted_proxies.contains(proxy) => forwarded_certificate(app, request, proxy),
        _ => request.extensions().get::<Arc<ClientCertificate>>().cloned(),
    };
    Peer { address: address(app, request), certificate }
}

/// The address of the client behind a request, as [`peer`] tells it.
pub fn address(app: &App, request: &Request) -> Option<IpAddr> {
    let connected = request.remote_addr().as_socket_addr()?.ip().to_canonical();
    Some(match app.trusted_proxies.contains(connected) {
        true => forwarded::client_address(request.headers(), connected, &app.trusted_proxies),
        false => connected,
    })
}

/// A proxy that is trusted for addresses alone may pass on what clients say in this header, so it means
/// nothing unless the operator wants certificates.
fn forwarded_certificate(app: &App, request: &Request, proxy: IpAddr) -> Option<Arc<ClientCertificate>> {
    if !app.capabilities.client_certificates {
        return None;
    }
    client_cert::certificate(request.headers()).unwrap_or_else(|error| {
        tracing::warn!(%proxy, %error, "the client certificate that a proxy forwards");
        None
    })
}
