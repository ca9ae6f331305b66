//! Rate limits, before anything else of a request is looked at.

use std::sync::Arc;

use grantor_protocol::model::RateKind;
use poem::{Endpoint, IntoResponse, Request, Response};

use super::extract;
use super::pages::fault_page;
use super::render::{self, Asked};
use crate::app::{App, Fault, TenantContext};

/// An endpoint of a tenant's whose requests are counted; without a kind, any number is answered.
pub struct Limited<E> {
    endpoint: E,
    app: Arc<App>,
    kind: Option<RateKind>,
}

impl<E: Endpoint> Limited<E> {
    pub const fn new(endpoint: E, app: Arc<App>, kind: Option<RateKind>) -> Self {
        Self { endpoint, app, kind }
    }
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if let Some(kind) = self.kind {
            match extract::tenant(&self.app, &request).await {
                Ok(context) => {
                    let address = || extract::address(&self.app, &request);
                    if let Err(fault) = self.app.limit(&context, kind, address) {
                        return Ok(refusal(Some(&context), kind, &fault, &request));
                    }
                }
                // Nobody's requests are not counted, and need not be looked up twice.
                Err(fault @ Fault::UnknownTenant) => return Ok(refusal(None, kind, &fault, &request)),
                Err(_) => {}
            }
        }
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}

fn refusal(context: Option<&TenantContext>, kind: RateKind, fault: &Fault, request: &Request) -> Response {
    let asked = Asked::of(request);
    match kind {
        RateKind::SignIn | RateKind::FailedSignIn | RateKind::FailedSignInAccount | RateKind::Authorize => {
            fault_page(context, fault, asked)
        }
        RateKind::Token
        | RateKind::Registration
        | RateKind::RegistrationAddress
        | RateKind::Admin
        | RateKind::Device
        | RateKind::Introspection => render::oauth_error(fault, asked),
    }
}
