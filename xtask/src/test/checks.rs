use super::tools;
use crate::{console, process, workspace::Workspace};
use anyhow::Context;
use std::process::Command;

pub fn format(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(isolate(&mut workspace.cargo(&["fmt", "--all", "--check"])))
}

pub fn lint(workspace: &Workspace) -> anyhow::Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    process::run(isolate(&mut workspace.cargo(&arguments)))?;
    console::lint(workspace)
}

/// Chosen by the names of their targets and not by package: with fewer packages cargo would choose other
/// features for their dependencies and build them a second time. Not by nextest: it runs every test in a process of
/// its own, and each would start a PostgreSQL server for itself.
pub fn tests(workspace: &Workspace) -> anyhow::Result<()> {
    let mut command = workspace.cargo(&[
        "test",
        "--workspace",
        "--locked",
        "--lib",
        "--bins",
        "--test",
        "it",
        "--no-fail-fast",
    ]);
    process::run(tools::on_path(isolate(&mut command))?)
}

pub fn specification(workspace: &Workspace) -> anyhow::Result<()> {
    build_server(workspace)?;
    let mut command = Command::new(workspace.binary("debug", "grantor"));
    command.args(["openapi", "--check"]).current_dir(&workspace.root);
    process::run(isolate(&mut command)).context("`cargo run -p grantor -- openapi` writes them anew")
}

pub fn dependencies(workspace: &Workspace) -> anyhow::Result<()> {
    let program = tools::cargo_deny(workspace)?;
    let deny = |arguments: &[&str]| {
        let mut command = process::clean(Command::new(&program));
        // A download that stalls must not hold the run up.
        command.env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "20");
        command.args(arguments).current_dir(&workspace.root);
        isolate(&mut command);
        command
    };
    // Without it the crates that only other platforms need would be missing from the description.
    process::run(isolate(&mut workspace.cargo(&["fetch", "--locked", "--quiet"])))?;
    process::run(&mut deny(&["--offline", "check", "bans", "licenses", "sources"]))?;
    if process::output(&mut deny(&["fetch", "db"])).is_none() {
        println!("    the advisory database could not be fetched: advisories were not checked");
        return Ok(());
    }
    process::run(&mut deny(&["--offline", "check", "advisories"]))
}

pub fn end_to_end(workspace: &Workspace) -> anyhow::Result<()> {
    tools::node_packages(workspace)?;
    let python = tools::python_packages(workspace)?;
    build_server(workspace)?;
    let mut command =
        workspace.cargo(&["test", "--workspace", "--locked", "--test", "e2e", "--no-fail-fast"]);
    isolate(&mut command)
        .env("GRANTOR_BIN", workspace.binary("debug", "grantor"))
        .env("GRANTOR_E2E_PYTHON", python);
    process::run(tools::on_path(&mut command)?)
}

/// The whole workspace's programs rather than one package's: cargo would choose other features for that
/// one's dependencies and build them a second time.
fn build_server(workspace: &Workspace) -> anyhow::Result<()> {
    process::run(isolate(&mut workspace.cargo(&["build", "--workspace", "--bins", "--locked"])))
}

/// The caller's own server settings must not reach the servers under test.
fn isolate(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GRANTOR_") {
            command.env_remove(name);
        }
    }
    command.env("RUST_BACKTRACE", "1")
}
