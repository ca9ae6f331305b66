use grantor_protocol::Error;
use grantor_store::ApplyError;

/// What [`Fault::TooMany`] names where somebody guesses: pages have other words for it than for a crowd.
pub const WRONG_PASSWORDS: &str = "wrong passwords";
pub const WRONG_CODES: &str = "wrong codes";

/// Why a use case has no answer. Theirs is logged as a warning, ours as an error.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The request is refused by a rule of the protocol.
    #[error(transparent)]
    Protocol(#[from] Error),
    #[error("there is no such tenant")]
    UnknownTenant,
    #[error("the tenant is suspended")]
    SuspendedTenant,
    /// The tenant does not want this.
    #[error("not offered: {0}")]
    NotOffered(&'static str),
    /// The form was not made for this browser, or was sent by another site.
    #[error("the form is not this browser's: {0}")]
    ForgedForm(&'static str),
    /// The interaction, link or page is over.
    #[error("expired: {0}")]
    Expired(&'static str),
    /// More than the endpoint takes; how many bytes that is.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// More work than is accepted at the moment; nothing was done.
    #[error("busy: {0}")]
    Busy(&'static str),
    /// More of the same in a time than is allowed; nothing was done.
    #[error("too many {what}")]
    TooMany {
        what: &'static str,
        /// Seconds until more are taken.
        retry_after: i64,
    },
    #[error("{0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    /// A fault of ours.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<grantor_store::Error> for Fault {
    fn from(error: grantor_store::Error) -> Self {
        match error {
            grantor_store::Error::Busy => Self::Busy("the database's queue is full"),
            error => Self::internal(error),
        }
    }
}

impl From<grantor_jose::Error> for Fault {
    fn from(error: grantor_jose::Error) -> Self {
        Self::internal(error)
    }
}

impl From<ApplyError> for Fault {
    /// For effects that are not guarded; guarded ones go through [`super::App::settle`].
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Conflict => Self::Busy("the same state is being changed elsewhere"),
            ApplyError::Store(error) => error.into(),
        }
    }
}
