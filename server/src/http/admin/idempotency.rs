//! `Idempotency-Key`: whoever sends a POST again under the same key gets the same answer again.

use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, Request, Response};

use super::payload::LIMIT;
use super::problem::respond_status;
use super::{ROOT, caller};
use crate::app::App;
use crate::app::admin::{AdminFault, Idempotent, KeptAnswer, NamedRequest};

/// The header's name.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Says that an answer is an earlier request's.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Largest answer that is kept, in bytes: documents are smaller.
const LARGEST_ANSWER: usize = 1 << 20;

/// What an answer says beside its status and body.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// Does a request once, if it is a POST that has a key.
///
/// # Errors
/// What `routes` refuses, and what [`App::begin_named_request`] does.
pub async fn once<E>(app: &App, routes: &E, mut request: Request) -> poem::Result<Response>
where
    E: Endpoint<Output = Response>,
{
    let Some(key) = key(&request)? else { return routes.call(request).await };
    if carries_file(request.uri().path()) {
        let detail = "Idempotency-Key is not for files: they are not kept";
        return Err(AdminFault::BadRequest(detail.to_owned()).into());
    }
    let caller = caller::identify(app, &request).await?;
    let body = request.take_body().into_bytes_limit(LIMIT).await?;
    let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
    let named = NamedRequest { key: &key, method: request.method().as_str(), path: &path, body: &body };
    let reserved = match app.begin_named_request(&caller, &named).await? {
        Idempotent::New(reserved) => reserved,
        Idempotent::Repeated(answer) => return Ok(repeated(answer)),
    };
    request.set_body(body);
    request.set_data(caller);
    match routes.call(request).await {
        Ok(response) => {
            let (response, answer) = read(response).await?;
            if let Err(fault) = app.keep_answer(reserved, answer).await {
                tracing::error!(%fault, "what a request was answered could not be kept");
            }
            Ok(response)
        }
        Err(error) => {
            // What was refused was not done; of a failure that is not known.
            if respond_status(&error) != StatusCode::INTERNAL_SERVER_ERROR
                && let Err(fault) = app.give_key_back(reserved).await
            {
                tracing::error!(%fault, "an idempotency key could not be given back");
            }
            Err(error)
        }
    }
}

/// Whether a file is sent to this address or comes from it, instead of a document.
pub fn carries_file(path: &str) -> bool {
    let path = path.strip_prefix(ROOT).unwrap_or(path);
    let segments: Vec<_> = path.split('/').skip(1).collect();
    matches!(segments[..], ["tenants", "import"] | ["tenants", _, "export"])
}

/// The key of a POST that has one.
fn key(request: &Request) -> Result<Option<String>, AdminFault> {
    if request.method() != Method::POST {
        return Ok(None);
    }
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY).iter();
    match (keys.next(), keys.next()) {
        (None, _) => Ok(None),
        (Some(key), None) => Ok(Some(String::from_utf8_lossy(key.as_bytes()).into_owned())),
        (Some(_), Some(_)) => Err(AdminFault::BadRequest("Idempotency-Key comes twice".to_owned())),
    }
}

async fn read(response: Response) -> poem::Result<(Response, KeptAnswer)> {
    let (parts, body) = response.into_parts();
    let body = body.into_bytes_limit(LARGEST_ANSWER).await?;
    let text = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers: KEPT_HEADERS.iter().filter_map(text).collect(),
        body: body.to_vec(),
    };
    Ok((Response::from_parts(parts, Body::from_bytes(body)), answer))
}

fn repeated(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = Response::builder().status(status).body(answer.body);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
