//! `cargo xtask bench`: builds the server and its load client (`xtask/bench`) as the load test wants them, and
//! runs the client. docs/performance.md says what it prints.

use crate::{process, workspace::Workspace};
use anyhow::Context;
use std::{fs, process::Command, process::ExitCode};

/// Release, rebuilt in seconds.
const PROFILE: &str = "bench-server";

/// # Errors
/// When a build fails, or something that is measured does not work.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let asks_for_help = arguments.iter().any(|argument| argument == "--help" || argument == "-h");
    if !asks_for_help {
        eprintln!("Building the server and the load client (several minutes the first time)");
    }
    process::run(&mut workspace.cargo(&[
        "build",
        "--profile",
        PROFILE,
        "--locked",
        "--package=grantor",
        "--package=grantor-bench",
    ]))?;
    // Not the system's directory for temporary files: where that is in memory, a sync costs nothing.
    let files = workspace.target.join(PROFILE).join("files");
    fs::create_dir_all(&files).with_context(|| files.display().to_string())?;
    let mut bench = process::clean(Command::new(workspace.binary(PROFILE, "grantor-bench")));
    bench.arg("--server").arg(workspace.binary(PROFILE, "grantor")).args(arguments);
    // A private PostgreSQL server of the tests does not sync to disk unless it is told to.
    bench.env("TMPDIR", &files).env("GRANTOR_TEST_DURABLE", "1");
    process::run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}
