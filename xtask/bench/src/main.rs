//! `cargo xtask bench`: what the server does per second of CPU, and, in the same run, what bounds it.
//!
//! A benchmark and never a test: it compares figures of one run with each other and fails only if something
//! does not work. docs/performance.md tells how to read it.

mod bounds;
mod cpu;
mod empty_handler;
mod flows;
mod histogram;
mod http;
mod independent;
mod load;
mod measure;
mod neighbour;
mod processes;
mod report;
mod rounds;
mod scale;
mod site;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use clap::{Args, Parser, Subcommand, ValueEnum};
use grantor_store::Backend;

use measure::{Bench, Plan};
use report::Report;
use rounds::Step;

/// The server's allocator, so that the bounds have it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measure the server and, in the same run, what bounds it", bin_name = "cargo xtask bench")]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Answer every request with nothing: the floor that others are held against
    #[command(hide = true)]
    EmptyHandler,
}

#[derive(Args)]
struct Options {
    /// The server's program
    #[arg(long, hide = true, default_value = "grantor")]
    server: PathBuf,
    /// Measure on a private PostgreSQL server instead of SQLite
    #[arg(long)]
    postgres: bool,
    /// How often everything is measured; the medians are of these
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// How long each workload of a round is measured
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Two rounds of one second: for a first look
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    quick: bool,
    /// Measure only what has this in its name, and what bounds it; can be given several times
    #[arg(long, value_name = "WORDS")]
    only: Vec<String>,
    /// Instead, hold a server with this many tenants in one SQLite file against one with ten
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["postgres", "only", "output"])]
    #[arg(value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    tenants: Option<u32>,
    /// Users of one of these tenants
    #[arg(long, value_name = "NUMBER", requires = "tenants", default_value_t = 1_000_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    users: u32,
    /// Instead, measure what one tenant notices of another that asks for ten times what it may have
    #[arg(long, conflicts_with_all = ["postgres", "only", "output", "tenants"])]
    neighbour: bool,
    #[arg(long, value_enum, default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Some(Command::EmptyHandler) => empty_handler::run(),
        None => run(&cli.options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<()> {
    ensure!((0.1..=60.0).contains(&options.seconds), "--seconds must be between 0.1 and 60");
    let (rounds, seconds) = if options.quick { (2, 1.0) } else { (options.rounds.into(), options.seconds) };
    let steps = Step::chosen(&options.only)?;
    let plan = Plan { rounds, length: Duration::from_secs_f64(seconds), steps };
    let backend = if options.postgres { Backend::Postgres } else { Backend::Sqlite };
    // One thread: what the load client costs the server's cores is kept small and can be told.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(tenants) = options.tenants {
            return scale::run(&options.server, tenants, options.users, rounds).await;
        }
        if options.neighbour {
            return neighbour::run(&options.server, rounds, plan.length).await;
        }
        let mut bench = Bench::start(&options.server, backend).await?;
        let tell = |round, step: Step| eprintln!("round {round} of {rounds}: {}", step.name());
        let measured = bench.run(&plan, tell).await?;
        let report = Report {
            plan: &plan,
            database: if options.postgres { "PostgreSQL" } else { "SQLite" },
            measured: &measured,
            server_memory: bench.server_memory()?,
        };
        match options.output {
            Format::Text => print!("{}", report.text()),
            Format::Json => println!("{:#}", report.json()),
        }
        Ok(())
    })
}
