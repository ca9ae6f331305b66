//! Signing in with a link in a mail.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{AccountPage, MessageKind};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, parse, signed_in};
use super::recovery::{link_of, look_into_your_mail, notice};
use super::views::{ConfirmLinkPage, NoticePage};
use super::{go, html, layout, layout_of, tenant_path, to_sign_in};
use crate::app::App;
use crate::app::magic_link::MagicLink;
use crate::app::sign_in::SignInOutcome;
use crate::http::extract;

/// `POST /t/:slug/magic-link`: sends a link to whoever the sign-in page named; the same answer for every name.
pub async fn magic_link(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, browser).await?;
        app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
        let name = params.get("username").unwrap_or_default();
        app.ask_for_magic_link(context, &opened, browser, name).await?;
        Ok(look_into_your_mail(layout_of(context, &opened), MessageKind::MagicLink))
    })
    .await
}

/// `GET /t/:slug/magic-link/open`
pub async fn open_magic_link(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let secret = link_of(&extract::query(app, request)?);
        let layout = layout(context);
        match app.look_at_magic_link(context, &browser, &secret).await? {
            MagicLink::Elsewhere => Ok(notice(NoticePage {
                title: layout.text("magic-link-elsewhere-title").into_owned(),
                done: None,
                message: layout.text("magic-link-elsewhere").into_owned(),
                next: None,
                layout,
            })),
            MagicLink::Here(csrf) => {
                let page = ConfirmLinkPage {
                    title: layout.text("sign-in-title").into_owned(),
                    message: layout.text("magic-link-lead").into_owned(),
                    action: format!("{}/magic-link/open", tenant_path(context)),
                    link: secret.expose().to_owned(),
                    csrf: Some(csrf),
                    button: layout.text("sign-in-submit").into_owned(),
                    layout,
                };
                Ok(html(StatusCode::OK, page.render(), &[]))
            }
        }
    })
    .await
}

/// `POST /t/:slug/magic-link/open`
pub async fn open_magic_link_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
        match app.sign_in_with_link(context, browser, &link_of(params)).await? {
            SignInOutcome::Started(started) => Ok(signed_in(context, *started)),
            SignInOutcome::Further(progress) => Ok(go(context, progress)),
            SignInOutcome::Refused => Ok(to_sign_in(context, AccountPage::Overview)),
        }
    })
    .await
}
