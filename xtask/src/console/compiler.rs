//! A compiler that can make WebAssembly.

use crate::{process, system_packages, workspace::Workspace};
use anyhow::{Context, ensure};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGES: &[&str] = &["rustc-web", "rust-web-src", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// Leptos then makes views of one type, and the program is smaller by a fifth.
const RUSTFLAGS: &str = "--cfg=erase_components";
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-19";

/// Where the compiler comes from.
pub enum Compiler {
    /// The toolchain in use has the target's standard library.
    Toolchain,
    /// Debian's packages: their compiler, and the standard library built from their source.
    Debian,
}

/// The first compiler there is, or that can be had: the toolchain's own, the same with the target added
/// by rustup, Debian's.
///
/// # Errors
/// When there is none; the message says what to install.
pub fn find(workspace: &Workspace) -> anyhow::Result<Compiler> {
    if toolchain_has_target(workspace) {
        return Ok(Compiler::Toolchain);
    }
    if process::find_program(&["rustup"]).is_some() {
        println!("    adding the compiler's target {TARGET} with rustup");
        let added = Command::new("rustup")
            .args(["target", "add", TARGET])
            .current_dir(&workspace.root)
            .stdin(Stdio::null())
            .status();
        if added.is_ok_and(|status| status.success()) && toolchain_has_target(workspace) {
            return Ok(Compiler::Toolchain);
        }
        println!("    rustup could not add it; trying Debian's compiler");
    }
    let needed = [DEBIAN_RUSTC, DEBIAN_LIBRARY, DEBIAN_LINKER];
    if !needed.iter().all(|path| Path::new(path).exists()) {
        system_packages::install("a compiler for WebAssembly", PACKAGES).with_context(|| {
            format!("the console needs `rustup target add {TARGET}`, or Debian's {}", PACKAGES.join(", "))
        })?;
    }
    Ok(Compiler::Debian)
}

fn toolchain_has_target(workspace: &Workspace) -> bool {
    let mut rustc = process::clean(Command::new("rustc"));
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(&workspace.root);
    process::output(&mut rustc).is_some_and(|folder| Path::new(&folder).is_dir())
}

impl Compiler {
    /// For a message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Toolchain => "the toolchain's compiler",
            Self::Debian => "Debian's compiler (it builds the standard library too)",
        }
    }

    /// Compiles the console with `target` as the target directory and says where the module is.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn compile(&self, workspace: &Workspace, target: &Path) -> anyhow::Result<PathBuf> {
        let mut command =
            workspace.cargo(&["build", "--package=grantor-console", "--profile=console", "--locked"]);
        command.args(["--bin=grantor-console", "--target", TARGET]).env("CARGO_TARGET_DIR", target);
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS);
        if matches!(self, Self::Debian) {
            command
                .args(["-Z", "build-std=std,panic_abort"])
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        }
        process::run(&mut command)?;
        let wasm = target.join(TARGET).join("console/grantor-console.wasm");
        ensure!(wasm.is_file(), "cargo built no {}", wasm.display());
        Ok(wasm)
    }
}

/// Clippy on the console as the browser's build sees it, every warning an error.
///
/// # Errors
/// When it has something to say.
pub fn lint(workspace: &Workspace, target: &Path) -> anyhow::Result<()> {
    let mut command =
        workspace.cargo(&["clippy", "--package=grantor-console", "--profile=console", "--locked"]);
    command.args(["--target", TARGET, "--", "-D", "warnings"]).env("CARGO_TARGET_DIR", target);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS);
    process::run(&mut command)
}
