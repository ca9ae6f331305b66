//! `openapi/admin.json` is valid, and a live server does what it says.

use anyhow::{Context, ensure};
use grantor_e2e::{Admin, Database, Installation};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program of `e2e/python/requirements.txt`.
fn tool(name: &str) -> anyhow::Result<Command> {
    let python = std::env::var_os("GRANTOR_E2E_PYTHON")
        .context("GRANTOR_E2E_PYTHON names no Python: run `cargo xtask test --only e2e`")?;
    Ok(Command::new(Path::new(&python).with_file_name(name)))
}

fn succeeds(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output()?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{:?}: {}\n{stdout}{stderr}", command.get_program(), output.status);
    Ok(())
}

#[test]
fn the_descriptions_are_valid() -> anyhow::Result<()> {
    for name in ["admin.json", "oauth.json"] {
        succeeds(tool("openapi-spec-validator")?.arg(root().join("openapi").join(name)))?;
    }
    Ok(())
}

/// schemathesis makes requests of the description, good ones and bad ones, and compares the answers with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_answers_as_described() -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(Database::Sqlite).await?;
    let admin = Admin::of(&installation).await?;
    crate::apply::apply_example(&installation, &admin)?;
    let mut command = tool("schemathesis")?;
    let python = root().join("e2e/python");
    command.env("SCHEMATHESIS_HOOKS", "schemathesis_hooks").env("PYTHONPATH", &python);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("--config-file").arg(python.join("schemathesis.toml")).arg("run");
    command.arg(root().join("openapi/admin.json"));
    command.args(["--url", &format!("{}/admin/v1", installation.public_url)]);
    command.args(["--header", &format!("Authorization: Bearer {}", admin.access_token)]);
    // It keeps what it found where it runs.
    succeeds(command.current_dir(installation.directory()))
}
