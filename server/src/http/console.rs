//! The console's files and its sign-in.

use std::sync::Arc;

use grantor_protocol::Secret;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};

use super::pages::{add_cookie, fault_page, plain_layout, see_other};
use super::render::{self, Asked};
use super::{console_assets, cookies, extract};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::console::{ConsoleVisit, flow_id};
use crate::app::{App, Fault};

/// How long a sign-in may take, in seconds.
const FLOW_LIFETIME: i64 = 3600;

/// How long a browser remembers its tenant, in seconds: browsers keep no cookie longer (RFC 6265bis §5.5).
const TENANT_LIFETIME: i64 = 400 * 24 * 3600;

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

/// `GET /console/sign-in?tenant=..&back=..`
pub async fn sign_in(app: Arc<App>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let https = app.addresses.is_https();
    let begun = async {
        let params = extract::query(&app, &request)?;
        params.refuse_duplicates()?;
        let remembered = cookies::get(&request, cookies::CONSOLE_TENANT, https);
        let remembered = remembered.as_ref().map(Secret::expose);
        let visit = ConsoleVisit { tenant: params.get("tenant"), remembered, back: params.get("back") };
        app.begin_console_sign_in(visit).await
    };
    match begun.await {
        Ok(flow) => {
            let mut response = see_other(&flow.authorize);
            for name in cookies::surplus_console_flows(&request, https) {
                add_cookie(&mut response, &cookies::remove(&name, https));
            }
            let name = cookies::console_flow(&flow.id);
            add_cookie(&mut response, &cookies::set(&name, &flow.cookie, Some(FLOW_LIFETIME), https));
            response
        }
        Err(fault) => fault_page(None, &fault, asked),
    }
}

/// `GET /console/callback`
pub async fn callback(app: Arc<App>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let https = app.addresses.is_https();
    let finished = async {
        let params = extract::query(&app, &request)?;
        params.refuse_duplicates()?;
        let name = cookies::console_flow(flow_id(params.get("state").unwrap_or_default()));
        let flow = cookies::get(&request, &name, https);
        Ok((app.finish_console_sign_in(flow.as_ref(), &params).await?, name))
    };
    match finished.await {
        Ok((started, flow)) => {
            let mut response = see_other(&started.back);
            let cookie = cookies::set(cookies::CONSOLE, &started.cookie, Some(started.expires_in), https);
            add_cookie(&mut response, &cookie);
            let tenant = Secret::presented(started.tenant);
            let cookie = cookies::set(cookies::CONSOLE_TENANT, &tenant, Some(TENANT_LIFETIME), https);
            add_cookie(&mut response, &cookie);
            add_cookie(&mut response, &cookies::remove(&flow, https));
            response
        }
        Err::<_, Fault>(fault) => {
            render::error_page_with(&fault, asked, plain_layout(), Some("/console/sign-in".to_owned()))
        }
    }
}

/// `POST /console/sign-out`: ends the console's session and the tenant's own. From the tenant the browser
/// comes back to the console.
pub async fn sign_out(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let https = app.addresses.is_https();
    let ended = async {
        extract::same_site(&request)?;
        let params = extract::form(&app, &mut request).await?;
        match cookies::get(&request, cookies::CONSOLE, https) {
            Some(cookie) => {
                app.end_console_session(&cookie, params.get("csrf_token").unwrap_or_default()).await
            }
            // The browser has forgotten its session, which is not to say that it is over.
            None => {
                let tenant = cookies::get(&request, cookies::CONSOLE_TENANT, https);
                app.console_logout(tenant.as_ref().map_or(SYSTEM_TENANT, Secret::expose)).await
            }
        }
    };
    match ended.await {
        Ok(next) => {
            let mut response = see_other(&next);
            add_cookie(&mut response, &cookies::remove(cookies::CONSOLE, https));
            response
        }
        Err(fault) => fault_page(None, &fault, asked),
    }
}
