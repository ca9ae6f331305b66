//! One request and its answer, over a connection that is made for them alone.

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, HOST, HeaderValue, LOCATION, USER_AGENT,
};
use http::{Request, StatusCode, response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use url::{Position, Url};

use crate::{Fetched, Refusal, Stream, Wanted};

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
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_HEADER_FIELDS)
        .max_header_size(MAX_HEAD)
        .max_buf_size(BUFFER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Refusal::broken(&error))?;
    // Dropping the set closes the connection: what was refused is not read to its end.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request(url, wanted)?).await;
    let (head, body) = answer.map_err(|error| Refusal::broken(&error))?.into_parts();
    check(&head)?;
    let body = read(body, wanted.max_bytes).await?;
    Ok(Fetched::new(&head.headers, body))
}

fn request(url: &Url, wanted: Wanted) -> Result<Request<Empty<Bytes>>, Refusal> {
    let accept = HeaderValue::from_str(wanted.accept).unwrap_or(HeaderValue::from_static("*/*"));
    Request::get(&url[Position::BeforePath..Position::AfterQuery])
        .header(HOST, &url[Position::BeforeHost..Position::AfterPort])
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, "Grantor")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| Refusal::Malformed)
}

fn check(head: &response::Parts) -> Result<(), Refusal> {
    if head.status.is_redirection() {
        let location = head.headers.get(LOCATION).map(HeaderValue::as_bytes).unwrap_or_default();
        return Err(Refusal::Redirect(format!("to {:?}", String::from_utf8_lossy(location)).into()));
    }
    if head.status != StatusCode::OK {
        return Err(Refusal::Status(head.status.as_u16()));
    }
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
