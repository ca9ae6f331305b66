//! Applications that use the account.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Error;
use grantor_protocol::model::{AccountPage, ClientId, Consent};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{change, view};
use crate::app::App;
use crate::http::pages::html;
use crate::http::pages::interaction::scope_line;
use crate::http::pages::tenant_path;
use crate::http::pages::views::{Application, ApplicationsPage};

/// `GET /t/:slug/account/applications`
pub async fn applications(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Applications, async |visit, request| {
        let (layout, frame) = visit.frame_after(request);
        let (context, now) = (visit.context, visit.app.clock.now());
        let applications = visit
            .app
            .consents(context, &visit.signed_in)
            .await?
            .into_iter()
            .map(|(consent, name)| Application {
                scopes: consent
                    .scope
                    .iter()
                    .map(|scope| scope_line(context, &layout, scope).into_text())
                    .collect(),
                since: layout.messages.ago(consent.given_at, now),
                since_exact: consent.given_at.to_string(),
                client_id: consent.client_id.to_string(),
                client_name: client_name(&consent, name),
            })
            .collect();
        let revoke_action = format!("{}/account/revoke", tenant_path(context));
        let page = ApplicationsPage { layout, frame, revoke_action, applications };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/revoke`
pub async fn applications_revoke(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Applications, async |visit, params| {
        let client_id = ClientId::parse(params.require("client_id")?)
            .ok_or_else(|| Error::invalid_request("client_id is malformed"))?;
        visit.app.revoke_consent(visit.context, &visit.signed_in, client_id).await?;
        Ok(visit.done("removed"))
    })
    .await
}

/// What clients that were allowed something are called.
pub(super) fn names(consents: Vec<(Consent, Option<String>)>) -> Vec<String> {
    consents.into_iter().map(|(consent, name)| client_name(&consent, name)).collect()
}

fn client_name(consent: &Consent, name: Option<String>) -> String {
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| consent.client_id.to_string())
}
