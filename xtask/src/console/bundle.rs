//! From the compiler's output and the static files to what is served.

use super::inputs::short_digest;
use anyhow::Context;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

/// One file as it will be served.
pub struct File {
    /// With the content's hash in it, except for the page itself.
    pub name: String,
    pub content: Vec<u8>,
    pub compressed: Vec<u8>,
}

/// Reads the folders' files, puts a content hash into each name, and the new names where a file names another.
///
/// A file may name those of a lower rank: everything may name pictures and the module, style sheets and
/// scripts come next, and the page, whose own name never changes, names them all.
///
/// # Errors
/// When a file cannot be read, or a script is not text.
pub fn assemble(folders: &[&Path]) -> anyhow::Result<Vec<File>> {
    let mut sources = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_file() {
                sources.push(path);
            }
        }
    }
    sources.sort_by_key(|path| (rank(path), path.clone()));

    let mut renamed = BTreeMap::new();
    let mut files = Vec::new();
    for path in sources {
        let logical = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut content = fs::read(&path).with_context(|| path.display().to_string())?;
        if rank(&path) > 0 {
            let text = String::from_utf8(content).with_context(|| path.display().to_string())?;
            content = rename_references(text, &renamed).into_bytes();
        }
        let name = if rank(&path) == PAGE { logical.clone() } else { hashed_name(&path, &content) };
        renamed.insert(logical, name.clone());
        files.push(File { name, compressed: compress(&content)?, content });
    }
    Ok(files)
}

const PAGE: u8 = 4;

/// Where the files are served; the page names them so because it is the answer to addresses of any depth.
const ADDRESS: &str = "/console/";

fn rank(path: &Path) -> u8 {
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    match (extension.as_ref(), path.file_stem().is_some_and(|stem| stem == "console")) {
        ("css", _) => 1,
        ("js", true) => 2,
        ("js", false) => 3,
        ("html", _) => PAGE,
        _ => 0,
    }
}

fn rename_references(mut text: String, renamed: &BTreeMap<String, String>) -> String {
    for (logical, name) in renamed {
        for quote in ['"', '\''] {
            for before in [String::from(quote), format!("{quote}./"), format!("{quote}{ADDRESS}")] {
                text = text.replace(&format!("{before}{logical}{quote}"), &format!("{before}{name}{quote}"));
            }
        }
    }
    text
}

fn hashed_name(path: &Path, content: &[u8]) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    format!("{stem}-{}.{extension}", short_digest(content))
}

fn compress(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (buffer, quality, window) = (4096, 11, 22);
    let mut writer = brotli::CompressorWriter::new(Vec::new(), buffer, quality, window);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

/// Writes a new folder and then puts it in the place of the old one, so that an interrupted build leaves
/// no half of a bundle.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(dist: &Path, files: &[File], stamp: &str, inputs: &str) -> anyhow::Result<()> {
    let fresh = dist.with_extension("new");
    clear(&fresh)?;
    fs::create_dir_all(&fresh)?;
    for file in files {
        fs::write(fresh.join(&file.name), &file.content)?;
        fs::write(fresh.join(format!("{}.br", file.name)), &file.compressed)?;
    }
    fs::write(fresh.join(stamp), inputs)?;
    clear(dist)?;
    fs::rename(&fresh, dist).with_context(|| dist.display().to_string())
}

/// Leaves no folder of that name.
///
/// # Errors
/// When it cannot be removed.
pub fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn only_whole_quoted_names_are_renamed() {
        let renamed = BTreeMap::from([("console.js".to_owned(), "console-1.js".to_owned())]);
        let text = r#"import "./console.js"; 'console.js' "my-console.js" console.js"#;
        assert_eq!(
            rename_references(text.to_owned(), &renamed),
            r#"import "./console-1.js"; 'console-1.js' "my-console.js" console.js"#
        );
    }

    #[test]
    fn every_reference_leads_to_a_file_of_the_bundle() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("index.html", r#"<script src="start.js"></script><link href="/console/console.css">"#),
            ("start.js", r#"import "./console.js""#),
            ("console.js", "new URL('console_bg.wasm')"),
            ("console_bg.wasm", "module"),
            ("console.css", r#"a { background: url("icon.svg") }"#),
            ("icon.svg", "<svg/>"),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let files = assemble(&[folder.path()]).unwrap();
        let find = |start: &str, end: &str| {
            let file =
                files.iter().find(|file| file.name.starts_with(start) && file.name.ends_with(end)).unwrap();
            (file.name.clone(), String::from_utf8(file.content.clone()).unwrap())
        };
        let (_, page) = find("index", ".html");
        let (start, start_text) = find("start-", ".js");
        let (glue, glue_text) = find("console-", ".js");
        let (style, style_text) = find("console-", ".css");
        assert!(page.contains(&start) && page.contains(&style));
        assert!(start_text.contains(&glue));
        assert!(glue_text.contains(&find("console_bg-", ".wasm").0));
        assert!(style_text.contains(&find("icon-", ".svg").0));
    }

    #[test]
    fn what_is_compressed_unpacks_to_the_same() {
        let content = b"grant, grantor, granted ".repeat(50);
        let compressed = compress(&content).unwrap();
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(compressed.as_slice(), 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, content);
        assert!(compressed.len() < content.len() / 10);
    }
}
