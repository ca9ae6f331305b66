//! Which methods an address takes (RFC 9110 §15.5.6).

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};

/// An endpoint that says which methods it takes when it is asked with another.
pub struct Allowing<E> {
    endpoint: E,
    allow: Option<HeaderValue>,
}

impl<E: Endpoint> Allowing<E> {
    /// `methods` are those that the endpoint takes.
    pub fn new(endpoint: E, methods: &[Method]) -> Self {
        // Whatever answers GET answers HEAD.
        let head = methods.contains(&Method::GET).then_some("HEAD");
        let names: Vec<_> = methods.iter().map(Method::as_str).chain(head).collect();
        Self { endpoint, allow: HeaderValue::from_str(&names.join(", ")).ok() }
    }
}

impl<E: Endpoint> Endpoint for Allowing<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let mut response = match self.endpoint.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        if let (StatusCode::METHOD_NOT_ALLOWED, Some(allow)) = (response.status(), &self.allow) {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
        Ok(response)
    }
}
