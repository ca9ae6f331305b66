//! Debian's packages, for what cargo cannot bring.

use crate::process;
use anyhow::{Context, bail};
use std::process::Command;

/// Installs `packages` where that is allowed without asking: as root, or with a sudo that wants no password.
///
/// # Errors
/// When it may not or cannot; the message says exactly what to install, and `purpose` says what for.
pub fn install(purpose: &str, packages: &[&str]) -> anyhow::Result<()> {
    let by_hand = format!("sudo apt-get install {}", packages.join(" "));
    let Some(privilege) = privilege() else {
        bail!(
            "{purpose} is missing and cannot be installed from here. Install it, on Debian or Ubuntu with:\n    {by_hand}"
        );
    };
    println!("    {purpose}: installing {} with apt-get", packages.join(" "));
    for arguments in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends"][..]] {
        let installed = if arguments.contains(&"install") { packages } else { &[] };
        let mut command = privileged(privilege, "apt-get");
        command.args(arguments).args(installed).stdout(std::io::stderr());
        process::run(&mut command)
            .with_context(|| format!("{purpose} could not be installed; install it with: {by_hand}"))?;
    }
    Ok(())
}

/// How to become root.
#[derive(Clone, Copy)]
pub enum Privilege {
    Root,
    Sudo,
}

/// How this machine lets packages be installed, if it does.
#[must_use]
pub fn privilege() -> Option<Privilege> {
    process::find_program(&["apt-get"])?;
    if process::output(Command::new("id").arg("-u"))? == "0" {
        return Some(Privilege::Root);
    }
    process::output(Command::new("sudo").args(["-n", "true"])).map(|_| Privilege::Sudo)
}

/// A command with root's rights that never asks a question.
#[must_use]
pub fn privileged(privilege: Privilege, program: &str) -> Command {
    let mut command = match privilege {
        Privilege::Root => Command::new("env"),
        Privilege::Sudo => {
            let mut command = Command::new("sudo");
            command.args(["-n", "env"]);
            command
        }
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", program]);
    command
}
