//! Where a server under test keeps its data.

use crate::supervisor::Supervised;
use anyhow::{Context, ensure};
use std::{
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};
use tokio::sync::OnceCell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    /// A new database on the private server of this test process, which is as durable as one in production.
    Postgres,
}

/// `$1` is the directory of the server's programs, `$2` that of its files.
const SUPERVISE: &str = r#"
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 &&
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -o "-k $2 -c listen_addresses= -c max_connections=300" start >>"$2/log" 2>&1 &&
echo ready || tail -n 3 "$2/log" | tr '\n' ' '
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1
rm -rf "$2"
"#;

struct Postgres {
    programs: PathBuf,
    files: PathBuf,
    _server: Supervised,
}

impl Database {
    /// The value of `GRANTOR_DATABASE_URL` for a database that nobody has used yet; `directory` is the installation's.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub async fn create(self, directory: &Path) -> anyhow::Result<String> {
        static POSTGRES: OnceCell<Postgres> = OnceCell::const_new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        match self {
            Self::Sqlite => Ok(format!("sqlite://{}", directory.join("grantor.db").display())),
            Self::Postgres => {
                let postgres = POSTGRES.get_or_try_init(async || Postgres::start()).await?;
                postgres.create_database(&format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed)))
            }
        }
    }
}

impl Postgres {
    fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        // The path of a Unix socket may have no more than 107 bytes.
        let files = tempfile::Builder::new().prefix("grantor-e2e-postgres-").tempdir_in("/tmp")?.keep();
        // PostgreSQL refuses to run as root, so root's tests give it to the user that its package made.
        let owner = if id("-u", None)? == 0 {
            let (user, group) = (id("-u", Some("postgres"))?, id("-g", Some("postgres"))?);
            chown(&files, Some(user), Some(group))?;
            Some((user, group))
        } else {
            None
        };
        let server = Supervised::start(SUPERVISE, |shell| {
            shell.arg(&programs).arg(&files).current_dir("/");
            if let Some((user, group)) = owner {
                shell.uid(user).gid(group);
            }
        })?;
        ensure!(server.line == "ready", "PostgreSQL did not start: {}", server.line);
        Ok(Self { programs, files, _server: server })
    }

    fn create_database(&self, name: &str) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("createdb"));
        let output = command.arg("--host").arg(&self.files).args(["--username=postgres", name]).output()?;
        ensure!(output.status.success(), "createdb: {}", String::from_utf8_lossy(&output.stderr));
        Ok(format!("postgres://postgres@/{name}?host={}", self.files.display()))
    }
}

/// Where PostgreSQL's programs are; Debian keeps them off the search path.
fn programs() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    std::env::split_paths(&path)
        .chain(installed.map(|version| version.path().join("bin")))
        .find(|directory| ["initdb", "pg_ctl", "createdb"].iter().all(|name| directory.join(name).is_file()))
        .context("PostgreSQL's server is not installed: its package is called postgresql")
}

fn id(what: &str, user: Option<&str>) -> anyhow::Result<u32> {
    let output = Command::new("id").arg(what).args(user).output()?;
    let answer = String::from_utf8_lossy(&output.stdout);
    answer.trim().parse().with_context(|| format!("there is no user {}", user.unwrap_or("who runs this")))
}
