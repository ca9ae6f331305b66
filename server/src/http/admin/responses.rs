use std::pin::Pin;
use std::task::{Context, Poll};

use grantor_api as api;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncSeekExt, ReadBuf};

use super::payload::NDJSON;
use super::problem;
use crate::app::admin::{Saved, Versioned};
use crate::app::portability::{ExportedFile, Place};

/// A document without a validator: a page of a collection, the caller.
pub struct Answer<T>(pub T);

/// A document as it is now.
pub struct Found<T>(pub Versioned<T>);

/// A document as the request left it; where it is, if the request made it.
pub struct Stored<T> {
    saved: Saved<T>,
    location: String,
}

/// A document that there always is, as the request left it.
pub struct Changed<T>(pub Saved<T>);

/// A document after a step that it takes once.
pub struct Moved<T>(pub T);

/// It is gone.
pub struct Deleted;

/// It is going to be done.
pub struct Queued;

/// A job goes on with it.
pub struct Accepted {
    job: api::Job,
    location: String,
}

impl Accepted {
    pub fn at(admin_api: &str, job: api::Job) -> Self {
        Self { location: format!("{admin_api}/jobs/{}", job.id), job }
    }
}

/// A file to keep.
pub struct Download {
    file: Leaving,
    length: u64,
    name: String,
}

/// A file that is being sent, and its place among the exports until it has left.
struct Leaving {
    file: tokio::fs::File,
    _place: Place,
}

impl AsyncRead for Leaving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.file).poll_read(context, buffer)
    }
}

impl Download {
    /// The whole of a file, to be kept under this name.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn of(exported: ExportedFile, name: &str) -> std::io::Result<Self> {
        let mut file = tokio::fs::File::from_std(exported.file);
        file.rewind().await?;
        let length = file.metadata().await?.len();
        let file = Leaving { file, _place: exported.place };
        Ok(Self { file, length, name: name.to_owned() })
    }
}

impl<T> Stored<T> {
    /// `path` leads from the API's own address to the document, one element a segment.
    pub fn at(admin_api: &str, path: impl FnOnce(&T) -> Vec<String>, saved: Saved<T>) -> Self {
        let segments = path(&saved.now.document);
        let location = segments
            .iter()
            .fold(admin_api.to_owned(), |location, segment| format!("{location}/{}", encoded(segment)));
        Self { saved, location }
    }
}

/// A path segment with everything encoded but unreserved characters (RFC 3986 §2.3).
fn encoded(segment: &str) -> String {
    segment.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => Response::builder().status(status).content_type("application/json").body(body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be serialised");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

fn with(mut response: Response, name: header::HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

impl<T: Serialize + Send> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize + Send> IntoResponse for Moved<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize + Send> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        with(json(StatusCode::OK, &self.0.document), header::ETAG, &self.0.etag)
    }
}

impl<T: Serialize + Send> IntoResponse for Changed<T> {
    fn into_response(self) -> Response {
        with(json(StatusCode::OK, &self.0.now.document), header::ETAG, &self.0.now.etag)
    }
}

impl<T: Serialize + Send> IntoResponse for Stored<T> {
    fn into_response(self) -> Response {
        let status = if self.saved.created { StatusCode::CREATED } else { StatusCode::OK };
        let response = with(json(status, &self.saved.now.document), header::ETAG, &self.saved.now.etag);
        if self.saved.created { with(response, header::LOCATION, &self.location) } else { response }
    }
}

impl IntoResponse for Deleted {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into()
    }
}

impl IntoResponse for Queued {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into()
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        with(json(StatusCode::ACCEPTED, &self.job), header::LOCATION, &self.location)
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        Response::builder()
            .content_type(NDJSON)
            .header(header::CONTENT_LENGTH, self.length)
            .header(header::CONTENT_DISPOSITION, disposition)
            .body(poem::Body::from_async_read(self.file))
    }
}

fn described<T: Type>(status: u16, description: &'static str, headers: Vec<MetaHeader>) -> MetaResponse {
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }],
        headers,
    }
}

fn described_header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

fn etag() -> MetaHeader {
    described_header("ETag", "The document's version, for `If-Match`.")
}

impl<T: Type + Serialize> ApiResponse for Answer<T> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![described::<T>(200, "As asked for.", vec![])] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize> ApiResponse for Moved<T> {
    fn meta() -> MetaResponses {
        let mut responses = vec![described::<T>(200, "As it is now.", vec![])];
        responses.extend(problem::of_changes());
        responses.extend(problem::of_documents());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        api::Problem::register(registry);
    }
}

impl<T: Type + Serialize> ApiResponse for Found<T> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![described::<T>(200, "The document.", vec![etag()])] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: Type + Serialize> ApiResponse for Changed<T> {
    fn meta() -> MetaResponses {
        let mut responses = vec![described::<T>(200, "Changed, or found to be so already.", vec![etag()])];
        responses.extend(problem::of_changes());
        responses.extend(problem::of_documents());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        api::Problem::register(registry);
    }
}

impl<T: Type + Serialize> ApiResponse for Stored<T> {
    fn meta() -> MetaResponses {
        let location = described_header("Location", "Where the new document is.");
        let mut responses = vec![
            described::<T>(200, "Changed, or found to be so already.", vec![etag()]),
            described::<T>(201, "Created.", vec![etag(), location]),
        ];
        responses.extend(problem::of_changes());
        responses.extend(problem::of_documents());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        api::Problem::register(registry);
    }
}

impl ApiResponse for Deleted {
    fn meta() -> MetaResponses {
        let mut responses = vec![MetaResponse {
            description: "Deleted.",
            status: Some(204),
            status_range: None,
            content: vec![],
            headers: vec![],
        }];
        responses.extend(problem::of_changes());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        api::Problem::register(registry);
    }
}

impl ApiResponse for Queued {
    fn meta() -> MetaResponses {
        let mut responses = vec![MetaResponse {
            description: "It is on its way.",
            status: Some(202),
            status_range: None,
            content: vec![],
            headers: vec![],
        }];
        responses.extend(problem::of_changes());
        responses.extend(problem::of_documents());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        api::Problem::register(registry);
    }
}

impl ApiResponse for Accepted {
    fn meta() -> MetaResponses {
        let location = described_header("Location", "Where the job tells how far it is.");
        let mut responses = vec![described::<api::Job>(202, "A job goes on with it.", vec![location])];
        responses.extend(problem::of_changes());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        api::Job::register(registry);
        api::Problem::register(registry);
    }
}

impl ApiResponse for Download {
    fn meta() -> MetaResponses {
        let binary = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
        let mut responses = vec![MetaResponse {
            description: "The file.",
            status: Some(200),
            status_range: None,
            content: vec![MetaMediaType {
                content_type: NDJSON,
                schema: MetaSchemaRef::Inline(Box::new(binary)),
            }],
            headers: vec![described_header("Content-Disposition", "A name to keep it under.")],
        }];
        responses.extend(problem::of_changes());
        responses.extend(problem::of_documents());
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        api::Problem::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_identifier_fits_into_a_path() {
        assert_eq!(encoded("https://a.example/~x?y z"), "https%3A%2F%2Fa.example%2F~x%3Fy%20z");
    }
}
