use serde_json::{Value, json};

use crate::encoding::{decode_base64url, object_with_unique_names};
use crate::header::take_text;
use crate::jwe::{ContentEncryption, EncryptionKey, KeyManagement, parts};
use crate::jwk::Parameters;
use crate::{Error, PublicJwk, Result};

/// The members of a JWE header (RFC 7516 §4.1) that decryption needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub algorithm: KeyManagement,
    pub encryption: ContentEncryption,
    pub kid: Option<String>,
    pub cty: Option<String>,
    /// The sender's ephemeral public key, for ECDH-ES (RFC 7518 §4.6.1.1).
    pub(crate) ephemeral: Option<PublicJwk>,
    /// `apu` and `apv` (RFC 7518 §4.6.1.2, §4.6.1.3), decoded.
    pub(crate) party_information: [Vec<u8>; 2],
}

impl Header {
    /// Reads the header of a compact JWE without decrypting anything, to find the key by its `kid`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] past [`crate::jwe::MAX_LENGTH`]; [`Error::Malformed`] unless there are five parts and
    /// the first is a JSON object with unique names; [`Error::CriticalHeader`] for any `crit`;
    /// [`Error::UnknownAlgorithm`] for another `alg` or `enc`, or any `zip`.
    pub fn peek(token: &str) -> Result<Header> {
        let [header, ..] = parts(token)?;
        let header = decode_base64url(header).ok_or(Error::Malformed("header is not base64url"))?;
        let mut members = object_with_unique_names(&header)
            .ok_or(Error::Malformed("header is not a JSON object with unique names"))?;
        if members.contains_key("crit") {
            return Err(Error::CriticalHeader);
        }
        // Compression lets a small token grow into a large one (RFC 8725 §3.6).
        if members.contains_key("zip") {
            return Err(Error::UnknownAlgorithm);
        }
        let mut text = |name| take_text(&mut members, name);
        let algorithm = text("alg")?.ok_or(Error::Malformed("header has no alg"))?;
        let encryption = text("enc")?.ok_or(Error::Malformed("header has no enc"))?;
        let party_information = [text("apu")?, text("apv")?].map(|information| match information {
            None => Ok(Vec::new()),
            Some(text) => decode_base64url(&text).ok_or(Error::Malformed("apu or apv is not base64url")),
        });
        let [party_u, party_v] = party_information;
        Ok(Header {
            algorithm: algorithm.parse()?,
            encryption: encryption.parse()?,
            kid: text("kid")?,
            cty: text("cty")?,
            party_information: [party_u?, party_v?],
            ephemeral: members.get("epk").map(PublicJwk::parse).transpose()?,
        })
    }
}

pub(crate) fn encode(
    key: &EncryptionKey,
    encryption: ContentEncryption,
    cty: Option<&str>,
    ephemeral: Option<&Parameters>,
) -> String {
    let mut header = json!({ "alg": key.algorithm(), "enc": encryption });
    if let Some(kid) = key.kid() {
        header["kid"] = Value::from(kid);
    }
    if let Some(cty) = cty {
        header["cty"] = Value::from(cty);
    }
    if let Some(ephemeral) = ephemeral {
        header["epk"] = json!(ephemeral);
    }
    header.to_string()
}
