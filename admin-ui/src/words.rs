//! Names as people read them.

use grantor_api::HeldRole;

/// A role's name as a title: `tenant-owner` reads "Tenant owner".
#[must_use]
pub fn role(name: &str) -> String {
    let spaced = name.replace(['-', '_'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Where a role is held: the whole platform, or one tenant.
#[must_use]
pub fn place(held: &HeldRole) -> String {
    if held.tenant == "*" { "The whole platform".to_owned() } else { format!("Tenant {}", held.tenant) }
}

/// One of several: `deliveries` reads `delivery`.
#[must_use]
pub fn one(several: &str) -> String {
    several
        .strip_suffix("ies")
        .map_or_else(|| several.trim_end_matches('s').to_owned(), |stem| format!("{stem}y"))
}

/// Up to two initials that stand for a person where there is no picture.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words =
        name.split(|letter: char| !letter.is_alphanumeric()).filter_map(|word| word.chars().next());
    words.next().into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// Whether every word of a search begins a word of the name, whatever the case.
#[must_use]
pub fn fits(name: &str, search: &str) -> bool {
    let name = name.to_lowercase();
    search
        .to_lowercase()
        .split_whitespace()
        .all(|wanted| name.split_whitespace().any(|word| word.starts_with(wanted)))
}

/// A browser and its system, roughly, of what it says that it is (RFC 9110 §10.1.5).
#[must_use]
pub fn browser(user_agent: &str) -> String {
    // Most say that they are several: the one that the others are derived from comes last.
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => user_agent.split('/').next().unwrap_or_default().chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_names_become_titles() {
        assert_eq!(role("platform-admin"), "Platform admin");
        assert_eq!(role("über_rolle"), "Über rolle");
        assert_eq!(role(""), "");
    }

    #[test]
    fn several_become_one() {
        assert_eq!(
            [one("clients"), one("deliveries"), one("initial access tokens")],
            ["client", "delivery", "initial access token"]
        );
    }

    #[test]
    fn initials_are_those_of_the_first_and_the_last_name() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("root"), "R");
        assert_eq!(initials("ada@example.org"), "AO");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn a_search_fits_the_beginnings_of_words() {
        assert!(fits("Create a client", "cl cr") && fits("Audit trail", ""));
        assert!(!fits("Create a client", "lient"));
    }

    #[test]
    fn browsers_are_told_by_what_they_are_first_of_all() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ] {
            assert_eq!(browser(user_agent), name);
        }
    }

    #[test]
    fn a_star_is_the_whole_platform() {
        let held = |tenant: &str| HeldRole { role: "auditor".to_owned(), tenant: tenant.to_owned() };
        assert_eq!(place(&held("*")), "The whole platform");
        assert_eq!(place(&held("acme")), "Tenant acme");
    }
}
