//! Work that goes on after the request that asked for it, visible and resumable.
//!
//! Whoever works on a job holds it for a while and says so with every transaction; if it falls
//! silent, any node goes on where it stopped. A job of a tenant that ends is deleting its rows:
//! that is what deleting a tenant is, and what is left to do of an import that failed.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, TenantId};
use grantor_protocol::{Id, Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::portable::TABLES;
use crate::schema::{jobs, tenants};
use crate::tenant::{DELETING, tenant_changed};
use crate::value::{Bytes, Time, from_name};
use crate::{Cursor, Error, Listing, Page, Store, Tenants, WriteError};

/// Whoever works on a job has so long for its next transaction.
const LEASE: Lifetime = Lifetime::from_seconds(60);

/// A job that came to its end can be looked at for so long.
const KEPT: Lifetime = Lifetime::from_seconds(90 * 86_400);

/// Why an import failed that nobody can be asked about any more.
const INTERRUPTED: &str = "it was interrupted";

/// The identifier of a job.
pub type JobId = Id<Job>;

/// One piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub tenant_id: TenantId,
    /// The tenant's slug; the tenant may be gone.
    pub tenant_slug: String,
    pub state: JobState,
    /// Rows deleted or written so far.
    pub row_count: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
    /// Why it failed, or why it did not get on the last time.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    TenantDeletion,
    TenantImport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Waiting,
    Running,
    Done,
    Failed,
}

impl JobKind {
    pub const ALL: [Self; 2] = [Self::TenantDeletion, Self::TenantImport];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TenantDeletion => "tenant_deletion",
            Self::TenantImport => "tenant_import",
        }
    }
}

impl JobState {
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

impl Job {
    /// A job that nobody has begun.
    pub fn new(id: JobId, kind: JobKind, tenant: (TenantId, &str), now: Timestamp) -> Self {
        Self {
            id,
            kind,
            tenant_id: tenant.0,
            tenant_slug: tenant.1.to_owned(),
            state: JobState::Waiting,
            row_count: 0,
            total: None,
            error: None,
            created_at: now,
            started_at: None,
            finished_at: None,
        }
    }
}

/// The right to work on a job, until it expires.
#[derive(Clone, Debug)]
pub struct Claim {
    pub job: Job,
    holder: Bytes<16>,
}

/// Tells whoever works on jobs apart: random.
pub type Holder = Id<Claim>;

/// How far a deletion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleting {
    /// There may be more, in the tables from this one on.
    More(DeletionStep),
    Finished,
}

/// Which table is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeletionStep(usize);

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct JobRow {
    id: Bytes<16>,
    kind: String,
    tenant_id: Bytes<16>,
    tenant_slug: String,
    state: String,
    row_count: i64,
    total: Option<i64>,
    error: Option<String>,
    holder: Option<Bytes<16>>,
    lease_until: Time,
    created_at: Time,
    started_at: Option<Time>,
    finished_at: Option<Time>,
    expires_at: Option<Time>,
}

impl JobRow {
    fn new(job: &Job) -> Self {
        Self {
            id: job.id.into(),
            kind: job.kind.as_str().to_owned(),
            tenant_id: job.tenant_id.into(),
            tenant_slug: job.tenant_slug.clone(),
            state: job.state.as_str().to_owned(),
            row_count: job.row_count,
            total: job.total,
            error: job.error.clone(),
            holder: None,
            lease_until: job.created_at.into(),
            created_at: job.created_at.into(),
            started_at: job.started_at.map(Into::into),
            finished_at: job.finished_at.map(Into::into),
            expires_at: None,
        }
    }

    fn into_job(self) -> Result<Job, Error> {
        Ok(Job {
            id: self.id.into(),
            kind: from_name("jobs.kind", &self.kind)?,
            tenant_id: self.tenant_id.into(),
            tenant_slug: self.tenant_slug,
            state: from_name("jobs.state", &self.state)?,
            row_count: self.row_count,
            total: self.total,
            error: self.error,
            created_at: self.created_at.into(),
            started_at: self.started_at.map(Into::into),
            finished_at: self.finished_at.map(Into::into),
        })
    }
}

impl Tenants<'_> {
    /// Takes a tenant out of service for good and notes the job that deletes it: from here on no
    /// read finds it, its slug and issuer stay taken until its last row is gone. `audit` goes into
    /// the trail of `trail`, because the tenant's own goes with it.
    ///
    /// # Errors
    /// [`WriteError::NotFound`] if there is no such tenant in service, [`WriteError::VersionMismatch`]
    /// if it has another version.
    #[compiled_here]
    pub async fn begin_deletion(
        &self,
        job: &Job,
        version: i64,
        trail: TenantId,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (id, row) = (job.tenant_id, JobRow::new(job));
        self.store
            .write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
                let tenant = tenants::table.find(Bytes::from(id)).filter(crate::tenant::in_service());
                let found = tenant.select(tenants::version);
                let found: Option<i64> = dual!(conn, c => found.get_result(c).await.optional())?;
                if found.is_none() {
                    return Err(WriteError::NotFound);
                }
                let mark = (tenants::status.eq(DELETING), tenants::version.eq(tenants::version + 1));
                let marked = dual!(conn, c => diesel::update(tenants::table.find(Bytes::from(id)))
                    .filter(tenants::version.eq(version)).set(mark).execute(c).await)?;
                if marked == 0 {
                    return Err(WriteError::VersionMismatch);
                }
                dual!(conn, c => diesel::insert_into(jobs::table).values(row).execute(c).await)?;
                Ok(audit::record(conn, trail, audit).await?)
            })
            .await
    }
}

impl Store {
    /// A job, as long as it is kept.
    #[compiled_here]
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, Error> {
        let id = Bytes::from(id);
        let work = async move |mut conn: Conn<'_>| {
            let row: Option<JobRow> = dual!(&mut conn, c => jobs::table.find(id)
                .select(JobRow::as_select()).get_result(c).await.optional())?;
            row.map(JobRow::into_job).transpose()
        };
        self.read(work).await
    }

    /// A page of all jobs.
    #[compiled_here]
    pub async fn list_jobs(&self, page: &Page) -> Result<Listing<Job>, Error> {
        let wanted = page.clone();
        let work = async move |mut conn: Conn<'_>| {
            let rows: Vec<JobRow> = dual!(&mut conn, c => {
                let mut query = jobs::table.select(JobRow::as_select()).into_boxed();
                if let Some(cursor) = &wanted.cursor {
                    let (at, key) = (cursor.time(), cursor.id());
                    query = query.filter(jobs::created_at.gt(at)
                        .or(jobs::created_at.eq(at).and(jobs::id.gt(key))));
                }
                query.order((jobs::created_at.asc(), jobs::id.asc()))
                    .limit(wanted.rows_to_load()).load(c).await
            })?;
            rows.into_iter().map(JobRow::into_job).collect()
        };
        let jobs = self.read(work).await?;
        Ok(page.listing(jobs, |job: &Job| Cursor::new(job.created_at, job.id.as_bytes())))
    }

    /// Takes the job that waits longest, if one does that nobody works on. Somebody else may have
    /// been faster: then there is none, for now.
    #[compiled_here]
    pub async fn claim_job(&self, holder: Holder, now: Timestamp) -> Result<Option<Claim>, Error> {
        let holder = Bytes::from(holder);
        let work = async move |mut conn: Conn<'_>| {
            let now_time = Time::from(now);
            let due: Option<JobRow> = dual!(&mut conn, c => jobs::table
                .filter(jobs::finished_at.is_null()).filter(jobs::lease_until.le(now_time))
                .order((jobs::lease_until.asc(), jobs::id.asc()))
                .select(JobRow::as_select()).first(c).await.optional())?;
            let Some(due) = due else { return Ok(None) };
            let taking = (
                jobs::state.eq(JobState::Running.as_str()),
                jobs::holder.eq(holder),
                jobs::lease_until.eq(Time::from(now + LEASE)),
                jobs::started_at.eq(due.started_at.unwrap_or(now_time)),
            );
            let taken: Option<JobRow> = dual!(&mut conn, c => diesel::update(jobs::table.find(due.id))
                .filter(jobs::finished_at.is_null()).filter(jobs::lease_until.le(now_time))
                .set(taking).returning(JobRow::as_returning()).get_result(c).await.optional())?;
            taken.map(|row| Ok(Claim { job: row.into_job()?, holder })).transpose()
        };
        self.write(work).await
    }

    /// Lets go of a job, with an error if it did not get on, to be tried again at `next`.
    #[compiled_here]
    pub async fn release_job(
        &self,
        claim: &Claim,
        error: Option<String>,
        next: Timestamp,
    ) -> Result<(), Error> {
        let (id, holder) = (Bytes::from(claim.job.id), claim.holder);
        let work = async move |mut conn: Conn<'_>| {
            let change = (
                jobs::state.eq(JobState::Waiting.as_str()),
                jobs::lease_until.eq(Time::from(next)),
                error.map(|error| jobs::error.eq(error)),
            );
            dual!(&mut conn, c => diesel::update(jobs::table.find(id)).filter(jobs::holder.eq(holder))
                .set((change, jobs::holder.eq(None::<Bytes<16>>))).execute(c).await)?;
            Ok(())
        };
        self.write(work).await
    }

    /// Deletes up to `batch` rows of the claim's tenant, in one transaction that also says how far the
    /// job is; with the last of them goes the tenant itself, and the job is finished.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if the claim has expired and somebody else took the job.
    #[compiled_here]
    pub async fn delete_batch(
        &self,
        claim: &Claim,
        step: DeletionStep,
        batch: u32,
        now: Timestamp,
    ) -> Result<Deleting, WriteError> {
        let claim = claim.clone();
        let work = async move |mut conn: Conn<'_>| {
            let conn = &mut conn;
            let (next, deleted) = delete_rows(conn, claim.job.tenant_id, step, batch).await?;
            match next {
                Some(next) => {
                    hold(conn, &claim, deleted, now).await?;
                    Ok(Deleting::More(next))
                }
                // What was written while the rows before went must go, too: once more from the start.
                None if step != DeletionStep::default() || deleted > 0 => {
                    hold(conn, &claim, deleted, now).await?;
                    Ok(Deleting::More(DeletionStep::default()))
                }
                None => {
                    let tenant = tenants::table.find(Bytes::from(claim.job.tenant_id));
                    dual!(conn, c => diesel::delete(tenant).execute(c).await)?;
                    let failure = (claim.job.kind == JobKind::TenantImport)
                        .then(|| claim.job.error.as_deref().unwrap_or(INTERRUPTED));
                    finish(conn, &claim, failure, now).await?;
                    Ok(Deleting::Finished)
                }
            }
        };
        self.write(work).await
    }
}

/// Deletes rows table by table, those that others belong to last. None: no table has any more.
async fn delete_rows(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    step: DeletionStep,
    batch: u32,
) -> Result<(Option<DeletionStep>, i64), Error> {
    let mut left = i64::from(batch.max(1));
    for (number, table) in TABLES.iter().rev().enumerate().skip(step.0) {
        if table.name == "tenants" {
            continue;
        }
        let key = table.key.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "DELETE FROM {name} WHERE ({key}) IN (SELECT {key} FROM {name} WHERE tenant_id = $1 LIMIT $2)",
            name = table.name
        );
        let delete = diesel::sql_query(sql).bind::<Binary, _>(Bytes::from(tenant)).bind::<BigInt, _>(left);
        let deleted = dual!(conn, c => delete.execute(c).await)?;
        left -= i64::try_from(deleted).unwrap_or(left);
        if left <= 0 {
            return Ok((Some(DeletionStep(number)), i64::from(batch.max(1)) - left));
        }
    }
    Ok((None, i64::from(batch.max(1)) - left))
}

/// Adds a job that is somebody's from the start.
pub(crate) async fn insert_claimed(
    conn: &mut Conn<'_>,
    job: Job,
    holder: Holder,
    now: Timestamp,
) -> Result<Claim, WriteError> {
    let job = Job { state: JobState::Running, started_at: Some(now), ..job };
    let row = JobRow { holder: Some(holder.into()), lease_until: (now + LEASE).into(), ..JobRow::new(&job) };
    dual!(conn, c => diesel::insert_into(jobs::table).values(row).execute(c).await)?;
    Ok(Claim { job, holder: holder.into() })
}

/// Says that the job has got on by `rows`, and holds it for another while.
pub(crate) async fn hold(
    conn: &mut Conn<'_>,
    claim: &Claim,
    rows: i64,
    now: Timestamp,
) -> Result<(), WriteError> {
    let progress =
        (jobs::row_count.eq(jobs::row_count + rows), jobs::lease_until.eq(Time::from(now + LEASE)));
    let held = dual!(conn, c => diesel::update(jobs::table.find(Bytes::from(claim.job.id)))
        .filter(jobs::holder.eq(claim.holder)).set(progress).execute(c).await)?;
    if held == 0 { Err(WriteError::VersionMismatch) } else { Ok(()) }
}

/// Ends the job, well or with a failure.
pub(crate) async fn finish(
    conn: &mut Conn<'_>,
    claim: &Claim,
    failure: Option<&str>,
    now: Timestamp,
) -> Result<(), WriteError> {
    let state = if failure.is_some() { JobState::Failed } else { JobState::Done };
    let end = (
        jobs::state.eq(state.as_str()),
        jobs::error.eq(failure.map(str::to_owned)),
        jobs::finished_at.eq(Time::from(now)),
        jobs::expires_at.eq(Time::from(now + KEPT)),
        jobs::holder.eq(None::<Bytes<16>>),
    );
    let ended = dual!(conn, c => diesel::update(jobs::table.find(Bytes::from(claim.job.id)))
        .filter(jobs::holder.eq(claim.holder)).set(end).execute(c).await)?;
    if ended == 0 { Err(WriteError::VersionMismatch) } else { Ok(()) }
}
