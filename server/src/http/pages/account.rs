//! A person's own page: what they allowed.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::model::ClientId;
use grantor_protocol::{Error, Secret, Timestamp};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::interaction::{form_page, page, scope_line, to_login};
use super::views::{AccountPage, Application};
use super::{html, layout, see_other, tenant_path};
use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};
use crate::http::extract;

/// Query of the account page right after something was removed.
const REMOVED: &str = "removed";

/// `GET /t/:slug/account`
pub async fn account(app: Arc<App>, request: Request) -> Response {
    page(app, request, async |app, context, request| {
        let Some((signed_in, cookie)) = signed_in(app, context, request).await? else {
            return Ok(to_login(context));
        };
        let now = app.clock.now();
        let applications = app
            .consents(context, &signed_in)
            .await?
            .into_iter()
            .map(|(consent, name)| Application {
                client_name: name
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| consent.client_id.to_string()),
                client_id: consent.client_id.to_string(),
                scopes: consent.scope.iter().map(|scope| in_words(context, scope)).collect(),
                since: ago(consent.given_at, now),
                since_exact: consent.given_at.to_string(),
            })
            .collect();
        let base = tenant_path(context);
        let user = &signed_in.user;
        let page = AccountPage {
            layout: layout(context),
            user_name: user.display_name().to_owned(),
            email: user.email.clone().filter(|email| email != user.display_name()),
            csrf: app.forms.token(&cookie),
            revoke_action: format!("{base}/account/revoke"),
            sign_out_action: format!("{base}/logout"),
            applications,
            providers: (!context.identity_providers.is_empty()).then(|| format!("{base}/account/providers")),
            notice: request
                .uri()
                .query()
                .is_some_and(|query| query == REMOVED)
                .then(|| "The application can no longer use your account.".to_owned()),
        };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/revoke`
pub async fn account_revoke(app: Arc<App>, request: Request) -> Response {
    form_page(app, request, async |app, context, browser, params| {
        let Some(signed_in) = app.signed_in(context.tenant.id, browser.session.as_ref()).await? else {
            return Ok(to_login(context));
        };
        app.forms.check(browser.session.as_ref(), params.get("csrf").unwrap_or_default())?;
        let client_id = ClientId::parse(params.require("client_id")?)
            .ok_or_else(|| Error::invalid_request("client_id is malformed"))?;
        app.revoke_consent(context, &signed_in, client_id).await?;
        Ok(see_other(&format!("{}/account?{REMOVED}", tenant_path(context))))
    })
    .await
}

/// What a scope lets an application do; its name where nobody has put it into words.
fn in_words(context: &TenantContext, scope: &str) -> String {
    let line = scope_line(context, scope);
    if line.description.is_empty() { line.name } else { line.description }
}

pub(super) async fn signed_in(
    app: &App,
    context: &TenantContext,
    request: &Request,
) -> Result<Option<(SignedIn, Secret)>, Fault> {
    let browser = extract::browser(app, context, request);
    let signed_in = app.signed_in(context.tenant.id, browser.session.as_ref()).await?;
    Ok(signed_in.zip(browser.session))
}

/// "3 days ago", in the largest unit that fits.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.seconds_since(then);
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_protocol::Lifetime;

    #[test]
    fn tells_how_long_ago() {
        let then = Timestamp::from_unix_seconds(1_800_000_000);
        for (seconds, text) in [
            (5, "just now"),
            (60, "1 minute ago"),
            (7200, "2 hours ago"),
            (90_000, "1 day ago"),
            (31_536_000, "1 year ago"),
        ] {
            assert_eq!(ago(then, then + Lifetime::from_seconds(seconds)), text);
        }
    }
}
