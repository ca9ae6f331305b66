//! The server as an operator runs it: settings from the environment, data in a directory, a process with an exit code.

use crate::{client::Client, database::Database, supervisor::Guard, tls, wait};
use anyhow::{Context, bail, ensure};
use std::{
    collections::BTreeMap,
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};
use tempfile::TempDir;

pub const ADMIN_EMAIL: &str = "admin@example.com";
pub const ADMIN_PASSWORD: &str = "tin whistle under the bridge";

/// 32 bytes in base64, as `openssl rand -base64 32` prints them.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Settings and data, which outlive the processes that use them.
pub struct Installation {
    pub public_url: String,
    pub management_url: String,
    directory: TempDir,
    environment: BTreeMap<String, String>,
}

/// A running `grantor serve`; it is killed when this is dropped.
pub struct Server {
    child: Child,
    /// Dropped after [`Server`] itself, which waits for the child.
    _guard: Guard,
}

impl Installation {
    /// An installation with a database that nobody has used yet and the first administrator in its settings.
    ///
    /// # Errors
    /// When there is no database or no port to be had.
    pub async fn new(database: Database) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("grantor-e2e-").tempdir()?;
        let (port, management_port) = (free_port()?, free_port()?);
        let public_url = format!("http://localhost:{port}");
        let database_url = database.create(directory.path()).await?;
        let settings = [
            ("GRANTOR_PUBLIC_URL", public_url.clone()),
            ("GRANTOR_LISTEN", format!("127.0.0.1:{port}")),
            ("GRANTOR_MANAGEMENT_LISTEN", format!("127.0.0.1:{management_port}")),
            ("GRANTOR_DATA_DIR", directory.path().to_string_lossy().into_owned()),
            ("GRANTOR_DATABASE_URL", database_url),
            ("GRANTOR_ADMIN_EMAIL", ADMIN_EMAIL.to_owned()),
            ("GRANTOR_ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
        ];
        let mut installation = Self {
            public_url,
            management_url: format!("http://127.0.0.1:{management_port}"),
            environment: settings.map(|(name, value)| (name.to_owned(), value)).into(),
            directory,
        };
        if database == Database::Postgres {
            installation.set("GRANTOR_MASTER_KEY", MASTER_KEY);
        }
        Ok(installation)
    }

    /// Puts the public listener behind TLS. It must be done before the first start: issuers do not move.
    ///
    /// # Errors
    /// When the certificate cannot be written.
    pub fn use_tls(&mut self) -> anyhow::Result<()> {
        let [certificate, key] = tls::write_to(self.directory.path())?;
        self.public_url = self.public_url.replacen("http:", "https:", 1);
        self.set("GRANTOR_PUBLIC_URL", &self.public_url.clone());
        self.set("GRANTOR_TLS_CERT", &certificate.to_string_lossy());
        self.set("GRANTOR_TLS_KEY", &key.to_string_lossy());
        Ok(())
    }

    /// An installation whose server runs: what most checks begin with.
    ///
    /// # Errors
    /// As [`Installation::new`] and [`Installation::start`].
    pub async fn running(database: Database) -> anyhow::Result<(Self, Server)> {
        let installation = Self::new(database).await?;
        let server = installation.migrate_and_start(database).await?;
        Ok((installation, server))
    }

    /// # Errors
    /// As [`Installation::start`].
    pub async fn migrate_and_start(&self, database: Database) -> anyhow::Result<Server> {
        if database == Database::Postgres {
            self.run(&["migrate"])?;
        }
        self.start().await
    }

    /// Sets an environment variable of every process to come.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    #[must_use]
    pub fn issuer(&self, tenant: &str) -> String {
        format!("{}/t/{tenant}", self.public_url)
    }

    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs another command of the program to its end and gives what it printed.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.try_run(arguments)?;
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(
            output.status.success(),
            "grantor {}: {}\n{stdout}{stderr}",
            arguments.join(" "),
            output.status
        );
        Ok(stdout.into_owned())
    }

    /// Runs another command of the program to its end, whatever that is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn try_run(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        Ok(self.command(arguments)?.output()?)
    }

    /// Starts `grantor serve` and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or does not become ready, with what it said.
    pub async fn start(&self) -> anyhow::Result<Server> {
        let mut command = self.command(&["serve"])?;
        command.stdout(self.append_to("stdout")?).stderr(self.append_to("stderr")?);
        let child = command.spawn().context("grantor serve")?;
        let mut server = Server { _guard: Guard::over(&child)?, child };
        let ready = format!("{}/readyz", self.management_url);
        let became_ready = wait::until("readiness", async || {
            if let Some(status) = server.child.try_wait()? {
                bail!("grantor serve ended: {status}");
            }
            Ok(Client.get(&ready).await.ok().filter(|answer| answer.status().is_success()))
        });
        became_ready.await.with_context(|| format!("the server said:\n{}", self.said()))?;
        Ok(server)
    }

    /// All that the servers of this installation printed, on standard output and standard error.
    #[must_use]
    pub fn said(&self) -> String {
        ["stdout", "stderr"].map(|name| std::fs::read_to_string(self.file(name)).unwrap_or_default()).concat()
    }

    /// What the servers of this installation printed for the person at the terminal: their standard output.
    ///
    /// # Errors
    /// When none was started.
    pub fn printed(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.file("stdout"))?)
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(binary()?);
        self.prepare(&mut command);
        command.args(arguments);
        Ok(command)
    }

    /// What the servers of this installation logged: their standard error.
    ///
    /// # Errors
    /// When none was started.
    pub fn logged(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.file("stderr"))?)
    }

    /// Gives a command this installation's settings and directory, and nothing of the caller's own: neither settings
    /// nor a `grantor.toml`.
    pub fn prepare(&self, command: &mut Command) {
        command.env_clear().envs(&self.environment).current_dir(self.directory.path()).stdin(Stdio::null());
        for name in ["PATH", "HOME", "RUST_BACKTRACE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn append_to(&self, name: &str) -> anyhow::Result<File> {
        Ok(File::options().create(true).append(true).open(self.file(name))?)
    }
}

impl Server {
    /// Ends the process at once, as a power cut would, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended by itself.
    pub fn kill(mut self) -> anyhow::Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the server had ended before it was killed: {status}");
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks the process to end (SIGTERM).
    ///
    /// # Errors
    /// When there is none to ask.
    pub fn ask_to_stop(&self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let asked = Command::new("sh").args(["-c", "kill -TERM \"$1\"", "sh", &pid]).status()?;
        ensure!(asked.success(), "kill: {asked}");
        Ok(())
    }

    /// How the process ended.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        wait::until("the end of the server", async || Ok(self.child.try_wait()?)).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail for a process that has ended and been waited for, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program under test.
///
/// # Errors
/// When `GRANTOR_BIN` does not name it.
pub fn binary() -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("GRANTOR_BIN")
        .map(PathBuf::from)
        .context("GRANTOR_BIN does not name the server's binary: run `cargo xtask test --only e2e`")?;
    ensure!(path.is_file(), "GRANTOR_BIN names {}, which does not exist", path.display());
    Ok(path)
}

/// A port below those that outgoing connections get, so that none of them takes it before its server does.
///
/// # Errors
/// When all are taken.
pub fn free_port() -> anyhow::Result<u16> {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side begin at different places.
    let offset = std::process::id().wrapping_mul(61) % u32::from(COUNT);
    for _ in 0..COUNT {
        let number = (offset + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % u32::from(COUNT);
        let port = FIRST + u16::try_from(number)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}
