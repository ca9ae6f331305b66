//! Rows of an import, read as the rest of the store will read them.
//!
//! What somebody else wrote may be what this version never writes. A row that cannot be read would break
//! more than its tenant: jobs and pages of the platform read rows of many tenants at a time.

use diesel::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Jsonb};
use grantor_protocol::claims::AccessTokenClaims;

use crate::Error;
use crate::token::CLAIMS;
use crate::value::from_document;

/// The most that a count can say: sums of all tenants' counts fit into 64 bits with it.
const MOST: i64 = 1_000_000_000_000;

/// The part of a row that counts.
#[derive(QueryableByName)]
pub(crate) struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The part of an access token that is a document.
#[derive(QueryableByName)]
pub(crate) struct Claimed {
    #[diesel(sql_type = Jsonb)]
    claims: serde_json::Value,
}

impl Counted {
    pub(crate) fn bounded(&self, column: &'static str) -> Result<(), Error> {
        match (0..=MOST).contains(&self.count) {
            true => Ok(()),
            false => Err(Error::corrupt(column, "no number of things that there are")),
        }
    }
}

impl Claimed {
    pub(crate) fn into_claims(self) -> Result<AccessTokenClaims, Error> {
        from_document(CLAIMS, self.claims)
    }
}

/// Runs an `INSERT .. RETURNING *` into a table and reads every row that it gives.
macro_rules! insert_and_read {
    ($insert:ident, $c:ident, $table:expr) => {
        match $table {
            "domains" => read!($insert, $c, DomainRow, |row| Ok(row.into_domain(None))),
            "signing_keys" => read!($insert, $c, SigningKeyRow, SigningKeyRow::into_record),
            "users" => read!($insert, $c, UserRow, UserRow::into_user),
            "clients" => read!($insert, $c, ClientRow, ClientRow::into_client),
            "protected_resources" => {
                read!($insert, $c, ProtectedResourceRow, ProtectedResourceRow::into_protected_resource)
            }
            "initial_access_tokens" => {
                read!($insert, $c, InitialAccessTokenRow, InitialAccessTokenRow::into_initial_access_token)
            }
            "roles" => read!($insert, $c, RoleRow, RoleRow::into_role),
            "role_assignments" => read!($insert, $c, RoleAssignmentRow, RoleAssignmentRow::into_assignment),
            "identity_providers" => {
                read!($insert, $c, IdentityProviderRow, IdentityProviderRow::into_identity_provider)
            }
            "identity_links" => read!($insert, $c, IdentityLinkRow, |row| Ok(row.into_identity_link())),
            "sessions" => read!($insert, $c, SessionRow, SessionRow::into_session),
            "grants" => read!($insert, $c, GrantRow, GrantRow::into_grant),
            "consents" => read!($insert, $c, ConsentRow, ConsentRow::into_consent),
            "refresh_tokens" => read!($insert, $c, RefreshTokenRow, |mut row| row.confirmation()),
            "access_tokens" => read!($insert, $c, Claimed, Claimed::into_claims),
            "tenant_counts" => read!($insert, $c, Counted, |row| row.bounded("tenant_counts.count")),
            "stats" => read!($insert, $c, Counted, |row| row.bounded("stats.count")),
            "audit_events" => read!($insert, $c, AuditEventRow, AuditEventRow::into_event),
            // The tenant's own is read when it goes into service, a webhook by those who send to it. The
            // others are compared and never read.
            _ => $insert.execute($c).await.map(drop).map_err(Error::from),
        }
    };
}
pub(crate) use insert_and_read;

macro_rules! read {
    ($insert:ident, $c:ident, $row:ty, $reader:expr) => {{
        let rows: Result<Vec<$row>, _> = $insert.load($c).await;
        let reader: fn($row) -> Result<_, Error> = $reader;
        rows.map_err(Error::from).and_then(|rows| rows.into_iter().try_for_each(|row| reader(row).map(drop)))
    }};
}
pub(crate) use read;

/// A value that is not even of its column's kind is found before a reader is asked.
pub(crate) fn unreadable(table: &'static str, error: Error) -> Error {
    match error {
        Error::Database(DieselError::DeserializationError(error)) => Error::corrupt(table, error),
        error => error,
    }
}
