//! Where the person is signed in.

use std::sync::Arc;

use askama::Template;
use grantor_protocol::Error;
use grantor_protocol::model::{AccountPage, Session};
use poem::http::StatusCode;
use poem::{Request, Response};

use super::{Visit, change, view};
use crate::app::{App, Fault};
use crate::http::pages::views::{SessionLine, SessionsPage};
use crate::http::pages::{html, signed_out};

/// `GET /t/:slug/account/sessions`
pub async fn sessions(app: Arc<App>, request: Request) -> Response {
    view(app, request, AccountPage::Sessions, async |visit, request| {
        let (layout, frame) = visit.frame_after(request);
        let now = visit.app.clock.now();
        let sessions = visit.app.own_sessions(visit.context, &visit.signed_in).await?;
        let line = |session: Session| SessionLine {
            device: layout.messages.device(session.origin.user_agent.as_deref()),
            address: session.origin.address,
            since: layout.messages.ago(session.authenticated_at, now),
            since_exact: session.authenticated_at.to_string(),
            current: session.id == visit.signed_in.session.id,
            id: session.id.to_string(),
        };
        let sessions: Vec<_> = sessions.into_iter().map(line).collect();
        let page =
            SessionsPage { action: visit.action(), others: sessions.len() > 1, sessions, layout, frame };
        Ok(html(StatusCode::OK, page.render(), &[]))
    })
    .await
}

/// `POST /t/:slug/account/sessions`: ends the session that `session` names, or `all` or `others` of them.
pub async fn sessions_answer(app: Arc<App>, request: Request) -> Response {
    change(app, request, AccountPage::Sessions, async |visit, params| {
        let Visit { app, context, signed_in, .. } = visit;
        match params.require("session")? {
            "others" => {
                app.end_other_sessions(context, signed_in).await?;
                Ok(visit.done("others"))
            }
            "all" => {
                app.end_all_sessions(context, signed_in).await?;
                Ok(signed_out(context, None, true))
            }
            id => end_one(visit, id).await,
        }
    })
    .await
}

async fn end_one(visit: &Visit<'_>, id: &str) -> Result<Response, Fault> {
    let id = id.parse().map_err(|_| Error::invalid_request("session is malformed"))?;
    visit.app.end_own_session(visit.context, &visit.signed_in, id).await?;
    match id == visit.signed_in.session.id {
        true => Ok(signed_out(visit.context, None, true)),
        false => Ok(visit.done("ended")),
    }
}
