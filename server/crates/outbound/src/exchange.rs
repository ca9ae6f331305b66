//! One request and its answer, over a connection that is made for them alone.

use std::convert::Infallible;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName,
    HeaderValue, LOCATION, USER_AGENT,
};
use http::request::Builder;
use http::{Method, Request, Response, StatusCode, response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use url::{Position, Url};

use crate::fetched::text;
use crate::{Answered, Ask, Fetched, Post, Refusal, Reply, Stream, Wanted};

/// Largest status line and header fields together, in bytes.
const MAX_HEAD: usize = 16 * 1024;

const MAX_HEADER_FIELDS: usize = 100;

/// The receive buffer, in bytes: what is read ahead of the limit on the body.
const BUFFER: usize = 32 * 1024;

/// Sends the request and reads the answer, until something is wrong with it.
///
/// # Errors
/// What the server must do otherwise.
pub(crate) async fn get(stream: Box<dyn Stream>, url: &Url, wanted: Wanted) -> Result<Fetched, Refusal> {
    let accept = HeaderValue::from_str(wanted.accept).unwrap_or(HeaderValue::from_static("*/*"));
    let request = request(Method::GET, url, (ACCEPT, accept)).body(Empty::<Bytes>::new());
    let (_connection, answer) = send(stream, request.map_err(|_| Refusal::Malformed)?).await?;
    let (head, body) = answer.into_parts();
    check(&head)?;
    let body = read(body, wanted.max_bytes).await?;
    Ok(Fetched::new(&head.headers, body))
}

/// Sends the request and reads the head of the answer; what comes behind it is left unread.
///
/// # Errors
/// [`Refusal::Redirect`], an answer that is no HTTP.
pub(crate) async fn post(stream: Box<dyn Stream>, url: &Url, post: Post) -> Result<Answered, Refusal> {
    let content_type = HeaderValue::from_static(post.content_type);
    let mut request = request(Method::POST, url, (CONTENT_TYPE, content_type));
    for (name, value) in post.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(post.body)).map_err(|_| Refusal::Malformed)?;
    let (_connection, answer) = send(stream, request).await?;
    let (head, _) = answer.into_parts();
    refuse_redirect(&head)?;
    Ok(Answered::new(head.status, &head.headers))
}

/// Sends the request and reads the answer, whatever its status.
///
/// # Errors
/// As [`get`], but for the status.
pub(crate) async fn ask(stream: Box<dyn Stream>, url: &Url, ask: Ask) -> Result<Reply, Refusal> {
    let accept = HeaderValue::from_static(ask.wanted.accept);
    let method = if ask.form.is_some() { Method::POST } else { Method::GET };
    let mut request = request(method, url, (ACCEPT, accept));
    if let Some(mut authorization) = ask.authorization {
        authorization.set_sensitive(true);
        request = request.header(AUTHORIZATION, authorization);
    }
    if ask.form.is_some() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(ask.form.unwrap_or_default());
    let (_connection, answer) = send(stream, request.body(body).map_err(|_| Refusal::Malformed)?).await?;
    let (head, body) = answer.into_parts();
    refuse_redirect(&head)?;
    refuse_coding(&head)?;
    let content_type = text(&head.headers, &CONTENT_TYPE).map(str::to_owned);
    let body = read(body, ask.wanted.max_bytes).await?;
    Ok(Reply { status: head.status.as_u16(), content_type, body })
}

/// Dropping the set closes the connection: what was refused is not read to its end.
async fn send<B>(
    stream: Box<dyn Stream>,
    request: Request<B>,
) -> Result<(JoinSet<hyper::Result<()>>, Response<Incoming>), Refusal>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_HEADER_FIELDS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Refusal::broken(&error))?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| Refusal::broken(&error))?;
    Ok((driver, answer))
}

fn request(method: Method, url: &Url, (name, value): (HeaderName, HeaderValue)) -> Builder {
    Request::builder()
        .method(method)
        .uri(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(name, value)
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, "Grantor")
        .header(CONNECTION, "close")
}

fn refuse_redirect(head: &response::Parts) -> Result<(), Refusal> {
    if head.status.is_redirection() {
        let location = head.headers.get(LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        return Err(Refusal::Redirect(format!("to {:?}", String::from_utf8_lossy(location)).into()));
    }
    Ok(())
}

fn check(head: &response::Parts) -> Result<(), Refusal> {
    refuse_redirect(head)?;
    if head.status != StatusCode::OK {
        return Err(Refusal::Status(head.status.as_u16()));
    }
    refuse_coding(head)
}

fn refuse_coding(head: &response::Parts) -> Result<(), Refusal> {
    for coding in head.headers.get_all(CONTENT_ENCODING) {
        if !coding.as_bytes().eq_ignore_ascii_case(b"identity") {
            return Err(Refusal::ContentEncoding(format!("{coding:?}").into()));
        }
    }
    Ok(())
}

async fn read(mut body: Incoming, max_bytes: usize) -> Result<Bytes, Refusal> {
    // A length that the server announces saves reading too much. That none, or a short one, is announced saves
    // nothing from being counted.
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(Refusal::TooLarge(max_bytes));
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| Refusal::broken(&error))?.into_data() else { continue };
        if data.len() > max_bytes - read.len() {
            return Err(Refusal::TooLarge(max_bytes));
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}
