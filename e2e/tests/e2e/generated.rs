//! Clients that other people's generators make of `openapi/admin.json`.

use anyhow::{Context, ensure};
use grantor_e2e::{Admin, Database, Installation};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs a program to its end and gives what it printed.
fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?}: {}\n{stdout}{stderr}", output.status);
    Ok(stdout.into_owned())
}

/// Lets a client make a tenant, and checks what it says came of it.
async fn makes_a_tenant(slug: &str, name: &str, command: &mut Command) -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(Database::Sqlite).await?;
    let admin = Admin::of(&installation).await?;
    let given = json!({
        "address": installation.public_url, "accessToken": admin.access_token, "slug": slug,
    });
    let printed = run(command.arg(given.to_string()))?;
    let told: Value = serde_json::from_str(&printed).with_context(|| printed.clone())?;
    ensure!(told["result"]["issuer"] == installation.issuer(slug), "{told}");
    ensure!(told["result"]["name"] == name, "{told}");
    ensure!(told["result"]["problem"] == "urn:grantor:problem:taken", "{told}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_typescript() -> anyhow::Result<()> {
    let folder = root().join("e2e/node");
    let tool = |name: &str| {
        let mut command = Command::new(folder.join("node_modules/.bin").join(name));
        command.current_dir(&folder);
        command
    };
    let description = root().join("openapi/admin.json");
    run(tool("openapi-typescript").arg(description).args([
        "--default-non-nullable",
        "false",
        "-o",
        "admin-types.d.ts",
    ]))?;
    run(&mut tool("tsc"))?;
    let mut client = Command::new("node");
    client.arg("generated/admin.js").current_dir(&folder);
    makes_a_tenant("typescript", "Made by TypeScript", &mut client).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_python() -> anyhow::Result<()> {
    let python = PathBuf::from(
        std::env::var_os("GRANTOR_E2E_PYTHON")
            .context("GRANTOR_E2E_PYTHON names no Python with e2e/python/requirements.txt: run `cargo xtask test --only e2e`")?,
    );
    let folder = tempfile::tempdir()?;
    let programs = python.parent().context("Python is in no folder")?;
    let description = root().join("openapi/admin.json");
    let mut generate = Command::new(programs.join("openapi-python-client"));
    generate.args(["generate", "--fail-on-warning", "--meta", "none", "--config"]);
    generate.arg(root().join("e2e/python/openapi-python-client.yaml")).arg("--output-path");
    generate.arg(folder.path().join("admin_client")).arg("--path").arg(description);
    // It tidies with a tool that stands beside it.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([programs.to_owned()].into_iter().chain(std::env::split_paths(&path)))?;
    run(generate.env("PATH", path).current_dir(folder.path()))?;
    let mut client = Command::new(&python);
    client.arg(root().join("e2e/python/admin.py")).env("PYTHONPATH", folder.path());
    makes_a_tenant("python", "Made by Python", &mut client).await
}
