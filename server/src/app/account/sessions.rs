//! Where a person is signed in.

use grantor_protocol::Effect;
use grantor_protocol::model::{AuditKind, RevocationReason, Session, SessionId};
use grantor_store::{Page, SessionFilter, Sort};
use serde_json::json;

use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};

/// Sessions that are shown; whoever has more signs out everywhere.
const MOST_SHOWN: u32 = 200;

impl App {
    /// The person's live sessions: this one, then those in which they proved last who they are.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn own_sessions(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<Vec<Session>, Fault> {
        let filter = SessionFilter { user: Some(signed_in.user.id), live: Some(true) };
        let page = Page { limit: MOST_SHOWN, cursor: None, q: None, sort: Sort::default() };
        let listing = self.store.tenant(context.tenant.id).list_sessions(&page, filter, self.now()).await?;
        let mut sessions: Vec<_> = listing.items.into_iter().map(|(session, _)| session).collect();
        let this = signed_in.session.id;
        sessions.sort_by_key(|session| {
            (session.id != this, std::cmp::Reverse(session.authenticated_at.unix_seconds()))
        });
        Ok(sessions)
    }

    /// Signs the person out in one of their browsers. One that is signed out already stays so.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a session that is not theirs, whether there is one or not.
    pub async fn end_own_session(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        id: SessionId,
    ) -> Result<(), Fault> {
        let found = self.store.tenant(context.tenant.id).session(id).await?;
        let session = found
            .filter(|session| session.user_id == signed_in.user.id)
            .ok_or(Fault::Expired("there is no such session of this person"))?;
        if session.ended_at.is_some() {
            return Ok(());
        }
        self.sign_out(context, &SignedIn { session, user: signed_in.user.clone() }, None).await
    }

    /// Signs the person out in every other browser.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn end_other_sessions(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
    ) -> Result<(), Fault> {
        let (user, session, at) = (signed_in.user.id, signed_in.session.id, self.now());
        let revokes = context.policy.sign_out_revokes;
        let mut event = self.event(AuditKind::SignedOut, signed_in.actor(), user.to_string());
        event.detail = json!({ "sessions": "others", "revokes": revokes });
        let effects = vec![
            Effect::EndOtherSessions { user, session, revokes, at },
            Effect::RecordAudit(Box::new(event)),
        ];
        Ok(self.apply(context.tenant.id, effects).await?)
    }

    /// Signs the person out in every browser, and takes from every application what it has of them.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn end_all_sessions(&self, context: &TenantContext, signed_in: &SignedIn) -> Result<(), Fault> {
        let (user, at, reason) = (signed_in.user.id, self.now(), RevocationReason::RevokedByUser);
        let mut event = self.event(AuditKind::SignedOut, signed_in.actor(), user.to_string());
        event.detail = json!({ "sessions": "all" });
        let effects =
            vec![Effect::SignOutEverywhere { user, reason, at }, Effect::RecordAudit(Box::new(event))];
        Ok(self.apply(context.tenant.id, effects).await?)
    }
}
