//! The admin API over HTTP: one connection that is kept while it lasts.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderValue, USER_AGENT};
use http::{Method, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Position, Url};

use super::{AdminApi, Answer, Fault, Request};
use crate::config::PublicUrl;

/// The longest that one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest answer: a page of 200 documents.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

const ROOT: &str = "/admin/v1";

/// Who acts.
pub enum Credentials {
    AccessToken(String),
    /// A service account, which gets itself a token at its tenant.
    ServiceAccount {
        tenant: String,
        client_id: String,
        client_secret: String,
    },
}

/// A server, and an access token for its admin API.
pub struct Server {
    url: Url,
    tls: TlsConnector,
    authorization: HeaderValue,
    connection: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Server {
    /// # Errors
    /// Credentials that the server does not take.
    pub async fn new(address: &PublicUrl, credentials: Credentials) -> Result<Self, Fault> {
        let url = Url::parse(address.as_str()).map_err(|error| Fault(format!("{address}: {error}")))?;
        let mut server = Self {
            url,
            tls: connector()?,
            authorization: HeaderValue::from_static(""),
            connection: Mutex::new(None),
        };
        let token = match credentials {
            Credentials::AccessToken(token) => token,
            Credentials::ServiceAccount { tenant, client_id, client_secret } => {
                server.token(&tenant, &client_id, &client_secret).await?
            }
        };
        server.authorization = secret_header(&format!("Bearer {token}"))?;
        Ok(server)
    }

    /// An access token of a service account for itself (RFC 6749 §4.4).
    async fn token(&self, tenant: &str, client_id: &str, client_secret: &str) -> Result<String, Fault> {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(client_id), encoded(client_secret));
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let path = format!("/t/{tenant}/token");
        let request = self
            .request(Method::POST, &path)
            .header(AUTHORIZATION, secret_header(&basic)?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from("grant_type=client_credentials"))
            .map_err(|error| Fault(format!("{path}: {error}")))?;
        let answer = self.exchange(request).await?;
        match answer.document["access_token"].as_str() {
            Some(token) => Ok(token.to_owned()),
            None => {
                let why = ["error_description", "error"].map(|name| answer.document[name].as_str());
                let why = why.into_iter().flatten().next().unwrap_or("it gave no access token");
                Err(Fault(format!("{} did not take {client_id}'s secret: {why}", self.url)))
            }
        }
    }

    fn request(&self, method: Method, path: &str) -> http::request::Builder {
        http::Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.url[Position::BeforeHost..Position::AfterPort])
            .header(USER_AGENT, "grantor apply")
    }

    async fn exchange(&self, request: http::Request<Full<Bytes>>) -> Result<Answer, Fault> {
        let what = format!("{} {}", request.method(), request.uri());
        let failed = |error: &dyn std::fmt::Display| Fault(format!("{}: {what}: {error}", self.url));
        let exchange = async {
            let mut connection = self.connection.lock().await;
            let mut sender = match ready(connection.take()).await {
                Some(sender) => sender,
                None => self.connect().await?,
            };
            let (head, body) =
                sender.send_request(request).await.map_err(|error| failed(&error))?.into_parts();
            let body =
                Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| failed(&error))?.to_bytes();
            *connection = Some(sender);
            let etag = head.headers.get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
            if body.is_empty() || head.status == StatusCode::NO_CONTENT {
                return Ok(Answer { status: head.status.as_u16(), etag, document: Value::Null });
            }
            let document = serde_json::from_slice(&body)
                .map_err(|_| failed(&format!("the answer ({}) is no JSON", head.status)))?;
            Ok(Answer { status: head.status.as_u16(), etag, document })
        };
        timeout(PATIENCE, exchange).await.map_err(|_| failed(&"no answer within a minute"))?
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Fault> {
        let failed =
            |error: &dyn std::fmt::Display| Fault(format!("{} cannot be reached: {error}", self.url));
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = self.url.port_or_known_default().unwrap_or(443);
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(|error| failed(&error))?;
        if self.url.scheme() == "http" {
            return handshake(stream).await.map_err(|error| failed(&error));
        }
        let name = ServerName::try_from(host).map_err(|error| failed(&error))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| failed(&error))?;
        handshake(stream).await.map_err(|error| failed(&error))
    }
}

impl AdminApi for Server {
    async fn send(&self, request: &Request) -> Result<Answer, Fault> {
        let path = format!("{ROOT}/{}", request.path);
        let mut builder =
            self.request(request.method.clone(), &path).header(AUTHORIZATION, self.authorization.clone());
        if let Some((name, value)) = &request.precondition {
            builder = builder.header(name, value);
        }
        let body = match &request.document {
            None => Full::default(),
            Some(document) => {
                builder = builder.header(CONTENT_TYPE, "application/json");
                Full::from(document.to_string())
            }
        };
        let request = builder.body(body).map_err(|error| Fault(format!("{path}: {error}")))?;
        self.exchange(request).await
    }
}

/// A kept connection, as soon as it takes another request; none if it takes no more.
async fn ready(kept: Option<SendRequest<Full<Bytes>>>) -> Option<SendRequest<Full<Bytes>>> {
    let mut sender = kept?;
    sender.ready().await.is_ok().then_some(sender)
}

/// A connection with a task that drives it.
async fn handshake<S>(stream: S) -> hyper::Result<SendRequest<Full<Bytes>>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What ends it is seen by whoever waits for an answer.
    tokio::spawn(connection);
    Ok(sender)
}

/// A value that is not printed.
fn secret_header(value: &str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Fault("the credentials hold characters that no header can have".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Trusts the authorities of the system, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
fn connector() -> Result<TlsConnector, Fault> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}
