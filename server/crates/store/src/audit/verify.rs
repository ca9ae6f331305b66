use std::fmt;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::model::AuditEvent;
use grantor_protocol::{Id, Timestamp};

use super::{AuditEventRow, chain};
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{audit_chains, audit_events};
use crate::value::Bytes;
use crate::{Error, TenantStore};

/// Rows read at a time.
const BATCH: i64 = 500;

/// Identifier and time of a row.
type Found = (Id<AuditEvent>, Timestamp);

/// What was found of a tenant's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Events of the chain that are what was recorded, up to the first that is not.
    pub events: u64,
    /// Older events, from before there was a chain; of them nothing is known.
    pub unchained: u64,
    /// The number that retention deleted up to; 0 if it deleted nothing.
    pub pruned_to: i64,
    /// The number and hash of the newest event of the chain. Whoever keeps them elsewhere can tell later that
    /// nobody wrote the whole chain anew.
    pub head: (i64, Vec<u8>),
    /// The first event that is not what was recorded.
    pub broken: Option<BrokenLink>,
}

/// What was found of a stretch of a tenant's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStretch {
    /// Events that are what was recorded, up to the first that is not.
    pub events: u64,
    /// The numbers of the first and the last of them.
    pub covered: Option<(i64, i64)>,
    /// The number that retention deleted up to; 0 if it deleted nothing.
    pub pruned_to: i64,
    /// The number and hash of the newest event of the chain.
    pub head: (i64, Vec<u8>),
    /// The number to go on from; none at the end, where the head fits too, and where something is wrong.
    pub next: Option<i64>,
    /// The first event that is not what was recorded.
    pub broken: Option<BrokenLink>,
}

/// An event that is not what was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    /// Its number in the chain.
    pub sequence: i64,
    pub why: BrokenAt,
    /// The row that shows it: the changed or added one, or the one that follows what is missing.
    pub row: Option<Found>,
}

/// How an event differs from what was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenAt {
    Changed,
    Removed,
    Added,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, why, row } = self;
        match (why, row) {
            (BrokenAt::Changed, Some((id, at))) => {
                write!(formatter, "event {sequence} ({id} of {at}) was changed")
            }
            (BrokenAt::Added, Some((id, at))) => {
                write!(formatter, "event {sequence} ({id} of {at}) was added")
            }
            (BrokenAt::Removed, Some((id, at))) => {
                write!(formatter, "event {sequence} was removed, before {id} of {at}")
            }
            (BrokenAt::Removed, None) => write!(formatter, "event {sequence} was removed, from the end"),
            (BrokenAt::Changed | BrokenAt::Added, None) => {
                write!(formatter, "event {sequence} is not what was recorded")
            }
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_chains)]
struct ChainRow {
    sequence: i64,
    hash: Vec<u8>,
    pruned_to: i64,
    pruned_hash: Vec<u8>,
}

/// How far a walk along the chain has come.
struct Walk {
    /// The newest row that holds.
    last: Option<Found>,
    /// The number of the first row that was looked at and holds.
    first: Option<i64>,
    sequence: i64,
    hash: Vec<u8>,
    events: u64,
}

impl Walk {
    fn after_pruning(chain: &ChainRow) -> Self {
        let (sequence, hash) = (chain.pruned_to, chain.pruned_hash.clone());
        Self { last: None, first: None, sequence, hash, events: 0 }
    }

    /// Begins behind a row, which is taken for what it says it is.
    fn behind(row: &AuditEventRow) -> Self {
        let (sequence, hash) = (row.sequence, row.hash.clone());
        Self { last: Some((row.id.into(), row.at.into())), first: None, sequence, hash, events: 0 }
    }

    /// Goes on to the next row, or says what is wrong.
    fn step(&mut self, row: &AuditEventRow) -> Result<(), BrokenLink> {
        let found = Some((row.id.into(), row.at.into()));
        let broken = |sequence, why| Err(BrokenLink { sequence, why, row: found });
        if row.sequence > self.sequence + 1 {
            return broken(self.sequence + 1, BrokenAt::Removed);
        }
        if row.sequence <= self.sequence {
            return broken(row.sequence, BrokenAt::Added);
        }
        if row.hash != chain::hash(row) {
            return broken(row.sequence, BrokenAt::Changed);
        }
        if row.previous_hash != self.hash {
            // The row is whole in itself, so the one before it was exchanged together with its hash.
            return match self.last {
                Some(_) => {
                    Err(BrokenLink { sequence: self.sequence, why: BrokenAt::Changed, row: self.last })
                }
                None => broken(row.sequence, BrokenAt::Changed),
            };
        }
        let (sequence, hash) = (row.sequence, row.hash.clone());
        let first = self.first.or(Some(sequence));
        *self = Self { last: found, first, sequence, hash, events: self.events + 1 };
        Ok(())
    }
}

/// Where a walk along a stretch begins.
enum Start {
    At(Walk),
    /// Behind the newest event.
    Beyond,
    /// What it would begin behind is not there.
    Broken(BrokenLink),
}

impl TenantStore<'_> {
    /// Walks along the tenant's trail and compares every event with its hash, while others write.
    #[compiled_here]
    pub async fn verify_audit_trail(&self) -> Result<Verification, Error> {
        let chain = self.audit_chain().await?;
        let unchained = self.unchained_audit_events().await?;
        let walk = Walk::after_pruning(&chain);
        let (walk, chain, broken) = self.walk_audit_trail(walk, chain, u64::MAX).await?;
        let head = (chain.sequence, chain.hash);
        Ok(Verification { events: walk.events, unchained, pruned_to: chain.pruned_to, head, broken })
    }

    /// Walks along a stretch of the trail: `most` events from the one with the number `from`. The event before
    /// them is taken for what it says it is, so stretches that follow each other verify the whole.
    #[compiled_here]
    pub async fn verify_audit_events(&self, from: i64, most: u32) -> Result<VerifiedStretch, Error> {
        let chain = self.audit_chain().await?;
        let (walk, chain, broken) = match self.audit_walk_from(from, chain).await? {
            (chain, Start::At(walk)) => self.walk_audit_trail(walk, chain, most.into()).await?,
            (chain, Start::Beyond) => (Walk::after_pruning(&chain), chain, None),
            (chain, Start::Broken(broken)) => (Walk::after_pruning(&chain), chain, Some(broken)),
        };
        let may_go_on = broken.is_none() && walk.events >= u64::from(most);
        Ok(VerifiedStretch {
            events: walk.events,
            covered: walk.first.map(|first| (first, walk.sequence)),
            pruned_to: chain.pruned_to,
            head: (chain.sequence, chain.hash),
            next: may_go_on.then_some(walk.sequence + 1),
            broken,
        })
    }

    /// Where a walk begins whose first event is to be the one with the number `from`.
    async fn audit_walk_from(&self, from: i64, chain: ChainRow) -> Result<(ChainRow, Start), Error> {
        let before = from.saturating_sub(1);
        if before <= chain.pruned_to {
            let walk = Walk::after_pruning(&chain);
            return Ok((chain, Start::At(walk)));
        }
        if before > chain.sequence {
            return Ok((chain, Start::Beyond));
        }
        let found = self.audit_rows_after(before - 1, None, 1).await?;
        let row = found.as_slice().first();
        if let Some(row) = row.filter(|row| row.sequence == before) {
            return Ok((chain, Start::At(Walk::behind(row))));
        }
        // Retention may have come in between.
        let chain = self.audit_chain().await?;
        if before <= chain.pruned_to {
            let walk = Walk::after_pruning(&chain);
            return Ok((chain, Start::At(walk)));
        }
        let row = row.map(|row| (row.id.into(), row.at.into()));
        Ok((chain, Start::Broken(BrokenLink { sequence: before, why: BrokenAt::Removed, row })))
    }

    /// Goes on until the end, what is wrong, or so many events. Gives the chain as it was when that was known.
    async fn walk_audit_trail(
        &self,
        mut walk: Walk,
        mut chain: ChainRow,
        most: u64,
    ) -> Result<(Walk, ChainRow, Option<BrokenLink>), Error> {
        let broken = loop {
            let batch = i64::try_from(most.saturating_sub(walk.events)).map_or(BATCH, |left| left.min(BATCH));
            if batch == 0 {
                break None;
            }
            let rows = self.audit_rows_after(walk.sequence, walk.last, batch).await?;
            let full = rows.len() as i64 == batch;
            let broken = rows.iter().find_map(|row| walk.step(row).err());
            if broken.is_none() && full {
                continue;
            }
            // What the head says now was written with the rows that it tells of, so none of those read
            // before can be newer.
            let read_before = std::mem::replace(&mut chain, self.audit_chain().await?);
            if chain.pruned_to > read_before.pruned_to && chain.pruned_to > walk.sequence {
                walk = Walk { events: walk.events, first: walk.first, ..Walk::after_pruning(&chain) };
                continue;
            }
            if broken.is_some() {
                break broken;
            }
            if chain.sequence == walk.sequence {
                break (chain.hash != walk.hash).then_some(BrokenLink {
                    sequence: walk.sequence,
                    why: BrokenAt::Changed,
                    row: walk.last,
                });
            }
            if chain.sequence < walk.sequence {
                let added = self.audit_rows_after(chain.sequence, None, 1).await?;
                let row = added.as_slice().first().map(|row| (row.id.into(), row.at.into()));
                break Some(BrokenLink { sequence: chain.sequence + 1, why: BrokenAt::Added, row });
            }
            if self.audit_rows_after(walk.sequence, walk.last, 1).await?.is_empty() {
                break Some(BrokenLink { sequence: walk.sequence + 1, why: BrokenAt::Removed, row: None });
            }
        };
        Ok((walk, chain, broken))
    }

    async fn audit_chain(&self) -> Result<ChainRow, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<ChainRow> = dual!(&mut conn, c => audit_chains::table.find(tenant)
                .select(ChainRow::as_select()).get_result(c).await.optional())?;
            Ok(row.unwrap_or_else(|| ChainRow {
                sequence: 0,
                hash: chain::BEGINNING.to_vec(),
                pruned_to: 0,
                pruned_hash: chain::BEGINNING.to_vec(),
            }))
        };
        self.store.read(work).await
    }

    /// Rows of the chain behind this one; rows that were added may have its number.
    async fn audit_rows_after(
        &self,
        sequence: i64,
        last: Option<Found>,
        most: i64,
    ) -> Result<Vec<AuditEventRow>, Error> {
        let tenant = Bytes::from(self.id);
        let last = Bytes::from(last.map_or(Id::from_bytes([0xff; 16]), |(id, _)| id));
        let work = async move |mut conn: Conn<'_>| {
            Ok(dual!(&mut conn, c => audit_events::table
                .filter(audit_events::tenant_id.eq(tenant)).filter(audit_events::sequence.ge(sequence.max(1)))
                .filter(audit_events::sequence.gt(sequence).or(audit_events::id.gt(last)))
                .order((audit_events::sequence, audit_events::id)).limit(most)
                .select(AuditEventRow::as_select()).load(c).await)?)
        };
        self.store.read(work).await
    }

    async fn unchained_audit_events(&self) -> Result<u64, Error> {
        let tenant = Bytes::from(self.id);
        let work = async move |mut conn: Conn<'_>| {
            let count: i64 = dual!(&mut conn, c => audit_events::table
                .filter(audit_events::tenant_id.eq(tenant)).filter(audit_events::sequence.le(0))
                .count().get_result(c).await)?;
            Ok(count.unsigned_abs())
        };
        self.store.read(work).await
    }
}
