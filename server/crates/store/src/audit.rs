use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, AuditKind, TenantId};

use crate::conn::{Conn, dual};
use crate::schema::audit_events;
use crate::value::{Bytes, Time, document, from_document};
use crate::{Error, TenantStore};

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
struct AuditEventRow {
    tenant_id: Bytes<16>,
    id: Bytes<16>,
    at: Time,
    kind: String,
    actor: serde_json::Value,
    target: String,
    detail: serde_json::Value,
}

impl AuditEventRow {
    fn new(tenant: TenantId, event: AuditEvent) -> Result<Self, Error> {
        Ok(Self {
            tenant_id: tenant.into(),
            id: event.id.into(),
            at: event.at.into(),
            kind: event.kind.as_str().to_owned(),
            actor: document("audit_events.actor", &event.actor)?,
            target: event.target,
            detail: event.detail,
        })
    }

    fn into_event(self) -> Result<AuditEvent, Error> {
        Ok(AuditEvent {
            id: self.id.into(),
            at: self.at.into(),
            kind: kind(&self.kind)?,
            actor: from_document("audit_events.actor", self.actor)?,
            target: self.target,
            detail: self.detail,
        })
    }
}

impl TenantStore<'_> {
    /// The newest events, the newest first.
    pub async fn audit_events(&self, limit: u32) -> Result<Vec<AuditEvent>, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let rows = dual!(&mut conn, c => audit_events::table
                .filter(audit_events::tenant_id.eq(tenant))
                .order((audit_events::at.desc(), audit_events::id.desc())).limit(limit.into())
                .select(AuditEventRow::as_select()).load(c).await)?;
            rows.into_iter().map(AuditEventRow::into_event).collect()
        };
        self.store.read(work).await
    }
}

/// Writes events in the transaction of what they tell of.
pub(crate) async fn record(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    events: Vec<AuditEvent>,
) -> Result<(), Error> {
    for event in events {
        let row = AuditEventRow::new(tenant, event)?;
        dual!(conn, c => diesel::insert_into(audit_events::table).values(row).execute(c).await)?;
    }
    Ok(())
}

const KINDS: [AuditKind; 23] = [
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
    AuditKind::DeviceEntered,
    AuditKind::DeviceApproved,
    AuditKind::DeviceDenied,
    AuditKind::DeviceCodeReplayed,
    AuditKind::ClientRegistered,
    AuditKind::ClientExpired,
    AuditKind::InitialAccessTokenChanged,
    AuditKind::TenantExported,
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
                AuditKind::DeviceEntered => 15,
                AuditKind::DeviceApproved => 16,
                AuditKind::DeviceDenied => 17,
                AuditKind::DeviceCodeReplayed => 18,
                AuditKind::ClientRegistered => 19,
                AuditKind::ClientExpired => 20,
                AuditKind::InitialAccessTokenChanged => 21,
                AuditKind::TenantExported => 22,
            };
            assert_eq!(KINDS[position], kind);
            assert_eq!(super::kind(kind.as_str()).unwrap(), kind);
        }
        assert!(super::kind("lost").is_err());
    }
}
