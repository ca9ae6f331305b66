//! A person's own page: what they allowed.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::ClientId;
use grantor_protocol::{Error, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, scope_line, to_login};
use super::views::{AccountPage, Application, Layout};
use super::{html, layout, see_other, tenant_path};
use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};
use crate::http::extract;

/// Query of the account page right after something was removed.
const REMOVED: &str = "removed";

/// `GET /t/:slug/account`
pub async fn account(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let Some((signed_in, cookie)) = signed_in(app, context, request).await? else {
            return Ok(to_login(context));
        };
        let (layout, now) = (layout(context), app.clock.now());
        let applications = app
            .consents(context, &signed_in)
            .await?
            .into_iter()
            .map(|(consent, name)| Application {
                client_name: name
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| consent.client_id.to_string()),
                client_id: consent.client_id.to_string(),
                scopes: consent.scope.iter().map(|scope| in_words(context, &layout, scope)).collect(),
                since: layout.messages.ago(consent.given_at, now),
                since_exact: consent.given_at.to_string(),
            })
            .collect();
        let base = tenant_path(context);
        let user = &signed_in.user;
        let notice = (request.uri().query() == Some(REMOVED))
            .then(|| layout.text("account-application-removed").into_owned());
        let page = AccountPage {
            layout,
            user_name: user.display_name().to_owned(),
            email: user.email.clone().filter(|email| email != user.display_name()),
            csrf: app.forms.token(&cookie),
            revoke_action: format!("{base}/account/revoke"),
            sign_out_action: format!("{base}/logout"),
            applications,
            notice,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/revoke`
pub async fn account_revoke(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some(signed_in) = app.signed_in(context.tenant.id, browser.session.as_ref()).await? else {
            return Ok(to_login(context));
        };
        app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
        let client_id = ClientId::parse(params.require("client_id")?)
            .ok_or_else(|| Error::invalid_request("client_id is malformed"))?;
        app.revoke_consent(context, &signed_in, client_id).await?;
        Ok(see_other(&format!("{}/account?{REMOVED}", tenant_path(context))))
    })
    .await
}

/// What a scope lets an application do; its name where nobody has put it into words.
fn in_words(context: &TenantContext, layout: &Layout, scope: &str) -> String {
    let line = scope_line(context, layout, scope);
    if line.description.is_empty() { line.name } else { line.description }
}

async fn signed_in(
    app: &App,
    context: &TenantContext,
    request: &Request,
) -> Result<Option<(SignedIn, Secret)>, Fault> {
    let browser = extract::browser(app, context, request);
    let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
    Ok(signed_in.zip(browser.session))
}
