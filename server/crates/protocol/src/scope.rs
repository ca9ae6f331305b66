use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of scope tokens (RFC 6749 §3.3), kept in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope(Vec<String>);

/// A scope holds a character that RFC 6749 §3.3 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedScope;

impl fmt::Display for MalformedScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a scope token may hold only the characters of RFC 6749 section 3.3")
    }
}

impl std::error::Error for MalformedScope {}

impl Scope {
    /// Scope tokens separated by spaces; a token that comes twice counts once.
    ///
    /// # Errors
    /// [`MalformedScope`] for a character outside `scope-token`.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        let mut seen = BTreeSet::new();
        let mut tokens = vec![];
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
                return Err(MalformedScope);
            }
            if seen.insert(token) {
                tokens.push(token.to_owned());
            }
        }
        Ok(Self(tokens))
    }

    /// Whether the set holds `token`.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|held| held == token)
    }

    /// Whether every token of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// The tokens of `self` that `other` does not hold.
    pub fn without(&self, other: &Self) -> Self {
        self.0.iter().filter(|token| !other.contains(token)).cloned().collect()
    }

    /// The tokens of both, those of `self` first.
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().cloned().chain(other.without(self).0).collect()
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<String> for Scope {
    fn from_iter<I: IntoIterator<Item = String>>(tokens: I) -> Self {
        let mut scope = Self::default();
        for token in tokens {
            if !scope.contains(&token) {
                scope.0.push(token);
            }
        }
        scope
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(token)?;
        }
        Ok(())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_drops_repeats() {
        let scope = Scope::parse("openid  profile openid email").unwrap();
        assert_eq!(scope.to_string(), "openid profile email");
        assert!(Scope::parse("email openid").unwrap().is_subset(&scope));
        assert_eq!(scope.without(&Scope::parse("profile").unwrap()).to_string(), "openid email");
        assert!(Scope::parse("").unwrap().is_empty());
    }

    /// RFC 6749 §3.3.
    #[test]
    fn refuses_characters_outside_scope_token() {
        for text in ["a\"b", "a\\b", "caf\u{e9}", "a\tb", "a\u{7f}"] {
            assert_eq!(Scope::parse(text), Err(MalformedScope), "{text:?}");
        }
    }
}
