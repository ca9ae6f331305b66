//! `cargo xtask up`: a running server from a fresh checkout.

use crate::{console, process, workspace::Workspace};
use anyhow::{bail, ensure};
use std::{io::ErrorKind, net::TcpListener, process::ExitCode};

/// The server's listeners and its public address, as the environment or the defaults have them.
struct Addresses {
    listen: String,
    management: String,
    public: String,
}

/// Builds what is not built yet and becomes the server.
///
/// # Errors
/// When a listener's address is taken, or a build fails.
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<ExitCode> {
    ensure!(
        arguments.is_empty(),
        "`cargo xtask up` takes no arguments; the server reads GRANTOR_* and grantor.toml"
    );
    let addresses = addresses(workspace);
    if let Some(addresses) = &addresses {
        demand_free(&addresses.listen, "GRANTOR_LISTEN", "the server")?;
        demand_free(&addresses.management, "GRANTOR_MANAGEMENT_LISTEN", "the server's health and metrics")?;
    }

    println!("[1/3] Building the console (about a minute the first time)");
    console::build(workspace)?;
    println!("[2/3] Building the server in release mode (several minutes the first time)");
    process::run(&mut workspace.cargo(&[
        "build",
        "--release",
        "--locked",
        "--package=grantor",
        "--bin=grantor",
    ]))?;
    println!("[3/3] Starting the server; its data is in ./grantor-data, Ctrl-C stops it");
    if let Some(addresses) = addresses {
        println!("\n    Console: {}/console/\n", addresses.public.trim_end_matches('/'));
    }
    become_server(workspace)
}

/// `None` when a configuration file decides: then the server itself says what it listens on.
fn addresses(workspace: &Workspace) -> Option<Addresses> {
    let configured = workspace.root.join("grantor.toml").exists();
    let setting = |name: &str, default: &str| {
        std::env::var(name).ok().or_else(|| (!configured).then(|| default.to_owned()))
    };
    Some(Addresses {
        listen: setting("GRANTOR_LISTEN", "127.0.0.1:8080")?,
        management: setting("GRANTOR_MANAGEMENT_LISTEN", "127.0.0.1:9090")?,
        public: setting("GRANTOR_PUBLIC_URL", "http://localhost:8080")?,
    })
}

/// Minutes of building should not end in "address in use".
fn demand_free(address: &str, variable: &str, purpose: &str) -> anyhow::Result<()> {
    match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "{address}, where {purpose} would listen, is in use. Stop the program that listens there, \
             or choose another address with {variable}"
        ),
        // Whatever else is wrong with the address, the server says better.
        _ => Ok(()),
    }
}

/// On Unix the server takes this process's place, so that signals and its exit code are its own.
#[cfg(unix)]
fn become_server(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(server(workspace).exec().into())
}

#[cfg(not(unix))]
fn become_server(workspace: &Workspace) -> anyhow::Result<ExitCode> {
    let code = server(workspace).status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn server(workspace: &Workspace) -> std::process::Command {
    let mut server = process::clean(std::process::Command::new(workspace.binary("release", "grantor")));
    server.arg("serve").current_dir(&workspace.root);
    server
}
