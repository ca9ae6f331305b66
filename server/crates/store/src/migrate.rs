//! The schema's history. Migrations are embedded, the same names for both databases, and append-only:
//! one that was released is never edited. Nodes of the version before still run while a new one
//! migrates, so a migration adds first, and only a later release takes away.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::FutureExt;

use crate::compiled_here;
use crate::conn::{Conn, SqliteConn, dual};
use crate::postgres::Sight;
use crate::sqlite::Sqlite;
use crate::{Engine, Error, Store};

/// How the database's schema stands to the one that this program was built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    Current,
    /// These migrations have not been applied.
    Behind {
        pending: Vec<String>,
    },
    /// A newer version has applied these, which this one does not know.
    Ahead {
        unknown: Vec<String>,
    },
}

impl std::fmt::Display for SchemaState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Current => formatter.write_str("the database is current"),
            Self::Behind { pending } => {
                write!(formatter, "the database is behind this version: {} not applied", pending.join(", "))
            }
            Self::Ahead { unknown } => {
                write!(
                    formatter,
                    "the database is ahead of this version, which does not know {}",
                    unknown.join(", ")
                )
            }
        }
    }
}

struct Migration {
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        &[$(Migration {
            name: $name,
            sqlite: include_str!(concat!("../../../../migrations/sqlite/", $name, "/up.sql")),
            postgres: include_str!(concat!("../../../../migrations/postgres/", $name, "/up.sql")),
        }),+]
    };
}

/// In the order in which they are applied.
const MIGRATIONS: &[Migration] = migrations![
    "0001_initial",
    "0002_endpoints",
    "0003_audit",
    "0004_roles",
    "0005_objects",
    "0006_limits",
    "0007_jobs",
    "0008_idempotency",
    "0009_webhooks",
    "0010_domains",
    "0011_row_level_security",
    "0012_console_sign_in",
    "0016_account"
];

/// Held while a node migrates: "grantor" in ASCII.
const ADVISORY_LOCK: i64 = 0x67_72_61_6e_74_6f_72;

diesel::table! {
    schema_migrations (name) {
        name -> Text,
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "only whether there is a row counts")]
    name: String,
}

impl Store {
    /// Applies what is pending, all of it or none, and gives the names of what it applied. Nodes
    /// that start together wait for each other.
    ///
    /// # Errors
    /// [`Error::Database`] if a migration fails; the schema is then what it was.
    #[compiled_here]
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        match &self.inner.engine {
            Engine::Sqlite(sqlite) => {
                let path = sqlite.path().to_owned();
                tokio::task::spawn_blocking(move || migrate_sqlite(&path))
                    .await
                    .map_err(|error| Error::Unavailable(error.to_string()))?
            }
            Engine::Postgres(postgres) => {
                let work = async move |mut conn: Conn<'_>| {
                    if let Conn::Postgres(connection) = &mut conn {
                        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                            .bind::<BigInt, _>(ADVISORY_LOCK)
                            .execute(connection)
                            .await?;
                    }
                    apply_pending(&mut conn).await
                };
                postgres.write(Sight::AllTenants, work, || ()).await
            }
        }
    }

    /// Compares the database's schema with the one this program needs.
    #[compiled_here]
    pub async fn schema_state(&self) -> Result<SchemaState, Error> {
        let applied = self.read(async |mut conn: Conn<'_>| applied(&mut conn).await).await?;
        let unknown: Vec<_> = applied
            .iter()
            .filter(|name| MIGRATIONS.iter().all(|known| known.name != *name))
            .cloned()
            .collect();
        let pending: Vec<_> = pending(&applied).map(|migration| migration.name.to_owned()).collect();
        Ok(match (unknown.is_empty(), pending.is_empty()) {
            (false, _) => SchemaState::Ahead { unknown },
            (true, false) => SchemaState::Behind { pending },
            (true, true) => SchemaState::Current,
        })
    }

    /// Whether the database's role is above row-level security, which then keeps nothing apart. Never on
    /// SQLite, which has none.
    #[compiled_here]
    pub async fn is_above_row_level_security(&self) -> Result<bool, Error> {
        #[derive(QueryableByName)]
        struct Role {
            #[diesel(sql_type = Bool)]
            above: bool,
        }
        let work = async |mut conn: Conn<'_>| {
            let Conn::Postgres(connection) = &mut conn else { return Ok(false) };
            let role: Role = diesel::sql_query(
                "SELECT rolsuper OR rolbypassrls AS above FROM pg_roles WHERE rolname = current_user",
            )
            .get_result(connection)
            .await?;
            Ok(role.above)
        };
        self.read(work).await
    }
}

/// The newest migration that this program knows.
pub(crate) fn newest() -> &'static str {
    MIGRATIONS.last().map_or("", |migration| migration.name)
}

/// Whether this program knows a migration of this name.
pub(crate) fn knows(name: &str) -> bool {
    MIGRATIONS.iter().any(|migration| migration.name == name)
}

/// Tells one state of the migrations from another.
#[cfg(feature = "testing")]
pub(crate) fn fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    MIGRATIONS.iter().for_each(|migration| (migration.name, migration.postgres).hash(&mut hasher));
    hasher.finish()
}

fn pending(applied: &[String]) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(|migration| applied.iter().all(|name| name != migration.name))
}

async fn applied(conn: &mut Conn<'_>) -> Result<Vec<String>, Error> {
    let table = match conn {
        Conn::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE name = 'schema_migrations'",
        Conn::Postgres(_) => {
            "SELECT tablename::text AS name FROM pg_tables \
             WHERE schemaname = current_schema() AND tablename = 'schema_migrations'"
        }
    };
    if dual!(conn, c => diesel::sql_query(table).load::<Found>(c).await)?.is_empty() {
        return Ok(vec![]);
    }
    let names = schema_migrations::table.select(schema_migrations::name).order(schema_migrations::name);
    let names = dual!(conn, c => names.load(c).await)?;
    Ok(names)
}

async fn apply_pending(conn: &mut Conn<'_>) -> Result<Vec<String>, Error> {
    let applied = applied(conn).await?;
    let table = "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY)";
    dual!(conn, c => c.batch_execute(table).await)?;
    let mut names = vec![];
    for migration in pending(&applied) {
        match conn {
            Conn::Sqlite(c) => c.batch_execute(migration.sqlite).await?,
            Conn::Postgres(c) => c.batch_execute(migration.postgres).await?,
        }
        let record = schema_migrations::name.eq(migration.name);
        dual!(conn, c => diesel::insert_into(schema_migrations::table).values(record).execute(c).await)?;
        names.push(migration.name.to_owned());
    }
    Ok(names)
}

fn migrate_sqlite(path: &str) -> Result<Vec<String>, Error> {
    let mut connection = Sqlite::connect_for_migrations(path)?;
    in_place(connection.spawn_blocking(|c| c.batch_execute("BEGIN IMMEDIATE")))??;
    let names = in_place(apply_pending(&mut Conn::Sqlite(&mut connection)))??;
    // It reads every row, which is too much for a start that changes nothing.
    if !names.is_empty() {
        check_foreign_keys(&mut connection)?;
    }
    in_place(connection.spawn_blocking(|c| c.batch_execute("COMMIT")))??;
    Ok(names)
}

/// Foreign keys are off while tables are rebuilt; what was built must hold to them.
fn check_foreign_keys(connection: &mut SqliteConn) -> Result<(), Error> {
    let check = "SELECT DISTINCT \"table\" AS name FROM pragma_foreign_key_check";
    let broken = in_place(diesel::sql_query(check).load::<Found>(connection))??;
    match broken.is_empty() {
        true => Ok(()),
        false => Err(Error::Unavailable("a migration left rows that belong to nothing".to_owned())),
    }
}

fn in_place<T>(work: impl Future<Output = T>) -> Result<T, Error> {
    work.now_or_never().ok_or_else(|| Error::Unavailable("the connection did not run in place".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations_and_all_are_embedded() {
        let folders = |dialect: &str| {
            let directory = format!("{}/../../../migrations/{dialect}", env!("CARGO_MANIFEST_DIR"));
            let mut names: Vec<_> = std::fs::read_dir(directory)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let embedded: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(folders("sqlite"), embedded);
        assert_eq!(folders("postgres"), embedded);
    }
}
