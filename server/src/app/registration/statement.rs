//! Software statements (RFC 7591 §2.3): found out whose they are, and verified.

use grantor_jose::{Algorithm, Header};
use grantor_protocol::register::statement::{self, STATEMENT_ALGORITHMS};
use grantor_protocol::{Error, ErrorCode};
use serde_json::{Map, Value};

use crate::app::client_keys::Unproven;
use crate::app::{App, TenantContext};

/// A software statement that counts.
pub(super) struct Statement {
    /// As it came, for it is returned unmodified (RFC 7591 §3.2.1).
    pub(super) text: String,
    pub(super) claims: Map<String, Value>,
}

impl App {
    /// The software statement that a registration brings, or else the one that the client holds since it
    /// was registered. That one was verified then and may have expired since, but whoever made it must
    /// be trusted still.
    ///
    /// # Errors
    /// `invalid_software_statement`, `unapproved_software_statement`.
    pub(super) async fn software_statement(
        &self,
        context: &TenantContext,
        document: &Map<String, Value>,
        held: Option<&str>,
    ) -> Result<Option<Statement>, Error> {
        let Some(text) = statement::presented(document, &context.policy)?.or(held) else { return Ok(None) };
        let claims = grantor_jose::unverified_claims(text).map_err(unreadable)?;
        let issuer = statement::issuer(&claims, &context.policy)?;
        if held == Some(text) {
            return Ok(Some(Statement { text: text.to_owned(), claims }));
        }
        let header = Header::peek(text).map_err(unreadable)?;
        if header.typ.is_some() && !header.is_typ("JWT") {
            return Err(refused("its typ is another kind of token's"));
        }
        let allowed: Vec<Algorithm> =
            STATEMENT_ALGORITHMS.iter().filter_map(|name| name.parse().ok()).collect();
        let verified = self.verify_by_statement_issuer(context.tenant.id, issuer, text, &allowed).await;
        let verified = verified.map_err(|unproven| match unproven {
            Unproven::Refused(error) => unreadable(error),
            unproven => refused("its issuer's keys cannot be used").because(unproven.to_string()),
        })?;
        statement::check(&verified.claims, &context.policy, self.now())?;
        Ok(Some(Statement { text: text.to_owned(), claims: verified.claims }))
    }
}

fn unreadable(error: grantor_jose::Error) -> Error {
    refused(&error.to_string())
}

fn refused(detail: &str) -> Error {
    Error::new(ErrorCode::InvalidSoftwareStatement, format!("software_statement: {detail}"))
}
