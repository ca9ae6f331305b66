//! The admin API's use cases. Each names the right it needs in its first line, reads or writes one
//! noun, and puts into the audit trail what it changed, in the same transaction.

mod access;
mod audit_events;
mod authenticators;
mod branding_document;
mod caller;
mod client_document;
mod client_secrets;
mod clients;
mod devices;
mod document;
mod domains;
mod fault;
mod grants;
mod idempotency;
mod identity_links;
mod identity_providers;
mod initial_access_tokens;
mod jobs;
mod keys;
mod limits_document;
mod me;
mod noun;
mod portability;
mod protected_resources;
mod registration_policy;
mod role_assignments;
mod roles;
mod sessions;
mod sign_in_document;
mod stats;
mod tenant_document;
mod tenant_members;
mod tenants;
mod user_messages;
mod users;
mod version;
mod webhooks;

pub use access::{Action, BUILT_IN_ROLES, Domain, Enforcers, Resource};
pub(in crate::app) use audit_events::document as audit_event_document;
pub use audit_events::{AUDIT_FOLLOWERS, AuditLines, AuditQuery, LONGEST_WAIT};
pub use caller::Caller;
pub(in crate::app) use document::changes as changed_members;
pub use document::{Write, escaped, keep, read};
pub(in crate::app) use domains::new_challenge;
pub use fault::{AdminFault, FieldFault, Unauthenticated};
pub use grants::WantedGrants;
pub use idempotency::{Idempotent, KeptAnswer, NamedRequest};
pub use identity_providers::TenantIdentityProvider;
pub use noun::Noun;
pub use portability::{Exported, Import};
pub use role_assignments::Place;
pub use roles::{PlatformRole, TenantRole};
pub use stats::StatsWanted;
pub use tenants::check_slug;
pub(in crate::app) use users::document as user_document;
pub use version::{Precondition, Saved, Versioned};
pub use webhooks::TenantWebhook;

use grantor_api as api;
use grantor_protocol::model::{AuditEvent, AuditKind, TenantId};
use grantor_store::{Change, ChangeKind, Listing};
use serde_json::Value;

use super::{App, Fault};

impl App {
    /// Forgets here and now what a change made wrong, so that its maker reads it; the other nodes
    /// are told by the store.
    pub(super) fn forget(&self, tenant_id: TenantId, kind: ChangeKind) {
        self.changed(&Change::In { tenant_id, kind });
    }

    /// The trail's entry for what a caller did.
    fn admin_event(&self, caller: &Caller, kind: AuditKind, target: &str, mut detail: Value) -> AuditEvent {
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("actor_tenant".to_owned(), caller.tenant.clone().into());
        }
        AuditEvent { detail, ..self.event(kind, caller.actor(), target.to_owned()) }
    }
}

/// A page of the store's as documents.
fn as_page<T, U>(listing: Listing<T>, document: impl FnMut(T) -> U) -> api::Page<U> {
    api::Page {
        items: listing.items.into_iter().map(document).collect(),
        next: listing.next.map(|cursor| cursor.to_string()),
    }
}

/// Somebody else was faster at the same thing, every time.
fn contended() -> AdminFault {
    Fault::Busy("the same thing is being changed elsewhere").into()
}
