//! What README.md tells people to paste works.

use anyhow::{Context, ensure};
use grantor_e2e::{Database, Installation};
use std::{path::Path, process::Command};

const HEADING: &str = "A first tenant, client and token";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_steps_of_the_readme_work() -> anyhow::Result<()> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md"))?;
    let commands = shell_block(&readme, HEADING)?;
    let (installation, _server) = Installation::running(Database::Sqlite).await?;
    let commands = commands.replace("http://localhost:8080", &installation.public_url);
    let mut shell = Command::new("bash");
    installation.prepare(&mut shell);
    let output = shell.args(["-euo", "pipefail", "-c", &commands]).output()?;
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{}\n{commands}\n{stdout}{stderr}", output.status);
    ensure!(stdout.contains("access_token"), "no token in:\n{stdout}{stderr}");
    Ok(())
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
