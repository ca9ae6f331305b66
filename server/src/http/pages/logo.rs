//! Logos of clients and tenants, at an address of this server: whoever fetched one from elsewhere would tell its
//! publisher that somebody looks at the page.

use std::sync::Arc;

use grantor_protocol::model::{Client, ClientId};
use poem::http::{StatusCode, header};
use poem::{Request, Response};
use url::form_urlencoded::Serializer;

use super::tenant_path;
use crate::app::logo::Logo;
use crate::app::{App, Fault, TenantContext};
use crate::http::oauth::is_held;
use crate::http::{extract, render};

/// Where a page finds the client's logo; none where the client has none.
pub(super) fn logo_address(app: &App, context: &TenantContext, client: &Client) -> Option<String> {
    let proof = app.logo_proof(client)?;
    let query = Serializer::new(String::new())
        .append_pair("client_id", client.client_id.as_str())
        .append_pair("v", &proof)
        .finish();
    Some(format!("{}/client-logo?{query}", tenant_path(context)))
}

/// `GET /t/:slug/client-logo`, as [`logo_address`] writes it; 404 where there is no image to show.
pub async fn client_logo(app: Arc<App>, request: Request) -> Response {
    let found = find(&app, &request).await;
    answer(&app, &request, found)
}

/// `GET /t/:slug/logo`: the tenant's own; 404 where there is no image to show.
pub async fn tenant_logo(app: Arc<App>, request: Request) -> Response {
    let found = async {
        let context = extract::any_tenant(&app, &request).await?;
        app.tenant_logo(&context).await
    };
    let found = found.await;
    answer(&app, &request, found)
}

fn answer(app: &App, request: &Request, found: Result<Option<Arc<Logo>>, Fault>) -> Response {
    match found {
        Ok(Some(logo)) => image(app, request, logo),
        Ok(None) => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .header(header::CACHE_CONTROL, "no-store")
            .finish(),
        Err(fault) => {
            render::log(&fault);
            render::status(&fault).into()
        }
    }
}

async fn find(app: &App, request: &Request) -> Result<Option<Arc<Logo>>, Fault> {
    let context = extract::tenant(app, request).await?;
    let params = extract::query(app, request)?;
    let Some(client_id) = ClientId::parse(params.require("client_id")?) else { return Ok(None) };
    app.logo(&context, &client_id, params.require("v")?).await
}

/// The image, which a stranger drew: nothing in it runs, whatever somebody makes of it.
fn image(app: &App, request: &Request, logo: Arc<Logo>) -> Response {
    let seconds = logo.fresh_until.seconds_since(app.clock.now());
    let response = Response::builder()
        .header(header::ETAG, &logo.etag)
        .header(header::CACHE_CONTROL, format!("private, max-age={seconds}"))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    if is_held(request, &logo.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    response.status(StatusCode::OK).content_type(logo.media_type).body(logo.body.clone())
}
