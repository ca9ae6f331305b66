//! The audit trail: events that are written in the transaction of what they tell of, one chain of hashes for
//! each tenant.

mod chain;
mod listing;
mod news;
mod retention;
mod verify;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::{join, join_all};
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, AuditKind, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{audit_chains, audit_events};
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{Change, ChangeKind, Error, TenantStore, changes};

pub use listing::{AuditFilter, AuditOrder, RecordedEvent, audit_kind, audit_kinds};
pub use news::AuditNews;
pub(crate) use retention::look_again;
pub use verify::{BrokenAt, BrokenLink, Verification, VerifiedStretch};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
pub(crate) struct AuditEventRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    at: Time,
    kind: String,
    actor: serde_json::Value,
    target: String,
    detail: serde_json::Value,
    actor_key: String,
    origin: Option<serde_json::Value>,
    sequence: i64,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl AuditEventRow {
    /// The event as the one after the event with `previous_hash`.
    fn new(
        tenant: TenantId,
        event: AuditEvent,
        sequence: i64,
        previous_hash: Vec<u8>,
    ) -> Result<Self, Error> {
        let origin = event.origin.as_ref().map(|origin| document("audit_events.origin", origin));
        let mut row = Self {
            tenant_id: tenant.into(),
            id: event.id.into(),
            at: event.at.into(),
            kind: event.kind.as_str().to_owned(),
            actor: document("audit_events.actor", &event.actor)?,
            target: event.target,
            detail: event.detail,
            actor_key: event.actor.key(),
            origin: origin.transpose()?,
            sequence,
            previous_hash,
            hash: vec![],
        };
        row.hash = chain::hash(&row).to_vec();
        Ok(row)
    }

    pub(crate) fn into_event(self) -> Result<AuditEvent, Error> {
        let origin = self.origin.map(|origin| from_document("audit_events.origin", origin));
        Ok(AuditEvent {
            id: self.id.into(),
            at: self.at.into(),
            kind: kind(&self.kind)?,
            actor: from_document("audit_events.actor", self.actor)?,
            target: self.target,
            origin: origin.transpose()?,
            detail: self.detail,
        })
    }
}

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    followed_until: Time,
}

impl TenantStore<'_> {
    /// The newest events, the newest first.
    #[compiled_here]
    pub async fn audit_events(&self, limit: u32) -> Result<Vec<AuditEvent>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => audit_events::table
                .filter(audit_events::tenant_id.eq(tenant))
                .order((audit_events::at.desc(), audit_events::sequence.desc(), audit_events::id.desc()))
                .limit(limit.into())
                .select(AuditEventRow::as_select()).load(c).await)?;
            rows.into_iter().map(AuditEventRow::into_event).collect()
        };
        self.store.read(work).await
    }
}

/// Writes events in the transaction of what they tell of, at the end of the tenant's chain. Nobody else
/// continues the chain before the transaction ends, so this is the last that it does.
pub(crate) async fn record(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    events: Vec<AuditEvent>,
) -> Result<(), Error> {
    let [first, ..] = events.as_slice() else { return Ok(()) };
    let at = first.at;
    let head = claim(conn, tenant, &events, at.into()).await?;
    if Timestamp::from(head.followed_until) > at {
        changes::notify(conn, &[Change::In { tenant_id: tenant, kind: ChangeKind::AuditTrail }]).await?;
    }
    let (mut sequence, mut hash) = (head.sequence - count(&events), head.hash);
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        sequence += 1;
        let row = AuditEventRow::new(tenant, event, sequence, hash)?;
        hash = row.hash.clone();
        rows.push(row);
    }
    match conn {
        // All are sent before the first is answered.
        Conn::Postgres(connection) => {
            let connection: &AsyncPgConnection = connection;
            let inserts =
                rows.into_iter().map(async |row| insert(&mut Conn::Postgres(connection), row).await);
            let mut head = Conn::Postgres(connection);
            let (inserted, moved) = join(join_all(inserts), move_head(&mut head, tenant, hash)).await;
            inserted.into_iter().chain([moved]).collect::<QueryResult<()>>()?;
        }
        Conn::Sqlite(_) => {
            for row in rows {
                insert(conn, row).await?;
            }
            move_head(conn, tenant, hash).await?;
        }
    }
    Ok(())
}

fn count(events: &[AuditEvent]) -> i64 {
    i64::try_from(events.len()).unwrap_or(i64::MAX)
}

/// Numbers the events and locks the chain: gives the last number, and the hash that the first continues.
async fn claim(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    events: &[AuditEvent],
    at: Time,
) -> QueryResult<Claimed> {
    // SQLite takes $1 as well, and numbers by first appearance.
    let sql = "INSERT INTO audit_chains \
               (tenant_id, sequence, hash, pruned_to, pruned_hash, prunes_at, followed_until) \
               VALUES ($1, $2, $3, 0, $3, $4, 0) \
               ON CONFLICT (tenant_id) DO UPDATE SET sequence = audit_chains.sequence + $2 \
               RETURNING sequence, hash, followed_until";
    let upsert = diesel::sql_query(sql)
        .bind::<Binary, _>(Bytes::from(tenant))
        .bind::<BigInt, _>(count(events))
        .bind::<Binary, _>(chain::BEGINNING.as_slice())
        .bind::<BigInt, _>(at);
    dual!(conn, c => upsert.get_result(c).await)
}

async fn insert(conn: &mut Conn<'_>, row: AuditEventRow) -> QueryResult<()> {
    dual!(conn, c => diesel::insert_into(audit_events::table).values(row).execute(c).await)?;
    Ok(())
}

async fn move_head(conn: &mut Conn<'_>, tenant: TenantId, hash: Vec<u8>) -> QueryResult<()> {
    dual!(conn, c => Kept(diesel::update(audit_chains::table.find(Bytes::from(tenant)))
        .set(audit_chains::hash.eq(hash))).execute(c).await)?;
    Ok(())
}

const KINDS: [AuditKind; 42] = [
    AuditKind::SignInSucceeded,
    AuditKind::SignInFailed,
    AuditKind::SignedOut,
    AuditKind::ConsentGiven,
    AuditKind::ConsentRevoked,
    AuditKind::GrantRevoked,
    AuditKind::AuthorizationCodeReplayed,
    AuditKind::RefreshTokenReplayed,
    AuditKind::TenantChanged,
    AuditKind::ClientChanged,
    AuditKind::UserChanged,
    AuditKind::KeyChanged,
    AuditKind::AdministratorCreated,
    AuditKind::ResourceChanged,
    AuditKind::TokenExchanged,
    AuditKind::TokenIssued,
    AuditKind::DeviceEntered,
    AuditKind::DeviceApproved,
    AuditKind::DeviceDenied,
    AuditKind::DeviceCodeReplayed,
    AuditKind::ClientRegistered,
    AuditKind::ClientExpired,
    AuditKind::InitialAccessTokenChanged,
    AuditKind::RoleChanged,
    AuditKind::RoleAssignmentChanged,
    AuditKind::TenantExported,
    AuditKind::WebhookChanged,
    AuditKind::WebhookDisabled,
    AuditKind::WebhookReplayed,
    AuditKind::WebhookTested,
    AuditKind::DomainChanged,
    AuditKind::AuthenticatorChanged,
    AuditKind::SecondFactorFailed,
    AuditKind::PasskeyCopied,
    AuditKind::MessageRequested,
    AuditKind::MessageFailed,
    AuditKind::PasswordReset,
    AuditKind::EmailVerified,
    AuditKind::InvitationAccepted,
    AuditKind::IdentityProviderChanged,
    AuditKind::IdentityLinked,
    AuditKind::IdentityUnlinked,
];

fn kind(name: &str) -> Result<AuditKind, Error> {
    KINDS
        .into_iter()
        .find(|kind| kind.as_str() == name)
        .ok_or_else(|| Error::corrupt("audit_events.kind", format!("{name} is no kind of event")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new kind does not compile here until it is in the match, and then belongs in `KINDS`.
    #[test]
    fn every_kind_can_be_read() {
        for kind in KINDS {
            let position = match kind {
                AuditKind::SignInSucceeded => 0,
                AuditKind::SignInFailed => 1,
                AuditKind::SignedOut => 2,
                AuditKind::ConsentGiven => 3,
                AuditKind::ConsentRevoked => 4,
                AuditKind::GrantRevoked => 5,
                AuditKind::AuthorizationCodeReplayed => 6,
                AuditKind::RefreshTokenReplayed => 7,
                AuditKind::TenantChanged => 8,
                AuditKind::ClientChanged => 9,
                AuditKind::UserChanged => 10,
                AuditKind::KeyChanged => 11,
                AuditKind::AdministratorCreated => 12,
                AuditKind::ResourceChanged => 13,
                AuditKind::TokenExchanged => 14,
                AuditKind::TokenIssued => 15,
                AuditKind::DeviceEntered => 16,
                AuditKind::DeviceApproved => 17,
                AuditKind::DeviceDenied => 18,
                AuditKind::DeviceCodeReplayed => 19,
                AuditKind::ClientRegistered => 20,
                AuditKind::ClientExpired => 21,
                AuditKind::InitialAccessTokenChanged => 22,
                AuditKind::RoleChanged => 23,
                AuditKind::RoleAssignmentChanged => 24,
                AuditKind::TenantExported => 25,
                AuditKind::WebhookChanged => 26,
                AuditKind::WebhookDisabled => 27,
                AuditKind::WebhookReplayed => 28,
                AuditKind::WebhookTested => 29,
                AuditKind::DomainChanged => 30,
                AuditKind::AuthenticatorChanged => 31,
                AuditKind::SecondFactorFailed => 32,
                AuditKind::PasskeyCopied => 33,
                AuditKind::MessageRequested => 34,
                AuditKind::MessageFailed => 35,
                AuditKind::PasswordReset => 36,
                AuditKind::EmailVerified => 37,
                AuditKind::InvitationAccepted => 38,
                AuditKind::IdentityProviderChanged => 39,
                AuditKind::IdentityLinked => 40,
                AuditKind::IdentityUnlinked => 41,
            };
            assert_eq!(KINDS[position], kind);
            assert_eq!(super::kind(kind.as_str()).unwrap(), kind);
        }
        assert!(super::kind("lost").is_err());
    }
}
