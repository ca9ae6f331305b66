//! The processes that are measured: started here, ended here by the handle they were started with.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use grantor_store::testing::TestDatabase;
use grantor_store::{Options, Store};
use tempfile::TempDir;

use crate::http::{Connection, request};

/// How long the server may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that is ended when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The process of the empty handler.
pub struct EmptyHandler {
    process: Running,
    pub address: SocketAddr,
}

impl EmptyHandler {
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("empty-handler").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running(command.spawn()?);
        let output = process.0.stdout.take().context("the empty handler has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self { process, address: line.trim().parse().context("the empty handler did not start")? })
    }

    pub fn process_ids(&self) -> [u32; 1] {
        [self.process.0.id()]
    }
}

/// `grantor serve` with a data directory of its own.
pub struct Server {
    process: Running,
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
    directory: TempDir,
    pub address: SocketAddr,
    management: SocketAddr,
}

impl Server {
    /// Starts `program` on free ports of the loopback interface and waits until it is ready.
    /// `database_url` is None for SQLite.
    ///
    /// # Errors
    /// When it ends, or is not ready in time; the message has the end of its log.
    pub async fn start(program: &Path, database_url: Option<&str>) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("grantor-bench-").tempdir()?;
        let (address, management) = (free_address()?, free_address()?);
        let mut environment = vec![
            ("GRANTOR_PUBLIC_URL", format!("http://{address}")),
            ("GRANTOR_LISTEN", address.to_string()),
            ("GRANTOR_MANAGEMENT_LISTEN", management.to_string()),
            ("GRANTOR_DATA_DIR", directory.path().display().to_string()),
            ("GRANTOR_ADMIN_EMAIL", "bench@example.com".to_owned()),
            ("GRANTOR_ADMIN_PASSWORD", "seven ships sail at dawn".to_owned()),
        ];
        let database = directory.path().join("grantor.db");
        let url = database_url.map_or_else(|| format!("sqlite://{}", database.display()), str::to_owned);
        environment.push(("GRANTOR_DATABASE_URL", url));
        if database_url.is_some() {
            environment.push(("GRANTOR_MASTER_KEY", "07".repeat(32)));
            run(&mut grantor(program, &environment, &directory, "migrate"))?;
        }
        let process = serve(program, &environment, &directory)?;
        let mut server =
            Self { process, program: program.to_owned(), environment, directory, address, management };
        server.wait_until_ready().await.with_context(|| server.end_of_log())?;
        Ok(server)
    }

    /// Ends the server and starts it again on the same database. Gives the time until it is ready.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.process.0.kill()?;
        self.process.0.wait()?;
        let begun = Instant::now();
        self.process = serve(&self.program, &self.environment, &self.directory)?;
        self.wait_until_ready().await.with_context(|| self.end_of_log())?;
        Ok(begun.elapsed())
    }

    /// The server's database, opened once more: for what is too much to be made through the server.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let url = self.environment.iter().find(|(name, _)| *name == "GRANTOR_DATABASE_URL");
        Ok(Store::open(Options::new(&url.context("the server has no database")?.1)).await?)
    }

    pub fn process_id(&self) -> u32 {
        self.process.0.id()
    }

    /// Makes a service account that may administer the platform: its client_id and its secret.
    ///
    /// # Errors
    /// When the command fails or prints something else.
    pub fn service_account(&self) -> anyhow::Result<(String, String)> {
        let mut command = grantor(&self.program, &self.environment, &self.directory, "admin");
        command.args(["create-service-account", "--name", "bench", "--output", "json"]);
        let printed: serde_json::Value = serde_json::from_slice(&run(&mut command)?)?;
        let text = |name: &str| {
            printed[name].as_str().map(str::to_owned).with_context(|| format!("no {name} in {printed}"))
        };
        Ok((text("client_id")?, text("client_secret")?))
    }

    /// A counter of the server's own, from `/metrics`.
    ///
    /// # Errors
    /// When there is none of this name.
    pub async fn counter(&self, name: &str) -> anyhow::Result<u64> {
        let mut connection = Connection::open(self.management).await?;
        let authority = self.management.to_string();
        let answer = connection.exchange(&request("GET", "/metrics", &authority, "", "")).await?;
        let value = answer.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("/metrics has no {name}"))?.trim().parse()?)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        while Instant::now() < deadline {
            ticks.tick().await;
            if let Some(status) = self.process.0.try_wait()? {
                bail!("the server ended ({status})");
            }
            let Ok(mut connection) = Connection::open(self.management).await else { continue };
            let ask = request("GET", "/readyz", &self.management.to_string(), "", "");
            if connection.exchange(&ask).await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
        }
        bail!("the server is not ready after {} s", PATIENCE.as_secs())
    }

    fn end_of_log(&self) -> String {
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        format!("the server's log ends with:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
    }
}

/// Starts the server, which says what it does in a log in its directory.
fn serve(
    program: &Path,
    environment: &[(&'static str, String)],
    directory: &TempDir,
) -> anyhow::Result<Running> {
    let log = std::fs::File::create(directory.path().join("log"))?;
    let mut command = grantor(program, environment, directory, "serve");
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Ok(Running(command.spawn().with_context(|| program.display().to_string())?))
}

/// The program with the server's settings and none of the caller's.
fn grantor(
    program: &Path,
    environment: &[(&'static str, String)],
    directory: &TempDir,
    command: &str,
) -> Command {
    let mut grantor = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GRANTOR_") {
            grantor.env_remove(name);
        }
    }
    grantor.arg(command).envs(environment.iter().cloned()).current_dir(directory.path());
    grantor
}

fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = command.stdin(Stdio::null()).output()?;
    ensure!(
        output.status.success(),
        "{} failed: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

/// A port that was free just now. The server must know its own before it starts: it is in its issuers.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The PostgreSQL server behind a database of its own, for as long as this lasts.
pub struct PostgresServer {
    database: TestDatabase,
    process_id: u32,
}

impl PostgresServer {
    /// # Errors
    /// When the database's server is not one that was started for it, or does not sync to disk.
    pub fn of(database: TestDatabase) -> anyhow::Result<Self> {
        ensure!(
            std::env::var_os("GRANTOR_TEST_DURABLE").is_some(),
            "run `cargo xtask bench --postgres`: it makes PostgreSQL sync to disk"
        );
        let directory = database.url().split_once("host=").context("PostgreSQL is not our own")?.1;
        let file = Path::new(directory).join("data/postmaster.pid");
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let process_id = text.lines().next().unwrap_or_default().trim().parse()?;
        Ok(Self { database, process_id })
    }

    pub fn url(&self) -> &str {
        self.database.url()
    }

    /// Of the process that all others of the server descend from.
    pub fn process_id(&self) -> u32 {
        self.process_id
    }
}
