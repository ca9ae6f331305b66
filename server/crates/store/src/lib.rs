//! Where Grantor keeps what it promised: SQLite or PostgreSQL behind one interface.
//!
//! This is the only crate with SQL. Rows of a tenant are reached through [`Store::tenant`] and
//! nothing else, and every statement behind it filters by that tenant. Protocol state is written by
//! [`TenantStore::apply`] alone: all effects of a decision in one durable transaction. Nothing here
//! reads a clock or makes randomness, and nobody is answered before what was promised is durable.

mod apply;
mod attempt;
mod audit;
mod authenticator;
mod canonical_json;
mod ceremony;
mod changes;
mod client;
mod conn;
mod consent;
mod console_session;
mod device;
mod domain;
mod error;
mod export;
mod grant;
mod idempotency;
mod identity_link;
mod identity_provider;
mod import;
mod initial_access_token;
mod installation;
mod interaction;
mod job;
mod message;
mod migrate;
mod one_time_link;
mod options;
mod page;
mod portable;
mod postgres;
mod protected_resource;
mod pushed_request;
mod read_back;
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
mod upstream_sign_in;
mod usage;
mod user;
mod value;
mod webhook;
mod webhook_delivery;

use std::sync::{Arc, OnceLock};

use diesel_async::RunQueryDsl;
use grantor_protocol::model::TenantId;
use tokio::runtime::Handle;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;

pub use audit::{
    AuditFilter, AuditNews, AuditOrder, BrokenAt, BrokenLink, RecordedEvent, Verification, VerifiedStretch,
    audit_kind, audit_kinds,
};
pub use canonical_json::canonical_json;
pub use changes::{Change, ChangeKind, Changes};
pub use client::ClientFilter;
pub use console_session::ConsoleSession;
pub use device::DeviceFilter;
pub use error::{ApplyError, Error, OpenError, WriteError};
pub use grant::{GrantFilter, NamedGrant};
pub use idempotency::{KeptRequest, Reservation};
pub use import::NewImport;
pub use installation::Installation;
pub use job::{Claim, Deleting, DeletionStep, Holder, Job, JobId, JobKind, JobState};
pub use migrate::SchemaState;
pub use options::Options;
pub use page::{Cursor, Listing, MalformedCursor, Page, Sort, SortKey};
pub use portable::{Cell, InvalidRow, PortableRow};
pub use registration::UnusedClient;
pub use role::{Permission, Role};
pub use role_assignment::{AssignmentFilter, AssignmentRecord, PLATFORM_ADMIN, RoleAssignment, Subject};
pub use session::SessionFilter;
pub use signing_key::{KeyChange, KeyFilter};
pub use stats::{CountedHour, HourlyCount, Present};
pub use sweep::{SweepReport, Swept};
pub use tenant::{NewTenant, TenantFilter, Tenants};
pub use tenant_count::TenantCounts;
pub use token::AccessTokenState;
pub use usage::{Count, Usage};
pub use user::UserFilter;
pub use webhook::{Stretch, WebhookWork};

/// Boxes the future of an `async fn`. The compiler leaves the body of one to the crate that awaits it,
/// and so every crate above would compile all queries once more; behind a pointer they are compiled
/// in this one.
use async_recursion::async_recursion as compiled_here;
use conn::{Conn, SendAsyncFnOnce, Work, dual};
use options::Address;
use postgres::{Postgres, Sight};
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
    store: Confined<'a>,
    id: TenantId,
}

/// A store whose work sees no rows but one tenant's, as far as the database can see to it itself:
/// PostgreSQL does, by row-level security, whatever the statement says.
#[derive(Clone, Copy)]
pub(crate) struct Confined<'a> {
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
        TenantStore { store: Confined { store: self, id }, id }
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

    /// Runs one statement that reads, with the rows of all tenants in sight: for the directory, for what
    /// belongs to no tenant, and for jobs that look for what is due.
    async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Work<T, Error>,
    {
        self.read_in(Sight::AllTenants, work).await
    }

    /// Runs work in one durable transaction, with the rows of all tenants in sight. Once the database has
    /// it, it runs to its end even if the caller is gone.
    async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        self.write_in(Sight::AllTenants, work, || ()).await
    }

    /// [`write`](Self::write) for work that is a single statement, which PostgreSQL needs no BEGIN
    /// and COMMIT for.
    async fn write_statement<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        self.write_statement_in(Sight::AllTenants, work).await
    }

    /// [`write`](Self::write) that tells of `changes` when it is committed.
    async fn write_change<T, E, F>(&self, changes: Vec<Change>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
        F: for<'a, 'c> SendAsyncFnOnce<&'a mut Conn<'c>, Result<T, E>> + Send + 'static,
    {
        self.write_change_in(Sight::AllTenants, changes, work).await
    }

    async fn read_in<T, F>(&self, sight: Sight, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Work<T, Error>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.read(work).await,
            Engine::Postgres(postgres) => postgres.read(sight, work).await,
        }
    }

    async fn write_in<T, E, F>(
        &self,
        sight: Sight,
        work: F,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work, committed).await,
            Engine::Postgres(postgres) => postgres.write(sight, work, committed).await,
        }
    }

    async fn write_statement_in<T, E, F>(&self, sight: Sight, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work, || ()).await,
            Engine::Postgres(postgres) => postgres.write_statement(sight, work).await,
        }
    }

    async fn write_change_in<T, E, F>(&self, sight: Sight, changes: Vec<Change>, work: F) -> Result<T, E>
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
        self.write_in(sight, work, committed).await
    }
}

impl<'s> Confined<'s> {
    /// For work that is about two tenants: who administers one may be the system tenant's.
    fn across_tenants(&self) -> &'s Store {
        self.store
    }

    fn sight(&self) -> Sight {
        Sight::Tenant(self.id)
    }

    /// [`Store::read`] with no rows in sight but the tenant's.
    async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Work<T, Error>,
    {
        self.store.read_in(self.sight(), work).await
    }

    /// [`Store::write`] with no rows in sight but the tenant's.
    async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        self.store.write_in(self.sight(), work, || ()).await
    }

    /// [`Store::write_statement`] with no rows in sight but the tenant's.
    async fn write_statement<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        self.store.write_statement_in(self.sight(), work).await
    }

    /// [`Store::write_change`] with no rows in sight but the tenant's.
    async fn write_change<T, E, F>(&self, changes: Vec<Change>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
        F: for<'a, 'c> SendAsyncFnOnce<&'a mut Conn<'c>, Result<T, E>> + Send + 'static,
    {
        self.store.write_change_in(self.sight(), changes, work).await
    }
}

impl TenantStore<'_> {
    /// The tenant whose rows these are.
    pub fn id(&self) -> TenantId {
        self.id
    }
}
