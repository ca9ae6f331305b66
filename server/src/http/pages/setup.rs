//! The first administrator, by a link that works once.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::{Error, Params, Secret};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::second_factor::{challenge_response, first_factor};
use super::views::SetupPage;
use super::{add_cookie, fault_page, html, not_chosen_in_words, plain_layout, see_other};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::setup::SetupError;
use crate::app::{App, Fault};
use crate::http::render::Asked;
use crate::http::{assets, cookies, extract};
use crate::messages::Messages;

/// `GET /setup`
pub async fn setup(app: Arc<App>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let shown = async {
        let secret = Secret::presented(extract::query(&app, &request)?.get("setup").unwrap_or_default());
        app.check_setup(&secret).await?;
        let passkey = App::passkeys_are_enough(&*app.any_tenant(SYSTEM_TENANT).await?);
        Ok(setup_page(&secret, (String::new(), passkey), |_| None))
    };
    shown.await.unwrap_or_else(|fault: Fault| fault_page(None, &fault, asked))
}

/// `POST /setup`: whoever has the link's secret may; no cookie is involved that another site could
/// use.
pub async fn setup_answer(app: Arc<App>, request: Request) -> Response {
    form(app, request, async |app, request, params, (secret, email)| {
        let name = plain_layout().text("passkey-named");
        let first = first_factor(params, &name);
        let context = app.any_tenant(SYSTEM_TENANT).await?;
        let browser = extract::browser(app, &context, request);
        match app.set_up(secret, (email, first), &browser).await {
            Ok(started) => {
                // With a session it passes without asking.
                let mut response = see_other("/console/sign-in?tenant=system&back=/console/welcome");
                if let Some((session, cookie)) = started {
                    let expires_in = session.expires_at.seconds_since(app.clock.now());
                    let name = cookies::session(SYSTEM_TENANT);
                    let cookie = cookies::set(&name, &cookie, Some(expires_in), context.is_https());
                    add_cookie(&mut response, &cookie);
                }
                Ok(response)
            }
            Err(SetupError::Fault(fault)) => Err(fault),
            Err(problem) => {
                let passkey = App::passkeys_are_enough(&context);
                let email = email.to_owned();
                Ok(setup_page(secret, (email, passkey), |messages| Some(in_words(&problem, messages))))
            }
        }
    })
    .await
}

/// `POST /setup/passkey`: the challenge that makes a passkey for the first administrator.
pub async fn setup_passkey(app: Arc<App>, request: Request) -> Response {
    form(app, request, async |app, _, _, (secret, email)| {
        match app.begin_setup_passkey(secret, email).await {
            Ok(challenge) => Ok(challenge_response(&challenge)),
            Err(SetupError::Fault(fault)) => Err(fault),
            Err(problem) => Err(Error::invalid_request(problem.to_string()).into()),
        }
    })
    .await
}

/// Takes a form with the link's secret and the address of the administrator to be.
async fn form(
    app: Arc<App>,
    mut request: Request,
    answer: impl AsyncFnOnce(&App, &Request, &Params, (&Secret, &str)) -> Result<Response, Fault>,
) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        extract::same_site(&request)?;
        let params = extract::form(&app, &mut request).await?;
        params.refuse_duplicates()?;
        let secret = Secret::presented(params.get("setup").unwrap_or_default());
        let email = params.get("email").unwrap_or_default().trim();
        answer(&app, &request, &params, (&secret, email)).await
    };
    answered.await.unwrap_or_else(|fault: Fault| fault_page(None, &fault, asked))
}

fn in_words(problem: &SetupError, messages: Messages) -> String {
    match problem {
        SetupError::NotChosen(problem) => not_chosen_in_words(*problem, messages),
        SetupError::NoEmail | SetupError::Fault(_) => messages.text("setup-no-email").into_owned(),
    }
}

fn setup_page(
    secret: &Secret,
    (email, passkey): (String, bool),
    problem: impl FnOnce(Messages) -> Option<String>,
) -> Response {
    let layout = plain_layout();
    let problem = problem(layout.messages);
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetupPage {
        layout,
        action: "/setup".to_owned(),
        setup: secret.expose().to_owned(),
        email,
        passkey: passkey.then(assets::passkey_script),
        options: "/setup/passkey".to_owned(),
        problem,
    };
    html(status, page.render(), &[])
}
