use std::iter::Peekable;
use std::str::Chars;

use super::{MalformedSubject, SubjectAttribute};

/// Attribute types by the names that people write: those of RFC 4514 §3, then those of RFC 4519, RFC 5280 §4.1.2.4
/// and of certificates for legal persons (ETSI EN 319 412-1 §5.1.4, CA/Browser Forum EV §9.2).
const TYPES: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("C", "2.5.4.6"),
    ("STREET", "2.5.4.9"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("commonName", "2.5.4.3"),
    ("localityName", "2.5.4.7"),
    ("stateOrProvinceName", "2.5.4.8"),
    ("organizationName", "2.5.4.10"),
    ("organizationalUnitName", "2.5.4.11"),
    ("countryName", "2.5.4.6"),
    ("streetAddress", "2.5.4.9"),
    ("domainComponent", "0.9.2342.19200300.100.1.25"),
    ("userId", "0.9.2342.19200300.100.1.1"),
    ("SN", "2.5.4.4"),
    ("surname", "2.5.4.4"),
    ("serialNumber", "2.5.4.5"),
    ("title", "2.5.4.12"),
    ("description", "2.5.4.13"),
    ("businessCategory", "2.5.4.15"),
    ("postalCode", "2.5.4.17"),
    ("name", "2.5.4.41"),
    ("GN", "2.5.4.42"),
    ("givenName", "2.5.4.42"),
    ("initials", "2.5.4.43"),
    ("generationQualifier", "2.5.4.44"),
    ("dnQualifier", "2.5.4.46"),
    ("pseudonym", "2.5.4.65"),
    ("organizationIdentifier", "2.5.4.97"),
    ("emailAddress", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
    ("jurisdictionLocalityName", "1.3.6.1.4.1.311.60.2.1.1"),
    ("jurisdictionStateOrProvinceName", "1.3.6.1.4.1.311.60.2.1.2"),
    ("jurisdictionCountryName", "1.3.6.1.4.1.311.60.2.1.3"),
];

const MALFORMED: MalformedSubject = MalformedSubject("not a distinguished name of RFC 4514");

/// A distinguished name to compare certificates' subjects with.
///
/// Comparison is distinguishedNameMatch (RFC 4517 §4.2.15): as many relative names, each with the same attributes in
/// any order, in the same sequence. Text is compared as by caseIgnoreMatch (RFC 4517 §4.2.11), for every attribute
/// type: without regard to case, to spaces around it, to the number of spaces inside, and to the string type of the
/// certificate. Unicode is not normalised otherwise (RFC 4518 asks for NFKC), so that two ways to write one letter
/// differ: a match may be missed and none is made up. A value in hexadecimal is compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DistinguishedName(Vec<Vec<Attribute>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    attribute_type: String,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// As [`comparable`] makes it.
    Text(String),
    /// The encoding of the value (RFC 4514 §2.4).
    Encoded(Vec<u8>),
}

impl DistinguishedName {
    /// Reads a string of RFC 4514.
    pub(super) fn parse(text: &str) -> Result<Self, MalformedSubject> {
        let mut rest = text.chars().peekable();
        let mut names = vec![vec![]];
        loop {
            let attribute = attribute(&mut rest)?;
            let name: &mut Vec<Attribute> = names.last_mut().ok_or(MALFORMED)?;
            // X.501 §9.3: an attribute type comes once in a relative name.
            if name.iter().any(|held| held.attribute_type == attribute.attribute_type) {
                return Err(MALFORMED);
            }
            name.push(attribute);
            match rest.next() {
                Some(',') => names.push(vec![]),
                Some('+') => {}
                None => break,
                Some(_) => return Err(MALFORMED),
            }
        }
        // Certificates have the most specific name last.
        names.reverse();
        Ok(Self(names))
    }

    pub(super) fn matches(&self, subject: &[Vec<SubjectAttribute>]) -> bool {
        self.0.len() == subject.len()
            && self.0.iter().zip(subject).all(|(expected, held)| {
                expected.len() == held.len()
                    && expected.iter().all(|attribute| held.iter().any(|held| attribute.matches(held)))
            })
    }
}

impl Attribute {
    fn matches(&self, held: &SubjectAttribute) -> bool {
        self.attribute_type == held.attribute_type
            && match &self.value {
                Value::Text(text) => held.text.as_deref().is_some_and(|held| comparable(held) == *text),
                Value::Encoded(bytes) => held.encoded == *bytes,
            }
    }
}

/// `type=value`, up to the separator that follows.
fn attribute(rest: &mut Peekable<Chars<'_>>) -> Result<Attribute, MalformedSubject> {
    let mut name = String::new();
    while let Some(letter) = rest.next_if(|letter| !matches!(letter, '=' | ',' | '+')) {
        name.push(letter);
    }
    if rest.next() != Some('=') {
        return Err(MALFORMED);
    }
    let attribute_type = attribute_type(name.trim_matches(' '))?;
    while rest.next_if_eq(&' ').is_some() {}
    let value = if rest.next_if_eq(&'#').is_some() { hexadecimal(rest)? } else { text(rest)? };
    Ok(Attribute { attribute_type, value })
}

/// RFC 4514 §2.3: a short name in any case, or an object identifier (RFC 4512 §1.4).
fn attribute_type(name: &str) -> Result<String, MalformedSubject> {
    if let Some((_, identifier)) = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok((*identifier).to_owned());
    }
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    if name.contains('.') && name.split('.').all(is_number) {
        Ok(name.to_owned())
    } else {
        Err(MalformedSubject("the distinguished name has an attribute type that is not known; write its OID"))
    }
}

/// RFC 4514 §2.4: `#` and the encoded value.
fn hexadecimal(rest: &mut Peekable<Chars<'_>>) -> Result<Value, MalformedSubject> {
    let mut bytes = vec![];
    while let Some(high) = rest.next_if(char::is_ascii_hexdigit) {
        let low = rest.next().ok_or(MALFORMED)?;
        bytes.push(byte(high, low)?);
    }
    while rest.next_if_eq(&' ').is_some() {}
    if bytes.is_empty() { Err(MALFORMED) } else { Ok(Value::Encoded(bytes)) }
}

/// A string with escapes (RFC 4514 §3).
fn text(rest: &mut Peekable<Chars<'_>>) -> Result<Value, MalformedSubject> {
    let mut bytes = vec![];
    let mut character = [0; 4];
    while let Some(letter) = rest.next_if(|letter| !matches!(letter, ',' | '+')) {
        match letter {
            '"' | ';' | '<' | '>' | '\0' => return Err(MALFORMED),
            '\\' => match rest.next().ok_or(MALFORMED)? {
                special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\') => {
                    bytes.extend(special.encode_utf8(&mut character).bytes());
                }
                high => bytes.push(byte(high, rest.next().ok_or(MALFORMED)?)?),
            },
            _ => bytes.extend(letter.encode_utf8(&mut character).bytes()),
        }
    }
    let text = comparable(&String::from_utf8(bytes).map_err(|_| MALFORMED)?);
    if text.is_empty() { Err(MALFORMED) } else { Ok(Value::Text(text)) }
}

fn byte(high: char, low: char) -> Result<u8, MalformedSubject> {
    let digit =
        |letter: char| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(MALFORMED);
    Ok(digit(high)? << 4 | digit(low)?)
}

/// Two texts are the same if they have the same form here: small letters, single spaces between words.
fn comparable(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().flat_map(char::to_lowercase).collect()
}
