use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::Tag;
use super::caller::Admin;
use super::paging::{self, page};
use super::responses::Answer;
use crate::app::admin::AdminFault;

pub struct JobsApi;

#[OpenApi(tag = "Tag::Jobs")]
impl JobsApi {
    /// List jobs
    ///
    /// Oldest first; those that came to their end stay for 90 days.
    #[oai(path = "/jobs", method = "get", operation_id = "list_jobs")]
    async fn list(
        &self,
        admin: Admin,
        /// Most items on the page.
        #[oai(default = "paging::default_limit", validator(minimum(value = "1"), maximum(value = "200")))]
        limit: Query<u32>,
        /// The `next` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Answer<api::Page<api::Job>>, AdminFault> {
        let page = page(limit.0, cursor.0.as_deref(), None)?;
        Ok(Answer(admin.list_jobs(&admin.caller, &page).await?))
    }

    /// Read a job
    #[oai(path = "/jobs/:job", method = "get", operation_id = "read_job")]
    async fn read(
        &self,
        admin: Admin,
        /// The job's identifier, a UUID.
        job: Path<String>,
    ) -> Result<Answer<api::Job>, AdminFault> {
        Ok(Answer(admin.read_job(&admin.caller, &job.0).await?))
    }
}
