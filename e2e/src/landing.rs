//! The redirect URI of a relying party: a listener on loopback that notes what arrives.

use crate::wait;
use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};
use url::form_urlencoded;

/// An authorization response as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    pub method: Method,
    /// Of the query, or of the form for POST.
    pub parameters: Vec<(String, String)>,
}

impl Landed {
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    /// With all that came when it is not.
    pub fn require(&self, name: &str) -> anyhow::Result<&str> {
        self.get(name).with_context(|| format!("no {name} in {:?}", self.parameters))
    }
}

pub struct Landing {
    redirect_uri: String,
    landed: Mutex<mpsc::UnboundedReceiver<Landed>>,
    listener: JoinHandle<()>,
}

impl Landing {
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
        let (sender, landed) = mpsc::unbounded_channel();
        let listener = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sender = sender.clone();
                let service = service_fn(move |request| land(request, sender.clone()));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Ok(Self { redirect_uri, landed: Mutex::new(landed), listener })
    }

    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The next response that arrives.
    ///
    /// # Errors
    /// When none comes.
    pub async fn next(&self) -> anyhow::Result<Landed> {
        let mut landed = self.landed.lock().await;
        wait::within("an authorization response", landed.recv()).await?.context("the listener has ended")
    }

    /// Whether nothing has arrived that was not taken with [`Landing::next`].
    pub async fn is_empty(&self) -> bool {
        self.landed.lock().await.is_empty()
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn land(
    request: Request<Incoming>,
    sender: mpsc::UnboundedSender<Landed>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::from("<!doctype html><title>Landed</title><h1>Landed</h1>"));
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/html"));
    if request.uri().path() != "/callback" {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    }
    let (method, query) = (request.method().clone(), request.uri().query().unwrap_or_default().to_owned());
    let body = request.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = if method == Method::POST { &body[..] } else { query.as_bytes() };
    // Nobody listens any more when the test is over.
    let _ = sender.send(Landed { method, parameters: form_urlencoded::parse(text).into_owned().collect() });
    Ok(response)
}
