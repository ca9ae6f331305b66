//! SQLite: one thread that writes and commits in groups, a few that read.
//!
//! What a commit costs is its fsync, so one commit carries whatever waits: the writer takes the
//! first job, then all that are in the queue by then, each in a savepoint of its own, commits once
//! and only then answers. The group grows by itself as the load does, and a lone job waits for
//! nobody.

use std::fs::{DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, SqliteConnection};
use futures_util::FutureExt;
use tokio::sync::{oneshot, watch};

use crate::conn::{Conn, SqliteConn, Work};
use crate::{Error, OpenError, WriteStatistics};

/// Most jobs that one commit carries: bounds how long the first of them waits.
const LARGEST_GROUP: usize = 256;

/// How often the writer looks whether another process has written.
const LOOK_OUTSIDE: Duration = Duration::from_secs(1);

/// Reads that may wait for a reader.
const READ_QUEUE: usize = 1024;

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; \
     PRAGMA cache_size = -8192;";

pub(crate) struct Sqlite {
    path: String,
    writes: SyncSender<Job>,
    reads: SyncSender<Read>,
    counters: Arc<Counters>,
    committed: watch::Sender<()>,
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
}

/// One caller's write, run inside the group's transaction; not run if that could not be begun.
type Job = Box<dyn FnOnce(Option<&mut SqliteConn>) -> Ran + Send>;
type Read = Box<dyn FnOnce(&mut SqliteConn) + Send>;

/// Answers a caller; takes whether the group was committed.
type Answer = Box<dyn FnOnce(Result<(), &str>) + Send>;

/// What is left of a job that ran.
struct Ran {
    answer: Answer,
    /// SQLite has given up the whole transaction (a full disk, an I/O error), this job's and all
    /// before it.
    transaction_lost: bool,
}

impl Sqlite {
    /// Creates the file and its directory if need be, readable by their owner only, and starts
    /// the threads.
    ///
    /// `changed_outside` is called within about a second of another process's commit, such as a
    /// command's beside the server: it cannot tell what it changed.
    pub(crate) fn open(
        path: &str,
        readers: usize,
        write_queue: usize,
        changed_outside: impl Fn() + Send + 'static,
    ) -> Result<Self, OpenError> {
        let refused = |reason: String| OpenError::File { path: path.to_owned(), reason };
        create_file(Path::new(path)).map_err(|error| refused(error.to_string()))?;

        let (writes, jobs) = sync_channel(write_queue);
        let (reads, queries) = sync_channel(READ_QUEUE);
        let counters = Arc::<Counters>::default();

        let writer = connect(path).map_err(refused)?;
        let counted = Arc::clone(&counters);
        let committed = watch::Sender::new(());
        let tell = committed.clone();
        spawn("sqlite-writer", move || {
            write_groups(SqliteConn::new(writer), &jobs, &counted, &tell, changed_outside);
        })
        .map_err(refused)?;

        let queries = Arc::new(Mutex::new(queries));
        for _ in 0..readers.max(1) {
            let mut reader = connect(path).map_err(refused)?;
            reader.batch_execute("PRAGMA query_only = ON").map_err(|error| refused(error.to_string()))?;
            let queries = Arc::clone(&queries);
            spawn("sqlite-reader", move || answer_reads(SqliteConn::new(reader), &queries))
                .map_err(refused)?;
        }
        Ok(Self { path: path.to_owned(), writes, reads, counters, committed })
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Work<T, Error>,
    {
        let (caller, answer) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            if !caller.is_closed() {
                let _caller_left = caller.send(contained(connection, work));
            }
        });
        enqueue(&self.reads, read)?;
        answer.await.map_err(|_| stopped())?
    }

    /// Runs `work` in a transaction; `committed` is called on the writer's thread after the commit,
    /// even if the caller is gone by then.
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
        let (caller, answer) = oneshot::channel();
        enqueue(
            &self.writes,
            in_savepoint(work, move |result| {
                if result.is_ok() {
                    committed();
                }
                let _caller_left = caller.send(result);
            }),
        )?;
        answer.await.map_err(|_| stopped())?
    }

    /// A connection of its own for migrations, which rebuild tables and so must not cascade.
    pub(crate) fn connect_for_migrations(path: &str) -> Result<SqliteConn, Error> {
        let mut connection = connect(path).map_err(Error::Unavailable)?;
        connection.batch_execute("PRAGMA foreign_keys = OFF")?;
        Ok(SqliteConn::new(connection))
    }

    /// Changes whenever something was written, by whatever process.
    pub(crate) fn committed(&self) -> watch::Receiver<()> {
        self.committed.subscribe()
    }

    /// A connection of its own that reads, for work that would keep a reader from the others too long.
    pub(crate) fn connect_to_read(path: &str) -> Result<SqliteConnection, Error> {
        let mut connection = connect(path).map_err(Error::Unavailable)?;
        connection.batch_execute("PRAGMA query_only = ON")?;
        Ok(connection)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn statistics(&self) -> WriteStatistics {
        WriteStatistics {
            commits: self.counters.commits.load(Ordering::Relaxed),
            jobs: self.counters.jobs.load(Ordering::Relaxed),
        }
    }
}

/// SQLite gives its journal and index files the mode of the database file.
fn create_file(path: &Path) -> std::io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn connect(path: &str) -> Result<SqliteConnection, String> {
    let mut connection = SqliteConnection::establish(path).map_err(|error| error.to_string())?;
    connection.batch_execute(PRAGMAS).map_err(|error| error.to_string())?;
    Ok(connection)
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop).map_err(|error| error.to_string())
}

fn enqueue<J>(queue: &SyncSender<J>, job: J) -> Result<(), Error> {
    queue.try_send(job).map_err(|error| match error {
        TrySendError::Full(_) => Error::Busy,
        TrySendError::Disconnected(_) => stopped(),
    })
}

fn stopped() -> Error {
    Error::Unavailable("the database thread has stopped".to_owned())
}

fn answer_reads(mut connection: SqliteConn, queries: &Mutex<Receiver<Read>>) {
    loop {
        let next = queries.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(read) => read(&mut connection),
            Err(_) => return,
        }
    }
}

fn write_groups(
    mut connection: SqliteConn,
    jobs: &Receiver<Job>,
    counters: &Counters,
    told: &watch::Sender<()>,
    changed_outside: impl Fn(),
) {
    let mut seen = data_version(&mut connection);
    let mut looked = Instant::now();
    loop {
        if looked.elapsed() >= LOOK_OUTSIDE {
            looked = Instant::now();
            let version = data_version(&mut connection);
            if version != seen {
                seen = version;
                changed_outside();
                told.send_replace(());
            }
        }
        let first = match jobs.recv_timeout(LOOK_OUTSIDE) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let begun = execute(&mut connection, "BEGIN IMMEDIATE");
        let mut group = vec![];
        let mut next = Some(first);
        let mut lost = false;
        while let Some(job) = next.take() {
            // Without a transaction the job's savepoint would be one, and be committed alone.
            let ran = job(begun.is_ok().then_some(&mut connection));
            lost |= ran.transaction_lost;
            group.push(ran.answer);
            if !lost && begun.is_ok() && group.len() < LARGEST_GROUP {
                next = jobs.try_recv().ok();
            }
        }
        let committed = match begun {
            Ok(()) if lost => Err("the transaction was lost".to_owned()),
            Ok(()) => execute(&mut connection, "COMMIT"),
            Err(reason) => Err(reason),
        };
        if committed.is_ok() {
            counters.commits.fetch_add(1, Ordering::Relaxed);
            counters.jobs.fetch_add(group.len() as u64, Ordering::Relaxed);
            told.send_replace(());
        } else {
            // Where nothing was begun, or SQLite has rolled back by itself, there is none to end.
            let _ended = execute(&mut connection, "ROLLBACK");
        }
        for answer in group {
            answer(committed.as_ref().copied().map_err(String::as_str));
        }
    }
}

/// Changes when another connection has committed, and not by commits of this one. As all writes of
/// this process are this connection's, it tells of another process.
fn data_version(connection: &mut SqliteConn) -> Option<i64> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = BigInt)]
        data_version: i64,
    }
    let query = connection.spawn_blocking(|connection| {
        diesel::RunQueryDsl::get_result::<Version>(diesel::sql_query("PRAGMA data_version"), connection)
    });
    query.now_or_never().and_then(Result::ok).map(|version| version.data_version)
}

/// A job that runs `work` in a savepoint and answers once the group's fate is known.
fn in_savepoint<T, E, F>(work: F, answer: impl FnOnce(Result<T, E>) + Send + 'static) -> Job
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: Work<T, E>,
{
    Box::new(move |connection| {
        let (result, transaction_lost) = match connection {
            Some(connection) => run_in_savepoint(connection, work),
            None => (Err(Error::Unavailable(String::new()).into()), false),
        };
        Ran {
            answer: Box::new(move |group| {
                answer(group.map_err(|reason| Error::Unavailable(reason.to_owned()).into()).and(result));
            }),
            transaction_lost,
        }
    })
}

fn run_in_savepoint<T, E, F>(connection: &mut SqliteConn, work: F) -> (Result<T, E>, bool)
where
    E: From<Error>,
    F: Work<T, E>,
{
    if let Err(reason) = execute(connection, "SAVEPOINT job") {
        return (Err(Error::Unavailable(reason).into()), true);
    }
    let result = contained(connection, work);
    let ended = match &result {
        Ok(_) => execute(connection, "RELEASE job"),
        Err(_) => execute(connection, "ROLLBACK TO job; RELEASE job"),
    };
    (result, ended.is_err())
}

/// Runs work to its end here and now. A panic, or an await of something that is not the database,
/// is an error of that work alone.
fn contained<T, E, F>(connection: &mut SqliteConn, work: F) -> Result<T, E>
where
    E: From<Error>,
    F: Work<T, E>,
{
    match catch_unwind(AssertUnwindSafe(|| work(Conn::Sqlite(connection)).now_or_never())) {
        Ok(Some(result)) => result,
        Ok(None) => Err(Error::Unavailable("database work waited for something else".to_owned()).into()),
        Err(_) => Err(Error::Unavailable("database work panicked".to_owned()).into()),
    }
}

fn execute(connection: &mut SqliteConn, sql: &'static str) -> Result<(), String> {
    match connection.spawn_blocking(move |connection| connection.batch_execute(sql)).now_or_never() {
        Some(result) => result.map_err(|error| error.to_string()),
        None => Err("the connection did not run in place".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;

    use super::*;
    use crate::conn::dual;
    use crate::schema::installation;
    use crate::{Engine, testing::TestDatabase};

    async fn put(conn: &mut Conn<'_>, name: &'static str) -> Result<(), Error> {
        let row = (installation::name.eq(name), installation::value.eq(vec![1]));
        dual!(conn, c => diesel::insert_into(installation::table).values(row).execute(c).await)?;
        Ok(())
    }

    async fn names(sqlite: &Sqlite) -> Vec<String> {
        let work = async |mut conn: Conn<'_>| {
            let names = installation::table.select(installation::name).order(installation::name);
            Ok(dual!(&mut conn, c => names.load(c).await)?)
        };
        sqlite.read(work).await.unwrap()
    }

    #[tokio::test]
    async fn work_that_panics_or_waits_harms_nobody_else() {
        let database = TestDatabase::sqlite().await;
        let Engine::Sqlite(sqlite) = &database.store().inner.engine else { panic!("it is SQLite") };
        let panics = async |mut conn: Conn<'_>| -> Result<(), Error> {
            put(&mut conn, "panics").await?;
            panic!("on purpose")
        };
        let waits = async |mut conn: Conn<'_>| -> Result<(), Error> {
            put(&mut conn, "waits").await?;
            std::future::pending().await
        };
        let works = async |mut conn: Conn<'_>| put(&mut conn, "works").await;
        let (panicked, waited, worked) = tokio::join!(
            sqlite.write(panics, || panic!("nothing was committed")),
            sqlite.write(waits, || panic!("nothing was committed")),
            sqlite.write(works, || ()),
        );
        assert!(panicked.unwrap_err().to_string().contains("panicked"));
        assert!(waited.unwrap_err().to_string().contains("waited"));
        worked.unwrap();
        assert_eq!(names(sqlite).await, ["works"]);
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let database = TestDatabase::sqlite().await;
        let Engine::Sqlite(sqlite) = &database.store().inner.engine else { panic!("it is SQLite") };
        let refused = sqlite.read(async |mut conn: Conn<'_>| put(&mut conn, "read").await).await;
        assert!(refused.unwrap_err().to_string().contains("readonly"));
        assert_eq!(names(sqlite).await, Vec::<String>::new());
    }

    /// SQLite may end the whole transaction by itself, as it does when the disk is full. Those who
    /// were told nothing yet must not be told that theirs is durable.
    #[tokio::test]
    async fn a_lost_transaction_is_nobodys_success() {
        let database = TestDatabase::sqlite().await;
        let Engine::Sqlite(sqlite) = &database.store().inner.engine else { panic!("it is SQLite") };
        let works = async |mut conn: Conn<'_>| put(&mut conn, "works").await;
        let loses = async |conn: Conn<'_>| -> Result<(), Error> {
            if let Conn::Sqlite(connection) = conn {
                execute(connection, "ROLLBACK").map_err(Error::Unavailable)?;
            }
            Ok(())
        };
        // Whether they share a group is the writer's affair; what was said must be true either way.
        let (worked, lost) = tokio::join!(sqlite.write(works, || ()), sqlite.write(loses, || ()));
        assert!(lost.is_err());
        assert_eq!(names(sqlite).await.is_empty(), worked.is_err());
        sqlite.write(async |mut conn: Conn<'_>| put(&mut conn, "after").await, || ()).await.unwrap();
        assert!(names(sqlite).await.contains(&"after".to_owned()));
    }
}
