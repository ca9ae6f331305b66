//! Clients of other people's, as scripts for Node.js (`e2e/node`). A script and its check talk in lines of JSON.

use crate::{supervisor::Guard, wait};
use anyhow::{Context, bail};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};
use tokio::sync::mpsc;

/// A running script; it is killed when this is dropped.
pub struct Script {
    child: Child,
    input: ChildStdin,
    lines: mpsc::UnboundedReceiver<String>,
    /// Dropped after [`Script`] itself, which waits for the child.
    _guard: Guard,
}

impl Script {
    /// Starts `e2e/node/{name}.mjs` and gives it a document.
    ///
    /// # Errors
    /// When Node.js or the script's packages are missing.
    pub fn start(name: &str, given: &Value) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        if !folder.join("node_modules").is_dir() {
            bail!("the clients' packages are not installed: run `npm ci` in {}", folder.display());
        }
        let mut child = Command::new("node")
            .arg(format!("{name}.mjs"))
            .arg(given.to_string())
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node")?;
        let guard = Guard::over(&child)?;
        let input = child.stdin.take().context("the script has no input")?;
        let output = BufReader::new(child.stdout.take().context("the script has no output")?);
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Nobody listens any more when the check is over.
                let _ = sender.send(line);
            }
        });
        Ok(Self { child, input, lines, _guard: guard })
    }

    /// What the script says under this name next.
    ///
    /// # Errors
    /// When it says something else, or ends.
    pub async fn says(&mut self, name: &str) -> anyhow::Result<Value> {
        let document = self.document().await.with_context(|| format!("waiting for {name}"))?;
        document.get(name).cloned().with_context(|| format!("no {name} in {document}"))
    }

    /// The whole of what the script says next.
    ///
    /// # Errors
    /// When it ends, or says what is no JSON.
    pub async fn document(&mut self) -> anyhow::Result<Value> {
        let line = wait::within("a line of the script", self.lines.recv()).await?;
        let line = line.context("the script ended without a word; its error is above")?;
        serde_json::from_str(&line).with_context(|| line.clone())
    }

    /// Answers what the script asked.
    ///
    /// # Errors
    /// When it has ended.
    pub fn answer(&mut self, document: &Value) -> anyhow::Result<()> {
        Ok(writeln!(self.input, "{document}")?)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // Both fail for a process that has ended and been waited for, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
