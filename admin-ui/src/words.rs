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
    fn a_star_is_the_whole_platform() {
        let held = |tenant: &str| HeldRole { role: "auditor".to_owned(), tenant: tenant.to_owned() };
        assert_eq!(place(&held("*")), "The whole platform");
        assert_eq!(place(&held("acme")), "Tenant acme");
    }
}
