use grantor_api as api;
use grantor_store::{Job, JobId, JobKind, JobState, Page};

use super::{Action, AdminFault, Caller, Domain, Resource, as_page};
use crate::app::App;

impl App {
    /// All jobs, oldest first. They are about tenants, and who may see all tenants may see them.
    ///
    /// # Errors
    /// What [`App::authorize_caller`] refuses; faults of the store.
    pub async fn list_jobs(&self, caller: &Caller, page: &Page) -> Result<api::Page<api::Job>, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Read).await?;
        Ok(as_page(self.store.list_jobs(page).await?, |job| document(&job)))
    }

    /// # Errors
    /// As [`Self::list_jobs`].
    pub async fn read_job(&self, caller: &Caller, job: &str) -> Result<api::Job, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Read).await?;
        let id: JobId = job.parse().map_err(|_| AdminFault::NotFound)?;
        let job = self.store.job(id).await?.ok_or(AdminFault::NotFound)?;
        Ok(document(&job))
    }
}

const fn kind(kind: JobKind) -> api::JobKind {
    match kind {
        JobKind::TenantDeletion => api::JobKind::TenantDeletion,
        JobKind::TenantImport => api::JobKind::TenantImport,
    }
}

const fn state(state: JobState) -> api::JobState {
    match state {
        JobState::Waiting => api::JobState::Waiting,
        JobState::Running => api::JobState::Running,
        JobState::Done => api::JobState::Done,
        JobState::Failed => api::JobState::Failed,
    }
}

pub(super) fn document(job: &Job) -> api::Job {
    api::Job {
        id: job.id.to_string(),
        kind: kind(job.kind),
        tenant: job.tenant_slug.clone(),
        state: state(job.state),
        rows: job.row_count,
        total: job.total,
        error: job.error.clone(),
        created_at: job.created_at.to_string(),
        started_at: job.started_at.map(|at| at.to_string()),
        finished_at: job.finished_at.map(|at| at.to_string()),
    }
}
