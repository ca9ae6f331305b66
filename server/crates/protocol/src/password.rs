//! Whether a new password is acceptable (NIST SP 800-63B-4 §3.1.1.2). Nothing is said of what it is composed
//! of: such rules make passwords alike.

use crate::model::PasswordPolicy;

/// The longest that is taken, in bytes; hashing is not the place to find out about a long one.
pub const MAX_LENGTH: usize = 1024;

/// The fewest characters where nobody has said otherwise: NIST wants 15 of a password that is all there is to
/// sign in with, and at least 8 otherwise.
pub const DEFAULT_MIN_LENGTH: u32 = 12;

/// The fewest characters that a tenant can demand.
pub const LEAST_MIN_LENGTH: u32 = 8;

/// The most characters that a tenant can demand.
pub const MOST_MIN_LENGTH: u32 = 64;

/// Shorter words are part of too many others to be looked for.
pub const SHORTEST_WORD: usize = 4;

/// Checks a new password. `own` is what the person is called: user name, email address.
///
/// # Errors
/// What is wrong with it, for the person who chose it.
pub fn check<'a>(
    password: &str,
    policy: &'a PasswordPolicy,
    own: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let least = policy.min_length;
    if password.chars().count() < least as usize {
        return Err(format!("a password needs at least {least} characters"));
    }
    if password.len() > MAX_LENGTH {
        return Err(format!("a password can have at most {MAX_LENGTH} bytes"));
    }
    let password = password.to_lowercase();
    let contains =
        |word: &str| word.chars().count() >= SHORTEST_WORD && password.contains(&word.to_lowercase());
    let before_at = |name: &'a str| name.split_once('@').map_or(name, |(local, _)| local);
    if own.into_iter().any(|name| contains(before_at(name))) {
        return Err("a password must not contain the name or the address that it is for".to_owned());
    }
    if policy.forbidden_words.iter().any(|word| contains(word)) {
        return Err("the password contains a word that everybody would try here".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_what_everybody_would_try() {
        let policy =
            PasswordPolicy { min_length: 12, forbidden_words: vec!["Contoso".to_owned(), "ab".to_owned()] };
        let own = ["ada.lovelace", "lovelace@mail.example", "bob"];
        for (password, refused) in [
            ("correct horse battery", None),
            ("elevenchars", Some("12 characters")),
            ("twelve chars", None),
            ("\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}", Some("12 characters")),
            ("\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}", None),
            ("my ADA.Lovelace password", Some("name")),
            ("the lovelace family", Some("name")),
            // What is after the at sign is everybody's, and three letters are in any word.
            ("something with mail.example", None),
            ("a thingamabob or two", None),
            ("welcome to CONTOSO", Some("everybody")),
            ("abracadabra abracadabra", None),
        ] {
            let found = check(password, &policy, own);
            match refused {
                None => assert_eq!(found, Ok(()), "{password}"),
                Some(why) => assert!(found.is_err_and(|found| found.contains(why)), "{password}"),
            }
        }
        assert!(check(&"x".repeat(MAX_LENGTH), &policy, own).is_ok());
        assert!(check(&"x".repeat(MAX_LENGTH + 1), &policy, own).is_err());
    }
}
