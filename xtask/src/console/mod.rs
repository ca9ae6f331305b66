//! `cargo xtask console`: admin-ui to WebAssembly, ready to be embedded into the server.

mod bundle;
mod compiler;
mod inputs;

use crate::workspace::Workspace;
use anyhow::{Context, ensure};
use compiler::Compiler;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};
use wasm_bindgen_cli_support::Bindgen;

/// Remembers what the bundle was built from. The server's build script leaves hidden files out.
const STAMP: &str = ".inputs";

/// # Errors
/// As [`build`].
pub fn run(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<ExitCode> {
    ensure!(arguments.is_empty(), "`cargo xtask console` takes no arguments");
    build(workspace)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds `admin-ui/dist`, unless it was built from the same inputs.
///
/// # Errors
/// When there is no compiler for WebAssembly and none may be installed, or a step of the build fails.
pub fn build(workspace: &Workspace) -> anyhow::Result<()> {
    let dist = workspace.root.join("admin-ui/dist");
    let inputs = inputs::digest(&workspace.root)?;
    if fs::read_to_string(dist.join(STAMP)).is_ok_and(|stamp| stamp == inputs) {
        println!("    the console is up to date");
        return Ok(());
    }

    let started = Instant::now();
    let scratch = scratch(workspace);
    let compiler = compiler::find(workspace)?;
    println!("    compiling the console to WebAssembly with {}", compiler.name());
    let wasm = compiler.compile(workspace, &scratch)?;

    println!("    making its JavaScript bindings and compressing");
    let bindings = scratch.join("bindings");
    bind(&wasm, &bindings)?;
    let [own, shared] = ["admin-ui/static", "server/assets/shared"].map(|folder| workspace.root.join(folder));
    let files = bundle::assemble(&[&bindings, &own, &shared])?;
    bundle::write(&dist, &files, STAMP, &inputs)?;

    let total: usize = files.iter().map(|file| file.content.len()).sum();
    let sent: usize = files.iter().map(|file| file.compressed.len()).sum();
    println!(
        "    admin-ui/dist: {} files, {} KB, {} KB compressed, in {} s",
        files.len(),
        total / 1024,
        sent / 1024,
        started.elapsed().as_secs()
    );
    Ok(())
}

/// Clippy on the parts of the console that only the browser's build compiles. Debian's packages
/// that the console needs have no clippy; there the host's part has to do.
///
/// # Errors
/// When clippy has something to say.
pub fn lint(workspace: &Workspace) -> anyhow::Result<()> {
    match compiler::find(workspace)? {
        Compiler::Toolchain => compiler::lint(workspace, &scratch(workspace)),
        Compiler::Debian => {
            println!("    the console's browser code was not linted: that needs the toolchain's own target");
            Ok(())
        }
    }
}

/// A target directory of its own, so that this build and the host's do not wait for each other.
fn scratch(workspace: &Workspace) -> PathBuf {
    workspace.target.join("console")
}

/// Splits the compiler's output into the module and the JavaScript that loads it.
fn bind(wasm: &Path, bindings: &Path) -> anyhow::Result<()> {
    bundle::clear(bindings)?;
    fs::create_dir_all(bindings)?;
    Bindgen::new()
        .input_path(wasm)
        .out_name("console")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(bindings)
        .context("the console's JavaScript bindings could not be made")
}
