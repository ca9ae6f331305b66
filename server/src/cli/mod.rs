//! The command line: one file a command.

mod admin;
mod apply;
mod audit;
mod doctor;
mod keys;
mod migrate;
mod open;
mod openapi;
mod output;
mod portability;
mod serve;
mod tenant;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Overrides;

/// A multi-tenant OAuth 2.1 and OpenID Connect authorization server
#[derive(Parser)]
#[command(
    name = "grantor",
    version,
    about,
    after_help = "Example: grantor serve --public-url https://id.example.com"
)]
struct Cli {
    #[command(flatten)]
    overrides: Overrides,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests
    Serve(serve::Serve),
    /// Bring a database to this version's schema
    Migrate(migrate::Migrate),
    /// Write the committed specifications
    Openapi(openapi::Openapi),
    /// Make administrators and service accounts
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Create, list, move and delete tenants
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Show and rotate signing keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Make a server what files say, through its admin API
    Apply(apply::Apply),
    /// Check audit trails
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Check a configuration and its database, and say what is wrong
    Doctor(doctor::Doctor),
}

/// Why a command failed: one line for the person who gave it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads is no failure of ours. clap's own code for misuse has another meaning here.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("grantor: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("grantor: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let overrides = &cli.overrides;
    let done = match cli.command {
        Command::Apply(apply) => return apply.run().await,
        Command::Serve(serve) => serve.run(overrides).await,
        Command::Migrate(migrate) => migrate.run(overrides).await,
        Command::Openapi(openapi) => openapi.run(),
        Command::Admin(admin) => admin.run(overrides).await,
        Command::Tenant(tenant) => tenant.run(overrides).await,
        Command::Keys(keys) => keys.run(overrides).await,
        Command::Audit(audit) => audit.run(overrides).await,
        Command::Doctor(doctor) => doctor.run(overrides).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}
