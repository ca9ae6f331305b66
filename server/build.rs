//! Embeds the console (`admin-ui/dist`, made by `cargo xtask console`) as a table of files. Without it the
//! table is empty: the server builds and runs, only the console is not there.

use std::{
    collections::hash_map::DefaultHasher,
    env,
    error::Error,
    fmt::Write,
    fs,
    hash::Hasher,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GRANTOR_CONSOLE_DIST");
    let console = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../admin-ui");
    let dist = env::var_os("GRANTOR_CONSOLE_DIST").map_or_else(|| console.join("dist"), PathBuf::from);
    // Every other file has its content's hash in its name, and the page names them all.
    let page = dist.join("index.html");
    if page.exists() {
        println!("cargo::rerun-if-changed={}", page.display());
    } else if let Some(parent) = dist.parent().filter(|parent| parent.is_dir()) {
        // A path that does not exist would be a reason to build the server anew each time.
        println!("cargo::rerun-if-changed={}", parent.display());
    }
    let table = if page.exists() { table(&dist.canonicalize()?)? } else { "&[]".to_owned() };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("console_assets.rs"), table)?;
    Ok(())
}

fn table(dist: &Path) -> Result<String, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dist)? {
        let name = entry?.file_name().into_string().map_err(|name| format!("{name:?} is not text"))?;
        if !name.starts_with('.') && !name.ends_with(".br") {
            names.push(name);
        }
    }
    names.sort();

    let mut table = "&[\n".to_owned();
    for name in names {
        let file = dist.join(&name);
        let compressed = dist.join(format!("{name}.br"));
        let brotli = if compressed.is_file() {
            format!("Some(include_bytes!({:?}))", path_text(&compressed)?)
        } else {
            "None".to_owned()
        };
        let mut hash = DefaultHasher::new();
        hash.write(&fs::read(&file)?);
        writeln!(
            table,
            "    Asset {{ path: {name:?}, content_type: {:?}, identity: include_bytes!({:?}), brotli: {brotli}, etag: {:?}, immutable: {} }},",
            content_type(&name)?,
            path_text(&file)?,
            format!("W/\"{:016x}\"", hash.finish()),
            name != "index.html",
        )?;
    }
    table.push(']');
    Ok(table)
}

fn path_text(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{} is not text", path.display()))
}

fn content_type(name: &str) -> Result<&'static str, String> {
    Ok(match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        _ => return Err(format!("{name}: name its content type in server/build.rs")),
    })
}
