use std::sync::Arc;

use grantor_protocol::model::EventOrigin;
use poem::http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use poem::{Endpoint, Middleware, Request};

use super::extract;
use super::request_id::RequestId;
use crate::app::{App, origin};
use crate::messages::wanted;

/// The middleware that tells the use cases where each request comes from, for the audit trail, and the pages in what
/// language to be. It comes after [`RequestIds`](super::request_id::RequestIds).
pub struct Origins(pub Arc<App>);

/// See [`Origins`].
pub struct OriginEndpoint<E> {
    endpoint: E,
    app: Arc<App>,
}

impl<E: Endpoint> Middleware<E> for Origins {
    type Output = OriginEndpoint<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        OriginEndpoint { endpoint, app: Arc::clone(&self.0) }
    }
}

impl<E: Endpoint> Endpoint for OriginEndpoint<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> poem::Result<Self::Output> {
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        let address = extract::address(&self.app, &request);
        let origin = EventOrigin::new(address, user_agent, RequestId::of(&request).to_string());
        let accept_language = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let accept_language = accept_language.map(str::to_owned);
        let answer = wanted::within(accept_language.as_deref(), self.endpoint.call(request));
        origin::within(Arc::new(origin), answer).await
    }
}
