//! Databases for tests, of this crate and of those above it: each test has its own, migrated, on
//! SQLite and on a PostgreSQL server that the test process starts for itself.
//!
//! `GRANTOR_TEST_POSTGRES`, the URL of a superuser's database, names a running server to use
//! instead. `GRANTOR_TEST_DURABLE` makes the private server sync to disk as a real one does.
//!
//! A private server cannot outlive its tests, however they end: a shell starts it, waits for the end
//! of a pipe that only the test process holds, stops it and removes its files.

#![expect(clippy::expect_used, reason = "a test without its database fails by panicking")]

mod server;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use grantor_protocol::model::TenantId;
use tempfile::TempDir;

use crate::compiled_here;
use crate::{Backend, Options, Store};
use server::{OWNER, Server};

/// A database that is a test's own and goes with it.
pub struct TestDatabase {
    store: Store,
    url: String,
    home: Home,
}

enum Home {
    Directory { _removed_on_drop: TempDir },
    Server(&'static Server, String),
}

impl TestDatabase {
    /// A migrated SQLite database in a file.
    #[compiled_here]
    pub async fn sqlite() -> Self {
        let database = Self::empty(Backend::Sqlite).await;
        database.store.migrate().await.expect("migrations apply");
        database
    }

    /// A migrated PostgreSQL database, cloned from a template that is migrated once.
    #[compiled_here]
    pub async fn postgres() -> Self {
        let server = Server::get().await;
        Self::on_server(server, &format!("TEMPLATE {}", server.template())).await
    }

    /// A database without a schema.
    #[compiled_here]
    pub async fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let url = format!("sqlite://{}/grantor.db", directory.path().display());
                Self::open(url, Home::Directory { _removed_on_drop: directory }).await
            }
            Backend::Postgres => Self::on_server(Server::get().await, "").await,
        }
    }

    async fn on_server(server: &'static Server, how: &str) -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("grantor_test_{}_{number}", std::process::id());
        // Left there by a process of the same number that was killed.
        server.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        server.execute(&format!("CREATE DATABASE {name} OWNER {OWNER} {how}")).await;
        Self::open(server.url_of(&name), Home::Server(server, name)).await
    }

    async fn open(url: String, home: Home) -> Self {
        let store = Store::open(Options::new(url.as_str())).await.expect("the database opens");
        Self { store, url, home }
    }

    /// The database, opened with the usual options.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What to give a program, or [`Options`], to open the same database once more.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Every row of every table that says whose it is, as text, by table: all that a tenant has.
    pub async fn rows_of(&self, tenant: TenantId) -> BTreeMap<String, Vec<String>> {
        let id: String = tenant.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut rows = BTreeMap::new();
        match &self.home {
            Home::Directory { .. } => {
                let path = self.url.trim_start_matches("sqlite://");
                let mut connection = SqliteConnection::establish(path).expect("the file opens");
                let columns = "SELECT tables.name AS name, \
                     group_concat('quote(\"' || columns.name || '\")', '||'',''||') AS text \
                     FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
                     WHERE tables.type = 'table' GROUP BY tables.name \
                     HAVING sum(columns.name = 'tenant_id') OR tables.name = 'tenants'";
                let load = |connection: &mut SqliteConnection, sql: String| {
                    let query = diesel::sql_query(sql);
                    diesel::RunQueryDsl::load::<Named>(query, connection).expect("the rows are readable")
                };
                for Named { name, text } in load(&mut connection, columns.to_owned()) {
                    let key = key_of(&name);
                    let sql = format!(
                        "SELECT '' AS name, {text} AS text FROM {name} WHERE {key} = x'{id}' ORDER BY text"
                    );
                    let held = load(&mut connection, sql).into_iter().map(|row| row.text).collect();
                    rows.insert(name, held);
                }
            }
            Home::Server(..) => {
                let mut connection = AsyncPgConnection::establish(&self.url).await.expect("a connection");
                connection.batch_execute("SET grantor.tenant = '*'").await.expect("a setting is set");
                let tables = "SELECT DISTINCT table_name::text AS name, '' AS text \
                     FROM information_schema.columns WHERE table_schema = current_schema() \
                     AND (column_name = 'tenant_id' OR table_name = 'tenants')";
                let load = async |connection: &mut AsyncPgConnection, sql: String| {
                    let query = diesel::sql_query(sql);
                    let rows = diesel_async::RunQueryDsl::load::<Named>(query, connection).await;
                    rows.expect("the rows are readable")
                };
                for Named { name, .. } in load(&mut connection, tables.to_owned()).await {
                    let key = key_of(&name);
                    let sql = format!(
                        "SELECT '' AS name, {name}::text AS text FROM {name} \
                         WHERE {key} = '\\x{id}' ORDER BY text"
                    );
                    let held = load(&mut connection, sql).await.into_iter().map(|row| row.text).collect();
                    rows.insert(name, held);
                }
            }
        }
        rows
    }

    /// Runs SQL on a connection of its own: what a test does behind the store's back.
    #[compiled_here]
    pub async fn execute(&self, sql: &str) {
        match &self.home {
            Home::Directory { .. } => {
                let path = self.url.trim_start_matches("sqlite://");
                let mut connection = SqliteConnection::establish(path).expect("the file opens");
                let sql = format!("PRAGMA busy_timeout = 5000; {sql}");
                connection.batch_execute(&sql).expect("the statements run");
            }
            Home::Server(..) => {
                let mut connection = AsyncPgConnection::establish(&self.url).await.expect("a connection");
                let sql = format!("SET grantor.tenant = '*'; {sql}");
                connection.batch_execute(&sql).await.expect("the statements run");
            }
        }
    }
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    text: String,
}

/// The column that says whose a row of this table is.
fn key_of(table: &str) -> &'static str {
    if table == "tenants" { "id" } else { "tenant_id" }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Home::Server(server, name) = &self.home {
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // The test's runtime is about to end, so this needs one of its own.
            let dropped = std::thread::scope(|scope| {
                scope
                    .spawn(|| {
                        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                        runtime.expect("a runtime").block_on(server.execute(&sql));
                    })
                    .join()
            });
            if dropped.is_err() && !std::thread::panicking() {
                tracing::warn!(%name, "a test's database could not be dropped");
            }
        }
    }
}

/// Makes two tests of one body, `on_sqlite` and `on_postgres`, in a module of its name. Nothing needs
/// to be imported for it.
///
/// ```text
/// on_both_databases! {
///     async fn finds_what_was_stored(database: TestDatabase) { .. }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: TestDatabase) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn test($database: $crate::testing::TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                test($crate::testing::TestDatabase::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                test($crate::testing::TestDatabase::postgres().await).await;
            }
        }
    )+};
}
