//! Choosing a password and verifying an address, by links in messages. The links' secrets are in addresses, so
//! these pages bring nothing of anybody else's and tell nobody where they stand.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::{AccountPage, MessageKind, User};
use grantor_protocol::{Params, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, set_known_cookie, signed_in};
use super::second_factor::{challenge_response, first_factor};
use super::views::{ConfirmLinkPage, Layout, NewPasswordPage, NoticePage, RecoverPage};
use super::{account, go, html, layout, not_chosen_in_words, set_browser_cookie, tenant_path};
use crate::app::authenticators::NotChosen;
use crate::app::recovery::OpenLink;
use crate::app::sign_in::SignInOutcome;
use crate::app::{App, Fault, TenantContext};
use crate::http::{assets, extract};

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
        let mut response = recover_page(context, app.forms.token(cookie), (String::new(), false));
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
            return Ok(recover_page(context, csrf.to_owned(), (email.to_owned(), true)));
        }
        Ok(look_into_your_mail(layout(context), MessageKind::PasswordReset))
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
    form_page(app, request, async |app, context, browser, params| {
        let (secret, password) = (link_of(params), params.get("password").unwrap_or_default());
        match app.reset_password(context, browser, (&secret, password)).await? {
            Err(weakness) => {
                refused_choice(app, context, (MessageKind::PasswordReset, &secret), NotChosen::Weak(weakness))
                    .await
            }
            Ok(known) => {
                let (layout, sign_in) = (layout(context), format!("{}/login", tenant_path(context)));
                let mut response = notice(NoticePage {
                    title: layout.text("new-password-done-title").into_owned(),
                    done: Some(layout.text("new-password-done").into_owned()),
                    message: layout.text("new-password-done-next").into_owned(),
                    next: Some((layout.text("sign-in-submit").into_owned(), sign_in)),
                    layout,
                });
                set_known_cookie(context, &mut response, known.as_ref());
                Ok(response)
            }
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
        let (secret, name) = (link_of(params), layout(context).text("passkey-named"));
        match app.accept_invitation(context, browser, (&secret, first_factor(params, &name))).await? {
            Err(problem) => refused_choice(app, context, (MessageKind::Invitation, &secret), problem).await,
            Ok((outcome, new_browser)) => {
                let mut response = match outcome {
                    SignInOutcome::Started(started) => signed_in(context, *started),
                    SignInOutcome::Further(progress) => go(context, progress),
                    SignInOutcome::Refused => account::to_sign_in(context, AccountPage::Overview),
                };
                set_browser_cookie(context, &mut response, new_browser.as_ref());
                Ok(response)
            }
        }
    })
    .await
}

/// `POST /t/:slug/invitation/passkey`: the challenge that makes a passkey for somebody who is invited.
pub async fn invitation_passkey(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, _, params| {
        Ok(challenge_response(&app.begin_invited_passkey(context, &link_of(params)).await?))
    })
    .await
}

/// `GET /t/:slug/verify`
pub async fn verify(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let secret = link_of(&extract::query(app, request)?);
        let OpenLink { link, .. } = app.open_link(context, MessageKind::Verification, &secret).await?;
        let layout = layout(context);
        let page = ConfirmLinkPage {
            title: layout.text("verify-title").into_owned(),
            message: layout.with("verify-question", &[("address", link.address.as_str())]),
            action: format!("{}/verify", tenant_path(context)),
            link: secret.expose().to_owned(),
            csrf: None,
            button: layout.text("verify-submit").into_owned(),
            layout,
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/verify`
pub async fn verify_answer(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, _, params| {
        app.verify_address(context, &link_of(params)).await?;
        let (layout, account) = (layout(context), account::address(context, AccountPage::Overview));
        Ok(notice(NoticePage {
            title: layout.text("verify-done-title").into_owned(),
            done: Some(layout.text("verify-done").into_owned()),
            message: layout.text("verify-done-next").into_owned(),
            next: Some((layout.text("account-title").into_owned(), account)),
            layout,
        }))
    })
    .await
}

/// `POST /t/:slug/account/verify`: sends the signed-in person a link that verifies their address.
pub async fn account_verify(app: Arc<App>, request: Request) -> Response {
    account::change(app, request, AccountPage::Overview, async |visit, _| {
        visit.app.verify_own_address(visit.context, &visit.signed_in).await?;
        Ok(visit.done("sent"))
    })
    .await
}

/// What everybody is told who asks for a link.
pub(super) fn look_into_your_mail(layout: Layout, kind: MessageKind) -> Response {
    let minutes = kind.lifetime().seconds() / 60;
    notice(NoticePage {
        title: layout.text("link-sent-title").into_owned(),
        done: None,
        message: layout.with("link-sent", &[("minutes", minutes)]),
        next: None,
        layout,
    })
}

pub(super) fn notice(page: NoticePage) -> Response {
    html(StatusCode::OK, page.render(), &[])
}

/// The secret that an address or a form brought.
pub(super) fn link_of(params: &Params) -> Secret {
    Secret::presented(params.get("link").unwrap_or_default())
}

/// The page with what was typed, and whether that is no address.
fn recover_page(context: &TenantContext, csrf: String, (email, refused): (String, bool)) -> Response {
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (layout, base) = (layout(context), tenant_path(context));
    let page = RecoverPage {
        action: format!("{base}/recover"),
        csrf,
        email,
        problem: refused.then(|| layout.text("recover-no-email").into_owned()),
        sign_in: format!("{base}/login"),
        layout,
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

async fn refused_choice(
    app: &App,
    context: &TenantContext,
    (kind, secret): (MessageKind, &Secret),
    problem: NotChosen,
) -> Result<Response, Fault> {
    let OpenLink { user, .. } = app.open_link(context, kind, secret).await?;
    Ok(password_page(context, (kind, secret), &user, Some(problem)))
}

fn password_page(
    context: &TenantContext,
    (kind, secret): (MessageKind, &Secret),
    user: &User,
    problem: Option<NotChosen>,
) -> Response {
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (layout, base) = (layout(context), tenant_path(context));
    let passkey = kind == MessageKind::Invitation && App::passkeys_are_enough(context);
    let (title, lead, path, button) = match kind {
        MessageKind::Invitation => (
            layout.with("invitation-title", &[("tenant", context.tenant.name.as_str())]),
            layout.text(if passkey { "invitation-lead-passkey" } else { "invitation-lead" }),
            "invitation",
            layout.text("invitation-submit"),
        ),
        _ => (
            layout.text("new-password-title").into_owned(),
            layout.text("new-password-lead"),
            "recover/password",
            layout.text("new-password-submit"),
        ),
    };
    let page = NewPasswordPage {
        title,
        lead: lead.into_owned(),
        action: format!("{base}/{path}"),
        link: secret.expose().to_owned(),
        username: user.username.clone(),
        min_length: context.tenant.settings.password_policy.min_length,
        button: button.into_owned(),
        passkey: passkey.then(assets::passkey_script),
        options: format!("{base}/{path}/passkey"),
        problem: problem.map(|problem| not_chosen_in_words(problem, layout.messages)),
        layout,
    };
    html(status, page.render(), &[])
}
