//! A tenant's rows coming in: not in service before the last is there.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Jsonb, Nullable, Text};
use diesel_async::RunQueryDsl;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{AuditEvent, TenantId};

use crate::audit::AuditEventRow;
use crate::client::ClientRow;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::consent::ConsentRow;
use crate::domain::DomainRow;
use crate::grant::GrantRow;
use crate::identity_link::IdentityLinkRow;
use crate::identity_provider::IdentityProviderRow;
use crate::initial_access_token::InitialAccessTokenRow;
use crate::job::{self, Claim, Holder, Job};
use crate::portable::{Cell, Kind, PortableRow, Table};
use crate::protected_resource::ProtectedResourceRow;
use crate::read_back::{Claimed, Counted, insert_and_read, read, unreadable};
use crate::role::RoleRow;
use crate::role_assignment::RoleAssignmentRow;
use crate::schema::tenants;
use crate::session::SessionRow;
use crate::signing_key::SigningKeyRow;
use crate::tenant::{IMPORTING, TenantRow, tenant_changed};
use crate::token::RefreshTokenRow;
use crate::user::UserRow;
use crate::value::Bytes;
use crate::{Error, Page, Store, WriteError};

/// Most parameters of one statement: PostgreSQL takes 65,535, SQLite half of it.
const PARAMETERS: usize = 8192;

/// Deliveries that are read at a time.
const DELIVERIES: u32 = 1000;

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

    /// Writes rows, all or none, and reads back what others read of them. They have to come in the order
    /// in which they were exported.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a row that nobody could read;
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

    /// Puts the tenant into service if it can be read, ends the job and writes `audit` into the trail of
    /// `trail`.
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
        self.read_webhooks_back(id).await?;
        self.write_change(tenant_changed(id), async move |conn: &mut Conn<'_>| {
            job::finish(conn, &claim, None, now).await?;
            let served = dual!(conn, c => diesel::update(tenants::table.find(Bytes::from(id)))
                .filter(tenants::status.eq(IMPORTING)).set(tenants::status.eq(status))
                .returning(TenantRow::as_returning()).get_result(c).await.optional());
            let served = served.map_err(|error| unreadable("tenants", error.into()))?;
            served.ok_or(WriteError::NotFound)?.into_tenant()?;
            Ok(crate::audit::record(conn, trail, audit).await?)
        })
        .await
    }

    /// Reads every webhook and every delivery of the tenant, some at a time.
    async fn read_webhooks_back(&self, id: TenantId) -> Result<(), Error> {
        let tenant = self.tenant(id);
        let webhooks = tenant.webhooks().await.map_err(|error| unreadable("webhooks", error))?;
        for webhook in webhooks {
            let mut page = Page { limit: DELIVERIES, ..Page::default() };
            loop {
                let read = tenant.list_webhook_deliveries(webhook.id, &page, None).await;
                let read = read.map_err(|error| unreadable("webhook_deliveries", error))?;
                if read.next.is_none() {
                    break;
                }
                page.cursor = read.next;
            }
        }
        Ok(())
    }
}

/// Inserts rows of one table by one statement, and reads them.
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
    let sql = format!(
        "INSERT INTO {} ({names}) VALUES {} RETURNING *",
        table.name,
        places.collect::<Vec<_>>().join(", ")
    );
    let read = dual!(conn, c => {
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
        insert_and_read!(insert, c, table.name)
    });
    Ok(read.map_err(|error| unreadable(table.name, error))?)
}
