//! Choosing a password and verifying an address, by links in messages. The links' secrets are in addresses, so
//! these pages bring nothing of anybody else's and tell nobody where they stand.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{MessageKind, User};
use grantor_protocol::{Params, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, signed_in, to_login};
use super::setup::sentence;
use super::views::{ConfirmLinkPage, NewPasswordPage, NoticePage, RecoverPage};
use super::{go, html, layout, see_other, set_browser_cookie, tenant_path};
use crate::app::recovery::{Chosen, OpenLink};
use crate::app::sign_in::SignInOutcome;
use crate::app::{App, Fault, TenantContext};
use crate::http::extract;

/// `GET /t/:slug/recover`
pub async fn recover(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        if !context.tenant.settings.sign_in.password_reset {
            return Err(Fault::NotOffered("passwords are not reset by mail"));
        }
        let browser = extract::browser(app, context, request);
        let new_browser = app.new_browser(&browser);
        let Some(cookie) = browser.browser.as_ref().or(new_browser.as_ref()) else {
            return Err(Fault::internal("a browser without a name"));
        };
        let mut response = recover_page(context, app.forms.token(cookie), (String::new(), None));
        set_browser_cookie(context, &mut response, new_browser.as_ref());
        Ok(response)
    })
    .await
}

/// `POST /t/:slug/recover`: the same answer for every address.
pub async fn recover_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let csrf = params.get("csrf").unwrap_or_default();
        app.forms.check(browser.browser.as_ref(), csrf)?;
        let email = params.get("email").unwrap_or_default();
        if !app.ask_for_password_reset(context, browser, email).await? {
            let problem = "That is not an email address. Check it and try again.";
            return Ok(recover_page(context, csrf.to_owned(), (email.to_owned(), Some(problem.to_owned()))));
        }
        Ok(look_into_your_mail(context, MessageKind::PasswordReset))
    })
    .await
}

/// `GET /t/:slug/recover/password`
pub async fn new_password(app: Arc<App>, request: Request) -> Response {
    password_form(app, request, MessageKind::PasswordReset).await
}

/// `POST /t/:slug/recover/password`: whoever has the link's secret may; no cookie is involved that another site
/// could use.
pub async fn new_password_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, _, params| {
        let (secret, password) = (link_of(params), params.get("password").unwrap_or_default());
        match app.reset_password(context, &secret, password).await? {
            Chosen::Refused(problem) => {
                refused_password(app, context, (MessageKind::PasswordReset, &secret), problem).await
            }
            Chosen::Done => Ok(notice(NoticePage {
                layout: layout(context),
                title: "Your password is changed".to_owned(),
                done: Some("You are signed out everywhere.".to_owned()),
                message: "Sign in with your new password, here or where you came from.".to_owned(),
                next: Some(("Sign in".to_owned(), format!("{}/login", tenant_path(context)))),
            })),
        }
    })
    .await
}

/// `GET /t/:slug/invitation`
pub async fn invitation(app: Arc<App>, request: Request) -> Response {
    password_form(app, request, MessageKind::Invitation).await
}

/// `POST /t/:slug/invitation`
pub async fn invitation_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let (secret, password) = (link_of(params), params.get("password").unwrap_or_default());
        match app.accept_invitation(context, browser, (&secret, password)).await? {
            Err(problem) => refused_password(app, context, (MessageKind::Invitation, &secret), problem).await,
            Ok((outcome, new_browser)) => {
                let mut response = match outcome {
                    SignInOutcome::Started(started) => signed_in(context, *started),
                    SignInOutcome::Further(progress) => go(context, progress),
                    SignInOutcome::Refused => to_login(context),
                };
                set_browser_cookie(context, &mut response, new_browser.as_ref());
                Ok(response)
            }
        }
    })
    .await
}

/// `GET /t/:slug/verify`
pub async fn verify(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let secret = link_of(&extract::query(app, request)?);
        let OpenLink { link, .. } = app.open_link(context, MessageKind::Verification, &secret).await?;
        let page = ConfirmLinkPage {
            layout: layout(context),
            title: "Verify your email address".to_owned(),
            message: format!("Is {} your address?", link.address),
            action: format!("{}/verify", tenant_path(context)),
            link: secret.expose().to_owned(),
            csrf: None,
            button: "Yes, it is mine".to_owned(),
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/verify`
pub async fn verify_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, _, params| {
        app.verify_address(context, &link_of(params)).await?;
        Ok(notice(NoticePage {
            layout: layout(context),
            title: "Your email address is verified".to_owned(),
            done: Some("Thank you.".to_owned()),
            message: "You can close this page.".to_owned(),
            next: Some(("Your account".to_owned(), format!("{}/account", tenant_path(context)))),
        }))
    })
    .await
}

/// `POST /t/:slug/account/verify`: sends the signed-in person a link that verifies their address.
pub async fn account_verify(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some(signed_in) = app.signed_in(context.tenant.id, browser.session.as_ref()).await? else {
            return Ok(to_login(context));
        };
        app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
        app.verify_own_address(context, &signed_in).await?;
        Ok(see_other(&format!("{}/account?sent", tenant_path(context))))
    })
    .await
}

/// What everybody is told who asks for a link.
pub(super) fn look_into_your_mail(context: &TenantContext, kind: MessageKind) -> Response {
    let minutes = kind.lifetime().seconds() / 60;
    notice(NoticePage {
        layout: layout(context),
        title: "Look into your mail".to_owned(),
        done: None,
        message: format!(
            "If there is an account that fits, a message with a link is on its way. The link works for {minutes} \
             minutes. Nothing there? Look among the unwanted mail, and check what you typed."
        ),
        next: None,
    })
}

pub(super) fn notice(page: NoticePage) -> Response {
    html(StatusCode::OK, page.render(), &[])
}

/// The secret that an address or a form brought.
pub(super) fn link_of(params: &Params) -> Secret {
    Secret::presented(params.get("link").unwrap_or_default())
}

fn recover_page(
    context: &TenantContext,
    csrf: String,
    (email, problem): (String, Option<String>),
) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let base = tenant_path(context);
    let page = RecoverPage {
        layout: layout(context),
        action: format!("{base}/recover"),
        csrf,
        email,
        problem,
        sign_in: format!("{base}/login"),
    };
    html(status, page.render(), &[])
}

async fn password_form(app: Arc<App>, request: Request, kind: MessageKind) -> Response {
    page(app, request, async |app, context, request| {
        let secret = link_of(&extract::query(app, request)?);
        let OpenLink { user, .. } = app.open_link(context, kind, &secret).await?;
        Ok(password_page(context, (kind, &secret), &user, None))
    })
    .await
}

async fn refused_password(
    app: &App,
    context: &TenantContext,
    (kind, secret): (MessageKind, &Secret),
    problem: String,
) -> Result<Response, Fault> {
    let OpenLink { user, .. } = app.open_link(context, kind, secret).await?;
    Ok(password_page(context, (kind, secret), &user, Some(sentence(&problem))))
}

fn password_page(
    context: &TenantContext,
    (kind, secret): (MessageKind, &Secret),
    user: &User,
    problem: Option<String>,
) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let base = tenant_path(context);
    let (title, lead, path, button) = match kind {
        MessageKind::Invitation => (
            format!("Welcome to {}", context.tenant.name),
            "Choose a password. You are signed in then.",
            "invitation",
            "Choose and sign in",
        ),
        _ => (
            "Choose a new password".to_owned(),
            "It signs you out everywhere, in case somebody else knows the old one.",
            "recover/password",
            "Change the password",
        ),
    };
    let page = NewPasswordPage {
        layout: layout(context),
        title,
        lead: lead.to_owned(),
        action: format!("{base}/{path}"),
        link: secret.expose().to_owned(),
        username: user.username.clone(),
        min_length: context.tenant.settings.password_policy.min_length,
        button: button.to_owned(),
        problem,
    };
    html(status, page.render(), &[])
}
