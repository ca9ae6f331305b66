//! `grantor apply`, as a pipeline runs it.

use anyhow::{Context, ensure};
use grantor_e2e::{Admin, Database, Installation, server};
use http::Method;
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output},
};

on_both_databases!(files_are_applied_and_applied_again);

/// Writes the example of docs/configuration-as-code.md to a folder of the installation's.
fn write_example(installation: &Installation) -> anyhow::Result<()> {
    let documentation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration-as-code.md");
    let documentation = std::fs::read_to_string(documentation)?;
    let example = documentation.split_once("```yaml\n").and_then(|(_, rest)| rest.split_once("```"));
    let folder = installation.directory().join("tenants");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join("acme.yaml"), example.context("no example")?.0)?)
}

fn apply(installation: &Installation, admin: &Admin, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(server::binary()?);
    installation.prepare(&mut command);
    command.args(["apply", "-f", "tenants", "--server", &installation.public_url]).args(arguments);
    Ok(command.env("GRANTOR_ADMIN_ACCESS_TOKEN", &admin.access_token).output()?)
}

/// Makes what the documentation's example describes.
///
/// # Errors
/// When it is refused.
pub fn apply_example(installation: &Installation, admin: &Admin) -> anyhow::Result<()> {
    write_example(installation)?;
    ends_with(&apply(installation, admin, &[])?, 0)
}

#[track_caller]
fn ends_with(output: &Output, code: i32) -> anyhow::Result<()> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(output.status.code() == Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    Ok(())
}

async fn files_are_applied_and_applied_again(database: Database) -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(database).await?;
    let admin = Admin::of(&installation).await?;
    write_example(&installation)?;
    ends_with(&apply(&installation, &admin, &["--dry-run"])?, 2)?;
    let missing = admin.call(Method::GET, "tenants/acme", &Value::Null).await?;
    ensure!(missing.status() == 404, "--dry-run made the tenant");

    let applied = apply(&installation, &admin, &["--secrets", "secrets.jsonl"])?;
    ends_with(&applied, 0)?;
    let secrets = std::fs::read_to_string(installation.directory().join("secrets.jsonl"))?;
    let printed = String::from_utf8([applied.stdout, applied.stderr].concat())?;
    ensure!(printed.contains("+ client acme/nightly-report"), "{printed}");
    let mut members = ["client_secret", "secret"].into_iter();
    for line in secrets.lines() {
        let made: Value = serde_json::from_str(line)?;
        let member = members.next().context("more secrets than expected")?;
        let secret = made[member].as_str().with_context(|| format!("no {member} of {}", made["kind"]))?;
        ensure!(!printed.contains(secret), "{printed}");
    }
    ensure!(members.next().is_none(), "too few secrets in {} lines", secrets.lines().count());

    let again = apply(&installation, &admin, &["--dry-run", "--prune", "--output", "json"])?;
    ends_with(&again, 0)?;
    let plan: Value = serde_json::from_slice(&again.stdout)?;
    ensure!(plan["steps"].as_array().is_some_and(Vec::is_empty), "{plan}");

    admin.create_user("acme", "eve", "Eve").await?;
    // Nobody is there to answer the question.
    ends_with(&apply(&installation, &admin, &["--prune"])?, 1)?;
    ends_with(&apply(&installation, &admin, &["--prune", "--yes"])?, 0)?;
    let users = admin.call(Method::GET, "tenants/acme/users", &Value::Null).await?.json()?;
    ensure!(users["items"].as_array().map(Vec::len) == Some(1), "{users}");
    ends_with(&apply(&installation, &admin, &["--no-such-flag"])?, 1)
}
