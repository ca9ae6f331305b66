//! Reading the members of a registration request or of a metadata document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::{Error, ErrorCode};

/// Longest text that is no URI, in bytes.
const MAX_TEXT_LENGTH: usize = 2048;

/// Reads a JSON object.
///
/// # Errors
/// `invalid_client_metadata` for anything else, and for a member that comes twice: readers disagree
/// about which of the two counts (RFC 8259 §4).
pub fn members(body: &[u8]) -> Result<Map<String, Value>, Error> {
    serde_json::from_slice(body).map(|Object(members)| members).map_err(|error| {
        Error::new(ErrorCode::InvalidClientMetadata, format!("the body is not a JSON object: {error}"))
    })
}

struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(serde::de::Error::custom(format_args!("member {name} comes twice")));
            }
            members.insert(name, value);
        }
        Ok(Object(members))
    }
}

/// The members of a document, by what they may be.
pub(super) struct Members<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Members<'a> {
    /// RFC 7592 §2.2: null is as good as absent.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => checked(name, text).map(Some),
            Some(_) => Err(invalid(name, "must be a string")),
        }
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<Option<Vec<String>>, Error> {
        let refused = || invalid(name, "must be an array of strings");
        let Some(value) = self.value(name) else { return Ok(None) };
        let elements = value.as_array().ok_or_else(refused)?;
        let texts = elements.iter().map(|element| match element {
            Value::String(text) => checked(name, text),
            _ => Err(refused()),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Error> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(invalid(name, "must be true or false")),
        }
    }

    pub(super) fn seconds(&self, name: &'static str) -> Result<Option<u32>, Error> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let seconds = value.as_u64().and_then(|seconds| seconds.try_into().ok());
        seconds.map(Some).ok_or_else(|| invalid(name, "must be a whole number of seconds"))
    }
}

fn checked(name: &'static str, text: &str) -> Result<String, Error> {
    if text.len() > MAX_TEXT_LENGTH {
        return Err(invalid(name, format!("has more than {MAX_TEXT_LENGTH} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(name, "must not hold control characters"));
    }
    Ok(text.to_owned())
}

pub(super) fn invalid(field: &str, detail: impl fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidClientMetadata, format!("{field}: {detail}"))
}
