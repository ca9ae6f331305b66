//! Whether a new password is acceptable (NIST SP 800-63B-4 §3.1.1.2). Nothing is said of what it is composed
//! of: such rules make passwords alike.

use std::fmt;

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

/// A password that is found within so many guesses, made in the order in which everybody would make them, is refused.
/// Whoever has a hash makes as many in a day or two.
const FEWEST_GUESSES: u64 = 100_000_000;

/// How much of a password is looked at for how easy it is to guess, in characters: what takes longer to look at
/// than a hash takes to make is not looked at.
const ESTIMATED_LENGTH: usize = 100;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// How many characters it needs at least.
    TooShort(u32),
    TooLong,
    /// It has the person's name in it.
    OwnName,
    ForbiddenWord,
    /// Everybody uses it, or something much like it.
    Common,
}

impl fmt::Display for Weakness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort(least) => write!(formatter, "a password needs at least {least} characters"),
            Self::TooLong => write!(formatter, "a password can have at most {MAX_LENGTH} bytes"),
            Self::OwnName => {
                formatter.write_str("a password must not contain the name or the address that it is for")
            }
            Self::ForbiddenWord => {
                formatter.write_str("the password contains a word that everybody would try here")
            }
            Self::Common => {
                formatter.write_str("the password is easy to guess; a few unrelated words make a better one")
            }
        }
    }
}

/// Checks a new password. `own` is what the person is called: user name, email address.
///
/// # Errors
/// What is wrong with it.
pub fn check<'a>(
    password: &str,
    policy: &'a PasswordPolicy,
    own: impl IntoIterator<Item = &'a str>,
) -> Result<(), Weakness> {
    let least = policy.min_length;
    if password.chars().count() < least as usize {
        return Err(Weakness::TooShort(least));
    }
    if password.len() > MAX_LENGTH {
        return Err(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    let contains = |word: &str| word.chars().count() >= SHORTEST_WORD && lower.contains(&word.to_lowercase());
    let own: Vec<&str> =
        own.into_iter().map(|name| name.split_once('@').map_or(name, |(local, _)| local)).collect();
    if own.iter().any(|name| contains(name)) {
        return Err(Weakness::OwnName);
    }
    if policy.forbidden_words.iter().any(|word| contains(word)) {
        return Err(Weakness::ForbiddenWord);
    }
    let looked_at: String = said_once(password).chars().take(ESTIMATED_LENGTH).collect();
    match zxcvbn::zxcvbn(&looked_at, &own).guesses() {
        ..FEWEST_GUESSES => Err(Weakness::Common),
        _ => Ok(()),
    }
}

/// The words without those that were said before: again they are no harder to guess.
fn said_once(password: &str) -> String {
    let mut words: Vec<&str> = vec![];
    for word in password.split_whitespace() {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" ")
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
            ("\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc} \u{e4}\u{e4}\u{f6}\u{f6}\u{fc}", None),
            ("my ADA.Lovelace password", Some("name")),
            ("the lovelace family", Some("name")),
            // What is after the at sign is everybody's, and three letters are in any word.
            ("something with mail.example", None),
            ("a thingamabob or two", None),
            ("welcome to CONTOSO", Some("everybody")),
            ("abracadabra abracadabra", Some("guess")),
            ("password password", Some("guess")),
            ("abracadabra over the hills", None),
        ] {
            let found = check(password, &policy, own);
            match refused {
                None => assert_eq!(found, Ok(()), "{password}"),
                Some(why) => assert!(found.is_err_and(|found| found.to_string().contains(why)), "{password}"),
            }
        }
        let long = |length: usize| {
            "a rather long story about nothing ".chars().cycle().take(length).collect::<String>()
        };
        assert_eq!(check(&long(MAX_LENGTH), &policy, own), Ok(()));
        assert_eq!(check(&long(MAX_LENGTH + 1), &policy, own), Err(Weakness::TooLong));
    }

    /// NIST SP 800-63B-4 §3.1.1.2: what is commonly used or expected is refused; what it is made of is not asked.
    #[test]
    fn what_everybody_uses_is_refused() {
        let policy = PasswordPolicy { min_length: 8, forbidden_words: vec![] };
        for password in [
            "password",
            "Password1234!",
            "P@ssw0rd2024",
            "qwertyuiop12",
            "qwertyuiop[]",
            "1q2w3e4r5t6y",
            "123456789012",
            "aaaaaaaaaaaaaaaa",
            "abcabcabcabcabc",
            "abcdefghijklmnop",
            "iloveyou1234",
            "letmein12345",
            "sunshine2024",
            "20001224",
        ] {
            assert_eq!(check(password, &policy, []), Err(Weakness::Common), "{password}");
        }
        for password in [
            "correct horse battery staple",
            "velvet otter canal brick",
            "lampe fluss gabel wolke",
            "Tr0ub4dor&3 again",
            "kX9#mQ2$vL7p",
            "mein Hund bellt nachts",
        ] {
            assert_eq!(check(password, &policy, []), Ok(()), "{password}");
        }
    }

    /// The longest that is taken is looked at in bounded time.
    #[test]
    fn only_the_beginning_is_estimated() {
        let policy = PasswordPolicy::default();
        let beginning = "1".repeat(ESTIMATED_LENGTH);
        let end = "velvet otter canal brick".repeat(20);
        assert_eq!(check(&format!("{beginning}{end}"), &policy, []), Err(Weakness::Common));
    }
}
