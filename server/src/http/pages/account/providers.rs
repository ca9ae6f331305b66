//! The providers that a person signs in through.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::AccountPage;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Visit, address, change, view, visit};
use crate::app::authorize::Browser;
use crate::app::upstream::{Problem, ProviderLink, ToLink};
use crate::app::{App, Fault, TenantContext};
use crate::http::pages::upstream::{in_words, leave};
use crate::http::pages::views::{AccountFrame, Layout, ProviderLine, ProvidersPage};
use crate::http::pages::{html, to_sign_in};

const HERE: AccountPage = AccountPage::Providers;

/// `GET /t/:slug/account/providers`
pub async fn account_providers(app: Arc<App>, request: Request) -> Response {
    view(app, request, HERE, async |visit, request| show(visit, visit.frame_after(request), None).await).await
}

/// `POST /t/:slug/account/providers/link`
pub async fn account_link(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, params| {
        let Visit { app, context, signed_in, browser, .. } = visit;
        match app.leave_to_link(context, signed_in, browser, params.require("provider")?).await? {
            ToLink::Leave(departure) => leave(context, &departure),
            ToLink::SignInAgain => Ok(to_sign_in(context, HERE)),
            ToLink::Stay(problem) => show(visit, visit.frame(), Some(problem)).await,
        }
    })
    .await
}

/// `POST /t/:slug/account/providers/unlink`
pub async fn account_unlink(app: Arc<App>, request: Request) -> Response {
    change(app, request, HERE, async |visit, params| {
        let Visit { app, context, signed_in, .. } = visit;
        match app.unlink(context, signed_in, params.require("provider")?).await? {
            Ok(()) => Ok(visit.done("unlinked")),
            Err(problem) => show(visit, visit.frame(), Some(problem)).await,
        }
    })
    .await
}

/// Back at the page after going to a provider, which did not come to a link.
pub(in crate::http::pages) async fn not_linked(
    app: &Arc<App>,
    context: &Arc<TenantContext>,
    browser: &Browser,
    problem: Problem,
) -> Result<Response, Fault> {
    match visit(app, context, browser, HERE).await? {
        None => Ok(to_sign_in(context, HERE)),
        Some(visit) => show(&visit, visit.frame(), Some(problem)).await,
    }
}

async fn show(
    visit: &Visit<'_>,
    (layout, frame): (Layout, AccountFrame),
    problem: Option<Problem>,
) -> Result<Response, Fault> {
    let (now, here) = (visit.app.clock.now(), address(visit.context, HERE));
    let links = visit.app.provider_links(visit.context, &visit.signed_in).await?;
    let line = |held: ProviderLink| ProviderLine {
        action: format!("{here}/{}", if held.link.is_some() { "unlink" } else { "link" }),
        name: held.name,
        display_name: held.display_name,
        since: held.link.as_ref().map(|link| layout.messages.ago(link.created_at, now)),
        since_exact: held.link.as_ref().map(|link| link.created_at.to_string()).unwrap_or_default(),
    };
    let page = ProvidersPage {
        providers: links.into_iter().map(line).collect(),
        problem: problem.map(|problem| layout.text(in_words(problem)).into_owned()),
        layout,
        frame,
    };
    let status = if problem.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, page.render(), &[]))
}
