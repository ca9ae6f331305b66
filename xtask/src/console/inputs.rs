use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Everything that decides what the bundle looks like.
const INPUTS: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "admin-ui/Cargo.toml",
    "admin-ui/src",
    "admin-ui/static",
    "server/assets/shared",
    "server/crates/api",
    "xtask/src/console",
];

/// One hash over the names and contents of all inputs.
///
/// # Errors
/// When a file cannot be read.
pub fn digest(root: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&root.join(input), &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        let content = fs::read(&file)?;
        // The lengths keep one file's end from passing for the next one's beginning.
        for part in [name.as_bytes(), &content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    Ok(hex(&hash.finalize()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

/// The first characters of a file's content hash, for its name.
#[must_use]
pub fn short_digest(content: &[u8]) -> String {
    hex(&Sha256::digest(content))[..16].to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_changes_with_a_name_and_with_a_content() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for input in INPUTS {
            let path = root.join(input);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.extension().is_none() { fs::create_dir_all(&path) } else { fs::write(&path, "x") }
                .unwrap();
        }
        let (one, other) = (root.join("admin-ui/src/one.rs"), root.join("admin-ui/src/other.rs"));
        fs::write(&one, "1").unwrap();
        let first = digest(root).unwrap();
        assert_eq!(digest(root).unwrap(), first);
        fs::write(&one, "2").unwrap();
        let second = digest(root).unwrap();
        assert_ne!(second, first);
        fs::rename(&one, &other).unwrap();
        assert_ne!(digest(root).unwrap(), second);
    }
}
