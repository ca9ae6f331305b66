//! The protocol endpoints of a tenant's issuer.

use std::sync::{Arc, LazyLock};

use grantor_protocol::ErrorCode;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use super::extract;
use super::pages::{self, fault_page};
use super::render::{self, Asked};
use crate::app::dpop::DpopHeader;
use crate::app::keyring::JWKS_MAX_AGE;
use crate::app::tenants::Document;
use crate::app::{App, Fault};

/// `GET` and `POST /t/:slug/authorize` (RFC 6749 §3.1)
pub async fn authorize(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let context = match extract::tenant(&app, &request).await {
        Ok(context) => context,
        Err(fault) => return fault_page(None, &fault, asked),
    };
    let params = if request.method() == Method::POST {
        extract::form(&app, &mut request).await
    } else {
        extract::query(&app, &request)
    };
    let begun = match params {
        Err(error) => Err(error.into()),
        Ok(params) => app.authorize(&context, &params, &extract::browser(&app, &context, &request)).await,
    };
    match begun {
        Ok(begun) => {
            let mut response = pages::go(&context, begun.progress);
            pages::set_browser_cookie(&context, &mut response, begun.new_browser.as_ref());
            response
        }
        Err(Fault::Protocol(mut error)) => {
            // On a page nobody is asked to authenticate.
            if error.code == ErrorCode::InvalidClient {
                error.code = ErrorCode::InvalidRequest;
            }
            fault_page(Some(&context), &Fault::Protocol(error), asked)
        }
        Err(fault) => fault_page(Some(&context), &fault, asked),
    }
}

/// `POST /t/:slug/token` (RFC 6749 §3.2)
pub async fn token(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        let peer = extract::peer(&app, &request);
        app.token(&context, extract::client_request(&request, &params, &peer)).await
    };
    let response = match answered.await {
        Ok(tokens) => render::json(StatusCode::OK, &tokens),
        Err(fault) => render::oauth_error(&fault, asked),
    };
    with_dpop_nonce(&app, &request, response).await
}

/// `POST /t/:slug/par` (RFC 9126)
pub async fn par(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form_or_too_large(&app, &mut request).await?;
        let peer = extract::peer(&app, &request);
        let request = extract::client_request(&request, &params, &peer);
        app.push_authorization_request(&context, request).await
    };
    let response = match answered.await {
        Ok(pushed) => render::json(StatusCode::CREATED, &pushed),
        Err(fault) => render::oauth_error(&fault, asked),
    };
    with_dpop_nonce(&app, &request, response).await
}

/// `POST /t/:slug/device_authorization` (RFC 8628 §3.1)
pub async fn device_authorization(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        let peer = extract::peer(&app, &request);
        app.device_authorization(&context, extract::client_request(&request, &params, &peer)).await
    };
    match answered.await {
        Ok(begun) => render::json(StatusCode::OK, &begun),
        Err(fault) => render::oauth_error(&fault, asked),
    }
}

/// `POST /t/:slug/revoke` (RFC 7009)
pub async fn revoke(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        let peer = extract::peer(&app, &request);
        app.revoke(&context, extract::client_request(&request, &params, &peer)).await
    };
    match answered.await {
        Ok(()) => {
            Response::builder().status(StatusCode::OK).header(header::CACHE_CONTROL, "no-store").finish()
        }
        Err(fault) => render::oauth_error(&fault, asked),
    }
}

/// `POST /t/:slug/introspect` (RFC 7662)
pub async fn introspect(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        let peer = extract::peer(&app, &request);
        app.introspect(&context, extract::client_request(&request, &params, &peer)).await
    };
    match answered.await {
        Ok(answer) => render::json(StatusCode::OK, &answer),
        Err(fault) => render::oauth_error(&fault, asked),
    }
}

/// `GET` and `POST /t/:slug/userinfo` (OpenID Connect Core §5.3)
pub async fn userinfo(app: Arc<App>, request: Request) -> Response {
    let peer = extract::peer(&app, &request);
    let resource_request = extract::resource_request(&request, &peer);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        match resource_request {
            Some(resource_request) => app.userinfo(&context, resource_request).await.map(Some),
            None => Ok(None),
        }
    };
    let response = match answered.await {
        Ok(Some(claims)) => render::json(StatusCode::OK, &claims),
        Ok(None) => render::token_challenge(),
        Err(fault) => render::resource_error(&fault, resource_request.map(|request| request.scheme)),
    };
    with_dpop_nonce(&app, &request, response).await
}

/// Gives the client of a request with a DPoP proof the nonce for its next one, where it needs another
/// (RFC 9449 §8).
pub async fn with_dpop_nonce(app: &App, request: &Request, mut response: Response) -> Response {
    let header = extract::dpop(request);
    if matches!(header, DpopHeader::One(_))
        && let Ok(context) = extract::tenant(app, request).await
        && let Some(nonce) = app.dpop_nonce(&context, header)
        && let Ok(nonce) = HeaderValue::from_str(&nonce)
    {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

/// `GET /t/:slug/jwks` (RFC 7517 §5)
pub async fn jwks(app: Arc<App>, request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        app.jwks(context).await
    };
    match answered.await {
        Ok(jwks) => document(&request, &jwks, "application/jwk-set+json"),
        Err(fault) => render::oauth_error(&fault, Asked::of(&request)),
    }
}

/// The metadata at all of its four addresses (RFC 8414 §3, OpenID Connect Discovery §4).
pub async fn metadata(app: Arc<App>, request: Request) -> Response {
    match extract::tenant(&app, &request).await {
        Ok(context) => document(&request, &context.metadata, "application/json"),
        Err(fault) => render::oauth_error(&fault, Asked::of(&request)),
    }
}

static CACHE_CONTROL: LazyLock<HeaderValue> = LazyLock::new(|| {
    let value = format!("public, max-age={}", JWKS_MAX_AGE.seconds());
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("no-cache"))
});

/// A prebuilt document; 304 for those who have it (RFC 9110 §13.1.2).
fn document(request: &Request, document: &Document, content_type: &str) -> Response {
    let response = Response::builder()
        .header(header::ETAG, document.etag.as_str())
        .header(header::CACHE_CONTROL, CACHE_CONTROL.clone());
    if is_held(request, &document.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.status(StatusCode::OK).content_type(content_type).body(document.body.clone())
}

/// Whether the caller has what this validator stands for.
pub(super) fn is_held(request: &Request, etag: &str) -> bool {
    let held = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_held = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    held.is_some_and(|held| held.split(',').any(|tag| is_held(tag.trim())))
}
