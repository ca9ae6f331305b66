//! Letting a device in (RFC 8628 §3.3): the page that takes its code, and the one that says what
//! became of it. In between are the pages of every interaction.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::device::UserCode;
use grantor_protocol::model::DeviceState;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{client_name, form_page, page, parse, set_browser_cookie};
use super::views::{ActivatePage, DevicePage};
use super::{go, html, layout, tenant_path};
use crate::app::device::Entered;
use crate::app::{App, TenantContext};
use crate::http::extract;

/// `GET /t/:slug/activate`: a code in the address is filled in and never sent by itself, so that
/// nobody is led past this page (RFC 8628 §3.3.1).
pub async fn activate(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let params = extract::query(app, request)?;
        params.refuse_duplicates()?;
        let user_code = params.get("user_code").and_then(UserCode::parse);
        let (csrf, new_browser) = app.activation_form(&extract::browser(app, context, request));
        let user_code = user_code.map(|user_code| user_code.expose()).unwrap_or_default();
        let mut response = activate_page(context, csrf, user_code, None);
        set_browser_cookie(context, &mut response, new_browser.as_ref());
        Ok(response)
    })
    .await
}

/// `POST /t/:slug/activate`
pub async fn activate_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
        let typed = params.get("user_code").unwrap_or_default();
        match app.enter_user_code(context, browser, typed).await? {
            Entered::Begun { progress, new_browser } => {
                let mut response = go(context, progress);
                set_browser_cookie(context, &mut response, new_browser.as_ref());
                Ok(response)
            }
            Entered::ForAdministrators { client } => {
                let name = client_name(&client.client);
                Ok(outcome_page(context, DeviceState::AwaitingAdministrator, &name))
            }
            Entered::Unknown => {
                let (csrf, _) = app.activation_form(browser);
                Ok(activate_page(context, csrf, typed.to_owned(), Some("activate-wrong")))
            }
        }
    })
    .await
}

/// `GET /t/:slug/activate/callback`: what became of the device that this browser answered for.
pub async fn activated(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let params = extract::query(app, request)?;
        let interaction = parse(params.require("interaction")?)?;
        let browser = extract::browser(app, context, request);
        let (state, client) = app.device_outcome(context, interaction, &browser).await?;
        Ok(outcome_page(context, state, &client_name(&client.client)))
    })
    .await
}

fn activate_page(
    context: &TenantContext,
    csrf: String,
    user_code: String,
    problem: Option<&str>,
) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let action = format!("{}/activate", tenant_path(context));
    let layout = layout(context);
    let problem = problem.map(|id| layout.text(id).into_owned());
    let page = ActivatePage { layout, action, csrf, user_code, problem };
    html(status, page.render(), &[])
}

fn outcome_page(context: &TenantContext, state: DeviceState, client_name: &str) -> Response {
    let layout = layout(context);
    let client = &[("client", client_name)];
    let (title, message, done) = match state {
        DeviceState::Approved | DeviceState::Redeemed => (
            "device-connected-title",
            layout.text("device-connected").into_owned(),
            Some(layout.with("device-connected-done", client)),
        ),
        DeviceState::Denied => ("device-denied-title", layout.with("device-denied", client), None),
        DeviceState::AwaitingAdministrator | DeviceState::Pending => {
            let names = &[("client", client_name), ("tenant", context.tenant.name.as_str())];
            ("device-waits-title", layout.with("device-waits", names), None)
        }
    };
    let title = layout.text(title).into_owned();
    let page = DevicePage { layout, title, message, done };
    html(StatusCode::OK, page.render(), &[])
}
