//! All that is kept of a person, for them to take along.

use grantor_protocol::model::{Consent, Grant, IdentityLink, Passkey, Session, TotpAuthenticator};
use grantor_store::{AuditFilter, AuditOrder, GrantFilter, Listing, Page, SessionFilter, Sort};
use serde_json::{Value, json};

use crate::app::admin::{audit_event_document, user_document};
use crate::app::authorize::SignedIn;
use crate::app::{App, Fault, TenantContext};

/// Items that are read at a time.
const AT_A_TIME: u32 = 500;

/// Items of one kind that one document has; of events the newest.
const MOST: usize = 20_000;

/// Reads page after page. A function would take a closure that borrows, and its future could go to no task.
macro_rules! all {
    ($page:ident => $listed:expr) => {{
        let mut $page = Page { limit: AT_A_TIME, cursor: None, q: None, sort: Sort::default() };
        let mut items = vec![];
        loop {
            let Listing { items: found, next } = $listed.await?;
            items.extend(found);
            match next {
                Some(cursor) if items.len() < MOST => $page.cursor = Some(cursor),
                next => break Items { items, more: next.is_some() },
            }
        }
    }};
}

impl App {
    /// What is kept of the person as one document: profile, sessions, consents, grants, roles and what they
    /// did. A kind of which there is more than fits says so.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a sign-in that is not fresh; a fault of the store.
    pub async fn own_data(&self, context: &TenantContext, signed_in: &SignedIn) -> Result<Value, Fault> {
        self.require_fresh(signed_in)?;
        let (store, user, now) = (self.store.tenant(context.tenant.id), &signed_in.user, self.now());
        let sessions = SessionFilter { user: Some(user.id), live: None };
        let sessions = all!(page => store.list_sessions(&page, sessions, now));
        let grants = GrantFilter { user: Some(user.id), ..GrantFilter::default() };
        let grants = all!(page => store.list_grants(&page, &grants));
        let events = AuditFilter { actor: Some(signed_in.actor().key()), ..AuditFilter::default() };
        let newest = AuditOrder::NewestFirst;
        let events = all!(page => store.list_audit_events(&page, &events, newest));
        let consents = store.consents_of(user.id).await?;
        let held = store.authenticators(user.id, None, now).await?;
        let links = store.identity_links_of(user.id).await?;
        let slug = &context.tenant.slug;
        Ok(json!({
            "issuer": context.tenant.issuer,
            "made_at": now.to_string(),
            "user": user_document(user),
            "passkeys": held.passkeys.iter().map(passkey_document).collect::<Vec<_>>(),
            "authenticators": held.totp.iter().map(totp_document).collect::<Vec<_>>(),
            "identity_links": links.iter().map(link_document).collect::<Vec<_>>(),
            "sessions": sessions.document(|(session, _)| session_document(&session)),
            "consents": consents.iter().map(|(consent, name)| consent_document(consent, name.as_deref()))
                .collect::<Vec<_>>(),
            "grants": grants.document(|named| grant_document(&named.grant, &named.client_name)),
            "events": events.document(|recorded| json!(audit_event_document(slug, recorded))),
        }))
    }
}

/// Items of one kind, and whether there are more.
struct Items<T> {
    items: Vec<T>,
    more: bool,
}

impl<T> Items<T> {
    fn document(self, document: impl FnMut(T) -> Value) -> Value {
        let items: Vec<_> = self.items.into_iter().map(document).collect();
        json!({ "items": items, "more": self.more })
    }
}

fn passkey_document(passkey: &Passkey) -> Value {
    json!({
        "id": passkey.id,
        "name": passkey.name,
        "synced": passkey.synced,
        "created_at": passkey.created_at.to_string(),
        "last_used_at": passkey.last_used_at.map(|at| at.to_string()),
    })
}

fn totp_document(totp: &TotpAuthenticator) -> Value {
    json!({
        "id": totp.id,
        "name": totp.name,
        "created_at": totp.created_at.to_string(),
        "last_used_at": totp.last_used_at.map(|at| at.to_string()),
    })
}

fn link_document(link: &IdentityLink) -> Value {
    json!({
        "provider": link.provider,
        "subject": link.subject,
        "created_at": link.created_at.to_string(),
        "last_used_at": link.last_used_at.map(|at| at.to_string()),
    })
}

fn session_document(session: &Session) -> Value {
    json!({
        "id": session.id,
        "authenticated_at": session.authenticated_at.to_string(),
        "amr": session.amr,
        "address": session.origin.address,
        "user_agent": session.origin.user_agent,
        "created_at": session.created_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "ended_at": session.ended_at.map(|at| at.to_string()),
    })
}

fn consent_document(consent: &Consent, client_name: Option<&str>) -> Value {
    json!({
        "client_id": consent.client_id,
        "client_name": client_name,
        "scope": consent.scope.to_string(),
        "resources": consent.resources,
        "given_at": consent.given_at.to_string(),
    })
}

fn grant_document(grant: &Grant, client_name: &str) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client_id,
        "client_name": client_name,
        "scope": grant.scope.to_string(),
        "resources": grant.resources,
        "session_id": grant.authentication.session_id,
        "created_at": grant.created_at.to_string(),
        "revoked_at": grant.revoked_at.map(|at| at.to_string()),
        "revocation_reason": grant.revocation_reason,
    })
}
