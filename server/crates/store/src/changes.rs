//! What administrators changed, so that caches forget it: told in the process by a broadcast, among
//! the nodes of one PostgreSQL by NOTIFY in the transaction that made the change.

use std::time::Duration;

use diesel::QueryResult;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::StreamExt;
use grantor_protocol::model::{ClientId, TenantId};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::compiled_here;
use crate::conn::Conn;

/// Something that caches may hold is no longer so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Changes may have been missed: forget all.
    Everything,
    In {
        tenant_id: TenantId,
        kind: ChangeKind,
    },
}

/// What of a tenant changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// The tenant's own row, or whether there is one.
    Tenant,
    Client(ClientId),
    Keys,
    /// Roles, or who has them.
    RoleAssignments,
    /// Somebody waits for the next events of the tenant's trail, and there are some.
    AuditTrail,
}

/// The changes since [`Store::changes`](crate::Store::changes) was called.
pub struct Changes(broadcast::Receiver<Change>);

/// Changes that a slow listener may fall behind before it is told to forget everything.
const BACKLOG: usize = 1024;

const CHANNEL: &str = "grantor_changes";

/// How often a lost notification connection is tried again.
const RECONNECT: Duration = Duration::from_secs(1);

/// How often a silent notification connection is asked whether it lives, and how long it may take
/// to say so.
const CHECK: Duration = Duration::from_secs(20);

impl Changes {
    /// Waits for the next change; `None` when the store is gone. One that came too late to be told
    /// apart is [`Change::Everything`].
    #[compiled_here]
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::Everything),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Change {
    /// The text of a notification: `<tenant id> <kind>[ <client_id>]`.
    fn to_payload(&self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::In { tenant_id, kind: ChangeKind::Tenant } => format!("{tenant_id} tenant"),
            Self::In { tenant_id, kind: ChangeKind::Client(id) } => format!("{tenant_id} client {id}"),
            Self::In { tenant_id, kind: ChangeKind::Keys } => format!("{tenant_id} keys"),
            Self::In { tenant_id, kind: ChangeKind::RoleAssignments } => format!("{tenant_id} roles"),
            Self::In { tenant_id, kind: ChangeKind::AuditTrail } => format!("{tenant_id} audit"),
        }
    }

    /// What a notification says; one that a newer node sent and this one does not know means
    /// everything.
    fn from_payload(payload: &str) -> Self {
        let known = || {
            let (tenant_id, kind) = payload.split_once(' ')?;
            let kind = match kind.split_once(' ') {
                None if kind == "tenant" => ChangeKind::Tenant,
                None if kind == "keys" => ChangeKind::Keys,
                None if kind == "roles" => ChangeKind::RoleAssignments,
                None if kind == "audit" => ChangeKind::AuditTrail,
                Some(("client", id)) => ChangeKind::Client(ClientId::parse(id)?),
                _ => return None,
            };
            Some(Self::In { tenant_id: tenant_id.parse().ok()?, kind })
        };
        known().unwrap_or(Self::Everything)
    }
}

pub(crate) fn channel() -> broadcast::Sender<Change> {
    broadcast::Sender::new(BACKLOG)
}

pub(crate) fn subscribe(sender: &broadcast::Sender<Change>) -> Changes {
    Changes(sender.subscribe())
}

/// Tells the other nodes when the transaction commits; SQLite has none, and its writer sees what
/// other processes commit.
pub(crate) async fn notify(conn: &mut Conn<'_>, changes: &[Change]) -> QueryResult<()> {
    let Conn::Postgres(connection) = conn else { return Ok(()) };
    for change in changes {
        diesel::sql_query("SELECT pg_notify($1, $2)")
            .bind::<Text, _>(CHANNEL)
            .bind::<Text, _>(change.to_payload())
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Passes on what other nodes say, for ever. Whoever connects may have missed something, so every
/// connection begins with [`Change::Everything`].
pub(crate) async fn listen(url: String, changes: broadcast::Sender<Change>) {
    let mut attempts = interval(RECONNECT);
    attempts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        attempts.tick().await;
        if let Err(error) = listen_once(&url, &changes).await {
            tracing::warn!(%error, "the connection for change notifications was lost; trying again");
            // Nobody knows what changes until there is one again, so nothing is remembered meanwhile.
            let _receivers = changes.send(Change::Everything);
        }
    }
}

async fn listen_once(url: &str, changes: &broadcast::Sender<Change>) -> Result<(), String> {
    let connect = timeout(CHECK, AsyncPgConnection::establish(url)).await.map_err(|_| "timed out")?;
    let mut connection = connect.map_err(|error| error.to_string())?;
    run(&mut connection, "LISTEN grantor_changes").await?;
    // Nobody may be listening; that is no reason to stop.
    let _receivers = changes.send(Change::Everything);
    loop {
        let notification = timeout(CHECK, Box::pin(connection.notifications_stream()).next()).await;
        match notification {
            Ok(Some(Ok(notification))) => {
                let _receivers = changes.send(Change::from_payload(&notification.payload));
            }
            Ok(Some(Err(error))) => return Err(error.to_string()),
            Ok(None) => return Err("the connection was closed".to_owned()),
            Err(_silence) => run(&mut connection, "SELECT 1").await?,
        }
    }
}

async fn run(connection: &mut AsyncPgConnection, sql: &str) -> Result<(), String> {
    match timeout(CHECK, diesel::sql_query(sql).execute(connection)).await {
        Ok(result) => result.map(drop).map_err(|error| error.to_string()),
        Err(_) => Err("the database did not answer".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_says_what_was_meant() {
        let tenant_id = TenantId::from_bytes([7; 16]);
        let client = ClientId::parse("a client with spaces").unwrap();
        for kind in [
            ChangeKind::Tenant,
            ChangeKind::Client(client),
            ChangeKind::Keys,
            ChangeKind::RoleAssignments,
            ChangeKind::AuditTrail,
        ] {
            let change = Change::In { tenant_id, kind };
            assert_eq!(Change::from_payload(&change.to_payload()), change);
        }
        assert_eq!(Change::from_payload("what a newer node says"), Change::Everything);
    }
}
