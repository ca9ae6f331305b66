use serde::{Deserialize, Serialize};

/// Work that goes on after the request that asked for it. It survives a restart: another node goes on
/// where the one before stopped. Kept for 90 days after its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Job {
    /// A UUID.
    pub id: String,
    /// What is being done.
    pub kind: JobKind,
    /// The slug of the tenant that it is about, which may be gone.
    pub tenant: String,
    /// How far it is.
    pub state: JobState,
    /// Rows written or deleted so far.
    pub rows: i64,
    /// How many rows there are, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// Why it failed; of a job that waits, why it did not get on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum JobKind {
    /// Deletes all that a tenant has.
    TenantDeletion,
    /// Writes a tenant that arrives. If it fails, what it wrote is deleted.
    TenantImport,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum JobState {
    Waiting,
    Running,
    Done,
    Failed,
}
