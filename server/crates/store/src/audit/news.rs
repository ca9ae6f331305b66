use std::time::Duration;

use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::TenantId;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::chain;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::value::{Bytes, Time};
use crate::{Change, ChangeKind, Changes, Engine, Error, TenantStore};

/// How often one who waits is woken at most.
const PACE: Duration = Duration::from_millis(100);

/// Tells when a tenant's trail may have got longer.
pub struct AuditNews {
    source: Source,
    pace: Interval,
}

enum Source {
    /// Commits of whatever kind: to look is cheap there.
    Sqlite(watch::Receiver<()>),
    Postgres(Changes, TenantId),
}

impl AuditNews {
    /// Waits until there may be something new; at once the first time if there was something since the
    /// beginning. False when there will never be.
    #[compiled_here]
    pub async fn next(&mut self) -> bool {
        self.pace.tick().await;
        match &mut self.source {
            Source::Sqlite(commits) => commits.changed().await.is_ok(),
            Source::Postgres(changes, tenant) => loop {
                match changes.next().await {
                    None => return false,
                    Some(Change::Everything) => return true,
                    Some(Change::In { tenant_id, kind: ChangeKind::AuditTrail }) if tenant_id == *tenant => {
                        return true;
                    }
                    Some(Change::In { .. }) => {}
                }
            },
        }
    }
}

impl TenantStore<'_> {
    /// Wants to hear of the tenant's new events, until about `until`. Whoever reads the trail after this and
    /// waits then misses none.
    ///
    /// On PostgreSQL this marks the chain, and whoever records an event sees the mark: every notification
    /// makes commits of the whole database wait for each other, so none is sent that nobody wants.
    #[compiled_here]
    pub async fn follow_audit_events(&self, until: Timestamp) -> Result<AuditNews, Error> {
        let source = match &self.store.store.inner.engine {
            Engine::Sqlite(sqlite) => Source::Sqlite(sqlite.committed()),
            Engine::Postgres(_) => {
                let changes = self.store.store.changes();
                self.mark_followed(until).await?;
                Source::Postgres(changes, self.id)
            }
        };
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(AuditNews { source, pace })
    }

    async fn mark_followed(&self, until: Timestamp) -> Result<(), Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let sql = "INSERT INTO audit_chains \
                       (tenant_id, sequence, hash, pruned_to, pruned_hash, prunes_at, followed_until) \
                       VALUES ($1, 0, $2, 0, $2, $3, $3) \
                       ON CONFLICT (tenant_id) DO UPDATE SET followed_until = $3 \
                       WHERE audit_chains.followed_until < $3";
            let upsert = diesel::sql_query(sql)
                .bind::<Binary, _>(tenant)
                .bind::<Binary, _>(chain::BEGINNING.as_slice())
                .bind::<BigInt, _>(Time::from(until));
            dual!(&mut conn, c => upsert.execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }
}
