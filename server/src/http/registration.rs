//! The client registration endpoint (RFC 7591 §3) and the client configuration endpoint (RFC 7592 §2).

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::extract;
use super::render;
use crate::app::App;
use crate::app::registration::RegistrationRequest;
use crate::app::registration::management::ManagementRequest;

/// `POST /t/:slug/register`
pub async fn register(app: Arc<App>, mut request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let body = extract::json(&mut request).await;
        let body = body.as_deref().map_err(Clone::clone);
        let address = extract::address(&app, &request);
        let token = extract::bearer(&request);
        app.register(&context, RegistrationRequest { body, token, address }).await
    };
    match answered.await {
        Ok(information) => render::json(StatusCode::CREATED, &information),
        Err(fault) => render::registration_error(&fault),
    }
}

/// `GET /t/:slug/register/:client_id`
pub async fn read(app: Arc<App>, request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        app.read_registration(&context, management(&request)).await
    };
    match answered.await {
        Ok(information) => render::json(StatusCode::OK, &information),
        Err(fault) => render::registration_error(&fault),
    }
}

/// `PUT /t/:slug/register/:client_id`
pub async fn update(app: Arc<App>, mut request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        let body = extract::json(&mut request).await?;
        app.update_registration(&context, management(&request), &body).await
    };
    match answered.await {
        Ok(information) => render::json(StatusCode::OK, &information),
        Err(fault) => render::registration_error(&fault),
    }
}

/// `DELETE /t/:slug/register/:client_id`
pub async fn delete(app: Arc<App>, request: Request) -> Response {
    let answered = async {
        let context = extract::tenant(&app, &request).await?;
        app.delete_registration(&context, management(&request)).await
    };
    match answered.await {
        Ok(()) => Response::builder()
            .status(StatusCode::NO_CONTENT)
            .header(header::CACHE_CONTROL, "no-store")
            .finish(),
        Err(fault) => render::registration_error(&fault),
    }
}

/// Identifiers of clients that registered themselves need no decoding.
fn management(request: &Request) -> ManagementRequest<'_> {
    let client_id = request.raw_path_param("client_id").unwrap_or_default();
    ManagementRequest { client_id, token: extract::bearer(request) }
}
