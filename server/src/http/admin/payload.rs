use std::borrow::Cow;
use std::marker::PhantomData;

use poem::http::StatusCode;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::Fault;
use crate::app::admin::{AdminFault, escaped};

/// Largest document, in bytes.
pub(super) const LIMIT: usize = 256 * 1024;

/// Largest file, in bytes: 4 GiB. Larger ones are imported by the command.
const LARGEST_FILE: u64 = 4 << 30;

/// Lines of JSON.
pub const NDJSON: &str = "application/x-ndjson";

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A document that is meant to be a `T`. Reading it as one is the use case's, after it knows that
/// the caller may do what it asks for.
pub struct Body<T> {
    pub json: Value,
    kind: PhantomData<fn() -> T>,
}

/// A JSON Merge Patch (RFC 7396) for a `T`.
pub struct Patch<T> {
    pub json: Value,
    kind: PhantomData<fn() -> T>,
}

impl<'a, T: Type> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self { json: read(request, body, &[JSON]).await?, kind: PhantomData })
    }
}

impl<'a, T: Type> ApiExtractor<'a> for Patch<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(Self::name().into_owned(), Self::schema);
    }

    fn request_meta() -> Option<MetaRequest> {
        let media_type = |content_type| MetaMediaType {
            content_type,
            schema: MetaSchemaRef::Reference(Self::name().into_owned()),
        };
        Some(MetaRequest {
            description: None,
            content: vec![media_type(MERGE_PATCH), media_type(JSON)],
            required: true,
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self { json: read(request, body, &[MERGE_PATCH, JSON]).await?, kind: PhantomData })
    }
}

impl<T: Type> Patch<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Patch", T::name()).into()
    }

    /// The schema of `T` with every member optional, and null to have its default again.
    fn schema(registry: &mut Registry) -> MetaSchema {
        let mut schema = registry.create_fake_schema::<T>();
        schema.title = None;
        schema.description =
            Some("Members to change (RFC 7396): absent ones stay, null gives back the default.");
        schema.required.clear();
        schema.properties = schema.properties.into_iter().filter_map(patched).collect();
        schema
    }
}

/// What a patch may say of a property; of those that only the server sets, nothing.
fn patched((name, property): (&'static str, MetaSchemaRef)) -> Option<(&'static str, MetaSchemaRef)> {
    let nullable = MetaSchema { nullable: true, ..MetaSchema::ANY };
    match property.merge(nullable) {
        MetaSchemaRef::Inline(schema) if schema.read_only => None,
        MetaSchemaRef::Inline(mut schema) => {
            schema.default = None;
            for part in &mut schema.all_of {
                if let MetaSchemaRef::Inline(part) = part {
                    part.default = None;
                }
            }
            Some((name, MetaSchemaRef::Inline(schema)))
        }
        reference @ MetaSchemaRef::Reference(_) => Some((name, reference)),
    }
}

/// A file that is received when the caller is known to be allowed to send it.
pub struct Upload {
    is_ndjson: bool,
    body: poem::Body,
}

impl Upload {
    /// Receives the file, which is gone when it is closed.
    ///
    /// # Errors
    /// Another media type; a file that is too large; a body that ends early.
    pub async fn receive(self) -> Result<std::fs::File, AdminFault> {
        if !self.is_ndjson {
            return Err(AdminFault::MediaType(NDJSON));
        }
        let file = tempfile::tempfile().map_err(Fault::internal)?;
        let mut file = tokio::fs::File::from_std(file);
        let mut body = self.body.into_async_read().take(LARGEST_FILE + 1);
        let length = tokio::io::copy(&mut body, &mut file).await;
        let length =
            length.map_err(|error| AdminFault::BadRequest(format!("the file did not arrive: {error}")))?;
        if length > LARGEST_FILE {
            return Err(AdminFault::TooLarge(format!("the file is longer than {LARGEST_FILE} bytes")));
        }
        file.flush().await.map_err(Fault::internal)?;
        Ok(file.into_std().await)
    }
}

impl<'a> ApiExtractor<'a> for Upload {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let binary = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
        let schema = MetaSchemaRef::Inline(Box::new(binary));
        let content = vec![MetaMediaType { content_type: NDJSON, schema }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self { is_ndjson: is_of(request, &[NDJSON]), body: body.take()? })
    }
}

fn is_of(request: &Request, media_types: &[&str]) -> bool {
    let media_type = request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    media_types.iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

/// Nothing of a body is read before the caller is known.
async fn read(request: &Request, body: &mut RequestBody, media_types: &[&str]) -> poem::Result<Value> {
    if !is_of(request, media_types) {
        let message = format!("the content type must be {}", media_types.join(" or "));
        return Err(poem::Error::from_string(message, StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = body.take()?.into_bytes_limit(LIMIT).await?;
    let document: Value = serde_json::from_slice(&bytes)
        .map_err(|error| AdminFault::BadRequest(format!("the body is not JSON: {error}")))?;
    match nul_in(&document) {
        None => Ok(document),
        Some(pointer) => Err(AdminFault::invalid(pointer, "must not hold the character NUL").into()),
    }
}

/// Where a text or a name has a NUL, which PostgreSQL cannot keep.
fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("/{index}{}", nul_in(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let below = if name.contains('\0') { String::new() } else { nul_in(value)? };
            Some(format!("/{}{below}", escaped(name)))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
