//! Going to other providers and coming back.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Params;
use grantor_protocol::model::AccountPage;
use grantor_protocol::upstream::Refused;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Request, Response};

use super::account::not_linked;
use super::interaction::{form_page, page, parse, sign_in_page, signed_in};
use super::views::LeavePage;
use super::{go, html, layout, see_other, tenant_path, to_sign_in};
use crate::app::interaction::Opened;
use crate::app::sign_in::SignInOutcome;
use crate::app::upstream::{Departure, Problem, Returned};
use crate::app::{App, Fault, TenantContext};
use crate::http::extract;

/// `POST /t/:slug/login/upstream`
pub async fn login_upstream(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let opened = app.open_interaction(context, parse(params.require("interaction")?)?, browser).await?;
        app.forms.check(browser.browser.as_ref(), params.get("csrf").unwrap_or_default())?;
        leave_to_sign_in(app, context, &opened, params.require("provider")?, None).await
    })
    .await
}

/// The page that leads to a provider, or the sign-in page that says why there is none. `typed` is whom the
/// person said that they are.
pub(super) async fn leave_to_sign_in(
    app: &Arc<App>,
    context: &TenantContext,
    opened: &Opened,
    provider: &str,
    typed: Option<&str>,
) -> Result<Response, Fault> {
    match app.leave_to_sign_in(context, opened, provider, typed).await? {
        Ok(departure) => leave(context, &departure),
        Err(problem) => {
            let typed = typed.unwrap_or_default().to_owned();
            Ok(sign_in_page(context, opened, typed, Some(in_words(problem))))
        }
    }
}

/// `GET /t/:slug/login/callback`
pub async fn login_callback(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let browser = extract::browser(app, context, request);
        let params: Params = extract::query(app, request)?;
        match Box::pin(app.return_from_provider(context, &params, &browser)).await? {
            Returned::SignedIn(SignInOutcome::Started(started)) => Ok(signed_in(context, *started)),
            Returned::SignedIn(SignInOutcome::Further(progress)) => Ok(go(context, progress)),
            Returned::SignedIn(SignInOutcome::Refused) => Ok(to_sign_in(context, AccountPage::Overview)),
            Returned::NotSignedIn(opened, problem) => {
                Ok(sign_in_page(context, &opened, String::new(), Some(in_words(problem))))
            }
            Returned::Linked => Ok(see_other(&format!("{}/account/providers?linked", tenant_path(context)))),
            Returned::NotLinked(problem) => not_linked(app, context, &browser, problem).await,
        }
    })
    .await
}

/// A page that goes on to the provider by itself. A redirect would be part of the form that was sent, and browsers
/// hold `form-action` against every redirect that follows a form: against those of the provider's too, wherever it
/// sends people to sign in.
pub(super) fn leave(context: &TenantContext, departure: &Departure) -> Result<Response, Fault> {
    let page = LeavePage {
        layout: layout(context),
        provider_name: departure.to.clone(),
        address: departure.address.clone(),
    };
    let refresh = HeaderValue::from_str(&format!("0; url={}", departure.address));
    let mut response = html(StatusCode::OK, page.render(), &[]);
    response.headers_mut().insert(header::REFRESH, refresh.map_err(Fault::internal)?);
    Ok(response)
}

/// The message for the person.
pub(super) const fn in_words(problem: Problem) -> &'static str {
    match problem {
        Problem::Unknown => "upstream-unknown",
        Problem::Failed => "upstream-failed",
        Problem::Denied => "upstream-denied",
        Problem::Refused(Refused::NotAdmitted) => "upstream-not-admitted",
        Problem::Refused(Refused::AddressTaken) => "upstream-address-taken",
        Problem::Refused(Refused::LinkedElsewhere) => "upstream-linked-elsewhere",
        Problem::Refused(Refused::HasAnother) => "upstream-has-another",
        Problem::LastWay => "upstream-last-way",
    }
}
