//! What handlers take out of requests.

mod peer;

use std::sync::Arc;

use grantor_protocol::confirmation::TokenScheme;
use grantor_protocol::model::RequestOrigin;
use grantor_protocol::{Error, Params};
use poem::Request;
use poem::error::ReadBodyError;
use poem::http::HeaderValue;
use poem::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};

use super::{cookies, hosts};
use crate::app::authorize::Browser;
use crate::app::client_auth::ClientRequest;
use crate::app::dpop::{DpopHeader, ResourceRequest};
use crate::app::{App, Fault, Peer, TenantContext};

pub use peer::{address, peer};

/// Largest body of a form, in bytes.
pub const FORM_LIMIT: usize = 64 * 1024;

static DPOP: HeaderName = HeaderName::from_static("dpop");

/// The media type of OAuth's requests (RFC 6749 Appendix B).
const FORM: &str = "application/x-www-form-urlencoded";

const JSON: &str = "application/json";

/// A request as the endpoints that clients call see it.
pub fn client_request<'a>(request: &'a Request, params: &'a Params, peer: &'a Peer) -> ClientRequest<'a> {
    ClientRequest { params, authorization: authorization(request), dpop: dpop(request), peer }
}

/// A request with an access token in its `Authorization` header, as a `Bearer` (RFC 6750 §2.1) or a
/// `DPoP` token (RFC 9449 §7.1).
pub fn resource_request<'a>(request: &'a Request, peer: &'a Peer) -> Option<ResourceRequest<'a>> {
    let (scheme, access_token) = authorization(request)?.split_once(' ')?;
    let scheme = match scheme {
        scheme if scheme.eq_ignore_ascii_case("bearer") => TokenScheme::Bearer,
        scheme if scheme.eq_ignore_ascii_case("dpop") => TokenScheme::Dpop,
        _ => return None,
    };
    let (access_token, method) = (access_token.trim(), request.method().as_str());
    Some(ResourceRequest { scheme, access_token, method, dpop: dpop(request), peer })
}

/// The `DPoP` header (RFC 9449 §4.1).
pub fn dpop(request: &Request) -> DpopHeader<'_> {
    let mut values = request.headers().get_all(&DPOP).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => DpopHeader::Absent,
        (Some(Ok(proof)), None) => DpopHeader::One(proof),
        _ => DpopHeader::Unusable,
    }
}

/// The active tenant that a request is to.
///
/// # Errors
/// As [`any_tenant`]; [`Fault::SuspendedTenant`].
pub async fn tenant(app: &App, request: &Request) -> Result<Arc<TenantContext>, Fault> {
    any_tenant(app, request).await?.if_active()
}

/// The tenant that a request is to, whatever its status.
///
/// A tenant is where its issuer is and nowhere else. What would answer at two addresses would be two
/// issuers to whoever compares them (RFC 8414 §3.3, RFC 9207 §2.4), and a redirect from one to the other
/// only leads to a document that its reader has to refuse.
///
/// # Errors
/// [`Fault::UnknownTenant`].
pub async fn any_tenant(app: &App, request: &Request) -> Result<Arc<TenantContext>, Fault> {
    let context = app.any_tenant(request.raw_path_param("slug").unwrap_or_default()).await?;
    match context.domain() == hosts::domain(request) {
        true => Ok(context),
        false => Err(Fault::UnknownTenant),
    }
}

/// The parameters of the query.
///
/// # Errors
/// `invalid_request`.
pub fn query(app: &App, request: &Request) -> Result<Params, Error> {
    Params::parse(request.uri().query().unwrap_or_default().as_bytes(), app.limits)
}

/// The parameters of a form in the body.
///
/// # Errors
/// `invalid_request` for another media type (RFC 6749 §3.2) or a body that is too large.
pub async fn form(app: &App, request: &mut Request) -> Result<Params, Error> {
    form_or_too_large(app, request).await.map_err(|fault| match fault {
        Fault::Protocol(error) => error,
        fault => Error::invalid_request(fault.to_string()),
    })
}

/// [`form`] for an endpoint whose standard has an answer of its own for a body that is too large.
///
/// # Errors
/// `invalid_request`, [`Fault::TooLarge`].
pub async fn form_or_too_large(app: &App, request: &mut Request) -> Result<Params, Fault> {
    if !media_type(request).is_some_and(|media_type| media_type.eq_ignore_ascii_case(FORM)) {
        return Err(Error::invalid_request(format!("the content type must be {FORM}")).into());
    }
    let bytes = request.take_body().into_bytes_limit(FORM_LIMIT).await.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Fault::TooLarge(FORM_LIMIT),
        _ => Error::invalid_request("the body was cut off").into(),
    })?;
    Ok(Params::parse(&bytes, app.limits)?)
}

/// A JSON document in the body.
///
/// # Errors
/// `invalid_request` for another media type or a body that is too large.
pub async fn json(request: &mut Request) -> Result<Vec<u8>, Error> {
    if !media_type(request).is_some_and(|media_type| media_type.eq_ignore_ascii_case(JSON)) {
        return Err(Error::invalid_request(format!("the content type must be {JSON}")));
    }
    request.take_body().into_bytes_limit(FORM_LIMIT).await.map(|bytes| bytes.to_vec()).map_err(|_| {
        Error::invalid_request(format!("the body is longer than {FORM_LIMIT} bytes, or was cut off"))
    })
}

fn media_type(request: &Request) -> Option<&str> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

/// The `Authorization` header as text.
pub fn authorization(request: &Request) -> Option<&str> {
    request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("unreadable"))
}

/// The token of a `Bearer` header (RFC 6750 §2.1).
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = authorization(request)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the cookies say of the browser.
pub fn browser(app: &App, context: &TenantContext, request: &Request) -> Browser {
    let (slug, https) = (&context.tenant.slug, context.is_https());
    Browser {
        browser: cookies::get(request, &cookies::browser(slug), https),
        session: cookies::get(request, &cookies::session(slug), https),
        known: cookies::get(request, &cookies::known(slug), https),
        address: address(app, request),
        user_agent: user_agent(request),
    }
}

/// What the browser says that it is, cut to what is kept of it.
fn user_agent(request: &Request) -> Option<String> {
    let value = request.headers().get(USER_AGENT)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let kept = text.chars().filter(|character| !character.is_control());
    Some(kept.take(RequestOrigin::USER_AGENT_LENGTH).collect())
}

/// Refuses a form that another site sent (Fetch Metadata); browsers without the header are held by
/// the form's own token.
///
/// # Errors
/// [`Fault::ForgedForm`].
pub fn same_site(request: &Request) -> Result<(), Fault> {
    match request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok()) {
        Some("cross-site" | "same-site") => Err(Fault::ForgedForm("another site sent it")),
        _ => Ok(()),
    }
}
