//! Names every request, so that an answer finds its log lines.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use grantor_protocol::Entropy;
use poem::http::HeaderValue;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use tracing::Instrument;

/// The correlation id of a request: in its log lines, its `X-Request-Id` and its error pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(u64);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl RequestId {
    /// The id of a request. Every request has one once it passed [`RequestIds`].
    pub fn of(request: &Request) -> Self {
        request.extensions().get().copied().unwrap_or(Self(0))
    }
}

/// The middleware that gives requests their ids and opens the span of their log lines.
pub struct RequestIds {
    next: Arc<AtomicU64>,
}

impl RequestIds {
    /// Ids begin at a random number and are spread from there: names, not secrets, so one draw of
    /// randomness is enough.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        Self { next: Arc::new(AtomicU64::new(u64::from_le_bytes(bytes))) }
    }
}

impl<E: Endpoint> Middleware<E> for RequestIds {
    type Output = RequestIdEndpoint<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        RequestIdEndpoint { endpoint, next: Arc::clone(&self.next) }
    }
}

/// See [`RequestIds`].
pub struct RequestIdEndpoint<E> {
    endpoint: E,
    next: Arc<AtomicU64>,
}

impl<E: Endpoint> Endpoint for RequestIdEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        // An odd step visits every number before one comes again.
        let id = RequestId(self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed));
        request.extensions_mut().insert(id);
        let span = tracing::info_span!("request", id = %id, tenant = tenant_of(request.uri().path()));
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let mut response = match self.endpoint.call(request).await {
                Ok(response) => response.into_response(),
                Err(error) => error.into_response(),
            };
            let status = response.status();
            if status.is_server_error() {
                tracing::error!(%method, path, status = status.as_u16(), "failed");
            } else {
                tracing::debug!(%method, path, status = status.as_u16(), "answered");
            }
            if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
                response.headers_mut().insert("x-request-id", value);
            }
            Ok(response)
        }
        .instrument(span)
        .await
    }
}

/// The slug that a path names, or nothing; only for the log.
fn tenant_of(path: &str) -> Option<&str> {
    ["/t/", "/admin/v1/tenants/"].into_iter().find_map(|prefix| path.strip_prefix(prefix))?.split('/').next()
}
