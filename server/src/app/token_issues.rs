//! Access tokens that were issued, on their way into the audit trail.
//!
//! Most token requests write nothing, and are not made to: their issues wait in memory and are recorded in
//! batches, at most a second later. What is alike in a batch is one event that names every token.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use grantor_protocol::claims::{AccessTokenClaims, Audience};
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, ClientId, EventOrigin, GrantId, TenantId, TokenId,
};
use grantor_protocol::{Effect, Id, Scope, Timestamp};
use grantor_store::ApplyError;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{App, TenantContext, origin};

/// Issues that wait at most: some seconds' worth when the database does not take them. Those beyond are lost
/// to the trail, and the log says how many.
const MOST_WAITING: usize = 50_000;

/// So many issues do not wait for their second to pass.
const MANY: usize = 2000;

/// Tokens that one event names.
const MOST_IN_EVENT: usize = 100;

/// Events that one transaction records.
const MOST_IN_TRANSACTION: usize = 500;

/// What waits to be recorded.
#[derive(Default)]
pub(super) struct TokenIssues {
    waiting: Mutex<Waiting>,
    many: Notify,
    lost: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    issues: Vec<TokenIssue>,
    /// What the database did not take, or may have taken. Tried again as it is, so that nothing is recorded
    /// twice.
    unwritten: Vec<(TenantId, Vec<AuditEvent>)>,
}

/// One access token that a client got.
pub(super) struct TokenIssue {
    tenant_id: TenantId,
    at: Timestamp,
    /// The grant type, or `implicit`.
    means: &'static str,
    client_id: String,
    subject: String,
    scope: Scope,
    audience: Audience,
    grant_id: Option<GrantId>,
    jti: TokenId,
    origin: Option<Arc<EventOrigin>>,
}

impl App {
    /// The issue to note once its token is durably issued; None where the tenant wants none.
    pub(super) fn token_issue(
        &self,
        context: &TenantContext,
        means: &'static str,
        claims: &AccessTokenClaims,
    ) -> Option<TokenIssue> {
        context.tenant.settings.audit_token_issues.then(|| TokenIssue {
            tenant_id: context.tenant.id,
            at: self.now(),
            means,
            client_id: claims.client_id.clone(),
            subject: claims.sub.clone(),
            scope: claims.scope.clone(),
            audience: claims.aud.clone(),
            grant_id: claims.grant_id,
            jti: claims.jti,
            origin: origin::shared(),
        })
    }

    pub(super) fn note_token_issue(&self, issue: Option<TokenIssue>) {
        let Some(issue) = issue else { return };
        let mut waiting = self.token_issues.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let unwritten = waiting.unwritten.len() * MOST_IN_TRANSACTION;
        if waiting.issues.len() + unwritten >= MOST_WAITING {
            self.token_issues.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.issues.push(issue);
        if waiting.issues.len() == MANY {
            self.token_issues.many.notify_one();
        }
    }

    /// Waits until many issues wait to be recorded.
    pub async fn many_token_issues(&self) {
        self.token_issues.many.notified().await;
    }

    /// Records the issues that wait, a transaction for each tenant's. What the database does not take is tried
    /// again the next time; the issues of a tenant that is gone have no trail to be in.
    pub async fn record_token_issues(&self) {
        let Waiting { issues, unwritten } =
            std::mem::take(&mut *self.token_issues.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let lost = self.token_issues.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(lost, "the database did not keep up: token issues are not in the audit trail");
        }
        let mut left = vec![];
        for (tenant, events) in unwritten.into_iter().chain(events_of(issues)) {
            let effects = events.iter().cloned().map(|event| Effect::RecordAudit(Box::new(event)));
            match self.store.tenant(tenant).apply(effects.collect()).await {
                // They are there already, or the tenant is not.
                Ok(()) | Err(ApplyError::Conflict) => {}
                Err(ApplyError::Store(error)) => {
                    tracing::error!(%error, "token issues could not be recorded; trying again");
                    left.push((tenant, events));
                }
            }
        }
        if !left.is_empty() {
            let mut waiting = self.token_issues.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            left.append(&mut waiting.unwritten);
            waiting.unwritten = left;
        }
    }
}

/// Events of the issues, in portions of one transaction. An event has the identifier of its first token.
fn events_of(issues: Vec<TokenIssue>) -> Vec<(TenantId, Vec<AuditEvent>)> {
    let mut tenants: BTreeMap<TenantId, Events> = BTreeMap::new();
    for issue in issues {
        tenants.entry(issue.tenant_id).or_default().add(&issue);
    }
    let portions = |(tenant, events): (TenantId, Events)| {
        let portions: Vec<_> = events.all.chunks(MOST_IN_TRANSACTION).map(<[_]>::to_vec).collect();
        portions.into_iter().map(move |portion| (tenant, portion))
    };
    tenants.into_iter().flat_map(portions).collect()
}

#[derive(Default)]
struct Events {
    all: Vec<AuditEvent>,
    /// Where the event of issues that are alike is, by what they share.
    alike: BTreeMap<String, usize>,
}

impl Events {
    fn add(&mut self, issue: &TokenIssue) {
        let correlation_id = issue.origin.as_ref().map(|origin| origin.correlation_id.as_str());
        let token = json!({ "jti": issue.jti, "at": issue.at.to_string(), "correlation_id": correlation_id });
        let mut detail = json!({
            "grant_type": issue.means,
            "scope": issue.scope,
            "audience": issue.audience,
            "grant_id": issue.grant_id,
        });
        let from = issue.origin.as_ref().map(|origin| (&origin.address, &origin.user_agent));
        let alike = json!([issue.client_id, issue.subject, detail, from]).to_string();
        let place = match self.alike.entry(alike) {
            Entry::Occupied(place) => {
                let tokens = self.all.get_mut(*place.get()).and_then(|event| event.detail.get_mut("tokens"));
                match tokens.and_then(Value::as_array_mut) {
                    Some(tokens) if tokens.len() < MOST_IN_EVENT => {
                        tokens.push(token);
                        return;
                    }
                    _ => Entry::Occupied(place),
                }
            }
            vacant => vacant,
        };
        place.insert_entry(self.all.len());
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("tokens".to_owned(), json!([token]));
        }
        let actor = match ClientId::parse(&issue.client_id) {
            Some(client_id) => Actor::Client { client_id },
            None => Actor::Anonymous,
        };
        self.all.push(AuditEvent {
            id: Id::from_bytes(*issue.jti.as_bytes()),
            at: issue.at,
            kind: AuditKind::TokenIssued,
            actor,
            target: issue.subject.clone(),
            origin: issue.origin.as_deref().cloned(),
            detail,
        });
    }
}
