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
    // Where the operator wants no certificates nothing of them is advertised; and a proxy that is trusted for
    // addresses alone may pass on what clients say in its header.
    let certificate = match connected {
        _ if !app.capabilities.client_certificates => None,
        Some(proxy) if app.trusted_proxies.contains(proxy) => forwarded_certificate(request, proxy),
        _ => request.extensions().get().cloned(),
    };
    Peer { address: address(app, request), certificate }
}

/// The network address of [`peer`], without looking for a certificate.
pub fn address(app: &App, request: &Request) -> Option<IpAddr> {
    let connected = request.remote_addr().as_socket_addr().map(|address| address.ip().to_canonical())?;
    Some(match app.trusted_proxies.contains(connected) {
        true => forwarded::client_address(request.headers(), connected, &app.trusted_proxies),
        false => connected,
    })
}

fn forwarded_certificate(request: &Request, proxy: IpAddr) -> Option<Arc<ClientCertificate>> {
    client_cert::certificate(request.headers()).unwrap_or_else(|error| {
        tracing::warn!(%proxy, %error, "the client certificate that a proxy forwards");
        None
    })
}
