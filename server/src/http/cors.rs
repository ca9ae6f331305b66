//! Cross-origin access for the endpoints that browsers' clients call. None of them uses cookies, so
//! every origin may (Fetch §3.2).

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

/// An endpoint that scripts of every origin may call.
pub struct AnyOrigin<E> {
    endpoint: E,
    methods: &'static str,
}

impl<E: Endpoint> AnyOrigin<E> {
    /// `methods` as in `Access-Control-Allow-Methods`.
    pub const fn new(endpoint: E, methods: &'static str) -> Self {
        Self { endpoint, methods }
    }
}

impl<E: Endpoint> Endpoint for AnyOrigin<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = if request.method() == Method::OPTIONS {
            let mut response = Response::from(StatusCode::NO_CONTENT);
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(self.methods));
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("authorization, content-type, dpop"),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
            response
        } else {
            match self.endpoint.call(request).await {
                Ok(response) => response.into_response(),
                Err(error) => error.into_response(),
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("www-authenticate, dpop-nonce, x-request-id"),
        );
        Ok(response)
    }
}
