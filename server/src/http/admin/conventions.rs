//! What holds for operations by their method, in one place: described, and looked at before a handler is.

use std::collections::HashMap;

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};
use poem_openapi::OpenApi;
use poem_openapi::registry::{
    MetaApi, MetaOperation, MetaOperationParam, MetaParamIn, MetaResponse, MetaSchema, MetaSchemaRef,
    Registry,
};
use url::form_urlencoded;

use super::idempotency::{IDEMPOTENCY_KEY, carries_file};
use super::{ROOT, problem};
use crate::app::admin::AdminFault;

/// An API whose operations keep the conventions of this one.
pub struct Conventional<T>(pub T);

impl<T: OpenApi> OpenApi for Conventional<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            for operation in &mut path.operations {
                describe(&path.path, operation);
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(table);
    }
}

fn describe(path: &str, operation: &mut MetaOperation) {
    if operation.method == Method::POST && !carries_file(path) {
        let description = "Names the request: sent again under the same name within 24 hours, by the same \
             caller and byte for byte the same, it is not done again but gets the same answer again.";
        operation.params.push(header_parameter(IDEMPOTENCY_KEY, description, 255));
        let others = problem::of_named_requests().into_iter().filter(|response| {
            operation.responses.responses.iter().all(|described| described.status != response.status)
        });
        let others: Vec<_> = others.collect();
        operation.responses.responses.extend(others);
    }
    if operation.method == Method::GET && has_validator(operation) {
        let description = "Validators that the caller has: if one of them is the document's `ETag`, it is not \
             sent again.";
        operation.params.push(header_parameter("If-None-Match", description, 1024));
        let unchanged = MetaResponse {
            description: "It is as the caller has it.",
            status: Some(StatusCode::NOT_MODIFIED.as_u16()),
            status_range: None,
            content: vec![],
            headers: vec![],
        };
        operation.responses.responses.push(unchanged);
    }
}

fn has_validator(operation: &MetaOperation) -> bool {
    let mut headers = operation.responses.responses.iter().flat_map(|response| &response.headers);
    headers.any(|header| header.name.eq_ignore_ascii_case("ETag"))
}

fn header_parameter(name: &str, description: &str, most: usize) -> MetaOperationParam {
    let schema = MetaSchema { max_length: Some(most), ..MetaSchema::new("string") };
    MetaOperationParam {
        name: name.to_owned(),
        schema: MetaSchemaRef::Inline(Box::new(schema)),
        in_type: MetaParamIn::Header,
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

/// Every operation's address and parameters, as they are described.
pub struct Operations(Vec<Operation>);

struct Operation {
    /// A segment of the path each; None for a parameter.
    path: Vec<Option<String>>,
    method: Method,
    /// The query's parameters, and whether each may come more than once.
    query: Vec<(String, bool)>,
}

impl Operations {
    /// Those of an API.
    pub fn of<T: OpenApi>(_: &T) -> Self {
        let paths = T::meta().into_iter().flat_map(|api| api.paths);
        let operations = paths.flat_map(|path| {
            let segments: Vec<_> = path.path.split('/').map(segment).collect();
            path.operations.into_iter().map(move |operation| Operation {
                path: segments.clone(),
                method: operation.method,
                query: operation.params.iter().filter_map(query_parameter).collect(),
            })
        });
        Self(operations.collect())
    }

    /// Those at a path under the public address; what is spelled out counts before what is a parameter.
    fn at(&self, path: &str) -> Vec<&Operation> {
        let segments: Vec<_> = path.strip_prefix(ROOT).unwrap_or(path).split('/').collect();
        let fits = |operation: &&Operation| {
            operation.path.len() == segments.len()
                && operation.path.iter().zip(&segments).all(|(wanted, segment)| match wanted {
                    Some(wanted) => wanted == segment,
                    None => !segment.is_empty(),
                })
        };
        let mut found: Vec<_> = self.0.iter().filter(fits).collect();
        let parameters = |operation: &&Operation| operation.path.iter().filter(|part| part.is_none()).count();
        let fewest = found.iter().map(parameters).min();
        found.retain(|operation| Some(parameters(operation)) == fewest);
        found
    }

    /// Refuses a query that says what the operation does not know: a filter that is not there must not
    /// be taken for one that finds everything.
    ///
    /// # Errors
    /// [`AdminFault::BadRequest`] with the parameter's name.
    pub fn check_query(&self, request: &Request) -> Result<(), AdminFault> {
        let Some(query) = request.uri().query() else { return Ok(()) };
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let found = self.at(request.uri().path());
        let Some(operation) = found.iter().find(|operation| operation.method == method) else {
            return Ok(());
        };
        let mut seen: Vec<String> = vec![];
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            let known = operation.query.iter().find(|(known, _)| *known == name);
            match known {
                None => {
                    return Err(AdminFault::BadRequest(format!("there is no query parameter {name:?} here")));
                }
                Some((_, false)) if seen.iter().any(|seen| *seen == name) => {
                    return Err(AdminFault::BadRequest(format!("the query parameter {name} comes twice")));
                }
                Some(_) => seen.push(name.into_owned()),
            }
        }
        Ok(())
    }

    /// The methods that a path under the public address takes (RFC 9110 §10.2.1).
    pub fn allow(&self, path: &str) -> Option<HeaderValue> {
        let found = self.at(path);
        let methods = found.iter().map(|operation| operation.method.as_str());
        // Whatever answers GET answers HEAD.
        let head = found.iter().any(|operation| operation.method == Method::GET).then_some("HEAD");
        let methods: Vec<_> = methods.chain(head).collect();
        HeaderValue::from_str(&methods.join(", ")).ok().filter(|_| !methods.is_empty())
    }
}

fn segment(text: &str) -> Option<String> {
    (!text.starts_with('{')).then(|| text.to_owned())
}

fn query_parameter(parameter: &MetaOperationParam) -> Option<(String, bool)> {
    if parameter.in_type != MetaParamIn::Query {
        return None;
    }
    let repeats = matches!(&parameter.schema, MetaSchemaRef::Inline(schema) if schema.ty == "array");
    Some((parameter.name.clone(), repeats))
}

/// Whether the caller of a GET has what an answer holds already (RFC 9110 §13.1.2: the comparison is weak).
pub fn is_unchanged(if_none_match: Option<&HeaderValue>, response: &Response) -> bool {
    let etag = response.headers().get(header::ETAG).and_then(|etag| etag.to_str().ok());
    let held = if_none_match.and_then(|held| held.to_str().ok());
    let (StatusCode::OK, Some(etag), Some(held)) = (response.status(), etag, held) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    held.split(',').any(|held| held.trim() == "*" || opaque(held) == opaque(etag))
}

/// An answer without the document that the caller has.
pub fn unchanged(mut response: Response) -> Response {
    response.set_status(StatusCode::NOT_MODIFIED);
    response.headers_mut().remove(header::CONTENT_TYPE);
    response.set_body(());
    response
}
