use grantor_protocol::registration::InvalidMetadata;
use grantor_store::{Error as StoreError, Permission, WriteError};

use crate::app::Fault;

/// Why the admin API refuses a request.
#[derive(Debug, thiserror::Error)]
pub enum AdminFault {
    /// No credentials, or none that count.
    #[error("unauthenticated: {0}")]
    Unauthenticated(Unauthenticated),
    /// The caller may see it and not do this to it.
    #[error("the caller's roles do not allow this")]
    Forbidden,
    /// The caller would give, or take away, this permission without holding it in the same place.
    #[error("nobody gives, changes or takes away what they do not hold: {} of {}", .0.action, .0.resource)]
    NotHeld(Permission),
    /// The caller may change it, but not these members of it.
    #[error("the caller's roles do not allow changing {}", FieldFault::list(.0))]
    ForbiddenMembers(Vec<FieldFault>),
    /// The tenant may not have more of these, by the member of its quotas.
    #[error("the tenant's quota {0} is used up")]
    QuotaExceeded(&'static str),
    /// There is no such thing, or the caller may not know that there is.
    #[error("not found")]
    NotFound,
    /// The document is not one that can be taken.
    #[error("invalid: {}", FieldFault::list(.0))]
    Invalid(Vec<FieldFault>),
    /// Something about the request that is not a member of its document.
    #[error("invalid: {0}")]
    BadRequest(String),
    /// More was sent than is taken.
    #[error("too large: {0}")]
    TooLarge(String),
    /// What was sent is not of this media type.
    #[error("the media type is not {0}")]
    MediaType(&'static str),
    /// Another one has this value in a member that is unique.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// It has to stay as it is, whoever asks.
    #[error("protected: {0}")]
    Protected(&'static str),
    /// Nothing shows that a domain is the tenant's; says what was found instead.
    #[error("not proven: {0}")]
    NotProven(String),
    /// The caller's precondition (RFC 9110 §13.1) does not hold.
    #[error("the precondition does not hold")]
    PreconditionFailed,
    /// The `Idempotency-Key` named another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The request that the `Idempotency-Key` names is being done at this moment.
    #[error("the request is being done already")]
    UnderWay,
    /// The request that the `Idempotency-Key` names was begun and its answer is not known.
    #[error("the request was begun before, and what came of it is not known")]
    OutcomeUnknown,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What is wrong with a request's credentials (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    #[error("there are no credentials")]
    NoCredentials,
    #[error("{0}")]
    InvalidToken(&'static str),
    #[error("the console session is over")]
    SessionOver,
}

/// What is wrong with one member of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFault {
    /// A JSON Pointer (RFC 6901).
    pub pointer: String,
    pub detail: String,
}

impl FieldFault {
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// For the log, which gets no detail: that may quote what was sent.
    fn list(faults: &[Self]) -> String {
        faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl AdminFault {
    /// What hindered somebody after something was written: it must not be taken for a request that was not
    /// done.
    pub fn after_the_fact(self) -> Self {
        match self {
            Self::Fault(Fault::Busy(why)) => Self::Fault(Fault::internal(why)),
            other => other,
        }
    }

    /// One member is at fault.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldFault::new(pointer, detail)])
    }
}

impl From<Vec<InvalidMetadata>> for AdminFault {
    fn from(found: Vec<InvalidMetadata>) -> Self {
        let pointer = |invalid: &InvalidMetadata| match invalid.index {
            None => format!("/{}", invalid.field),
            Some(index) => format!("/{}/{index}", invalid.field),
        };
        Self::Invalid(
            found.into_iter().map(|invalid| FieldFault::new(pointer(&invalid), invalid.detail)).collect(),
        )
    }
}

impl From<StoreError> for AdminFault {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<WriteError> for AdminFault {
    /// For writes that nothing else is to be done about.
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Conflict { field } => Self::Taken(field),
            WriteError::VersionMismatch => Self::PreconditionFailed,
            WriteError::NotFound => Self::NotFound,
            WriteError::Protected(why) => Self::Protected(why),
            WriteError::QuotaExceeded { quota } => Self::QuotaExceeded(quota),
            WriteError::Store(error) => error.into(),
        }
    }
}
