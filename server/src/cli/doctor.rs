use clap::Args;
use grantor_store::{SchemaState, Store};
use serde::Serialize;

use super::output::Format;
use super::{Failure, open};
use crate::app::mail::Mailer;
use crate::config::{Config, MasterKeySource, Overrides};

/// Check a configuration and its database, and say what is wrong
#[derive(Args)]
#[command(after_help = "Example: grantor doctor --config /etc/grantor.toml")]
pub struct Doctor {
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    finding: String,
}

impl Doctor {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let mut checks = vec![];
        match Config::load(overrides) {
            Err(error) => checks.push(Check { name: "configuration", ok: false, finding: error.to_string() }),
            Ok(config) => {
                let finding = format!("public address {}", config.public_url);
                checks.push(Check { name: "configuration", ok: true, finding });
                checks.push(check_mail(&config).await);
                check_installation(&config, &mut checks).await;
            }
        }
        self.output.print(&checks, |checks| {
            let line = |check: &Check| {
                format!("{:4} {:14} {}", if check.ok { "ok" } else { "BAD" }, check.name, check.finding)
            };
            checks.iter().map(line).collect::<Vec<_>>().join("\n")
        })?;
        match checks.iter().filter(|check| !check.ok).count() {
            0 => Ok(()),
            wrong => Err(Failure(format!("{wrong} of {} checks failed", checks.len()))),
        }
    }
}

/// Whether a message could be sent, without sending one.
async fn check_mail(config: &Config) -> Check {
    let checked = match Mailer::new(&config.mail) {
        Ok(mailer) => mailer.check().await,
        Err(problem) => Err(problem),
    };
    let (ok, finding) = match checked {
        Ok(finding) => (true, finding),
        Err(problem) => (false, problem),
    };
    Check { name: "mail", ok, finding }
}

async fn look_at(store: &Store) -> Result<(SchemaState, bool), grantor_store::Error> {
    Ok((store.schema_state().await?, store.is_above_row_level_security().await?))
}

/// Looks without changing anything: a database that is not there is not made.
async fn check_installation(config: &Config, checks: &mut Vec<Check>) {
    let file = config.database_url.strip_prefix("sqlite://").map(std::path::Path::new);
    if let Some(file) = file.filter(|file| !file.exists()) {
        let finding = format!("{} does not exist yet; `grantor serve` makes it", file.display());
        checks.push(Check { name: "database", ok: true, finding });
        return;
    }
    let state = match open::store(config).await {
        Err(failure) => Err(failure.to_string()),
        Ok(store) => look_at(&store).await.map_err(|error| error.to_string()),
    };
    let (ok, finding, above) = match state {
        Ok((SchemaState::Current, above)) => (true, "reachable, schema current".to_owned(), above),
        Ok((state, above)) => (false, state.to_string(), above),
        Err(problem) => (false, problem, false),
    };
    checks.push(Check { name: "database", ok, finding });
    if above {
        let finding =
            "the database's role is a superuser or has BYPASSRLS: row-level security keeps nothing apart";
        checks.push(Check { name: "row security", ok: false, finding: finding.to_owned() });
    }
    if !ok {
        return;
    }
    if let MasterKeySource::DataDirectory(path) = &config.master_key
        && !path.exists()
    {
        let finding =
            format!("{} is missing: without it this database's keys cannot be read", path.display());
        checks.push(Check { name: "master key", ok: false, finding });
        return;
    }
    let opened = match open::app(config).await {
        Err(failure) => Err(failure.to_string()),
        Ok(app) => app.check_installed().await.map_err(|fault| fault.to_string()),
    };
    let (ok, finding) = match opened {
        Ok(()) => (true, "opens this database's keys".to_owned()),
        Err(problem) => (false, problem),
    };
    checks.push(Check { name: "master key", ok, finding });
}
