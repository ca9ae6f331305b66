//! Taking one's data along, and leaving.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::AccountPage;
use poem::http::{StatusCode, header};
use poem::{Request, Response};

use super::{Visit, address, change, view};
use crate::app::account::DeletionRefused;
use crate::app::{App, Fault};
use crate::http::cookies;
use crate::http::pages::views::{AccountFrame, DataPage, DeletedPage, DeletionPage, Layout};
use crate::http::pages::{add_cookie, html, layout, to_sign_in};

/// `GET /t/:slug/account/data`
pub async fn data(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Data, async |visit, request| {
        let (layout, frame) = visit.frame_after(request);
        let deletion = visit.context.tenant.settings.sign_in.account_deletion;
        let page = DataPage {
            action: visit.action(),
            is_fresh: visit.is_fresh(),
            sign_in: visit.sign_in_address(),
            deletion: deletion.then(|| address(visit.context, AccountPage::Deletion)),
            layout,
            frame,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/data`: the document, as a file.
pub async fn data_download(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Data, async |visit, _| {
        if !visit.is_fresh() {
            return Ok(to_sign_in(visit.context, visit.at));
        }
        let data = visit.app.own_data(visit.context, &visit.signed_in).await?;
        let body = serde_json::to_vec_pretty(&data).map_err(Fault::internal)?;
        let file = format!("attachment; filename=\"{}-account.json\"", visit.context.tenant.slug);
        Ok(Response::builder()
            .content_type("application/json")
            .header(header::CONTENT_DISPOSITION, file)
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .body(body))
    })
    .await
}

/// `GET /t/:slug/account/deletion`
pub async fn deletion(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Deletion, async |visit, _| Ok(show_deletion(visit, visit.frame(), None)))
        .await
}

/// `POST /t/:slug/account/deletion`
pub async fn deletion_answer(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Deletion, async |visit, params| {
        let Visit { app, context, signed_in, .. } = visit;
        let allowed = context.tenant.settings.sign_in.account_deletion;
        if allowed && !visit.is_fresh() {
            return Ok(to_sign_in(context, visit.at));
        }
        let typed = params.get("username").unwrap_or_default();
        if let Err(refused) = app.delete_own_account(context, signed_in, typed).await? {
            return Ok(show_deletion(visit, visit.frame(), Some(refused)));
        }
        let mut response = html(StatusCode::OK, DeletedPage { layout: layout(context) }.render(), &[]);
        let name = cookies::session(&context.tenant.slug);
        add_cookie(&mut response, &cookies::remove(&name, context.is_https()));
        Ok(response)
    })
    .await
}

fn show_deletion(
    visit: &Visit<'_>,
    (layout, frame): (Layout, AccountFrame),
    refused: Option<DeletionRefused>,
) -> Response {
    let allowed = visit.context.tenant.settings.sign_in.account_deletion;
    let refused = refused.or((!allowed).then_some(DeletionRefused::NotAllowed));
    let problem = refused.map(|refused| match refused {
        DeletionRefused::NotAllowed => "account-deletion-not-allowed",
        DeletionRefused::OtherName => "account-deletion-other-name",
        DeletionRefused::LastAdministrator => "account-deletion-last-administrator",
    });
    let page = DeletionPage {
        action: visit.action(),
        allowed,
        is_fresh: visit.is_fresh(),
        sign_in: visit.sign_in_address(),
        username: visit.signed_in.user.username.clone(),
        problem: problem.map(|id| layout.text(id).into_owned()),
        layout,
        frame,
    };
    let status = match refused {
        None => StatusCode::OK,
        Some(DeletionRefused::NotAllowed) => StatusCode::FORBIDDEN,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    html(status, page.render(), &[])
}
