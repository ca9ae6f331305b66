//! HTTP as a machine speaks it: one connection for each request, no cookies, no redirects followed, no retries.

use crate::{tls, wait::PATIENCE};
use anyhow::{Context, ensure};
use base64::Engine;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header, uri::Scheme};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::sync::Arc;
use thirtyfour::{error::WebDriverError, session::http::Body, session::http::HttpClient};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use url::form_urlencoded;

#[derive(Clone, Copy, Debug, Default)]
pub struct Client;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    #[error("no connection to {0}: {1}")]
    Connect(String, std::io::Error),
    #[error("the connection ended without an answer: {0}")]
    Broken(#[from] hyper::Error),
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("the request has no valid address")]
    Address,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer(Response<Bytes>);

impl Client {
    /// Sends a request whose URI is absolute.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn send(self, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
        tokio::time::timeout(PATIENCE, exchange(request)).await.map_err(|_| Unanswered::Late)?
    }

    /// # Errors
    /// As [`Client::send`].
    pub async fn get(self, url: &str) -> anyhow::Result<Answer> {
        self.request(Method::GET, url, &[], Bytes::new()).await
    }

    /// Posts a form, `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn form(
        self,
        url: &str,
        headers: &[Header<'_>],
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [headers, &[(header::CONTENT_TYPE, "application/x-www-form-urlencoded")]].concat();
        self.request(Method::POST, url, &headers, body.into()).await
    }

    /// Sends a JSON document.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn json(
        self,
        method: Method,
        url: &str,
        headers: &[Header<'_>],
        document: &Value,
    ) -> anyhow::Result<Answer> {
        let headers = [headers, &[(header::CONTENT_TYPE, "application/json")]].concat();
        self.request(method, url, &headers, document.to_string().into()).await
    }

    /// # Errors
    /// As [`Client::send`].
    pub async fn request(
        self,
        method: Method,
        url: &str,
        headers: &[Header<'_>],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let what = format!("{method} {url}");
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_str(value)?);
        }
        let request = request.body(body).with_context(|| what.clone())?;
        self.send(request).await.map(Answer).with_context(|| what)
    }
}

/// One header of a request.
pub type Header<'a> = (HeaderName, &'a str);

/// The value of `Authorization` for HTTP Basic as OAuth uses it (RFC 6749 §2.3.1): both parts form-encoded.
#[must_use]
pub fn basic(client_id: &str, client_secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(client_secret));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// The value of `Authorization` for an access token (RFC 6750 §2.1).
#[must_use]
pub fn bearer(access_token: &str) -> String {
    format!("Bearer {access_token}")
}

impl Answer {
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.0.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Every value of a header that may come several times.
    pub fn headers(&self, name: &HeaderName) -> impl Iterator<Item = &str> {
        self.0.headers().get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.0.body()).into_owned()
    }

    /// The body as a JSON document.
    ///
    /// # Errors
    /// With the whole answer when it is none.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(self.0.body())
            .with_context(|| format!("not JSON: {} {}", self.status(), self.text()))
    }

    /// The document of an answer that must have this status.
    ///
    /// # Errors
    /// With the whole answer when the status is another.
    pub fn expect(&self, status: StatusCode) -> anyhow::Result<Value> {
        ensure!(self.status() == status, "expected {status}, got {}: {}", self.status(), self.text());
        self.json()
    }
}

async fn exchange(mut request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered> {
    let uri = request.uri().clone();
    let authority = uri.authority().ok_or(Unanswered::Address)?;
    let port = authority.port_u16().ok_or(Unanswered::Address)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| Unanswered::Address)?;
    request.headers_mut().insert(header::HOST, host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(|_| Unanswered::Address)?;

    let connect = |error| Unanswered::Connect(authority.to_string(), error);
    let stream = TcpStream::connect((authority.host(), port)).await.map_err(connect)?;
    if uri.scheme() == Some(&Scheme::HTTPS) {
        exchange_over(tls::connect(authority.host(), stream).await.map_err(connect)?, request).await
    } else {
        exchange_over(stream, request).await
    }
}

async fn exchange_over<S>(stream: S, request: Request<Bytes>) -> Result<Response<Bytes>, Unanswered>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request.map(Full::new)).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(parts, body))
}

/// WebDriver is JSON over HTTP.
#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send(&self, request: Request<Body<'_>>) -> Result<Response<Bytes>, WebDriverError> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => Bytes::new(),
            Body::Json(document) => document.to_string().into(),
        };
        let answer = Client::send(*self, Request::from_parts(parts, body)).await;
        answer.map_err(|error| WebDriverError::HttpError(error.to_string()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(*self)
    }
}
