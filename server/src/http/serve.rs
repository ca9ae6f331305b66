//! The listener: hyper with limits, TLS, and a stop that finishes what was accepted.
//!
//! poem's own server sets no time limit for headers, so one client could hold connections for ever,
//! and keeps client certificates from handlers.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::tls;
use crate::app::ClientCertificate;
use crate::config::Tls;

/// A client has so long to send its request's headers, and as long for a TLS handshake.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// Largest request line and headers together, in bytes.
const HEADER_LIMIT: usize = 32 * 1024;

/// Accepted requests have so long to be answered once the server is told to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One bound address with what answers there.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Binds an address.
    ///
    /// # Errors
    /// One line that says why not.
    pub async fn bind(address: SocketAddr, tls: Option<&Tls>) -> Result<Self, String> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|error| format!("cannot listen on {address}: {error}"))?;
        Ok(Self { socket, tls: tls.map(tls::acceptor).transpose()? })
    }

    /// The address that was bound, with the port that the system chose where 0 was asked for.
    ///
    /// # Errors
    /// A socket that the system closed.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers until `stop` is done, then finishes what was accepted.
    pub async fn serve<E>(self, endpoint: E, stop: impl Future<Output = ()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let endpoint = Arc::new(endpoint);
        let graceful = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, remote)) => self.handle(stream, remote, &endpoint, &graceful),
                Err(error) => {
                    tracing::error!(%error, "a connection cannot be accepted");
                    tokio::time::interval_at(tokio::time::Instant::now() + ACCEPT_PAUSE, ACCEPT_PAUSE)
                        .tick()
                        .await;
                }
            }
        }
        drop(self.socket);
        if tokio::time::timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests took too long to finish and were dropped");
        }
    }

    fn handle<E>(&self, stream: TcpStream, remote: SocketAddr, endpoint: &Arc<E>, graceful: &GracefulShutdown)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        // Without it an answer in two writes waits for the other side's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let Ok(local) = stream.local_addr() else { return };
        let (endpoint, watcher) = (Arc::clone(endpoint), graceful.watcher());
        match self.tls.clone() {
            None => {
                let connection = Connection { endpoint, remote, local, scheme: "http", certificate: None };
                tokio::spawn(connection.run(stream, watcher));
            }
            Some(tls) => {
                tokio::spawn(async move {
                    match tokio::time::timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
                        Ok(Ok(stream)) => {
                            let certificate = tls::client_certificate(stream.get_ref().1);
                            let connection =
                                Connection { endpoint, remote, local, scheme: "https", certificate };
                            connection.run(stream, watcher).await;
                        }
                        Ok(Err(error)) => tracing::debug!(%remote, %error, "TLS handshake"),
                        Err(_) => tracing::debug!(%remote, "TLS handshake took too long"),
                    }
                });
            }
        }
    }
}

struct Connection<E> {
    endpoint: Arc<E>,
    remote: SocketAddr,
    local: SocketAddr,
    scheme: &'static str,
    certificate: Option<Arc<ClientCertificate>>,
}

impl<E: Endpoint<Output = Response> + 'static> Connection<E> {
    async fn run<S>(self, stream: S, watcher: hyper_util::server::graceful::Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (remote, local, scheme) = (self.remote, self.local, self.scheme);
        let scheme = if scheme == "https" { http::uri::Scheme::HTTPS } else { http::uri::Scheme::HTTP };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let endpoint = Arc::clone(&self.endpoint);
            let addresses = (LocalAddr(local.into()), RemoteAddr(remote.into()), scheme.clone());
            let certificate = self.certificate.clone();
            async move {
                let mut request = poem::Request::from((request, addresses.0, addresses.1, addresses.2));
                if let Some(certificate) = certificate {
                    request.extensions_mut().insert(certificate);
                }
                Ok::<_, Infallible>(hyper::Response::from(endpoint.get_response(request).await))
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(HEADER_LIMIT);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(HEADER_LIMIT).unwrap_or(u32::MAX))
            .max_concurrent_streams(128);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(%remote, error, "connection");
        }
    }
}

#[cfg(test)]
mod tests;
