//! Problem documents (RFC 9457): the one place where a fault becomes an answer of the admin API.

use grantor_api as api;
use poem::error::ResponseError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;

use crate::app::Fault;
use crate::app::admin::{AdminFault, FieldFault, Unauthenticated};
use crate::http::request_id::RequestId;

const CONTENT_TYPE: &str = "application/problem+json";

/// Seconds after which a busy server is worth another try.
const RETRY_AFTER: &str = "1";

/// A kind of problem: the last part of its `type`, its title and its status.
type Kind = (&'static str, &'static str, StatusCode);

const INVALID: Kind = ("invalid-request", "The request cannot be taken", StatusCode::BAD_REQUEST);
const UNAUTHENTICATED: Kind = ("unauthenticated", "Who calls is not known", StatusCode::UNAUTHORIZED);
const FORBIDDEN: Kind = ("forbidden", "The caller may not do this", StatusCode::FORBIDDEN);
const FORGED: Kind = ("forged-request", "The request may be another site's", StatusCode::FORBIDDEN);
const NOT_FOUND: Kind = ("not-found", "There is no such thing", StatusCode::NOT_FOUND);
const METHOD: Kind = ("method-not-allowed", "The method does nothing here", StatusCode::METHOD_NOT_ALLOWED);
const TAKEN: Kind = ("taken", "Another one has this already", StatusCode::CONFLICT);
const PROTECTED: Kind = ("protected", "This has to stay as it is", StatusCode::CONFLICT);
const NOT_PROVEN: Kind =
    ("domain-not-verified", "Nothing shows that the domain is the tenant's", StatusCode::CONFLICT);
const PRECONDITION: Kind =
    ("precondition-failed", "It is not as the request expects", StatusCode::PRECONDITION_FAILED);
const QUOTA: Kind = ("quota-exceeded", "The tenant may not have more", StatusCode::CONFLICT);
const RATE: Kind = ("rate-limited", "Too many requests", StatusCode::TOO_MANY_REQUESTS);
const TOO_LARGE: Kind = ("too-large", "The document is too large", StatusCode::PAYLOAD_TOO_LARGE);
const MEDIA_TYPE: Kind =
    ("unsupported-media-type", "The media type is not known", StatusCode::UNSUPPORTED_MEDIA_TYPE);
const KEY_REUSED: Kind =
    ("idempotency-key-reused", "The idempotency key names another request", StatusCode::UNPROCESSABLE_ENTITY);
const UNDER_WAY: Kind = ("under-way", "The same request is being done", StatusCode::CONFLICT);
const OUTCOME_UNKNOWN: Kind =
    ("outcome-unknown", "What came of the request is not known", StatusCode::CONFLICT);
const BUSY: Kind = ("busy", "The server has too much to do", StatusCode::SERVICE_UNAVAILABLE);
const INTERNAL: Kind = ("internal", "The server failed", StatusCode::INTERNAL_SERVER_ERROR);

/// The answer to whatever went wrong, be it a use case's fault or one of the framework's own.
pub fn respond(error: &poem::Error, id: RequestId) -> Response {
    match error.downcast_ref::<AdminFault>() {
        Some(fault) => of_fault(fault, id),
        None => of_framework(error, id),
    }
}

/// The status that [`respond`] answers with.
pub fn respond_status(error: &poem::Error) -> StatusCode {
    match error.downcast_ref::<AdminFault>() {
        Some(fault) => told(fault).0.2,
        None => framework_kind(error).2,
    }
}

fn of_fault(fault: &AdminFault, id: RequestId) -> Response {
    match fault {
        AdminFault::Fault(fault) => crate::http::render::log(fault),
        fault => tracing::info!(%fault, "refused"),
    }
    let (kind, detail) = told(fault);
    let errors = match fault {
        AdminFault::Invalid(faults) | AdminFault::ForbiddenMembers(faults) => faults.clone(),
        AdminFault::QuotaExceeded(quota) => {
            vec![FieldFault::new("", format!("the tenant's settings.quotas.{quota} is used up"))]
        }
        AdminFault::Taken(field) => vec![FieldFault::new(format!("/{field}"), "is taken")],
        _ => vec![],
    };
    let mut response = document(kind, detail, errors, id);
    if let AdminFault::Unauthenticated(reason) = fault {
        set(&mut response, header::WWW_AUTHENTICATE, &challenge(*reason));
    }
    match fault {
        AdminFault::Fault(Fault::TooMany { retry_after, .. }) => {
            set(&mut response, header::RETRY_AFTER, &retry_after.to_string());
        }
        _ if [BUSY, UNDER_WAY].contains(&kind) => set(&mut response, header::RETRY_AFTER, RETRY_AFTER),
        _ => {}
    }
    response
}

/// What the caller may know.
fn told(fault: &AdminFault) -> (Kind, String) {
    match fault {
        AdminFault::Unauthenticated(reason) => (UNAUTHENTICATED, reason.to_string()),
        AdminFault::Forbidden | AdminFault::ForbiddenMembers(_) | AdminFault::NotHeld(_) => {
            (FORBIDDEN, fault.to_string())
        }
        AdminFault::QuotaExceeded(quota) => (
            QUOTA,
            format!(
                "settings.quotas.{quota} of the tenant is used up: delete some, or ask the platform for more"
            ),
        ),
        AdminFault::TooLarge(detail) => (TOO_LARGE, detail.clone()),
        AdminFault::MediaType(wanted) => (MEDIA_TYPE, format!("the content type must be {wanted}")),
        AdminFault::NotFound => {
            (NOT_FOUND, "there is nothing here, or nothing that the caller may see".to_owned())
        }
        AdminFault::Invalid(faults) => {
            let faults: Vec<_> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.pointer, fault.detail).trim().to_owned())
                .collect();
            (INVALID, faults.join("; "))
        }
        AdminFault::BadRequest(detail) => (INVALID, detail.clone()),
        AdminFault::Taken(field) => (TAKEN, format!("another one has this {field} already")),
        AdminFault::Protected(detail) => (PROTECTED, (*detail).to_owned()),
        AdminFault::NotProven(detail) => (NOT_PROVEN, detail.clone()),
        AdminFault::PreconditionFailed => {
            (PRECONDITION, "it was changed, made or deleted meanwhile: read it again".to_owned())
        }
        AdminFault::KeyReused => {
            (KEY_REUSED, "give every request a key of its own; a repeated one must be the same".to_owned())
        }
        AdminFault::UnderWay => (UNDER_WAY, "ask again for its answer".to_owned()),
        AdminFault::OutcomeUnknown => (
            OUTCOME_UNKNOWN,
            "it was begun and not answered: look whether it was done before sending it under another key"
                .to_owned(),
        ),
        AdminFault::Fault(fault) => match fault {
            Fault::UnknownTenant | Fault::NotOffered(_) => (NOT_FOUND, fault.to_string()),
            Fault::ForgedForm(_) => {
                (FORGED, "changes with the console's session need the header X-Grantor-CSRF".to_owned())
            }
            Fault::SuspendedTenant => (FORBIDDEN, fault.to_string()),
            Fault::Protocol(error) => (INVALID, error.description.clone()),
            Fault::TooLarge(_) => (INVALID, fault.to_string()),
            Fault::Expired(detail) => (UNAUTHENTICATED, (*detail).to_owned()),
            Fault::Busy(_) => (BUSY, "nothing was done; try again".to_owned()),
            Fault::TooMany { what, .. } => {
                (RATE, format!("too many {what} in a short time; nothing was done"))
            }
            Fault::Internal(_) => (INTERNAL, "the correlation id finds what happened in the log".to_owned()),
        },
    }
}

/// RFC 6750 §3.1: a request without a token is told the scheme and nothing more.
fn challenge(reason: Unauthenticated) -> String {
    match reason {
        Unauthenticated::NoCredentials | Unauthenticated::SessionOver => "Bearer".to_owned(),
        Unauthenticated::InvalidToken(description) => {
            format!("Bearer error=\"invalid_token\", error_description=\"{description}\"")
        }
    }
}

/// What poem refuses before a handler sees it: unknown paths and methods, parameters, sizes.
fn of_framework(error: &poem::Error, id: RequestId) -> Response {
    let kind = framework_kind(error);
    if kind == INTERNAL {
        tracing::error!(%error, "the admin API failed");
        let detail = "the correlation id finds what happened in the log".to_owned();
        return document(INTERNAL, detail, vec![], id);
    }
    tracing::info!(%error, "refused");
    document(kind, error.to_string(), vec![], id)
}

fn framework_kind(error: &poem::Error) -> Kind {
    match error.status() {
        StatusCode::NOT_FOUND => NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => METHOD,
        StatusCode::PAYLOAD_TOO_LARGE => TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => MEDIA_TYPE,
        status if status.is_client_error() => INVALID,
        _ => INTERNAL,
    }
}

fn document((name, title, status): Kind, detail: String, errors: Vec<FieldFault>, id: RequestId) -> Response {
    let problem = api::Problem {
        kind: format!("urn:grantor:problem:{name}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail,
        errors: errors
            .into_iter()
            .map(|fault| api::FieldProblem { pointer: fault.pointer, detail: fault.detail })
            .collect(),
        correlation_id: id.to_string(),
    };
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    Response::builder().status(status).content_type(CONTENT_TYPE).body(body)
}

/// What a problem with this status may look like.
pub fn example(status: u16) -> api::Problem {
    let named = |pointer: &str, detail: &str| {
        vec![api::FieldProblem { pointer: pointer.to_owned(), detail: detail.to_owned() }]
    };
    let ((name, title, _), detail, errors) = match status {
        400 => (INVALID, "/name must not be empty", named("/name", "must not be empty")),
        401 => (UNAUTHENTICATED, "the access token has expired", vec![]),
        403 => (FORBIDDEN, "the caller's roles do not allow it", vec![]),
        404 => (NOT_FOUND, "there is nothing here, or nothing that the caller may see", vec![]),
        409 => (TAKEN, "another one has this slug already", named("/slug", "is taken")),
        412 => (PRECONDITION, "it was changed, made or deleted meanwhile: read it again", vec![]),
        413 => (TOO_LARGE, "the document is longer than 256 KiB", vec![]),
        415 => (MEDIA_TYPE, "the content type must be application/json", vec![]),
        503 => (BUSY, "nothing was done; try again", vec![]),
        _ => (INTERNAL, "the correlation id finds what happened in the log", vec![]),
    };
    api::Problem {
        kind: format!("urn:grantor:problem:{name}"),
        title: title.to_owned(),
        status,
        detail: detail.to_owned(),
        errors,
        correlation_id: "0a1b2c3d4e5f6071".to_owned(),
    }
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

impl ResponseError for AdminFault {
    fn status(&self) -> StatusCode {
        told(self).0.2
    }
}

/// Only poem asks for it; the answer is made by [`respond`], which knows the request.
impl IntoResponse for AdminFault {
    fn into_response(self) -> Response {
        told(&self).0.2.into()
    }
}

fn described(kinds: &[(Kind, &'static str)]) -> Vec<MetaResponse> {
    let of = |((_, _, status), description): &(Kind, &'static str)| MetaResponse {
        description,
        status: Some(status.as_u16()),
        status_range: None,
        content: vec![MetaMediaType { content_type: CONTENT_TYPE, schema: api::Problem::schema_ref() }],
        headers: vec![],
    };
    kinds.iter().map(of).collect()
}

/// Every operation's.
impl ApiResponse for AdminFault {
    fn meta() -> MetaResponses {
        let responses = described(&[
            (INVALID, "The request is malformed, or says what cannot be: `errors` names the members."),
            (UNAUTHENTICATED, "No credentials, or none that count; `WWW-Authenticate` says which do."),
            (FORBIDDEN, "The caller may see this and not do it."),
            (NOT_FOUND, "There is no such thing, or the caller may not see it."),
            (RATE, "Too many requests; try again after `Retry-After` seconds."),
            (INTERNAL, "The server failed; the correlation id finds why in its log."),
            (BUSY, "Nothing was done; try again after `Retry-After` seconds."),
        ]);
        MetaResponses { responses }
    }

    fn register(registry: &mut Registry) {
        api::Problem::register(registry);
    }
}

/// Those of whatever changes something.
pub fn of_changes() -> Vec<MetaResponse> {
    described(&[
        (
            TAKEN,
            "Another one has a value that is unique, this has to stay as it is, or the tenant may not have more.",
        ),
        (PRECONDITION, "`If-Match` or `If-None-Match` does not hold."),
    ])
}

/// Those of whatever can be given an `Idempotency-Key`.
pub fn of_named_requests() -> Vec<MetaResponse> {
    described(&[
        (
            UNDER_WAY,
            "The request that `Idempotency-Key` names is being done (with `Retry-After`), or was begun and its \
             outcome is not known.",
        ),
        (TOO_LARGE, "The document is longer than 256 KiB."),
        (KEY_REUSED, "`Idempotency-Key` named another request within the last 24 hours."),
    ])
}

/// Those of requests with a document.
pub fn of_documents() -> Vec<MetaResponse> {
    described(&[
        (TOO_LARGE, "The document is longer than 256 KiB, an imported file than 4 GiB."),
        (MEDIA_TYPE, "The content type is not one of those described."),
    ])
}
