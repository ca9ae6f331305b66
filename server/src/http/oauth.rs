//! The protocol endpoints of a tenant's issuer.

use std::sync::{Arc, LazyLock};

use grantor_protocol::ErrorCode;
use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Request, Response};

use super::extract;
use super::pages::{self, fault_page};
use super::render::{self, Asked};
use crate::app::authorize::AuthorizeError;
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
        Err(error) => Err(AuthorizeError::Page(error)),
        Ok(params) => app.authorize(&context, &params, &extract::browser(&app, &context, &request)).await,
    };
    match begun {
        Ok(begun) => {
            let mut response = pages::go(&context, begun.progress);
            pages::set_browser_cookie(&app, &context, &mut response, begun.new_browser.as_ref());
            response
        }
        Err(AuthorizeError::Page(mut error)) => {
            // On a page nobody is asked to authenticate.
            if error.code == ErrorCode::InvalidClient {
                error.code = ErrorCode::InvalidRequest;
            }
            fault_page(Some(&context), &Fault::Protocol(error), asked)
        }
        Err(AuthorizeError::Fault(fault)) => fault_page(Some(&context), &fault, asked),
    }
}

/// `POST /t/:slug/token` (RFC 6749 §3.2)
pub async fn token(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        app.token(&context, extract::client_request(&request, &params)).await
    };
    match answered.await {
        Ok(tokens) => render::json(StatusCode::OK, &tokens),
        Err(fault) => render::oauth_error(&fault, asked),
    }
}

/// `POST /t/:slug/device_authorization` (RFC 8628 §3.1)
pub async fn device_authorization(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let params = extract::form(&app, &mut request).await?;
        let address = extract::address(&request);
        app.device_authorization(&context, extract::client_request(&request, &params), address).await
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
        app.revoke(&context, extract::client_request(&request, &params)).await
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
        app.introspect(&context, extract::client_request(&request, &params)).await
    };
    match answered.await {
        Ok(answer) => render::json(StatusCode::OK, &answer),
        Err(fault) => render::oauth_error(&fault, asked),
    }
}

/// `GET` and `POST /t/:slug/userinfo` (OpenID Connect Core §5.3)
pub async fn userinfo(app: Arc<App>, request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        match extract::bearer(&request) {
            Some(token) => app.userinfo(&context, token).await.map(Some),
            None => Ok(None),
        }
    };
    match answered.await {
        Ok(Some(claims)) => render::json(StatusCode::OK, &claims),
        Ok(None) => render::bearer_challenge(),
        Err(fault) => render::bearer_error(&fault),
    }
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
    let held = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_held = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == document.etag;
    if held.is_some_and(|held| held.split(',').any(|tag| is_held(tag.trim()))) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.status(StatusCode::OK).content_type(content_type).body(document.body.clone())
}
