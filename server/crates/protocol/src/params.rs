use std::collections::HashSet;

use crate::Error;

/// Parameters of a request in the order in which they came, decoded from
/// `application/x-www-form-urlencoded` (a query string or a body).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

/// How much a request may bring; the operator configures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamLimits {
    /// Parameters in a request.
    pub count: usize,
    /// Bytes of one decoded value.
    pub value_length: usize,
}

/// Longest name of a parameter, in bytes: longer ones are no parameters of any standard, and names
/// are repeated in error descriptions.
const NAME_LENGTH: usize = 128;

/// Parameters that may come several times (RFC 8707 §2, RFC 8693 §2.1); all others only once
/// (RFC 6749 §3.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

impl Params {
    /// Decodes `bytes` strictly.
    ///
    /// # Errors
    /// `invalid_request` for a broken percent-encoding, for what is not UTF-8, for control characters
    /// and for more than `limits` allow.
    pub fn parse(bytes: &[u8], limits: ParamLimits) -> Result<Self, Error> {
        let mut pairs = vec![];
        for part in bytes.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
            if pairs.len() == limits.count {
                return Err(Error::invalid_request(format!("more than {} parameters", limits.count)));
            }
            let split = part.iter().position(|byte| *byte == b'=').unwrap_or(part.len());
            let name = decode(&part[..split])?;
            if name.len() > NAME_LENGTH || name.contains(char::is_control) {
                return Err(Error::invalid_request(
                    "a parameter's name is too long or holds a control character",
                ));
            }
            let value = decode(part.get(split + 1..).unwrap_or_default())?;
            if value.len() > limits.value_length {
                return Err(Error::invalid_request(format!(
                    "parameter {name} is longer than {} bytes",
                    limits.value_length
                )));
            }
            if value.contains(|character: char| character.is_control()) {
                return Err(Error::invalid_request(format!("parameter {name} holds a control character")));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// The first value of a parameter. One without a value counts as absent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a repeatable parameter.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs
            .iter()
            .filter(move |(held, value)| held == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` that names the parameter.
    pub fn require(&self, name: &str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::invalid_request(format!("parameter {name} is missing")))
    }

    /// Request parameters must not be included more than once (RFC 6749 §3.1, §3.2).
    ///
    /// # Errors
    /// `invalid_request` that names the first repeated parameter.
    pub fn refuse_duplicates(&self) -> Result<(), Error> {
        let mut seen = HashSet::with_capacity(self.pairs.len());
        match self.pairs.iter().find(|(name, _)| !REPEATABLE.contains(&name.as_str()) && !seen.insert(name)) {
            None => Ok(()),
            Some((name, _)) => {
                Err(Error::invalid_request(format!("parameter {name} is included more than once")))
            }
        }
    }

    /// [`Self::refuse_duplicates`] for one parameter.
    ///
    /// # Errors
    /// `invalid_request` that names it.
    pub fn refuse_duplicate(&self, name: &str) -> Result<(), Error> {
        if self.pairs.iter().filter(|(held, _)| held == name).count() > 1 {
            return Err(Error::invalid_request(format!("parameter {name} is included more than once")));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Params {
    /// Names only: values can be codes, tokens and secrets.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(bytes: &[u8]) -> Result<String, Error> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| digit.copied().and_then(hex_value));
                let [Some(high), Some(low)] = digits else {
                    return Err(Error::invalid_request("the parameters hold a broken percent-encoding"));
                };
                high << 4 | low
            }
            byte => *byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| Error::invalid_request("the parameters are not UTF-8"))
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Decodes one `application/x-www-form-urlencoded` value (RFC 6749 Appendix B).
///
/// # Errors
/// `invalid_request` as [`Params::parse`].
pub fn form_decode(text: &str) -> Result<String, Error> {
    decode(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: ParamLimits = ParamLimits { count: 8, value_length: 32 };

    fn parse(text: &str) -> Result<Params, Error> {
        Params::parse(text.as_bytes(), LIMITS)
    }

    #[test]
    fn decodes_and_keeps_order() {
        let params = parse("a=1+2&b=%C3%A9&resource=x&resource=y&empty=&flag").unwrap();
        assert_eq!(params.get("a"), Some("1 2"));
        assert_eq!(params.get("b"), Some("\u{e9}"));
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!((params.get("empty"), params.get("flag"), params.get("none")), (None, None, None));
        assert_eq!(params.refuse_duplicates(), Ok(()));
        assert_eq!(format!("{params:?}"), r#"["a", "b", "resource", "resource", "empty", "flag"]"#);
    }

    #[test]
    fn refuses_what_is_broken() {
        for text in
            ["a=%", "a=%4", "a=%zz", "%=1", "a=%FF", "a=%00", "a=%0A", &format!("a={}", "x".repeat(33))]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("{}=1", "n".repeat(NAME_LENGTH + 1))).is_err());
        assert!(parse("a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1").is_err());
    }

    /// RFC 6749 §3.1: also when one of the two has no value.
    #[test]
    fn names_the_duplicate() {
        for text in ["a=1&a=1", "a=1&a=", "a&a"] {
            let error = parse(text).unwrap().refuse_duplicates().unwrap_err();
            assert_eq!(error.description, "parameter a is included more than once");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = Params::parse(&bytes, ParamLimits { count: 1000, value_length: 1000 });
        }

        #[test]
        fn what_the_url_crate_writes_is_read(pairs: Vec<(String, String)>) {
            let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let limits = ParamLimits { count: 1000, value_length: 100_000 };
            match Params::parse(text.as_bytes(), limits) {
                Ok(params) => prop_assert_eq!(params.pairs, pairs),
                Err(_) => {
                    let refused = pairs.iter().any(|(name, value)| {
                        name.len() > NAME_LENGTH || name.contains(char::is_control) || value.contains(char::is_control)
                    });
                    prop_assert!(refused);
                }
            }
        }
    }
}
