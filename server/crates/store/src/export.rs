//! A tenant's rows as they were at one moment, while others go on writing.

use diesel::connection::{DefaultLoadingMode, SimpleConnection};
use diesel::sql_types::Binary;
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use tokio::sync::mpsc;

use crate::compiled_here;
use crate::conn::Conn;
use crate::portable::{Cells, PortableRow, TABLES, Table};
use crate::sqlite::Sqlite;
use crate::value::Bytes;
use crate::{Engine, Error, Store, TenantStore, migrate};

/// Rows that are handed over together: what is in memory of a tenant at a time.
const PAGE: usize = 128;

/// Where the pages of an export go.
type Pages = mpsc::Sender<Vec<PortableRow>>;

impl Store {
    /// The schema that exports are made of, which changes with every migration.
    pub fn schema_name(&self) -> &'static str {
        migrate::newest()
    }

    /// Whether this version knows the schema that an export was made of.
    pub fn knows_schema(&self, name: &str) -> bool {
        migrate::knows(name)
    }
}

impl TenantStore<'_> {
    /// Hands over every row of the tenant that moves with it, as they all were at one moment: table
    /// by table, each row after those that it belongs to, in the order of their keys. The row of the
    /// tenant itself comes first; a tenant that is not there has none. Waits when `pages` is full.
    ///
    /// # Errors
    /// Whatever the database says; [`Error::Unavailable`] if nobody takes the pages any more.
    #[compiled_here]
    pub async fn export(&self, pages: Pages) -> Result<(), Error> {
        let tenant = Bytes::from(self.id);
        match &self.store.store.inner.engine {
            Engine::Sqlite(sqlite) => {
                let path = sqlite.path().to_owned();
                tokio::task::spawn_blocking(move || from_sqlite(&path, tenant, &pages))
                    .await
                    .map_err(|error| Error::Unavailable(error.to_string()))?
            }
            Engine::Postgres(postgres) => {
                let work = async move |conn: Conn<'_>| from_postgres(conn, tenant, pages).await;
                postgres.write_afresh(self.store.sight(), work).await
            }
        }
    }
}

fn exported() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| table.left_out.is_none())
}

/// `collation` makes text be ordered by its bytes.
fn query(table: &Table, collation: &str) -> String {
    let order = |column: &crate::portable::Column| match column.kind {
        crate::portable::Kind::Text => format!("{}{collation}", column.name),
        _ => column.name.to_owned(),
    };
    format!(
        "SELECT {} FROM {} WHERE {} = $1 ORDER BY {}",
        table.selection(),
        table.name,
        table.owner(),
        table.key.iter().map(order).collect::<Vec<_>>().join(", ")
    )
}

fn from_sqlite(path: &str, tenant: Bytes<16>, pages: &Pages) -> Result<(), Error> {
    let mut connection = Sqlite::connect_to_read(path)?;
    connection.batch_execute("BEGIN")?;
    for table in exported() {
        let query = diesel::sql_query(query(table, "")).bind::<Binary, _>(tenant);
        let rows = diesel::RunQueryDsl::load_iter::<Cells, DefaultLoadingMode>(query, &mut connection)?;
        let mut page = vec![];
        for cells in rows {
            page.push(PortableRow { table, cells: cells?.0 });
            if page.len() == PAGE {
                pages.blocking_send(std::mem::take(&mut page)).map_err(|_| abandoned())?;
            }
        }
        pages.blocking_send(page).map_err(|_| abandoned())?;
    }
    Ok(connection.batch_execute("COMMIT")?)
}

async fn from_postgres(conn: Conn<'_>, tenant: Bytes<16>, pages: Pages) -> Result<(), Error> {
    let Conn::Postgres(mut connection) = conn else {
        return Err(Error::Unavailable("it is not PostgreSQL".to_owned()));
    };
    let snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
    diesel::sql_query(snapshot).execute(&mut connection).await?;
    for table in exported() {
        let query = diesel::sql_query(query(table, " COLLATE \"C\"")).bind::<Binary, _>(tenant);
        let mut rows = query.load_stream::<Cells>(&mut connection).await?;
        let mut page = vec![];
        while let Some(cells) = rows.try_next().await? {
            page.push(PortableRow { table, cells: cells.0 });
            if page.len() == PAGE {
                pages.send(std::mem::take(&mut page)).await.map_err(|_| abandoned())?;
            }
        }
        pages.send(page).await.map_err(|_| abandoned())?;
    }
    Ok(())
}

fn abandoned() -> Error {
    Error::Unavailable("nobody takes the export any more".to_owned())
}
