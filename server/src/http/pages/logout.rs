//! Signing out: asked for by a person or by a client (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use askama::Template;
use grantor_protocol::logout::{self, ReturnAddress, Step};
use grantor_protocol::{Params, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};
use url::form_urlencoded;

use super::interaction::{add_cookie, client_name, page, return_host};
use super::views::{ReturnLink, SignOutPage, SignedOutPage};
use super::{form_target, html, layout, see_other, tenant_path};
use crate::app::authorize::SignedIn;
use crate::app::logout::LogoutRequest;
use crate::app::{App, Fault, TenantContext};
use crate::http::{cookies, extract, render};

/// `GET /t/:slug/logout`: asks first, so that no link can sign people out, unless the client proves that it
/// knows this very session.
pub async fn logout(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let params = extract::query(app, request)?;
        params.refuse_duplicates()?;
        let browser = extract::browser(app, context, request);
        let LogoutRequest { logout, client, signed_in } = app.logout(context, &params, &browser).await?;
        let client = client.as_deref().map(|loaded| &loaded.client);
        match (logout.step, signed_in, browser.session) {
            (Step::End, Some(signed_in), _) => {
                app.sign_out(context, &signed_in, client.map(|client| &client.client_id)).await?;
                Ok(signed_out(context, logout.return_to.as_ref(), true))
            }
            (Step::Ask, Some(signed_in), Some(cookie)) => {
                let problem = logout.problem.map(Fault::Protocol);
                problem.iter().for_each(render::log);
                let asks = client.map(client_name);
                Ok(sign_out_page(app, context, (&signed_in, &cookie), asks, logout.return_to, problem))
            }
            _ => match logout.problem {
                Some(problem) => Err(problem.into()),
                None => Ok(signed_out(context, logout.return_to.as_ref(), false)),
            },
        }
    })
    .await
}

/// `POST /t/:slug/logout`: the answer to our own page, or a logout request of a client's. A form that a client
/// posts comes without cookies (`SameSite=Lax`), so it is asked for again with GET.
pub async fn logout_answer(app: Arc<App>, mut request: Request) -> Response {
    let form = extract::form(&app, &mut request).await.and_then(|params| {
        params.refuse_duplicates()?;
        Ok(params)
    });
    page(app, request, async |app, context, request| {
        let params = form?;
        if !is_answer(&params) {
            return Ok(see_other(&request_address(context, &params)));
        }
        extract::same_site(request)?;
        let browser = extract::browser(app, context, request);
        let LogoutRequest { logout, client, signed_in } = app.logout(context, &params, &browser).await?;
        if let Some(signed_in) = signed_in {
            app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
            if params.get("decision") == Some("stay") {
                return Ok(see_other(&format!("{}/account", tenant_path(context))));
            }
            let client = client.as_deref().map(|loaded| &loaded.client.client_id);
            app.sign_out(context, &signed_in, client).await?;
            return Ok(signed_out(context, logout.return_to.as_ref(), true));
        }
        Ok(signed_out(context, logout.return_to.as_ref(), false))
    })
    .await
}

/// Only our own form has these fields.
fn is_answer(params: &Params) -> bool {
    params.contains("csrf") || params.contains("decision")
}

fn request_address(context: &TenantContext, params: &Params) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in logout::PARAMETERS {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    format!("{}/logout?{}", tenant_path(context), query.finish())
}

/// Nobody is signed in any more: on to the client, or a page that says so. `ended` is whether that was done
/// just now, for a client that proved itself or by the person's own press.
pub(super) fn signed_out(context: &TenantContext, to: Option<&ReturnAddress>, ended: bool) -> Response {
    let mut response = match to {
        Some(to) if ended || to.automatic => see_other(&to.location()),
        _ => {
            let page = SignedOutPage {
                layout: layout(context),
                sign_in: Some(format!("{}/login", tenant_path(context))),
                return_to: to.map(|to| ReturnLink { host: return_host(&to.uri), address: to.location() }),
            };
            html(StatusCode::OK, page.render(), &[])
        }
    };
    if ended {
        let name = cookies::session(&context.tenant.slug);
        add_cookie(&mut response, &cookies::remove(&name, context.is_https()));
    }
    response
}

/// The client was proven: what its form brings back is `client_id` and the address, which are proven again.
fn sign_out_page(
    app: &App,
    context: &TenantContext,
    (signed_in, cookie): (&SignedIn, &Secret),
    client_name: Option<String>,
    return_to: Option<ReturnAddress>,
    problem: Option<Fault>,
) -> Response {
    let form_targets: Vec<_> = return_to.iter().map(|to| form_target(&to.uri)).collect();
    let fields = return_to.into_iter().flat_map(|to| {
        let state = to.state.map(|state| ("state", state));
        [("client_id", to.client_id.to_string()), ("post_logout_redirect_uri", to.uri)]
            .into_iter()
            .chain(state)
    });
    let layout = layout(context);
    let status = problem.as_ref().map_or(StatusCode::OK, render::status);
    let page = SignOutPage {
        action: format!("{}/logout", tenant_path(context)),
        csrf: app.forms.token(cookie),
        user_name: signed_in.user.display_name().to_owned(),
        client_name,
        fields: fields.map(|(name, value)| (name.to_owned(), value)).collect(),
        problem: problem.map(|problem| render::description(&problem, layout.messages)),
        layout,
    };
    html(status, page.render(), &form_targets)
}
