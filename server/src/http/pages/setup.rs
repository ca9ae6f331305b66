//! The first administrator, by a link that works once.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Secret;
use poem::http::StatusCode;
use poem::{Request, Response};

use super::views::SetupPage;
use super::{add_cookie, fault_page, html, plain_layout, see_other, weakness_in_words};
use crate::app::bootstrap::{SYSTEM_TENANT, SetupError};
use crate::app::{App, Fault};
use crate::http::render::Asked;
use crate::http::{cookies, extract};
use crate::messages::Messages;

/// `GET /setup`
pub async fn setup(app: Arc<App>, request: Request) -> Response {
    let asked = Asked::of(&request);
    let shown = async {
        let secret = Secret::presented(extract::query(&app, &request)?.get("setup").unwrap_or_default());
        app.check_setup(&secret).await?;
        Ok(setup_page(&secret, String::new(), |_| None))
    };
    shown.await.unwrap_or_else(|fault: Fault| fault_page(None, &fault, asked))
}

/// `POST /setup`: whoever has the link's secret may; no cookie is involved that another site could
/// use.
pub async fn setup_answer(app: Arc<App>, mut request: Request) -> Response {
    let asked = Asked::of(&request);
    let answered = async {
        extract::same_site(&request)?;
        let params = extract::form(&app, &mut request).await?;
        params.refuse_duplicates()?;
        let secret = Secret::presented(params.get("setup").unwrap_or_default());
        let email = params.get("email").unwrap_or_default().trim().to_owned();
        let password = params.get("password").unwrap_or_default();
        let context = app.any_tenant(SYSTEM_TENANT).await?;
        let browser = extract::browser(&app, &context, &request);
        match app.set_up(&secret, (&email, password), &browser).await {
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
            Err(SetupError::NoEmail) => {
                Ok(setup_page(&secret, email, |messages| Some(messages.text("setup-no-email").into_owned())))
            }
            Err(SetupError::Weak(weakness)) => {
                Ok(setup_page(&secret, email, |messages| Some(weakness_in_words(weakness, messages))))
            }
            Err(SetupError::Fault(fault)) => Err(fault),
        }
    };
    answered.await.unwrap_or_else(|fault: Fault| fault_page(None, &fault, asked))
}

fn setup_page(secret: &Secret, email: String, problem: impl FnOnce(Messages) -> Option<String>) -> Response {
    let layout = plain_layout();
    let problem = problem(layout.messages);
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SetupPage {
        layout,
        action: "/setup".to_owned(),
        setup: secret.expose().to_owned(),
        csrf: None,
        email,
        problem,
    };
    html(status, page.render(), &[])
}
