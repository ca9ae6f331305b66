//! What the checks need and cargo does not bring.

use crate::{process, system_packages, workspace::Workspace};
use anyhow::{Context, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Finds or installs everything, so that nothing is found missing after minutes of checks.
///
/// # Errors
/// When something is missing and may not be installed; the message says what to install.
pub fn provide(workspace: &Workspace) -> anyhow::Result<()> {
    for (component, subcommand) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let version = process::output(&mut workspace.cargo(&[subcommand, "--version"]));
        let version =
            version.with_context(|| format!("{component} is missing: rustup component add {component}"))?;
        println!("    {version}");
    }
    for tool in
        [postgresql()?.join("postgres"), chromium()?, chromedriver()?, curl()?, node()?, npm()?, python()?]
    {
        println!("    {}", tool.display());
    }
    Ok(())
}

/// Installs the packages of the clients that other people wrote, exactly those that the lock file names.
///
/// # Errors
/// As [`provide`]; when npm cannot get them.
pub fn node_packages(workspace: &Workspace) -> anyhow::Result<()> {
    let mut command = Command::new(npm()?);
    command.args(["ci", "--silent"]).current_dir(workspace.root.join("e2e/node"));
    process::run(on_path(&mut command)?)
}

/// Installs the generators and testers that other people wrote for Python, exactly those that the requirements
/// name, into an environment of their own, and gives its Python.
///
/// # Errors
/// As [`provide`]; when pip cannot get them.
pub fn python_packages(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let folder = workspace.target.join("tools/python");
    let wanted = fs::read_to_string(workspace.root.join("e2e/python/requirements.txt"))?;
    // Written last: what is there without it was interrupted.
    let held = folder.join("requirements.txt");
    let program = folder.join("bin/python");
    if fs::read_to_string(&held).is_ok_and(|held| held == wanted) && program.is_file() {
        return Ok(program);
    }
    process::run(Command::new(python()?).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut install = Command::new(&program);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    process::run(install.arg(workspace.root.join("e2e/python/requirements.txt")))?;
    fs::write(held, wanted)?;
    Ok(program)
}

/// Puts PostgreSQL's programs, Chromium, ChromeDriver, curl and Node.js on the command's search path.
///
/// # Errors
/// As [`provide`].
pub fn on_path(command: &mut Command) -> anyhow::Result<&mut Command> {
    let mut folders = vec![postgresql()?];
    let tools = [chromium()?, chromedriver()?, curl()?, node()?];
    folders.extend(tools.iter().filter_map(|tool| tool.parent().map(Path::to_owned)));
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    // After the caller's own folders, which may hold a newer one of what stands beside these tools.
    let path = std::env::join_paths(std::env::split_paths(&inherited).chain(folders))?;
    Ok(command.env("PATH", path))
}

/// The folder with the database server's programs.
fn postgresql() -> anyhow::Result<PathBuf> {
    if let Some(folder) = find_postgresql() {
        return Ok(folder);
    }
    keep_cluster_from_starting()?;
    system_packages::install("PostgreSQL", &["postgresql"])?;
    find_postgresql()
        .context("PostgreSQL was installed, but its server programs are not where Debian puts them")
}

fn find_postgresql() -> Option<PathBuf> {
    let has_server = |folder: &PathBuf| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let on_path = process::find_program(&["initdb"]).and_then(|program| program.parent().map(Path::to_owned));
    let told = process::output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from);
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    installed.sort_unstable();
    let newest_first = installed.into_iter().rev().map(|(_, folder)| folder);
    on_path.into_iter().chain(told).chain(newest_first).find(has_server)
}

/// The tests start servers of their own; Debian's package would start one for the machine as well.
fn keep_cluster_from_starting() -> anyhow::Result<()> {
    const FOLDER: &str = "/etc/postgresql-common/createcluster.d";
    let Some(privilege) = system_packages::privilege() else { return Ok(()) };
    println!(
        "    PostgreSQL: telling Debian's package to create no database of its own ({FOLDER}/no-main-cluster.conf)"
    );
    system_packages::install("PostgreSQL's cluster settings", &["postgresql-common"])?;
    let script =
        format!("mkdir -p {FOLDER} && echo 'create_main_cluster = false' > {FOLDER}/no-main-cluster.conf");
    process::run(system_packages::privileged(privilege, "sh").args(["-c", &script]))
}

fn chromium() -> anyhow::Result<PathBuf> {
    let find =
        || process::find_program(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]);
    installed("Chromium", find, &["chromium"])
}

fn chromedriver() -> anyhow::Result<PathBuf> {
    installed("ChromeDriver", || process::find_program(&["chromedriver"]), &["chromium-driver"])
}

/// A TLS client that is not ours, with certificates of its own.
fn curl() -> anyhow::Result<PathBuf> {
    installed("curl", || process::find_program(&["curl"]), &["curl"])
}

/// Runs client libraries that are not ours; the oldest version that they take.
fn node() -> anyhow::Result<PathBuf> {
    const OLDEST: u32 = 20;
    let program = installed("Node.js", || process::find_program(&["node", "nodejs"]), &["nodejs"])?;
    let version = process::output(Command::new(&program).arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    ensure!(
        major.is_some_and(|major| major >= OLDEST),
        "Node.js {OLDEST} or newer is needed, and {} is {version}",
        program.display()
    );
    Ok(program)
}

fn npm() -> anyhow::Result<PathBuf> {
    installed("npm", || process::find_program(&["npm"]), &["npm"])
}

/// Debian has what makes environments in a package of its own.
fn python() -> anyhow::Result<PathBuf> {
    const USABLE: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
    let is_usable = |python: &PathBuf| process::output(Command::new(python).args(["-c", USABLE])).is_some();
    let find = || process::find_program(&["python3"]).filter(is_usable);
    installed("Python 3.11 or newer with venv", find, &["python3", "python3-venv"])
}

fn installed(
    purpose: &str,
    find: impl Fn() -> Option<PathBuf>,
    packages: &[&str],
) -> anyhow::Result<PathBuf> {
    if let Some(program) = find() {
        return Ok(program);
    }
    system_packages::install(purpose, packages)?;
    find().with_context(|| format!("{purpose} was installed, but is not on the search path"))
}

/// cargo-deny from the search path, or built once into the target directory.
///
/// # Errors
/// When it cannot be built.
pub fn cargo_deny(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let root = workspace.target.join("tools");
    let built = root.join("bin").join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if let Some(program) =
        process::find_program(&["cargo-deny"]).or_else(|| built.is_file().then(|| built.clone()))
    {
        return Ok(program);
    }
    println!("    building cargo-deny into {} (some minutes, once)", root.display());
    let scratch = root.join("build");
    let mut install = workspace.cargo(&["install", "--locked", "cargo-deny", "--quiet"]);
    process::run(install.arg("--root").arg(&root).arg("--target-dir").arg(&scratch))
        .context("cargo-deny could not be installed; install it with: cargo install --locked cargo-deny")?;
    fs::remove_dir_all(&scratch)?;
    ensure!(built.is_file(), "cargo built no {}", built.display());
    Ok(built)
}
