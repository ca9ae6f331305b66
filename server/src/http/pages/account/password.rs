//! Changing the password.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::AccountPage;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Visit, change, view};
use crate::app::App;
use crate::app::account::{PasswordChanged, PasswordRefused};
use crate::http::cookies;
use crate::http::pages::views::{AccountFrame, Layout, PasswordPage};
use crate::http::pages::{add_cookie, html, to_sign_in, weakness_in_words};

/// `GET /t/:slug/account/password`
pub async fn password(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Password, async |visit, request| {
        Ok(show(visit, visit.frame_after(request), None))
    })
    .await
}

/// `POST /t/:slug/account/password`
pub async fn password_answer(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Password, async |visit, params| {
        if visit.signed_in.user.password.is_none() && !visit.is_fresh() {
            return Ok(to_sign_in(visit.context, visit.at));
        }
        let [current, new, again] =
            ["current", "new", "again"].map(|name| params.get(name).unwrap_or_default());
        let passwords = (current, new, again);
        let Visit { app, context, signed_in, browser, .. } = visit;
        match app.change_own_password(context, signed_in, browser, passwords).await? {
            Err(refused) => Ok(show(visit, visit.frame(), Some(refused))),
            Ok(PasswordChanged { cookie, expires_in }) => {
                let name = cookies::session(&context.tenant.slug);
                let mut response = visit.done("password");
                let cookie = cookies::set(&name, &cookie, Some(expires_in), context.is_https());
                add_cookie(&mut response, &cookie);
                Ok(response)
            }
        }
    })
    .await
}

fn show(
    visit: &Visit<'_>,
    (layout, frame): (Layout, AccountFrame),
    refused: Option<PasswordRefused>,
) -> Response {
    let user = &visit.signed_in.user;
    let problem = refused.map(|refused| match refused {
        PasswordRefused::WrongCurrent => layout.text("account-password-wrong").into_owned(),
        PasswordRefused::NotAlike => layout.text("account-password-not-alike").into_owned(),
        PasswordRefused::Weak(weakness) => weakness_in_words(weakness, layout.messages),
    });
    let page = PasswordPage {
        action: visit.action(),
        username: user.username.clone(),
        has_password: user.password.is_some(),
        may_set: user.password.is_some() || visit.is_fresh(),
        sign_in: visit.sign_in_address(),
        wrong_current: refused == Some(PasswordRefused::WrongCurrent),
        least: visit.context.tenant.settings.password_policy.min_length,
        problem,
        layout,
        frame,
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html(status, page.render(), &[])
}
