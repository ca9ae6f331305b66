//! Slugs: the names of tenants in addresses.

/// Fewest and most characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// A slug for a tenant of this name, as good as can be made of it; empty where nothing can.
#[must_use]
pub fn suggest(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match plain(letter) {
            "" if letter.is_ascii_alphanumeric() => slug.push(letter),
            // An apostrophe joins: O'Brien is obrien.
            "" if ['\'', '\u{2019}'].contains(&letter) => {}
            "" => {
                if !slug.is_empty() && !slug.ends_with('-') {
                    slug.push('-');
                }
            }
            letters => slug.push_str(letters),
        }
    }
    slug.truncate(*LENGTH.end());
    slug.trim_end_matches('-').to_owned()
}

/// The letters that stand for one that slugs cannot have.
fn plain(letter: char) -> &'static str {
    match letter {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' => "a",
        'ç' | 'č' | 'ć' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ñ' | 'ń' => "n",
        'ò' | 'ó' | 'ô' | 'õ' => "o",
        'ř' => "r",
        'š' | 'ś' => "s",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ý' | 'ÿ' => "y",
        'ž' | 'ź' | 'ż' => "z",
        'ł' => "l",
        _ => "",
    }
}

/// What is wrong with a slug, before the server is asked.
#[must_use]
pub fn problem(slug: &str) -> Option<&'static str> {
    let allowed = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    if slug.is_empty() {
        None
    } else if !slug.bytes().all(allowed) {
        Some("Only lower-case letters a to z, digits and hyphens.")
    } else if slug.starts_with('-') || slug.ends_with('-') {
        Some("No hyphen at the beginning or the end.")
    } else if !LENGTH.contains(&slug.len()) {
        Some("From 3 to 63 characters.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_of_names() {
        for (name, slug) in [
            ("Acme Robotics", "acme-robotics"),
            ("  Müller & Söhne GmbH ", "mueller-soehne-gmbh"),
            ("O'Brien's Café", "obriens-cafe"),
            ("A.B.C. 24/7", "a-b-c-24-7"),
            ("日本", ""),
            ("Łódź", "lodz"),
            ("", ""),
        ] {
            assert_eq!(suggest(name), slug, "{name}");
        }
        assert_eq!(suggest(&"ab ".repeat(40)).len(), 62);
    }

    #[test]
    fn what_is_suggested_is_allowed() {
        for name in ["Acme -- Robotics", "-- x y --", &"long name ".repeat(20), "Straße & Söhne"] {
            assert_eq!(problem(&suggest(name)), None, "{name}");
        }
    }

    #[test]
    fn what_the_server_would_refuse_is_told() {
        for slug in ["ab", "Acme", "-acme", "acme-", "a.b.c", &"a".repeat(64)] {
            assert!(problem(slug).is_some(), "{slug}");
        }
        assert_eq!(problem("acme-2"), None);
    }
}
