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

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tempfile::TempDir;

use crate::compiled_here;
use crate::{Backend, Options, Store};
use server::Server;

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
        server.execute(&format!("CREATE DATABASE {name} {how}")).await;
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
                connection.batch_execute(sql).await.expect("the statements run");
            }
        }
    }
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
