//! PostgreSQL: a pool of connections.
//!
//! A round trip costs more than a row, so a read is one statement outside any transaction, a
//! decision of one statement is too, and the statements of a longer one are sent without waiting
//! for each other.
//!
//! Every statement runs with one tenant's rows in sight, or explicitly with all: the policies of the
//! tables (row-level security) compare their rows with the setting `grantor.tenant`. The setting travels in
//! the same pipeline as the work and takes no round trip of its own: PostgreSQL runs statements in the order
//! in which they were sent, and diesel sends them in the order in which they are asked for.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError as WaitError, RecycleResult, TimeoutType};
use diesel::sql_types::{Bool, Text};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, TransactionManager};
use futures_util::future::join;
use grantor_protocol::model::TenantId;
use tokio::task::JoinError;

use crate::conn::{Conn, Work};
use crate::{Error, OpenError};

type Transactions = <AsyncPgConnection as AsyncConnection>::TransactionManager;

diesel::define_sql_function! {
    /// Gives a setting a value, for the session or for the transaction.
    fn set_config(name: Text, value: Text, is_local: Bool) -> Text;
}

pub(crate) struct Postgres {
    url: String,
    pool: Pool<Connections>,
}

/// Whose rows a connection sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Tenant(TenantId),
    AllTenants,
}

impl Sight {
    /// As the setting says it.
    fn setting(self) -> String {
        match self {
            Self::Tenant(id) => id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::AllTenants => "*".to_owned(),
        }
    }

    async fn apply(self, connection: &AsyncPgConnection, is_local: bool) -> Result<(), Error> {
        let setting = diesel::select(set_config("grantor.tenant", self.setting(), is_local));
        let _value: String = setting.get_result(&mut &*connection).await?;
        Ok(())
    }
}

/// A connection and what its session sees; None where that is not known.
struct Connection {
    connection: AsyncPgConnection,
    session_sees: Option<Sight>,
}

struct Connections(AsyncDieselConnectionManager<AsyncPgConnection>);

impl Manager for Connections {
    type Type = Connection;
    type Error = PoolError;

    async fn create(&self) -> Result<Connection, PoolError> {
        Ok(Connection { connection: self.0.create().await?, session_sees: None })
    }

    async fn recycle(&self, held: &mut Connection, metrics: &Metrics) -> RecycleResult<PoolError> {
        self.0.recycle(&mut held.connection, metrics).await
    }
}

impl Connection {
    /// Runs work outside any transaction.
    async fn run<T, E, F>(&mut self, sight: Sight, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Work<T, E>,
    {
        if self.session_sees == Some(sight) {
            return work(Conn::Postgres(&self.connection)).await;
        }
        // Whoever leaves in the middle leaves a session that sees one or the other.
        self.session_sees = None;
        let set = sight.apply(&self.connection, false);
        let (set, result) = join(set, work(Conn::Postgres(&self.connection))).await;
        set?;
        self.session_sees = Some(sight);
        result
    }

    /// Runs work in a transaction of its own.
    async fn run_in_transaction<T, E, F>(&mut self, sight: Sight, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Work<T, E>,
    {
        Transactions::begin_transaction(&mut self.connection).await.map_err(Error::from)?;
        let result = self.run_begun(sight, work).await;
        match &result {
            Ok(_) => Transactions::commit_transaction(&mut self.connection).await.map_err(Error::from)?,
            // A connection that cannot roll back is dropped by the pool, and with it the transaction.
            Err(_) => drop(Transactions::rollback_transaction(&mut self.connection).await),
        }
        result
    }

    async fn run_begun<T, E, F>(&self, sight: Sight, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: Work<T, E>,
    {
        if self.session_sees == Some(sight) {
            return work(Conn::Postgres(&self.connection)).await;
        }
        let set = sight.apply(&self.connection, true);
        let (set, result) = join(set, work(Conn::Postgres(&self.connection))).await;
        set?;
        result
    }

    /// What the session sees from now on.
    async fn see(&mut self, sight: Sight) -> Result<(), Error> {
        self.session_sees = None;
        sight.apply(&self.connection, false).await?;
        self.session_sees = Some(sight);
        Ok(())
    }
}

impl Postgres {
    /// Proves the address by connecting once.
    pub(crate) async fn open(url: &str, pool_size: usize, patience: Duration) -> Result<Self, OpenError> {
        let mut config = ManagerConfig::default();
        // Any other method costs a round trip for every checkout; what this misses is an error of
        // the first statement, as it is when the connection breaks a moment later.
        config.recycling_method = RecyclingMethod::Fast;
        let connections = Connections(AsyncDieselConnectionManager::new_with_config(url, config));
        let pool = Pool::builder(connections)
            .max_size(pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience))
            .create_timeout(Some(patience))
            .recycle_timeout(Some(patience))
            .build()
            .map_err(|error| OpenError::Connect(error.to_string()))?;
        let postgres = Self { url: url.to_owned(), pool };
        match postgres.connection().await {
            Ok(_proof) => Ok(postgres),
            Err(error) => Err(OpenError::Connect(error.to_string())),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn read<T, F>(&self, sight: Sight, work: F) -> Result<T, Error>
    where
        F: Work<T, Error>,
    {
        self.connection().await?.run(sight, work).await
    }

    /// Runs `work` in a transaction, in a task that ends it even if the caller is gone by then;
    /// `committed` is called there after the commit.
    pub(crate) async fn write<T, E, F>(
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
        let mut held = self.connection().await?;
        let task = tokio::spawn(async move {
            let value = held.run_in_transaction(sight, work).await?;
            committed();
            Ok(value)
        });
        task.await.map_err(task_failed)?
    }

    /// Runs `work` in a transaction in which nothing has been asked yet, so that it can choose its isolation.
    pub(crate) async fn write_afresh<T, E, F>(&self, sight: Sight, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        let mut held = self.connection().await?;
        let task = tokio::spawn(async move {
            held.see(sight).await?;
            held.run_in_transaction(sight, work).await
        });
        task.await.map_err(task_failed)?
    }

    /// Runs `work`, which must be a single statement, as its own transaction.
    pub(crate) async fn write_statement<T, E, F>(&self, sight: Sight, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        let mut held = self.connection().await?;
        tokio::spawn(async move { held.run(sight, work).await }).await.map_err(task_failed)?
    }

    async fn connection(&self) -> Result<Object<Connections>, Error> {
        self.pool.get().await.map_err(|error| match error {
            WaitError::Timeout(TimeoutType::Wait) => Error::Busy,
            error => Error::Unavailable(error.to_string()),
        })
    }
}

fn task_failed(error: JoinError) -> Error {
    Error::Unavailable(format!("a database task did not end: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use diesel::QueryableByName;
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Bool, Text};
    use diesel_async::RunQueryDsl;
    use grantor_protocol::model::{Tenant, TenantId, TenantSettings, TenantStatus};
    use grantor_protocol::{Effect, Id, SecretHash, Timestamp};

    use crate::conn::{Conn, dual};
    use crate::schema::{attempts, idempotency_keys, tenants};
    use crate::testing::TestDatabase;
    use crate::value::Bytes;
    use crate::{Error, NewTenant, Store};

    const OURS: TenantId = Id::from_bytes([1; 16]);
    const THEIRS: TenantId = Id::from_bytes([2; 16]);
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    #[derive(QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Bool)]
        forced: bool,
        #[diesel(sql_type = BigInt)]
        policies: i64,
    }

    /// Two tenants with a row each.
    async fn two_tenants(store: &Store) {
        for (id, slug) in [(OURS, "ours"), (THEIRS, "theirs")] {
            let tenant = Tenant {
                id,
                slug: slug.to_owned(),
                name: slug.to_owned(),
                issuer: slug.to_owned(),
                status: TenantStatus::Active,
                settings: TenantSettings::default(),
                version: 1,
                created_at: NOW,
                updated_at: NOW,
            };
            store.tenants().create(NewTenant { tenant, keys: vec![], audit: vec![] }).await.unwrap();
            let subject = SecretHash::from_bytes([3; 32]);
            let counted = Effect::CountAttempt { subject, most: 9, at: NOW, expires_at: NOW };
            store.tenant(id).apply(vec![counted]).await.unwrap();
        }
    }

    /// Whose attempts are found by a query that forgets to ask.
    async fn attempts_of(mut conn: Conn<'_>) -> Result<Vec<TenantId>, Error> {
        let all = attempts::table.select(attempts::tenant_id).order(attempts::tenant_id);
        let found: Vec<Bytes<16>> = dual!(&mut conn, c => all.load(c).await)?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_query_without_its_tenant_sees_no_other() {
        let database = TestDatabase::postgres().await;
        let store = database.store();
        two_tenants(store).await;
        let (ours, theirs) = (store.tenant(OURS), store.tenant(THEIRS));
        // The same few connections serve now one and now the other.
        for _ in 0..20 {
            let forgetful = async |conn: Conn<'_>| attempts_of(conn).await;
            let (seen, others) = tokio::join!(ours.store.read(forgetful), theirs.store.read(forgetful));
            assert_eq!((seen.unwrap(), others.unwrap()), (vec![OURS], vec![THEIRS]));
            assert_eq!(ours.store.write::<_, Error, _>(forgetful).await.unwrap(), [OURS]);
            assert_eq!(theirs.store.write_statement::<_, Error, _>(forgetful).await.unwrap(), [THEIRS]);
            assert_eq!(store.read(forgetful).await.unwrap(), [OURS, THEIRS]);
        }
        let directory = async |mut conn: Conn<'_>| {
            Ok(dual!(&mut conn, c => tenants::table.count().get_result::<i64>(c).await)?)
        };
        assert_eq!(ours.store.read(directory).await.unwrap(), 2, "the directory is nobody's");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_write_without_its_tenant_reaches_no_other() {
        let database = TestDatabase::postgres().await;
        let store = database.store();
        two_tenants(store).await;
        let before = database.rows_of(THEIRS).await;
        let ours = store.tenant(OURS);
        let update = async |mut conn: Conn<'_>| -> Result<usize, Error> {
            let all = diesel::update(attempts::table).set(attempts::count.eq(9));
            Ok(dual!(&mut conn, c => all.execute(c).await)?)
        };
        assert_eq!(ours.store.write_statement(update).await.unwrap(), 1);
        let delete = async |mut conn: Conn<'_>| -> Result<usize, Error> {
            Ok(dual!(&mut conn, c => diesel::delete(attempts::table).execute(c).await)?)
        };
        assert_eq!(ours.store.write(delete).await.unwrap(), 1);
        let insert = async |mut conn: Conn<'_>| -> Result<usize, Error> {
            let (id, hash) = (Bytes::from(THEIRS), Bytes::from(SecretHash::from_bytes([4; 32])));
            let row = (
                idempotency_keys::tenant_id.eq(id),
                idempotency_keys::hash.eq(hash),
                idempotency_keys::fingerprint.eq(hash),
                idempotency_keys::reserved_at.eq(1),
                idempotency_keys::expires_at.eq(1),
            );
            let insert = diesel::insert_into(idempotency_keys::table).values(row);
            Ok(dual!(&mut conn, c => insert.execute(c).await)?)
        };
        let refused = ours.store.write(insert).await.unwrap_err();
        assert!(refused.to_string().contains("row-level security"), "{refused}");
        assert_eq!(database.rows_of(THEIRS).await, before);
        // A connection that says nothing has nothing.
        TestDatabase::execute(&database, "RESET grantor.tenant; DELETE FROM attempts").await;
        assert_eq!(database.rows_of(THEIRS).await, before);
    }

    /// Whoever makes a table with a tenant_id gives it the policy.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_table_of_tenants_has_the_wall() {
        let database = TestDatabase::postgres().await;
        let tables = async |mut conn: Conn<'_>| -> Result<Vec<Table>, Error> {
            let sql = "SELECT relname::text AS name, relforcerowsecurity AND relrowsecurity AS forced, \
                 (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'one_tenant') \
                 AS policies FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
                 WHERE relkind = 'r' AND attname = 'tenant_id' \
                 AND relnamespace = current_schema()::regnamespace";
            Ok(dual!(&mut conn, c => diesel::sql_query(sql).load(c).await)?)
        };
        let tables = database.store().read(tables).await.unwrap();
        assert!(tables.len() > 20);
        let bare: BTreeMap<_, _> = tables
            .into_iter()
            .filter(|table| !table.forced || table.policies != 1)
            .map(|table| (table.name, table.policies))
            .collect();
        assert!(bare.is_empty(), "without row-level security: {bare:?}");
    }
}
