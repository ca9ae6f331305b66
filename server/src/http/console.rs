//! The console's files and its sign-in.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};

use super::pages::{add_cookie, fault_page, see_other};
use super::render::Asked;
use super::{console_assets, cookies, extract};
use crate::app::{App, Fault};

/// Scripts only of our own, and the wasm that they load.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `GET /console/*`: a file of the console's, or its page for every address within it.
pub async fn file(_: Arc<App>, request: Request) -> Response {
    let path = request.raw_path_param("path").unwrap_or_default();
    let found = console_assets::find(path);
    // The console's files are in no folder; its addresses may have dots further down, in a client_id.
    let is_file = path.contains('.') && !path.contains('/');
    let found = found.or_else(|| if is_file { None } else { console_assets::find("") });
    let Some(asset) = found else {
        let mut response = Response::builder().status(StatusCode::NOT_FOUND).body(
            "The console is not in this binary, or has no such file. `cargo xtask console` builds it; build the \
             server after that.\n",
        );
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        return response;
    };
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let brotli = asset.brotli.filter(|_| {
        accepts.is_some_and(|accepts| {
            accepts.split(',').any(|coding| coding.split(';').next().map(str::trim) == Some("br"))
        })
    });
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::builder()
        .header(header::ETAG, asset.etag)
        .header(header::CACHE_CONTROL, cache)
        .header(header::VARY, "Accept-Encoding")
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer");
    let held = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if held == Some(asset.etag) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    if brotli.is_some() {
        response = response.header(header::CONTENT_ENCODING, "br");
    }
    response.status(StatusCode::OK).content_type(asset.content_type).body(brotli.unwrap_or(asset.identity))
}

/// `GET /console/sign-in`
pub async fn sign_in(app: Arc<App>, _: Request) -> Response {
    let flow = app.begin_console_sign_in();
    let mut response = see_other(&flow.authorize);
    let cookie = cookies::set(cookies::CONSOLE_FLOW, &flow.cookie, Some(3600), app.addresses.is_https());
    add_cookie(&mut response, &cookie);
    response
}

/// `GET /console/callback`
pub async fn callback(app: Arc<App>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let https = app.addresses.is_https();
    let finished = async {
        let params = extract::query(&app, &request)?;
        params.refuse_duplicates()?;
        let flow = cookies::get(&request, cookies::CONSOLE_FLOW, https);
        app.finish_console_sign_in(flow.as_ref(), &params).await
    };
    match finished.await {
        Ok(started) => {
            let mut response = see_other("/console/");
            let cookie = cookies::set(cookies::CONSOLE, &started.cookie, Some(started.expires_in), https);
            add_cookie(&mut response, &cookie);
            add_cookie(&mut response, &cookies::remove(cookies::CONSOLE_FLOW, https));
            response
        }
        Err(fault) => fault_page(None, &fault, asked),
    }
}

/// `POST /console/sign-out`: ends the console's session and asks for the end of the tenant's own, as every
/// client does; from there the browser comes back to the console.
pub async fn sign_out(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let https = app.addresses.is_https();
    let ended = async {
        extract::same_site(&request)?;
        let params = extract::form(&app, &mut request).await?;
        if let Some(cookie) = cookies::get(&request, cookies::CONSOLE, https) {
            app.end_console_session(&cookie, params.get("csrf_token").unwrap_or_default()).await?;
        }
        Ok(())
    };
    match ended.await {
        Ok(()) => {
            let mut response = see_other(&app.console_logout());
            add_cookie(&mut response, &cookies::remove(cookies::CONSOLE, https));
            response
        }
        Err::<(), Fault>(fault) => fault_page(None, &fault, asked),
    }
}
