//! Errors become responses here and nowhere else.

use std::sync::LazyLock;

use askama::Template;
use grantor_protocol::confirmation::TokenScheme;
use grantor_protocol::metadata::PROOF_ALGORITHMS;
use grantor_protocol::{Error, ErrorCode};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};
use serde::Serialize;

use super::extract;
use super::pages::{self, ErrorPage};
use super::request_id::RequestId;
use crate::app::Fault;
use crate::app::fault::{WRONG_CODES, WRONG_PASSWORDS};
use crate::messages::Messages;

/// Seconds after which somebody who found us busy may come back.
const RETRY_AFTER: &str = "1";

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// A JSON answer that no cache keeps (RFC 6749 §5.1).
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => Response::builder()
            .status(status)
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be serialised");
            StatusCode::INTERNAL_SERVER_ERROR.into()
        }
    }
}

/// An error of a JSON endpoint (RFC 6749 §5.2).
pub fn oauth_error(fault: &Fault, request: Asked) -> Response {
    log(fault);
    let status = status(fault);
    let (code, description) = public(fault);
    let mut response = json(status, &ErrorBody { error: code.as_str(), error_description: &description });
    // RFC 6749 §5.2: the scheme that the client used, and only if it used one; a browser would ask
    // its user for a password otherwise.
    if status == StatusCode::UNAUTHORIZED && request.with_authorization {
        set(&mut response, header::WWW_AUTHENTICATE, "Basic realm=\"token endpoint\", charset=\"UTF-8\"");
    }
    retry_after(fault, &mut response);
    response
}

/// What the rendering of an error has to know of the request.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub with_authorization: bool,
    pub id: RequestId,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        Self { with_authorization: extract::authorization(request).is_some(), id: RequestId::of(request) }
    }
}

/// An error of an endpoint that takes access tokens (RFC 6750 §3, RFC 9449 §7.1), which is told in the
/// scheme that the token came with.
pub fn resource_error(fault: &Fault, scheme: Option<TokenScheme>) -> Response {
    log(fault);
    let (code, description) = public(fault);
    // RFC 9449 §7.1, §9: here a proof is a credential, and not a parameter of a request.
    let status = match code {
        ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => StatusCode::UNAUTHORIZED,
        _ => status(fault),
    };
    let mut response = json(status, &ErrorBody { error: code.as_str(), error_description: &description });
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST) {
        let told = format!("error=\"{}\", error_description=\"{description}\"", code.as_str());
        match scheme {
            Some(TokenScheme::Dpop) => challenge(&mut response, &format!("{}, {told}", *DPOP_CHALLENGE)),
            Some(TokenScheme::Bearer) | None => challenge(&mut response, &format!("Bearer {told}")),
        }
    }
    retry_after(fault, &mut response);
    response
}

/// An error of the registration endpoints (RFC 7591 §3.2.2, RFC 7592 §2), whose tokens are bearer tokens.
pub fn registration_error(fault: &Fault) -> Response {
    log(fault);
    let status = status(fault);
    let (code, description) = public(fault);
    let mut response = json(status, &ErrorBody { error: code.as_str(), error_description: &description });
    if status == StatusCode::UNAUTHORIZED {
        let challenge = format!("Bearer error=\"{}\", error_description=\"{description}\"", code.as_str());
        set(&mut response, header::WWW_AUTHENTICATE, &challenge);
    }
    retry_after(fault, &mut response);
    response
}

/// RFC 6750 §3.1: a request without any token is told the schemes and nothing more.
pub fn token_challenge() -> Response {
    let mut response = Response::from(StatusCode::UNAUTHORIZED);
    challenge(&mut response, "Bearer");
    challenge(&mut response, &DPOP_CHALLENGE);
    response
}

/// RFC 9449 §7.1.
static DPOP_CHALLENGE: LazyLock<String> =
    LazyLock::new(|| format!("DPoP algs=\"{}\"", PROOF_ALGORITHMS.join(" ")));

fn challenge(response: &mut Response, challenge: &str) {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
}

/// An error on a page, for people.
pub fn error_page(fault: &Fault, asked: Asked, layout: pages::Layout) -> Response {
    error_page_with(fault, asked, layout, None)
}

/// [`error_page`] with the address of a sign-in to begin anew.
pub fn error_page_with(
    fault: &Fault,
    asked: Asked,
    layout: pages::Layout,
    sign_in: Option<String>,
) -> Response {
    log(fault);
    let messages = layout.messages;
    let (title, message) = in_words(fault, messages);
    let code = match fault {
        Fault::Protocol(error) => Some(error.code.as_str().to_owned()),
        _ => None,
    };
    let (title, correlation_id) = (messages.text(title).into_owned(), asked.id.to_string());
    let page = ErrorPage { layout, title, message, code, sign_in, correlation_id };
    let mut response = pages::html(status(fault), page.render(), &[]);
    retry_after(fault, &mut response);
    response
}

/// The name of a fault's title, and what to tell the person of it.
fn in_words(fault: &Fault, messages: Messages) -> (&'static str, String) {
    let (title, message) = match fault {
        Fault::Protocol(_) => {
            let nothing_shared = messages.text("error-protocol-nothing-shared");
            return ("error-protocol-title", format!("{} {nothing_shared}", description(fault, messages)));
        }
        Fault::TooMany { what, retry_after } => {
            let what = match *what {
                WRONG_PASSWORDS => "error-too-many-passwords",
                WRONG_CODES => "error-too-many-codes",
                _ => "error-too-many-requests",
            };
            let minutes = retry_after.saturating_add(59) / 60;
            let wait = messages.with("error-too-many-wait", &[("minutes", minutes.max(1))]);
            return ("error-too-many-title", format!("{} {wait}", messages.text(what)));
        }
        Fault::UnknownTenant => ("error-unknown-tenant-title", "error-unknown-tenant"),
        Fault::SuspendedTenant => ("error-suspended-title", "error-suspended"),
        Fault::ForgedForm(_) => ("error-forged-title", "error-forged"),
        Fault::NotOffered(_) => ("error-not-offered-title", "error-not-offered"),
        Fault::TooLarge(_) => ("error-too-large-title", "error-too-large"),
        Fault::Expired(_) => ("error-expired-title", "error-expired"),
        Fault::Busy(_) => ("error-busy-title", "error-busy"),
        Fault::Internal(_) => ("error-internal-title", "error-internal"),
    };
    (title, messages.text(message).into_owned())
}

/// What is wrong with the request that an application sent somebody with, for that person.
pub fn description(fault: &Fault, messages: Messages) -> String {
    messages.with("error-protocol", &[("detail", public(fault).1)])
}

/// The one place where statuses are decided.
pub fn status(fault: &Fault) -> StatusCode {
    match fault {
        Fault::Protocol(error) => match error.code {
            ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
            ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
            ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::InvalidRequest
            | ErrorCode::InvalidGrant
            | ErrorCode::UnauthorizedClient
            | ErrorCode::UnsupportedGrantType
            | ErrorCode::UnsupportedResponseType
            | ErrorCode::InvalidScope
            | ErrorCode::UnsupportedTokenType
            | ErrorCode::InvalidTarget
            | ErrorCode::LoginRequired
            | ErrorCode::UnmetAuthenticationRequirements
            | ErrorCode::ConsentRequired
            | ErrorCode::InteractionRequired
            | ErrorCode::AccountSelectionRequired
            | ErrorCode::RequestNotSupported
            | ErrorCode::RequestUriNotSupported
            | ErrorCode::RegistrationNotSupported
            | ErrorCode::InvalidRequestObject
            | ErrorCode::InvalidRequestUri
            | ErrorCode::AuthorizationPending
            | ErrorCode::SlowDown
            | ErrorCode::AccessDenied
            | ErrorCode::ExpiredToken
            | ErrorCode::InvalidDpopProof
            | ErrorCode::UseDpopNonce
            | ErrorCode::InvalidRedirectUri
            | ErrorCode::InvalidClientMetadata
            | ErrorCode::InvalidSoftwareStatement
            | ErrorCode::UnapprovedSoftwareStatement => StatusCode::BAD_REQUEST,
        },
        Fault::UnknownTenant | Fault::NotOffered(_) => StatusCode::NOT_FOUND,
        Fault::SuspendedTenant | Fault::ForgedForm(_) => StatusCode::FORBIDDEN,
        Fault::Expired(_) => StatusCode::BAD_REQUEST,
        Fault::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        Fault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a client may know.
fn public(fault: &Fault) -> (ErrorCode, String) {
    match fault {
        Fault::Protocol(Error { code, description, .. }) => (*code, description.clone()),
        Fault::UnknownTenant | Fault::NotOffered(_) | Fault::SuspendedTenant | Fault::TooLarge(_) => {
            (ErrorCode::InvalidRequest, fault.to_string())
        }
        Fault::ForgedForm(_) | Fault::Expired(_) => (ErrorCode::AccessDenied, fault.to_string()),
        Fault::Busy(_) => (ErrorCode::TemporarilyUnavailable, "the server is busy; try again".to_owned()),
        Fault::TooMany { what, .. } => {
            (ErrorCode::TemporarilyUnavailable, format!("too many {what} in a short time; try again later"))
        }
        Fault::Internal(_) => {
            (ErrorCode::ServerError, "the server failed; X-Request-Id finds its log".to_owned())
        }
    }
}

/// Faults of ours are errors, theirs are warnings.
pub fn log(fault: &Fault) {
    match fault {
        Fault::Internal(error) => tracing::error!(%error, "internal fault"),
        // They come in crowds, and are counted.
        fault @ Fault::TooMany { .. } => tracing::debug!(%fault, "refused"),
        fault => tracing::warn!(%fault, "refused"),
    }
}

fn retry_after(fault: &Fault, response: &mut Response) {
    match fault {
        Fault::Busy(_) => set(response, header::RETRY_AFTER, RETRY_AFTER),
        Fault::TooMany { retry_after, .. } => {
            set(response, header::RETRY_AFTER, &retry_after.to_string());
        }
        _ => {}
    }
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
