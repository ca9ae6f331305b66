use serde_json::{Map, Value};

use crate::encoding::{decode_base64url, object_with_unique_names};
use crate::jwk::has_private_members;
use crate::{Algorithm, Error, MAX_TOKEN_LENGTH, Result};

/// The members of a JWS header (RFC 7515 §4.1) that an authorization server acts on. `jku`, `x5u` and `x5c` are
/// ignored: where keys come from is configuration and never the token's choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub algorithm: Algorithm,
    /// As it was sent; compare with [`Header::is_typ`].
    pub typ: Option<String>,
    pub kid: Option<String>,
    pub cty: Option<String>,
    /// A public key that came with the token, as in a DPoP proof (RFC 9449 §4.2). It proves possession and
    /// nothing else.
    pub jwk: Option<Value>,
}

impl Header {
    /// Reads the header of a compact JWS without verifying anything.
    ///
    /// # Errors
    /// [`Error::TooLarge`] past [`MAX_TOKEN_LENGTH`]; [`Error::Malformed`] unless there are three parts of strict
    /// base64url and the first is a JSON object with unique names; [`Error::CriticalHeader`] for any `crit` or
    /// `b64` (RFC 7797); [`Error::UnknownAlgorithm`], also for `none`; [`Error::PrivateKeyMaterial`] for a `jwk`
    /// with private parts.
    pub fn peek(token: &str) -> Result<Header> {
        let [header, payload, signature] = parts(token)?;
        let header = decode_base64url(header).ok_or(Error::Malformed("header is not base64url"))?;
        if decode_base64url(payload).is_none() || decode_base64url(signature).is_none() {
            return Err(Error::Malformed("payload or signature is not base64url"));
        }
        let members = object_with_unique_names(&header)
            .ok_or(Error::Malformed("header is not a JSON object with unique names"))?;
        Header::from_members(members)
    }

    /// Whether `typ` is this media type: any letter case, with or without the `application/` prefix
    /// (RFC 7515 §4.1.9).
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ
            .as_deref()
            .is_some_and(|typ| without_prefix(typ).eq_ignore_ascii_case(without_prefix(expected)))
    }

    fn from_members(mut members: Map<String, Value>) -> Result<Header> {
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(Error::CriticalHeader);
        }
        let algorithm = take_text(&mut members, "alg")?.ok_or(Error::Malformed("header has no alg"))?;
        let jwk = members.remove("jwk");
        match &jwk {
            None => {}
            Some(Value::Object(jwk)) if has_private_members(jwk) => return Err(Error::PrivateKeyMaterial),
            Some(Value::Object(_)) => {}
            Some(_) => return Err(Error::Malformed("jwk is not an object")),
        }
        Ok(Header {
            algorithm: algorithm.parse()?,
            typ: take_text(&mut members, "typ")?,
            kid: take_text(&mut members, "kid")?,
            cty: take_text(&mut members, "cty")?,
            jwk,
        })
    }
}

/// The three parts of a compact JWS (RFC 7515 §7.1), bounded in length.
pub(crate) fn parts(token: &str) -> Result<[&str; 3]> {
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(Error::TooLarge);
    }
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) => Ok([header, payload, signature]),
        _ => Err(Error::Malformed("not three parts")),
    }
}

/// Removes a member that must be a string if it is there.
pub(crate) fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<Option<String>> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::Malformed("a header member is not a string")),
    }
}

fn without_prefix(media_type: &str) -> &str {
    const PREFIX: &str = "application/";
    match media_type.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &media_type[PREFIX.len()..],
        _ => media_type,
    }
}
