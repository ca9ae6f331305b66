use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// The store could not do what was asked. None of these is the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More work is waiting than the store takes on; the caller should answer 503 and say when to
    /// come back.
    #[error("the database has more work waiting than it can take")]
    Busy,
    /// The database cannot be reached, or the connection broke; what was being written may or may
    /// not stand.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A stored value is not what this version writes there.
    #[error("the value stored in {column} cannot be read: {reason}")]
    Corrupt { column: &'static str, reason: String },
    /// A value names another tenant than the handle it was given to: a fault in the program.
    #[error("a value of another tenant was given to this tenant's handle")]
    ForeignTenant,
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Database(#[source] DieselError),
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL {0}")]
    Url(&'static str),
    #[error("the database file {path} cannot be opened: {reason}")]
    File { path: String, reason: String },
    #[error("the database cannot be reached: {0}")]
    Connect(String),
}

/// Why a decision's effects do not stand. Either way none of them does.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What a guarded effect relies on is no longer so, or a key is taken, or what a row belongs
    /// to is gone: load and decide once more.
    #[error("the state that the decision relied on has changed")]
    Conflict,
    #[error(transparent)]
    Store(Error),
}

/// Why an administrator's write does not stand.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another row has this value in a field that is unique.
    #[error("{field} is taken")]
    Conflict { field: &'static str },
    /// The row is not in the version (or the key not in the state) that the caller saw.
    #[error("it has been changed in the meantime")]
    VersionMismatch,
    /// The tenant has as many as it may have; the member of its quotas that says so.
    #[error("the tenant's quota {quota} is used up")]
    QuotaExceeded { quota: &'static str },
    /// There is no such row, or nothing for it to belong to.
    #[error("it does not exist")]
    NotFound,
    /// It has to stay as it is, whoever asks; says why.
    #[error("{0}")]
    Protected(&'static str),
    #[error(transparent)]
    Store(Error),
}

impl Error {
    pub(crate) fn corrupt(column: &'static str, reason: impl ToString) -> Self {
        Self::Corrupt { column, reason: reason.to_string() }
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection,
                information,
            ) => Self::Unavailable(information.message().to_owned()),
            error => Self::Database(error),
        }
    }
}

impl From<DieselError> for ApplyError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation,
                _,
            ) => Self::Conflict,
            error => Self::Store(error.into()),
        }
    }
}

impl From<Error> for ApplyError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            error => Self::Store(error),
        }
    }
}

impl From<DieselError> for WriteError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, information) => {
                match unique_field(information.as_ref()) {
                    Some(field) => Self::Conflict { field },
                    None => Self::Store(error.into()),
                }
            }
            DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => Self::NotFound,
            _ => Self::Store(error.into()),
        }
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(error) => error.into(),
            error => Self::Store(error),
        }
    }
}

/// Unique keys that a caller can run into: PostgreSQL's name, the columns in SQLite's message, the
/// field as the model names it.
const UNIQUE_KEYS: [(&str, &str, &str); 21] = [
    ("tenants_pkey", "tenants.id", "id"),
    ("tenants_slug_key", "tenants.slug", "slug"),
    ("tenants_issuer_key", "tenants.issuer", "issuer"),
    ("tenants_domain", "tenants.domain", "domain"),
    ("users_pkey", "users.tenant_id, users.id", "id"),
    ("users_username", "users.tenant_id, users.username_lower", "username"),
    ("users_email", "users.tenant_id, users.email_lower", "email"),
    ("clients_pkey", "clients.tenant_id, clients.client_id", "client_id"),
    ("clients_registration", "clients.tenant_id, clients.registration_fingerprint", "registration"),
    ("signing_keys_pkey", "signing_keys.tenant_id, signing_keys.id", "id"),
    ("signing_keys_active", "signing_keys.tenant_id, signing_keys.algorithm", "algorithm"),
    ("signing_keys_published", "signing_keys.tenant_id, signing_keys.algorithm", "algorithm"),
    (
        "protected_resources_pkey",
        "protected_resources.tenant_id, protected_resources.identifier",
        "identifier",
    ),
    ("domains_pkey", "domains.tenant_id, domains.domain", "domain"),
    ("domains_verified", "domains.domain", "domain"),
    ("roles_pkey", "roles.tenant_id, roles.platform, roles.name", "name"),
    ("webhooks_pkey", "webhooks.tenant_id, webhooks.id", "id"),
    ("identity_providers_pkey", "identity_providers.tenant_id, identity_providers.name", "name"),
    (
        "identity_links_pkey",
        "identity_links.tenant_id, identity_links.provider, identity_links.subject",
        "subject",
    ),
    (
        "identity_links_user",
        "identity_links.tenant_id, identity_links.user_id, identity_links.provider",
        "subject",
    ),
    ("console_sessions_pkey", "console_sessions.tenant_id, console_sessions.hash", "hash"),
];

/// SQLite names no constraint: its message is `UNIQUE constraint failed: table.column, ..`.
fn unique_field(information: &dyn DatabaseErrorInformation) -> Option<&'static str> {
    let columns = information.message().rsplit_once(": ").map(|(_, columns)| columns);
    UNIQUE_KEYS
        .into_iter()
        .find(|(constraint, key, _)| {
            information.constraint_name() == Some(*constraint) || columns == Some(*key)
        })
        .map(|(_, _, field)| field)
}
