//! PostgreSQL: a pool of connections.
//!
//! A round trip costs more than a row, so a read is one statement outside any transaction, a
//! decision of one statement is too, and the statements of a longer one are sent without waiting
//! for each other.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::TimeoutType;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{AsyncConnection, AsyncPgConnection, TransactionManager};
use tokio::task::JoinError;

use crate::conn::{Conn, Work};
use crate::{Error, OpenError};

type Transactions = <AsyncPgConnection as AsyncConnection>::TransactionManager;

pub(crate) struct Postgres {
    url: String,
    pool: Pool<AsyncPgConnection>,
}

impl Postgres {
    /// Proves the address by connecting once.
    pub(crate) async fn open(url: &str, pool_size: usize, patience: Duration) -> Result<Self, OpenError> {
        let mut config = ManagerConfig::default();
        // Any other method costs a round trip for every checkout; what this misses is an error of
        // the first statement, as it is when the connection breaks a moment later.
        config.recycling_method = RecyclingMethod::Fast;
        let pool = Pool::builder(AsyncDieselConnectionManager::new_with_config(url, config))
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

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: Work<T, Error>,
    {
        let connection = self.connection().await?;
        work(Conn::Postgres(&connection)).await
    }

    /// Runs `work` in a transaction, in a task that ends it even if the caller is gone by then;
    /// `committed` is called there after the commit.
    pub(crate) async fn write<T, E, F>(
        &self,
        work: F,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        let mut connection = self.connection().await?;
        let task = tokio::spawn(async move {
            Transactions::begin_transaction(&mut *connection).await.map_err(Error::from)?;
            let result = work(Conn::Postgres(&connection)).await;
            match &result {
                Ok(_) => {
                    Transactions::commit_transaction(&mut *connection).await.map_err(Error::from)?;
                    committed();
                }
                // A connection that cannot roll back is dropped by the pool, and with it the
                // transaction.
                Err(_) => drop(Transactions::rollback_transaction(&mut *connection).await),
            }
            result
        });
        task.await.map_err(task_failed)?
    }

    /// Runs `work`, which must be a single statement, as its own transaction.
    pub(crate) async fn write_statement<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Work<T, E>,
    {
        let connection = self.connection().await?;
        tokio::spawn(async move { work(Conn::Postgres(&connection)).await }).await.map_err(task_failed)?
    }

    async fn connection(&self) -> Result<Object<AsyncPgConnection>, Error> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => Error::Busy,
            error => Error::Unavailable(error.to_string()),
        })
    }
}

fn task_failed(error: JoinError) -> Error {
    Error::Unavailable(format!("a database task did not end: {error}"))
}
