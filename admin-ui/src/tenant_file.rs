//! The file that a tenant is exported to, as far as it can be read without the passphrase.

use serde::Deserialize;

/// Bytes that hold the whole of the first line.
pub const BEGINNING: i32 = 64 * 1024;

/// Fewest characters of a passphrase, and most.
const PASSPHRASE: std::ops::RangeInclusive<usize> = 15..=1024;

/// Which tenant is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TenantName {
    pub slug: String,
    pub issuer: String,
}

#[derive(Deserialize)]
struct Header {
    tenant: TenantName,
}

/// Reads the first line; nothing where the file is no export.
#[must_use]
pub fn tenant_of(beginning: &str) -> Option<TenantName> {
    let line = beginning.lines().next()?;
    serde_json::from_str::<Header>(line).ok().map(|header| header.tenant)
}

/// What is wrong with a passphrase, before the server is asked.
#[must_use]
pub fn passphrase_problem(passphrase: &str) -> Option<&'static str> {
    if passphrase.is_empty() {
        None
    } else if !passphrase.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        Some("Only printable ASCII characters: no umlauts, no line breaks.")
    } else if passphrase.trim() != passphrase {
        Some("No space at the beginning or the end.")
    } else if !PASSPHRASE.contains(&passphrase.len()) {
        Some("From 15 to 1024 characters.")
    } else {
        None
    }
}

/// A file's size as people read it.
#[must_use]
pub fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1000.0 => format!("{bytes:.0} bytes"),
        bytes if bytes < 1_000_000.0 => format!("{:.0} kB", bytes / 1000.0),
        bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1_000_000.0),
        bytes => format!("{:.1} GB", bytes / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_tenant() {
        let file = concat!(
            r#"{"format":"grantor-tenant","version":1,"schema":"1","tenant":{"id":"1","slug":"acme","issuer":"https://a.example/t/acme"},"check":"x"}"#,
            "\n{\"table\":\"users\"}\n"
        );
        let tenant = tenant_of(file).unwrap();
        assert_eq!((tenant.slug.as_str(), tenant.issuer.as_str()), ("acme", "https://a.example/t/acme"));
        for other in ["", "hello", "{\"tenant\":1}"] {
            assert_eq!(tenant_of(other), None);
        }
    }

    #[test]
    fn passphrases_are_judged_as_the_server_does() {
        for wrong in ["short", " fifteen characters ", "fünfzehn zeichen oder mehr", &"a".repeat(1025)] {
            assert!(passphrase_problem(wrong).is_some(), "{wrong}");
        }
        assert_eq!(passphrase_problem("seven cats on a roof"), None);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [512.0, 20_400.0, 3_250_000.0, 2.04e9].map(size),
            ["512 bytes", "20 kB", "3.2 MB", "2.0 GB"]
        );
    }
}
