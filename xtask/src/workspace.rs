use crate::process;
use anyhow::{Context, ensure};
use std::{ffi::OsString, path::PathBuf, process::Command};

/// Where things are.
pub struct Workspace {
    pub root: PathBuf,
    /// Cargo's target directory, wherever the environment or a configuration file puts it.
    pub target: PathBuf,
}

impl Workspace {
    /// # Errors
    /// When cargo cannot describe the workspace.
    pub fn find() -> anyhow::Result<Self> {
        // What cargo says now and not what it said when this was compiled: checkouts may share a target directory.
        let here = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
        let output = process::clean(Command::new(cargo()))
            .args(["metadata", "--no-deps", "--format-version=1"])
            .current_dir(here)
            .output()
            .context("cargo could not be started")?;
        ensure!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let path = |member: &str| -> anyhow::Result<PathBuf> {
            Ok(metadata[member].as_str().with_context(|| format!("cargo metadata has no {member}"))?.into())
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// Cargo, started in the workspace's root.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = process::clean(Command::new(cargo()));
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// A program of the workspace as `profile`'s folder (`debug`, `release`) has it.
    #[must_use]
    pub fn binary(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
