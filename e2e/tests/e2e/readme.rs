//! What README.md tells people to paste works.

use anyhow::{Context, ensure};
use grantor_e2e::{Database, Installation, server};
use jsonwebtoken::dangerous::insecure_decode;
use serde_json::{Deserializer, Value};
use std::{path::Path, process::Command};

const HEADING: &str = "A first tenant, client and token";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_steps_of_the_readme_work() -> anyhow::Result<()> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let commands = shell_block(&readme, HEADING)?;
    let (installation, _server) = Installation::running(Database::Sqlite).await?;
    let printed = paste(&installation, &commands)?;
    ensure!(!printed.contains("urn:grantor:problem"), "a step was refused:\n{printed}");

    // Documents follow each other without a line break, the token's is the last.
    let documents: Result<Vec<Value>, _> = Deserializer::from_str(&printed).into_iter().collect();
    let documents = documents.with_context(|| printed.clone())?;
    let token = documents.last().and_then(|token| token["access_token"].as_str());
    let token = token.with_context(|| format!("no access_token at the end of:\n{printed}"))?;
    let claims = insecure_decode::<Value>(token)?.claims;
    ensure!(claims["iss"] == installation.issuer("acme"), "{claims}");
    Ok(())
}

/// Runs commands as a person at a terminal would: `grantor` is on the search path, and an error stops nothing.
fn paste(installation: &Installation, commands: &str) -> anyhow::Result<String> {
    let mut shell = Command::new("bash");
    installation.prepare(&mut shell);
    let folder = server::binary()?.parent().context("the binary is in no folder")?.to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path)))?;
    let output = shell.env("PATH", path).args(["-c", commands]).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && stderr.is_empty(), "{}\n{commands}\n{stderr}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// The first ```sh block under a heading.
fn shell_block(text: &str, heading: &str) -> anyhow::Result<String> {
    let mut lines = text.lines().skip_while(|line| !(line.starts_with('#') && line.contains(heading)));
    lines.next().with_context(|| format!("README.md has no heading \"{heading}\""))?;
    let section = lines.take_while(|line| !line.starts_with('#') || line.starts_with("# "));
    let block: Vec<_> =
        section.skip_while(|line| *line != "```sh").skip(1).take_while(|line| *line != "```").collect();
    ensure!(!block.is_empty(), "no ```sh block under \"{heading}\"");
    Ok(block.join("\n"))
}
