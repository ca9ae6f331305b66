use std::fs::OpenOptions;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::output::Format;
use crate::apply::{self, Action, Credentials, Fault, NewSecret, Plan, Server, Step};
use crate::config::PublicUrl;

/// `--dry-run` found something to do.
const WOULD_CHANGE: u8 = 2;

/// Make a server what files say, through its admin API
#[derive(Args)]
#[command(after_help = "Example: grantor apply -f tenants/ --dry-run\n\n\
    Exit codes: 0 everything is as the files say, or was made so; 1 failure; 2 with --dry-run, something differs.\n\
    docs/configuration-as-code.md describes the files.")]
pub struct Apply {
    /// A .toml, .yaml or .yml file, or a folder of them
    #[arg(short, long = "file", value_name = "PATH")]
    file: PathBuf,
    /// The server's public address
    #[arg(long, env = "GRANTOR_SERVER", value_name = "URL", default_value_t)]
    server: PublicUrl,
    /// Service account with the rights that the changes need
    #[arg(long, env = "GRANTOR_ADMIN_CLIENT_ID", value_name = "ID", requires = "admin_client_secret")]
    admin_client_id: Option<String>,
    /// Its secret; other users of the machine can see flags, so better in the environment
    #[arg(long, env = "GRANTOR_ADMIN_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    admin_client_secret: Option<String>,
    /// The tenant that the service account is a client of
    #[arg(long, env = "GRANTOR_ADMIN_TENANT", value_name = "SLUG", default_value = "system")]
    admin_tenant: String,
    /// An access token for the admin API, instead of a service account
    #[arg(
        long,
        env = "GRANTOR_ADMIN_ACCESS_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        conflicts_with = "admin_client_id"
    )]
    admin_access_token: Option<String>,
    /// Show the plan and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Delete what is in no file, of the tenants and collections that files list
    #[arg(long)]
    prune: bool,
    /// Delete without asking
    #[arg(long)]
    yes: bool,
    /// Add secrets of new clients and webhooks to this file, as lines of JSON; it is readable by its owner alone
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Applied<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    /// How many of the steps were carried out.
    carried_out: usize,
}

impl Apply {
    pub async fn run(self) -> Result<ExitCode, Failure> {
        let configuration = apply::read(&self.file).map_err(Failure::because)?;
        let server = Server::new(&self.server, self.credentials()?).await.map_err(Failure::because)?;
        let current = apply::gather(&server, &configuration, self.prune).await.map_err(Failure::because)?;
        let plan = apply::plan(&configuration, &current, self.prune).map_err(Failure::because)?;
        if self.output == Format::Text {
            println!("{plan}");
        }
        if self.dry_run {
            self.print_json(&plan, 0)?;
            let code = if plan.steps.is_empty() { 0 } else { WOULD_CHANGE };
            return Ok(ExitCode::from(code));
        }
        self.confirm(&plan)?;
        if let Some(path) = &self.secrets {
            // Before a secret is made that is given only once.
            let opened = open_for_its_owner(path).map_err(|error| format!("{}: {error}", path.display()));
            opened.map_err(Failure)?;
        }
        let mut done = 0;
        let carried_out = apply::carry_out(&server, &plan, |_: &Step, secret| {
            done += 1;
            secret.map_or(Ok(()), |secret| self.keep(&secret))
        });
        let outcome = carried_out.await;
        let total = plan.steps.len();
        if let Err(fault) = outcome {
            return Err(Failure(format!(
                "{fault}\n{done} of {total} steps were carried out; run it again for the rest"
            )));
        }
        self.print_json(&plan, done)?;
        if self.output == Format::Text && total > 0 {
            println!("Done.");
        }
        Ok(ExitCode::SUCCESS)
    }

    fn credentials(&self) -> Result<Credentials, Failure> {
        let given = (&self.admin_access_token, &self.admin_client_id, &self.admin_client_secret);
        match given {
            (Some(token), _, _) => Ok(Credentials::AccessToken(token.clone())),
            (None, Some(client_id), Some(client_secret)) => Ok(Credentials::ServiceAccount {
                tenant: self.admin_tenant.clone(),
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
            }),
            _ => Err(Failure(
                "no credentials: set GRANTOR_ADMIN_CLIENT_ID and GRANTOR_ADMIN_CLIENT_SECRET to those of a service \
                 account (`grantor admin create-service-account` makes one), or GRANTOR_ADMIN_ACCESS_TOKEN"
                    .to_owned(),
            )),
        }
    }

    fn print_json(&self, plan: &Plan, carried_out: usize) -> Result<(), Failure> {
        match self.output {
            Format::Text => Ok(()),
            Format::Json => self.output.print(&Applied { plan, carried_out }, |_| String::new()),
        }
    }

    /// What is deleted is gone for good.
    fn confirm(&self, plan: &Plan) -> Result<(), Failure> {
        let count = plan.count(Action::Delete);
        if count == 0 || self.yes {
            return Ok(());
        }
        eprint!("Delete {count} for good, with everything that belongs to them? Only `yes` counts: ");
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map_err(Failure::because)?;
        match answer.trim() {
            "yes" => Ok(()),
            _ => Err(Failure("nothing was changed; --yes deletes without asking".to_owned())),
        }
    }

    fn keep(&self, secret: &NewSecret) -> Result<(), Fault> {
        let NewSecret { tenant, noun, key, member, secret } = secret;
        let Some(path) = &self.secrets else {
            eprintln!(
                "The secret of {} {tenant}/{key} was made and is not kept: give it another one, or use --secrets.",
                noun.title
            );
            return Ok(());
        };
        let line =
            serde_json::json!({ "tenant": tenant, noun.key: key, *member: secret, "kind": noun.title });
        let written = open_for_its_owner(path).and_then(|mut file| {
            writeln!(file, "{line}")?;
            file.sync_all()
        });
        written.map_err(|error| Fault(format!("{} cannot be written: {error}", path.display())))
    }
}

fn open_for_its_owner(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // It may have been there already, for others to read.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
