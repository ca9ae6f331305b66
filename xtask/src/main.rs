//! The project's own commands, run as `cargo xtask <command>`.
//!
//! One file or folder per command; to add one, write its `run` and name it in [`COMMANDS`].

mod bench;
mod console;
mod process;
mod system_packages;
mod test;
mod up;
mod workspace;

use anyhow::bail;
use std::process::ExitCode;
use workspace::Workspace;

struct Command {
    name: &'static str,
    summary: &'static str,
    run: fn(&Workspace, &[String]) -> anyhow::Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "up",
        summary: "build the console and the server, then start the server with an embedded database",
        run: up::run,
    },
    Command { name: "test", summary: "run every check there is (--list, --only <check>)", run: test::run },
    Command { name: "console", summary: "build the console into admin-ui/dist", run: console::run },
    Command {
        name: "bench",
        summary: "measure the server and what bounds it (--quick, --postgres, --output json)",
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    dispatch(&arguments).unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn dispatch(arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (name, rest) = match arguments.split_first() {
        None => ("help", arguments),
        Some((name, rest)) => (name.as_str(), rest),
    };
    if matches!(name, "help" | "--help" | "-h") {
        println!("Usage: cargo xtask <command>\n");
        for command in COMMANDS {
            println!("  {:8}  {}", command.name, command.summary);
        }
        return Ok(ExitCode::SUCCESS);
    }
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => (command.run)(&Workspace::find()?, rest),
        None => bail!("there is no command `{name}`; `cargo xtask help` lists them"),
    }
}
