use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, AuditKind};
use grantor_protocol::{Id, Timestamp};

use super::AuditEventRow;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{audit_events, tenants};
use crate::value::{Bytes, Time};
use crate::{Cursor, Error, Listing, Page, Store, TenantStore};

/// An event with its place in the tenant's chain.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEvent {
    pub event: AuditEvent,
    /// Counts the tenant's events from 1; 0 for those from before there was a chain.
    pub sequence: i64,
    /// SHA-256, of the event before this one and of this one; empty where there is no chain.
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

/// Which events are wanted: those that are all of what is said.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub kind: Option<AuditKind>,
    /// An [`Actor::key`](grantor_protocol::model::Actor::key).
    pub actor: Option<String>,
    pub target: Option<String>,
    /// The earliest time.
    pub from: Option<Timestamp>,
    /// The first time that is too late.
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditOrder {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// The kind of event with this name.
pub fn audit_kind(name: &str) -> Option<AuditKind> {
    super::kind(name).ok()
}

/// Every kind of event.
pub fn audit_kinds() -> impl Iterator<Item = AuditKind> {
    super::KINDS.into_iter()
}

impl AuditEventRow {
    fn into_recorded(mut self) -> Result<RecordedEvent, Error> {
        let (sequence, previous_hash, hash) =
            (self.sequence, std::mem::take(&mut self.previous_hash), std::mem::take(&mut self.hash));
        Ok(RecordedEvent { event: self.into_event()?, sequence, previous_hash, hash })
    }
}

/// A boxed query for what the filter wants.
macro_rules! filtered {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query, $filter);
        if let Some(kind) = filter.kind {
            query = query.filter(audit_events::kind.eq(kind.as_str()));
        }
        if let Some(actor) = filter.actor {
            query = query.filter(audit_events::actor_key.eq(actor));
        }
        if let Some(target) = filter.target {
            query = query.filter(audit_events::target.eq(target));
        }
        if let Some(from) = filter.from {
            query = query.filter(audit_events::at.ge(Time::from(from)));
        }
        if let Some(until) = filter.until {
            query = query.filter(audit_events::at.lt(Time::from(until)));
        }
        query
    }};
}

/// A boxed query for a page of it.
macro_rules! paged {
    ($query:expr, $page:expr, $order:expr) => {{
        let (mut query, page): (_, &Page) = ($query, $page);
        let (at, sequence, id) = (audit_events::at, audit_events::sequence, audit_events::id);
        let cursor = page.cursor.as_ref().map(|cursor| (cursor.time(), cursor.event()));
        match $order {
            AuditOrder::NewestFirst => {
                if let Some((time, (number, key))) = cursor {
                    query = query
                        .filter(at.lt(time).or(
                            at.eq(time).and(sequence.lt(number).or(sequence.eq(number).and(id.lt(key)))),
                        ));
                }
                query.order((at.desc(), sequence.desc(), id.desc())).limit(page.rows_to_load())
            }
            AuditOrder::OldestFirst => {
                if let Some((time, (number, key))) = cursor {
                    query = query
                        .filter(at.gt(time).or(
                            at.eq(time).and(sequence.gt(number).or(sequence.eq(number).and(id.gt(key)))),
                        ));
                }
                query.order((at.asc(), sequence.asc(), id.asc())).limit(page.rows_to_load())
            }
        }
    }};
}

fn cursor(recorded: &RecordedEvent) -> Cursor {
    Cursor::of_event(recorded.event.at, recorded.sequence, recorded.event.id.as_bytes())
}

impl TenantStore<'_> {
    /// A page of the tenant's events, by their time. An event is given its time a little before others can see
    /// it, so whoever wants all that come reads [`Self::audit_events_after`].
    #[compiled_here]
    pub async fn list_audit_events(
        &self,
        page: &Page,
        filter: &AuditFilter,
        order: AuditOrder,
    ) -> Result<Listing<RecordedEvent>, Error> {
        let (tenant, wanted, filter) = (Bytes::from(self.id), page.clone(), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<AuditEventRow> = dual!(&mut conn, c => {
                let query = audit_events::table.filter(audit_events::tenant_id.eq(tenant))
                    .select(AuditEventRow::as_select()).into_boxed();
                paged!(filtered!(query, filter), &wanted, order).load(c).await
            })?;
            rows.into_iter().map(AuditEventRow::into_recorded).collect::<Result<Vec<_>, _>>()
        };
        Ok(page.listing(self.store.read(work).await?, cursor))
    }

    /// The events behind this number in the chain, in the chain's order: none is ever missed, since whoever
    /// can be seen comes after all that could be seen before.
    #[compiled_here]
    pub async fn audit_events_after(
        &self,
        sequence: i64,
        limit: u32,
        filter: &AuditFilter,
    ) -> Result<Vec<RecordedEvent>, Error> {
        let (tenant, filter) = (Bytes::from(self.id), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<AuditEventRow> = dual!(&mut conn, c => {
                let query = audit_events::table.filter(audit_events::tenant_id.eq(tenant))
                    .filter(audit_events::sequence.gt(sequence))
                    .select(AuditEventRow::as_select()).into_boxed();
                filtered!(query, filter).order(audit_events::sequence.asc())
                    .limit(i64::from(limit)).load(c).await
            })?;
            rows.into_iter().map(AuditEventRow::into_recorded).collect()
        };
        self.store.read(work).await
    }

    #[compiled_here]
    pub async fn audit_event(&self, id: Id<AuditEvent>) -> Result<Option<RecordedEvent>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<AuditEventRow> = dual!(&mut conn, c => audit_events::table.find(key)
                .select(AuditEventRow::as_select()).get_result(c).await.optional())?;
            row.map(AuditEventRow::into_recorded).transpose()
        };
        self.store.read(work).await
    }
}

impl Store {
    /// A page of all tenants' events by their time, each with its tenant's slug.
    #[compiled_here]
    pub async fn list_audit_events(
        &self,
        page: &Page,
        filter: &AuditFilter,
        order: AuditOrder,
    ) -> Result<Listing<(String, RecordedEvent)>, Error> {
        let (wanted, filter) = (page.clone(), filter.clone());
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<(String, AuditEventRow)> = dual!(&mut conn, c => {
                let query = audit_events::table
                    .inner_join(tenants::table.on(tenants::id.eq(audit_events::tenant_id)))
                    .select((tenants::slug, AuditEventRow::as_select())).into_boxed();
                paged!(filtered!(query, filter), &wanted, order).load(c).await
            })?;
            rows.into_iter()
                .map(|(slug, row)| Ok((slug, row.into_recorded()?)))
                .collect::<Result<Vec<_>, Error>>()
        };
        Ok(page.listing(self.read(work).await?, |(_, recorded)| cursor(recorded)))
    }
}
