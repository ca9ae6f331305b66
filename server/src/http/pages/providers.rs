//! A person's own page of the providers that they sign in through.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Secret;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::account::{ago, signed_in};
use super::interaction::{form_page, page, to_login};
use super::upstream::{in_words, leave};
use super::views::{ProviderLine, ProvidersPage};
use super::{html, layout, see_other, tenant_path};
use crate::app::authorize::SignedIn;
use crate::app::upstream::{Problem, ProviderLink, ToLink};
use crate::app::{App, Fault, TenantContext};

/// Queries of the page right after something was done.
pub(super) const LINKED: &str = "linked";
const REMOVED: &str = "removed";

/// `GET /t/:slug/account/providers`
pub async fn account_providers(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let Some((signed_in, cookie)) = signed_in(app, context, request).await? else {
            return Ok(to_login(context));
        };
        let notice = match request.uri().query() {
            Some(LINKED) => Some("You can sign in that way from now on."),
            Some(REMOVED) => Some("That is no way to sign in any more."),
            _ => None,
        };
        show(app, context, (&signed_in, &cookie), Ok(notice)).await
    })
    .await
}

/// `POST /t/:slug/account/providers/link`
pub async fn account_link(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let Some((signed_in, cookie)) = signed_in.zip(browser.session.as_ref()) else {
            return Ok(to_login(context));
        };
        app.forms.check(Some(cookie), params.get("csrf").unwrap_or_default())?;
        match app.leave_to_link(context, &signed_in, browser, params.require("provider")?).await? {
            ToLink::Leave(departure) => leave(context, &departure),
            ToLink::SignInAgain => Ok(to_login(context)),
            ToLink::Stay(problem) => show(app, context, (&signed_in, cookie), Err(problem)).await,
        }
    })
    .await
}

/// `POST /t/:slug/account/providers/unlink`
pub async fn account_unlink(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
        let Some((signed_in, cookie)) = signed_in.zip(browser.session.as_ref()) else {
            return Ok(to_login(context));
        };
        app.forms.check(Some(cookie), params.get("csrf").unwrap_or_default())?;
        match app.unlink(context, &signed_in, params.require("provider")?).await? {
            Ok(()) => Ok(see_other(&format!("{}/account/providers?{REMOVED}", tenant_path(context)))),
            Err(problem) => show(app, context, (&signed_in, cookie), Err(problem)).await,
        }
    })
    .await
}

pub(super) async fn show(
    app: &Arc<App>,
    context: &TenantContext,
    (signed_in, cookie): (&SignedIn, &Secret),
    outcome: Result<Option<&'static str>, Problem>,
) -> Result<Response, Fault> {
    let (now, base) = (app.clock.now(), tenant_path(context));
    let links = app.provider_links(context, signed_in).await?;
    let line = |held: ProviderLink| ProviderLine {
        action: format!("{base}/account/providers/{}", if held.link.is_some() { "unlink" } else { "link" }),
        name: held.name,
        display_name: held.display_name,
        since: held.link.as_ref().map(|link| ago(link.created_at, now)),
        since_exact: held.link.as_ref().map(|link| link.created_at.to_string()).unwrap_or_default(),
    };
    let page = ProvidersPage {
        layout: layout(context),
        csrf: app.forms.token(cookie),
        account: format!("{base}/account"),
        providers: links.into_iter().map(line).collect(),
        notice: outcome.ok().flatten().map(str::to_owned),
        problem: outcome.err().map(|problem| in_words(problem).to_owned()),
    };
    let status = if outcome.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, page.render(), &[]))
}
