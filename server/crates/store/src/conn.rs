//! One query text for two databases.
//!
//! diesel's types differ by connection, so a query is written once and expanded for both by
//! [`dual!`]. The SQLite connection runs its statements in place: it lives on a thread of ours that
//! may block, and its futures are ready at their first poll.

use std::error::Error;
use std::future::ready;

use diesel::SqliteConnection;
use diesel_async::AsyncPgConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_util::future::BoxFuture;

pub(crate) type SqliteConn = SyncConnectionWrapper<SqliteConnection, InPlace>;

/// A connection to either database, for as long as one piece of work has it.
///
/// PostgreSQL's is shared, so that a transaction can send several statements before the first
/// is answered.
pub(crate) enum Conn<'a> {
    Postgres(&'a AsyncPgConnection),
    Sqlite(&'a mut SqliteConn),
}

/// Runs a "blocking" task where it stands.
pub(crate) struct InPlace;

impl SpawnBlocking for InPlace {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        Box::pin(ready(Ok(task())))
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// What is to be done with a connection: `async move |mut conn: Conn<'_>| { .. }`.
pub(crate) trait Work<T, E>: for<'c> SendAsyncFnOnce<Conn<'c>, Result<T, E>> + Send + 'static {}

impl<F, T, E> Work<T, E> for F where F: for<'c> SendAsyncFnOnce<Conn<'c>, Result<T, E>> + Send + 'static {}

/// An asynchronous closure whose future may go to another thread, which `AsyncFnOnce` alone cannot
/// ask for.
pub(crate) trait SendAsyncFnOnce<A, R>: FnOnce(A) -> Self::Future {
    type Future: Future<Output = R> + Send;
}

impl<F, A, R, Fut> SendAsyncFnOnce<A, R> for F
where
    F: FnOnce(A) -> Fut,
    Fut: Future<Output = R> + Send,
{
    type Future = Fut;
}

/// Expands one body for both connections: `dual!(&mut conn, c => query.execute(c).await)`.
macro_rules! dual {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::conn::Conn::Postgres(c) => {
                let $c: &mut &diesel_async::AsyncPgConnection = c;
                $body
            }
            $crate::conn::Conn::Sqlite(c) => {
                let $c: &mut $crate::conn::SqliteConn = c;
                $body
            }
        }
    };
}
pub(crate) use dual;
