//! axe-core (npm), which finds what keeps people with disabilities from using a page.

use crate::browser::Browser;
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::Path;
use tokio::sync::OnceCell;

/// Runs axe over the page. `arguments[0]` is what WebDriver wants to be called with the outcome.
const RUN: &str = r"
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'] }).then(
  (results) => done(results.violations.map(({ id, impact, help, nodes }) => ({
    id, impact: impact ?? 'minor', help, nodes: nodes.map((node) => node.html.slice(0, 300) + ' | ' + (node.failureSummary ?? '').slice(0, 300)),
  }))),
  (error) => done([{ id: 'axe', impact: 'critical', help: String(error), nodes: [] }]),
);";

/// A rule that the page breaks.
#[derive(Debug, Deserialize)]
struct Violation {
    id: String,
    impact: String,
    help: String,
    nodes: Vec<String>,
}

impl Browser {
    /// Demands that axe finds no serious or critical violation on the page.
    ///
    /// # Errors
    /// With what it finds, and when axe is not installed.
    pub async fn check_accessibility(&self, name: &str) -> anyhow::Result<()> {
        static AXE: OnceCell<String> = OnceCell::const_new();
        let source = AXE.get_or_try_init(read).await?;
        self.driver.execute(source.as_str(), vec![]).await.context("axe cannot be loaded")?;
        let found: Vec<Violation> = self.driver.execute_async(RUN, vec![]).await?.convert()?;
        let serious: Vec<_> =
            found.iter().filter(|found| ["serious", "critical"].contains(&found.impact.as_str())).collect();
        for violation in &serious {
            eprintln!(
                "{name}: {} ({}): {}\n{:#?}",
                violation.id, violation.impact, violation.help, violation.nodes
            );
        }
        ensure!(serious.is_empty(), "axe finds {} serious violations on {name}", serious.len());
        Ok(())
    }
}

async fn read() -> anyhow::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .with_context(|| format!("axe is not installed: run `npm ci` in e2e/node ({})", path.display()))
}
