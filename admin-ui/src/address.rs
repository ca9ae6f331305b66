//! Percent-encoding of what addresses are made of (RFC 3986 §2.1).

/// Encodes everything but unreserved characters, so that the result is one segment or one value of a query.
#[must_use]
pub fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// The other way. What is not encoded as it should be stays as it is.
#[must_use]
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'%').then(|| after.get(..2)).flatten();
        let value = digits
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match value {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The pairs of a query string, in order; pairs with an empty value are left out.
#[must_use]
pub fn parse_query(query: &str) -> Vec<(String, String)> {
    query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// A query string with its question mark, or nothing where there is no pair.
#[must_use]
pub fn query(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded() {
        for text in ["", "plain-1._~", "a b/c?d=e&f#%", "Zoë ☃ 🦀", "%zz"] {
            assert_eq!(decode(&encode(text)), text);
        }
        assert_eq!(encode("a/b c"), "a%2Fb%20c");
    }

    #[test]
    fn what_is_not_encoded_stays() {
        for text in ["%", "%4", "%zz", "100%", "%ff"] {
            assert_eq!(decode(text), text);
        }
    }

    #[test]
    fn queries_are_read_as_they_are_written() {
        let pairs =
            [("q", "a&b=c"), ("sort", "-name")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(parse_query(&query(&pairs)), pairs);
        assert_eq!(query(&[("q".to_owned(), String::new())]), "");
        assert_eq!(parse_query("?q=one+two&empty="), [("q".to_owned(), "one two".to_owned())]);
    }
}
