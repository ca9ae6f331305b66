//! A tenant's rows coming in: not in service before the last is there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Jsonb, Nullable, Text};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::job::{self, Claim, Holder, Job};
use crate::portable::{Cell, Kind, PortableRow, Table};
use crate::schema::tenants;
use crate::tenant::{IMPORTING, tenant_changed};
use crate::value::Bytes;
use crate::{Store, WriteError};

/// Most parameters of one statement: PostgreSQL takes 65,535, SQLite half of it.
const PARAMETERS: usize = 8192;

/// An import that begins.
pub struct NewImport {
    pub job: Job,
    /// The row of the tenant itself.
    pub tenant: PortableRow,
}

impl Store {
    /// Writes the tenant's own row, out of service, and the job that its other rows are written
    /// under. If nobody goes on with it, the job deletes them again.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `slug`, `issuer` or `id`.
    #[compiled_here]
    pub async fn begin_import(
        &self,
        import: NewImport,
        holder: Holder,
        now: Timestamp,
    ) -> Result<Claim, WriteError> {
        let NewImport { job, mut tenant } = import;
        if let Some(status) = tenant.cell_mut("status") {
            *status = Cell::Text(IMPORTING.to_owned());
        }
        let work = async move |mut conn: Conn<'_>| {
            let conn = &mut conn;
            insert(conn, tenant.table, vec![tenant]).await?;
            job::insert_claimed(conn, job, holder, now).await
        };
        self.write(work).await
    }

    /// Writes rows, all or none. They have to come in the order in which they were exported.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if the claim has expired and somebody else took the job;
    /// [`WriteError::NotFound`] for a row that belongs to nothing, [`WriteError::Conflict`] or
    /// [`Error::Database`](crate::Error::Database) for one that the database does not take.
    #[compiled_here]
    pub async fn import_rows(
        &self,
        claim: &Claim,
        rows: Vec<PortableRow>,
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let claim = claim.clone();
        let work = async move |mut conn: Conn<'_>| {
            let conn = &mut conn;
            job::hold(conn, &claim, i64::try_from(rows.len()).unwrap_or(i64::MAX), now).await?;
            let mut rows = rows.into_iter().peekable();
            while let Some(first) = rows.next() {
                let table = first.table;
                let most = (PARAMETERS / table.columns.len()).max(1);
                let mut together = vec![first];
                while together.len() < most
                    && let Some(next) = rows.next_if(|row| row.table == table)
                {
                    together.push(next);
                }
                insert(conn, table, together).await?;
            }
            Ok(())
        };
        self.write(work).await
    }

    /// Puts the tenant into service, ends the job and writes `audit` into the trail of `trail`.
    ///
    /// # Errors
    /// As [`Self::import_rows`].
    #[compiled_here]
    pub async fn finish_import(
        &self,
        claim: &Claim,
        status: &str,
        (trail, audit): (TenantId, Vec<AuditEvent>),
        now: Timestamp,
    ) -> Result<(), WriteError> {
        let (claim, status, id) = (claim.clone(), status.to_owned(), claim.job.tenant_id);
        self.write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
            job::finish(conn, &claim, None, now).await?;
            dual!(conn, c => diesel::update(tenants::table.find(Bytes::from(id)))
                .filter(tenants::status.eq(IMPORTING)).set(tenants::status.eq(status)).execute(c).await)?;
            Ok(crate::audit::record(conn, trail, audit).await?)
        })
        .await
    }
}

/// Inserts rows of one table by one statement.
async fn insert(
    conn: &mut Conn<'_>,
    table: &'static Table,
    rows: Vec<PortableRow>,
) -> Result<(), WriteError> {
    let names = table.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    let width = table.columns.len();
    let places = (0..rows.len()).map(|row| {
        let places = (1..=width).map(|column| format!("${}", row * width + column));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    });
    let sql =
        format!("INSERT INTO {} ({names}) VALUES {}", table.name, places.collect::<Vec<_>>().join(", "));
    dual!(conn, c => {
        let mut insert = diesel::sql_query(sql).into_boxed();
        for row in rows {
            for (column, cell) in table.columns.iter().zip(row.cells) {
                insert = match (column.kind, cell) {
                    (Kind::Binary, Cell::Bytes(bytes)) => insert.bind::<Nullable<Binary>, _>(Some(bytes)),
                    (Kind::Binary, _) => insert.bind::<Nullable<Binary>, _>(None::<Vec<u8>>),
                    (Kind::Text, Cell::Text(text)) => insert.bind::<Nullable<Text>, _>(Some(text)),
                    (Kind::Text, _) => insert.bind::<Nullable<Text>, _>(None::<String>),
                    (Kind::BigInt, Cell::Integer(number)) => insert.bind::<Nullable<BigInt>, _>(Some(number)),
                    (Kind::BigInt, _) => insert.bind::<Nullable<BigInt>, _>(None::<i64>),
                    (Kind::Bool, Cell::Boolean(value)) => insert.bind::<Nullable<Bool>, _>(Some(value)),
                    (Kind::Bool, _) => insert.bind::<Nullable<Bool>, _>(None::<bool>),
                    (Kind::Jsonb, Cell::Json(value)) => insert.bind::<Nullable<Jsonb>, _>(Some(value)),
                    (Kind::Jsonb, _) => insert.bind::<Nullable<Jsonb>, _>(None::<serde_json::Value>),
                };
            }
        }
        insert.execute(c).await
    })?;
    Ok(())
}
