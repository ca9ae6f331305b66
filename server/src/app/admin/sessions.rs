use grantor_api as api;
use grantor_protocol::model::{AuditKind, Session, SessionId, UserId};
use grantor_protocol::{Effect, Timestamp};
use grantor_store::{Page, SessionFilter};
use serde_json::json;

use super::{Action, AdminFault, Caller, Resource, as_page};
use crate::app::{App, Fault, TenantContext};

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_sessions(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        (user, active): (Option<&str>, Option<bool>),
    ) -> Result<api::Page<api::Session>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Session, Action::Read).await?;
        let Ok(user) = user.map(str::parse::<UserId>).transpose() else {
            return Ok(api::Page { items: vec![], next: None });
        };
        let (filter, now) = (SessionFilter { user, live: active }, self.now());
        let sessions = self.store.tenant(context.tenant.id).list_sessions(page, filter, now).await?;
        Ok(as_page(sessions, |(session, username)| document(&session, username, now)))
    }

    /// # Errors
    /// As [`Self::list_sessions`].
    pub async fn read_session(
        &self,
        caller: &Caller,
        tenant: &str,
        session: &str,
    ) -> Result<api::Session, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Session, Action::Read).await?;
        let session = self.session(&context, session).await?;
        let user = self.store.tenant(context.tenant.id).user(session.user_id).await?;
        let username = user.ok_or(AdminFault::NotFound)?.username;
        Ok(document(&session, username, self.now()))
    }

    /// Signs a browser out, with the grants that the tenant ends with a session. One that is signed out
    /// already stays so.
    ///
    /// # Errors
    /// As [`Self::list_sessions`].
    pub async fn delete_session(
        &self,
        caller: &Caller,
        tenant: &str,
        session: &str,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::Session, Action::Delete).await?;
        let session = self.session(&context, session).await?;
        if session.ended_at.is_some() {
            return Ok(());
        }
        let revokes = context.policy.sign_out_revokes;
        let detail = json!({ "user_id": session.user_id, "revokes": revokes });
        let event = self.admin_event(caller, AuditKind::SignedOut, &session.id.to_string(), detail);
        let end = Effect::EndSession { session: session.id, revokes, at: self.now() };
        let effects = vec![end, Effect::RecordAudit(Box::new(event))];
        Ok(self.apply(context.tenant.id, effects).await.map_err(Fault::from)?)
    }

    async fn session(&self, context: &TenantContext, session: &str) -> Result<Session, AdminFault> {
        let id: SessionId = session.parse().map_err(|_| AdminFault::NotFound)?;
        self.store.tenant(context.tenant.id).session(id).await?.ok_or(AdminFault::NotFound)
    }
}

fn document(session: &Session, username: String, now: Timestamp) -> api::Session {
    let state = match session.ended_at {
        Some(_) => api::SessionState::Ended,
        None if session.is_live(now) => api::SessionState::Active,
        None => api::SessionState::Expired,
    };
    api::Session {
        id: session.id.to_string(),
        user_id: session.user_id.to_string(),
        username,
        state,
        amr: session.amr.clone(),
        authenticated_at: session.authenticated_at.to_string(),
        address: session.origin.address.clone(),
        user_agent: session.origin.user_agent.clone(),
        created_at: session.created_at.to_string(),
        expires_at: session.expires_at.to_string(),
        ended_at: session.ended_at.map(|at| at.to_string()),
    }
}
