//! Where Grantor keeps what it promised: SQLite or PostgreSQL behind one interface.
//!
//! This is the only crate with SQL. Rows of a tenant are reached through [`Store::tenant`] and
//! nothing else, and every statement behind it filters by that tenant. Protocol state is written by
//! [`TenantStore::apply`] alone: all effects of a decision in one durable transaction. Nothing here
//! reads a clock or makes randomness, and nobody is answered before what was promised is durable.

mod apply;
mod attempt;
mod audit;
mod changes;
mod client;
mod conn;
mod consent;
mod console_session;
mod device;
mod domain;
mod error;
mod grant;
mod initial_access_token;
mod installation;
mod interaction;
mod migrate;
mod options;
mod page;
mod postgres;
mod protected_resource;
mod pushed_request;
mod registration;
mod role;
mod role_assignment;
mod schema;
mod session;
mod signing_key;
mod sqlite;
mod statement;
mod stats;
mod sweep;
mod tenant;
mod tenant_count;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod usage;
mod user;
mod value;

use std::sync::{Arc, OnceLock};

use diesel_async::RunQueryDsl;
use grantor_protocol::model::TenantId;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

pub use audit::{
    AuditFilter, AuditNews, AuditOrder, BrokenAt, BrokenLink, RecordedEvent, Verification, audit_kind,
};
pub use changes::{Change, ChangeKind, Changes};
pub use client::ClientFilter;
pub use console_session::ConsoleSession;
pub use device::DeviceFilter;
pub use error::{ApplyError, Error, OpenError, WriteError};
pub use grant::{GrantFilter, NamedGrant};
pub use installation::Installation;
pub use migrate::SchemaState;
pub use options::Options;
pub use page::{Cursor, Listing, MalformedCursor, Page};
pub use registration::UnusedClient;
pub use role::{Permission, Role};
pub use role_assignment::{AssignmentFilter, AssignmentRecord, PLATFORM_ADMIN, RoleAssignment, Subject};
pub use session::SessionFilter;
pub use signing_key::{KeyChange, KeyFilter};
pub use stats::{CountedHour, HourlyCount, Present};
pub use sweep::{SweepReport, Swept};
pub use tenant::{NewTenant, Tenants};
pub use tenant_count::TenantCounts;
pub use token::AccessTokenState;
pub use usage::{Count, Usage};
pub use user::UserFilter;

/// Boxes the future of an `async fn`. The compiler leaves the body of one to the crate that awaits it,
/// and so every crate above would compile all queries once more; behind a pointer they are compiled
/// in this one.
use async_recursion::async_recursion as compiled_here;
use conn::{Conn, SendAsyncFnOnce, Work, dual};
use options::Address;
use postgres::Postgres;
use sqlite::Sqlite;

/// Which database is behind a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// How well commits are shared on SQLite, counted since the store was opened: jobs divided by
/// commits is the number of writes that one fsync made durable. Zero on PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStatistics {
    pub commits: u64,
    pub jobs: u64,
}

/// A database. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// The rows of one tenant, and no others.
pub struct TenantStore<'a> {
    store: &'a Store,
    id: TenantId,
}

struct Inner {
    engine: Engine,
    changes: broadcast::Sender<Change>,
    runtime: Handle,
    listener: OnceLock<AbortHandle>,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(listener) = self.listener.get() {
            listener.abort();
        }
    }
}

impl Store {
    /// Opens the database without touching its schema. A SQLite file and its directory are created
    /// if need be, readable by their owner only; PostgreSQL is connected to once. Must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// An address that is not understood, a file that cannot be opened, a server that does not
    /// answer.
    #[compiled_here]
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let changes = changes::channel();
        let engine = match options.address()? {
            Address::Sqlite(path) => {
                let sender = changes.clone();
                let changed_outside = move || {
                    // Without receivers nobody needs to know.
                    let _receivers = sender.send(Change::Everything);
                };
                // Opening may recover a journal, which takes its time.
                let (readers, queue) = (options.readers, options.write_queue);
                tokio::task::spawn_blocking(move || Sqlite::open(&path, readers, queue, changed_outside))
                    .await
                    .map_err(|error| OpenError::Connect(error.to_string()))?
                    .map(Engine::Sqlite)?
            }
            Address::Postgres(url) => {
                Engine::Postgres(Postgres::open(&url, options.pool_size, options.patience).await?)
            }
        };
        let inner = Inner { engine, changes, runtime: Handle::current(), listener: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn backend(&self) -> Backend {
        match self.inner.engine {
            Engine::Sqlite(_) => Backend::Sqlite,
            Engine::Postgres(_) => Backend::Postgres,
        }
    }

    /// Whether the database answers.
    #[compiled_here]
    pub async fn ping(&self) -> Result<(), Error> {
        let work = async |mut conn: Conn<'_>| {
            dual!(&mut conn, c => diesel::sql_query("SELECT 1").execute(c).await)?;
            Ok(())
        };
        self.read(work).await
    }

    /// The rows of one tenant.
    pub fn tenant(&self, id: TenantId) -> TenantStore<'_> {
        TenantStore { store: self, id }
    }

    /// The directory of tenants.
    pub fn tenants(&self) -> Tenants<'_> {
        Tenants::new(self)
    }

    /// What belongs to no tenant.
    pub fn installation(&self) -> Installation<'_> {
        Installation::new(self)
    }

    pub fn write_statistics(&self) -> WriteStatistics {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.statistics(),
            Engine::Postgres(_) => WriteStatistics::default(),
        }
    }

    /// What administrators change from now on, here, on the other nodes of the same PostgreSQL, and
    /// by commands beside this process on the same SQLite file (told as [`Change::Everything`]).
    /// The first call there opens a connection of its own for it.
    pub fn changes(&self) -> Changes {
        let changes = changes::subscribe(&self.inner.changes);
        if let Engine::Postgres(postgres) = &self.inner.engine {
            self.inner.listener.get_or_init(|| {
                let listen = changes::listen(postgres.url().to_owned(), self.inner.changes.clone());
                self.inner.runtime.spawn(listen).abort_handle()
            });
        }
        changes
    }

    /// Runs one statement that reads.
    async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Work<T, Error>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read(work).await,
            Engine::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// Runs work in one durable transaction. Once the database has it, it runs to its end even if
    /// the caller is gone.
    async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work, || ()).await,
            Engine::Postgres(postgres) => postgres.write(work, || ()).await,
        }
    }

    /// [`write`](Self::write) for work that is a single statement, which PostgreSQL needs no BEGIN
    /// and COMMIT for.
    async fn write_statement<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work, || ()).await,
            Engine::Postgres(postgres) => postgres.write_statement(work).await,
        }
    }

    /// [`write`](Self::write) that tells of `changes` when it is committed.
    async fn write_change<T, E, F>(&self, changes: Vec<Change>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
        F: for<'a, 'c> SendAsyncFnOnce<&'a mut Conn<'c>, Result<T, E>> + Send + 'static,
    {
        let sender = self.inner.changes.clone();
        let told = changes.clone();
        let committed = move || {
            for change in told {
                // Without receivers nobody needs to know.
                let _receivers = sender.send(change);
            }
        };
        let work = async move |mut conn: Conn<'_>| {
            let value = work(&mut conn).await?;
            changes::notify(&mut conn, &changes).await?;
            Ok(value)
        };
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work, committed).await,
            Engine::Postgres(postgres) => postgres.write(work, committed).await,
        }
    }
}

impl TenantStore<'_> {
    /// The tenant whose rows these are.
    pub fn id(&self) -> TenantId {
        self.id
    }
}
