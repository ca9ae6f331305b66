//! The arrows between the rooms, read from the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// (room, what its files must not name, why)
const ARROWS: &[(&str, &[&str], &str)] = &[
    (
        "src/app",
        &["crate::http", "poem::", "poem_openapi", "crate::cli", "crate::jobs"],
        "use cases know no HTTP",
    ),
    (
        "src/messages",
        &["crate::app", "crate::http", "crate::cli", "crate::jobs", "poem", "grantor_store"],
        "words know nobody who says them",
    ),
    ("src/jobs", &["crate::http", "poem::", "crate::cli"], "jobs call use cases"),
    ("src/http", &["crate::cli", "crate::jobs", "diesel"], "the edge calls use cases"),
    (
        "src/config",
        &["crate::http", "crate::cli", "crate::jobs", "poem::"],
        "configuration is read by others",
    ),
    (
        "crates/protocol/src",
        &["tokio", "diesel", "poem", "grantor_store", "grantor_jose", "grantor_outbound", "SystemTime::now"],
        "rules need no runtime, database or clock",
    ),
    ("crates/jose/src", &["tokio", "diesel", "poem::", "grantor_"], "a leaf"),
    ("crates/api/src", &["tokio", "diesel", "grantor_"], "a leaf"),
    ("crates/theme/src", &["tokio", "poem", "grantor_"], "a leaf"),
    (
        "crates/store/src",
        &["poem::", "grantor_jose", "grantor_outbound", "SystemTime::now"],
        "rows and nothing else",
    ),
    ("crates/outbound/src", &["diesel", "poem::", "grantor_", "SystemTime::now"], "a leaf"),
];

#[test]
fn imports_only_go_down() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = vec![];
    let mut read = 0;
    for (room, forbidden, why) in ARROWS {
        for file in sources(&server.join(room)) {
            read += 1;
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(name) = forbidden.iter().find(|name| code.contains(**name)) {
                    wrong.push(format!("{}:{}: {name} ({why})", file.display(), number + 1));
                }
            }
        }
    }
    assert!(read > 60, "only {read} files were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the console's client is, its row does not say: whoever reads a client comes through `stored_client`.
#[test]
fn clients_are_read_in_one_place() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app");
    let reads = sources(&app).into_iter().filter(|file| {
        let text = fs::read_to_string(file).unwrap();
        text.replace("self.client(", "").contains(".client(")
    });
    assert_eq!(reads.collect::<Vec<_>>(), [app.join("console_client.rs")]);
}

/// `crates/protocol` stays free of what would need a runtime.
#[test]
fn the_protocols_dependencies_are_pure() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/protocol/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for name in ["tokio", "diesel", "poem", "reqwest", "hyper", "getrandom", "rand"] {
        assert!(!manifest.lines().any(|line| line.starts_with(name)), "{name}");
    }
}

/// Nobody but the server opens what strangers name, and the fetcher knows no room of the house.
#[test]
fn the_fetcher_is_the_servers_alone() {
    let server = Path::new(env!("CARGO_MANIFEST_DIR"));
    for package in ["crates/api", "crates/jose", "crates/protocol", "crates/store", "../admin-ui", "../e2e"] {
        let manifest = fs::read_to_string(server.join(package).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("grantor-outbound"), "{package}");
    }
    let manifest = fs::read_to_string(server.join("crates/outbound/Cargo.toml")).unwrap();
    let names = manifest.lines().filter(|line| line.starts_with("grantor-"));
    assert_eq!(names.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn migrations_have_the_same_names_on_both_databases() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let names = |database: &str| {
        let mut names: Vec<_> = fs::read_dir(migrations.join(database))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
