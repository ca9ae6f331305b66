use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::TenantId;
use grantor_protocol::{Lifetime, Timestamp};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{audit_chains, audit_events, tenants};
use crate::tenant::in_service;
use crate::value::{Bytes, Time};
use crate::{Error, Store, TenantStore};

/// What one look for old events needs of them.
type Old = (i64, Bytes<16>, Time, Vec<u8>);

impl Store {
    /// Tenants in service whose oldest events may be too old by now.
    #[compiled_here]
    pub async fn tenants_with_old_audit_events(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TenantId>, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let tenants: Vec<Bytes<16>> = dual!(&mut conn, c => audit_chains::table
                .inner_join(tenants::table.on(tenants::id.eq(audit_chains::tenant_id)))
                .filter(in_service()).filter(audit_chains::prunes_at.le(Time::from(now)))
                .order(audit_chains::prunes_at).limit(i64::from(limit))
                .select(audit_chains::tenant_id).load(c).await)?;
            Ok(tenants.into_iter().map(TenantId::from).collect())
        };
        self.read(work).await
    }
}

impl TenantStore<'_> {
    /// Deletes events older than `retention`, the oldest first and at most `batch`, and gives their number. The
    /// chain keeps the hash that it is cut off at. When nothing is left to delete, the tenant is looked at
    /// again once its oldest event is too old.
    #[compiled_here]
    pub async fn delete_old_audit_events(
        &self,
        now: Timestamp,
        retention: Lifetime,
        batch: u32,
    ) -> Result<u32, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let oldest: Vec<Old> = dual!(&mut conn, c => audit_events::table
                .filter(audit_events::tenant_id.eq(tenant))
                .order((audit_events::sequence, audit_events::id)).limit(i64::from(batch) + 1)
                .select((audit_events::sequence, audit_events::id, audit_events::at, audit_events::hash))
                .load(c).await)?;
            let before = now - retention;
            let is_old = |(_, _, at, _): &&Old| Timestamp::from(*at) < before;
            let old = oldest.iter().take(batch as usize).take_while(is_old).count();
            if old < batch as usize {
                let kept = oldest.get(old).map_or(now, |(_, _, at, _)| Timestamp::from(*at));
                dual!(&mut conn, c => diesel::update(audit_chains::table.find(tenant))
                    .set(audit_chains::prunes_at.eq(Time::from(kept + retention))).execute(c).await)?;
            }
            if let Some((sequence, id, _, hash)) = old.checked_sub(1).and_then(|last| oldest.get(last)) {
                delete_up_to(&mut conn, tenant, (*sequence, *id), hash).await?;
            }
            Ok(u32::try_from(old).unwrap_or(u32::MAX))
        };
        self.store.write(work).await
    }
}

/// Another node may be deleting the same events, or more of them by now.
async fn delete_up_to(
    conn: &mut Conn<'_>,
    tenant: Bytes<16>,
    (sequence, id): (i64, Bytes<16>),
    hash: &[u8],
) -> QueryResult<()> {
    let (number, key) = (audit_events::sequence, audit_events::id);
    dual!(conn, c => diesel::delete(audit_events::table)
        .filter(audit_events::tenant_id.eq(tenant))
        .filter(number.lt(sequence).or(number.eq(sequence).and(key.le(id)))).execute(c).await)?;
    if sequence > 0 {
        dual!(conn, c => diesel::update(audit_chains::table.find(tenant))
            .filter(audit_chains::pruned_to.lt(sequence))
            .set((audit_chains::pruned_to.eq(sequence), audit_chains::pruned_hash.eq(hash)))
            .execute(c).await)?;
    }
    Ok(())
}

/// Has the tenant's events looked at anew: how long they are kept may have changed.
pub(crate) async fn look_again(conn: &mut Conn<'_>, tenant: TenantId) -> QueryResult<()> {
    dual!(conn, c => diesel::update(audit_chains::table.find(Bytes::from(tenant)))
        .set(audit_chains::prunes_at.eq(Time::from(Timestamp::default()))).execute(c).await)?;
    Ok(())
}
