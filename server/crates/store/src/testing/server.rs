use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::sync::OnceCell;

use crate::{Options, Store, migrate};

/// The PostgreSQL server of this test process.
pub(crate) struct Server {
    /// A superuser's database.
    url: String,
    template: String,
    /// When the process ends, however it does, the pipe does too, and the server with it.
    _pipe: Option<ChildStdin>,
}

/// Who owns the tests' databases and is no superuser: a superuser is above row-level security.
pub(crate) const OWNER: &str = "grantor_tests";

/// Held while the template is made: another test process may use the same server.
const ADVISORY_LOCK: i64 = 0x74_65_73_74;

/// `$1` is the directory of the server's programs, `$2` that of its files, the rest its options.
const SUPERVISE: &str = r#"
programs=$1 files=$2; shift 2
"$programs/initdb" -D "$files/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$files/log" 2>&1 &&
"$programs/pg_ctl" -D "$files/data" -l "$files/log" -w -o "-k $files $*" start >>"$files/log" 2>&1 &&
echo ready || { cat "$files/log"; rm -rf "$files"; exit 1; }
cat >/dev/null
"$programs/pg_ctl" -D "$files/data" -m immediate stop >/dev/null 2>&1
rm -rf "$files"
"#;

impl Server {
    /// The server, started by the first who asks.
    pub(crate) async fn get() -> &'static Self {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        SERVER.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let (url, pipe) = match std::env::var("GRANTOR_TEST_POSTGRES") {
            Ok(url) => (url, None),
            Err(_) => start_private().map(|(url, pipe)| (url, Some(pipe))).expect("PostgreSQL starts"),
        };
        let template = format!("grantor_template_{:016x}", migrate::fingerprint());
        let server = Self { url, template, _pipe: pipe };
        server.make_template().await;
        server
    }

    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// The URL of another database of the server, for its owner.
    pub(crate) fn url_of(&self, database: &str) -> String {
        let (address, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{OWNER}:{OWNER}@{host}/{database}?{parameters}")
    }

    pub(crate) async fn execute(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.expect("the server does as it is told");
    }

    async fn connect(&self) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.url).await.expect("the test server answers")
    }

    async fn make_template(&self) {
        let mut connection = self.connect().await;
        connection
            .batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            .await
            .expect("the lock is free in the end");
        let template = &self.template;
        let found = diesel::sql_query(format!("SELECT 1 FROM pg_database WHERE datname = '{template}'"))
            .execute(&mut connection)
            .await
            .expect("the catalogue is readable");
        if found > 0 {
            return;
        }
        // It gets its name only when it is complete.
        let role = diesel::sql_query(format!("SELECT 1 FROM pg_roles WHERE rolname = '{OWNER}'"))
            .execute(&mut connection)
            .await
            .expect("the catalogue is readable");
        if role == 0 {
            let create = format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{OWNER}'");
            connection.batch_execute(&create).await.expect("a role can be made");
        }
        let unfinished = format!("{template}_unfinished");
        for sql in [
            format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
            format!("CREATE DATABASE {unfinished} OWNER {OWNER}"),
        ] {
            connection.batch_execute(&sql).await.expect("a database can be made");
        }
        let store = Store::open(Options::new(self.url_of(&unfinished))).await.expect("the template opens");
        store.migrate().await.expect("migrations apply");
        drop(store);
        // PostgreSQL waits a few seconds for the connections above to close.
        let rename = format!("ALTER DATABASE {unfinished} RENAME TO {template}");
        connection.batch_execute(&rename).await.expect("the template can be renamed");
    }
}

/// Gives the server's URL and the pipe whose end stops it.
fn start_private() -> Result<(String, ChildStdin), String> {
    let files = tempfile::Builder::new()
        .prefix("grantor-postgres-")
        // The path of a Unix socket may have no more than 107 bytes.
        .tempdir_in("/tmp")
        .map_err(|error| error.to_string())?
        .keep();
    let mut shell = Command::new("sh");
    shell.args(["-c", SUPERVISE, "sh"]).arg(programs()?).arg(&files);
    shell.args(["-c", "listen_addresses=", "-c", "max_connections=500"]);
    if std::env::var_os("GRANTOR_TEST_DURABLE").is_none() {
        shell.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
    }
    // PostgreSQL refuses to run as root, so root's tests give it to the user that its package made.
    if id("-u", None)? == 0 {
        let (user, group) = (id("-u", Some("postgres"))?, id("-g", Some("postgres"))?);
        chown(&files, Some(user), Some(group)).map_err(|error| error.to_string())?;
        shell.uid(user).gid(group);
    }
    let mut supervisor = shell
        .current_dir("/")
        // A Ctrl-C in the terminal must leave it the time to clean up.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (Some(pipe), Some(output)) = (supervisor.stdin.take(), supervisor.stdout.take()) else {
        return Err("the supervisor has no pipes".to_owned());
    };
    let (mut output, mut said) = (BufReader::new(output), String::new());
    output.read_line(&mut said).map_err(|error| error.to_string())?;
    if said.trim() == "ready" {
        return Ok((format!("postgres://postgres@/postgres?host={}", files.display()), pipe));
    }
    output.read_to_string(&mut said).map_err(|error| error.to_string())?;
    Err(format!("PostgreSQL did not start: {said}"))
}

/// Where `initdb` and `pg_ctl` are; Debian keeps them off the path.
fn programs() -> Result<PathBuf, String> {
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|said| PathBuf::from(String::from_utf8_lossy(&said.stdout).trim()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    installed.sort();
    configured
        .into_iter()
        .chain(installed.into_iter().rev())
        .find(|directory| directory.join("initdb").exists())
        .ok_or_else(|| "initdb is not installed: install PostgreSQL's server package".to_owned())
}

fn id(what: &str, user: Option<&str>) -> Result<u32, String> {
    let said = Command::new("id").arg(what).args(user).output().map_err(|error| error.to_string())?;
    String::from_utf8_lossy(&said.stdout)
        .trim()
        .parse()
        .map_err(|_| format!("there is no user {}", user.unwrap_or_default()))
}
