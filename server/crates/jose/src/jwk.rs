use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::encoding::{base64url, decode_base64url};
use crate::{Curve, Error, KeyType, Result};

/// A JWK's `use` (RFC 7517 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyUse {
    #[serde(rename = "sig")]
    Signature,
    #[serde(rename = "enc")]
    Encryption,
}

/// A public key as a JWK (RFC 7517), for publishing and for thumbprints. The type has no place for private
/// members, so that none can be published, and it writes every member once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    #[serde(flatten)]
    pub(crate) parameters: Parameters,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub(crate) key_use: Option<KeyUse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alg: Option<String>,
}

/// The members that make the key itself, in base64url, of the right length and on the curve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub(crate) enum Parameters {
    #[serde(rename = "EC")]
    Ec { crv: Curve, x: String, y: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "OKP")]
    Okp { crv: Curve, x: String },
}

impl PublicJwk {
    /// Reads a public key: EC on P-256 or P-384, RSA of 2048 to 4096 bits, or OKP with Ed25519. Members beyond
    /// the key itself, `kid`, `use` and `alg` are dropped.
    ///
    /// # Errors
    /// [`Error::PrivateKeyMaterial`] if a private member of any key type is there, [`Error::WeakKey`] for a
    /// smaller RSA key, [`Error::UnsupportedKey`] for another key type, curve or size, [`Error::Malformed`] for
    /// members of the wrong type or form or a point that is not on its curve.
    pub fn parse(jwk: &Value) -> Result<PublicJwk> {
        let jwk = jwk.as_object().ok_or(Error::Malformed("key is not an object"))?;
        if has_private_members(jwk) {
            return Err(Error::PrivateKeyMaterial);
        }
        let parameters = match text(jwk, "kty")?.ok_or(Error::Malformed("key has no kty"))? {
            "EC" => Parameters::parse_ec(jwk)?,
            "RSA" => Parameters::parse_rsa(jwk)?,
            "OKP" => Parameters::parse_okp(jwk)?,
            _ => return Err(Error::UnsupportedKey("key type")),
        };
        let key_use = match text(jwk, "use")? {
            None => None,
            Some("sig") => Some(KeyUse::Signature),
            Some("enc") => Some(KeyUse::Encryption),
            Some(_) => return Err(Error::UnsupportedKey("use")),
        };
        let owned = |name| Ok::<_, Error>(text(jwk, name)?.map(str::to_owned));
        Ok(PublicJwk { parameters, kid: owned("kid")?, key_use, alg: owned("alg")? })
    }

    /// The thumbprint of RFC 7638 with SHA-256, in base64url: DPoP's `jkt` and a good `kid`.
    pub fn thumbprint_sha256(&self) -> String {
        // The required members alone, in lexicographic order, without white space (RFC 7638 §3, RFC 8037 §2).
        // No value needs escaping: all are base64url or the names of curves.
        let canonical = match &self.parameters {
            Parameters::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{}","kty":"EC","x":"{x}","y":"{y}"}}"#, crv.as_str())
            }
            Parameters::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Parameters::Okp { crv, x } => {
                format!(r#"{{"crv":"{}","kty":"OKP","x":"{x}"}}"#, crv.as_str())
            }
        };
        base64url(digest(&SHA256, canonical.as_bytes()).as_ref())
    }

    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `alg` as it is written, be it for signatures or for encryption.
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    pub fn key_use(&self) -> Option<KeyUse> {
        self.key_use
    }

    pub fn key_type(&self) -> KeyType {
        match self.parameters {
            Parameters::Ec { .. } => KeyType::Ec,
            Parameters::Rsa { .. } => KeyType::Rsa,
            Parameters::Okp { .. } => KeyType::Okp,
        }
    }
}

impl Parameters {
    /// From an uncompressed point: 0x04, x, y (SEC 1 §2.3.3).
    pub(crate) fn from_point(crv: Curve, point: &[u8]) -> Result<Parameters> {
        let length = crv.coordinate_length();
        match point {
            [4, coordinates @ ..] if coordinates.len() == 2 * length => {
                let (x, y) = coordinates.split_at(length);
                Ok(Parameters::Ec { crv, x: base64url(x), y: base64url(y) })
            }
            _ => Err(Error::Cryptography("public point")),
        }
    }

    /// The key as the signature libraries take it: an uncompressed point for EC, the bare key for OKP.
    /// RSA keys have no such form here.
    pub(crate) fn point(&self) -> Result<Vec<u8>> {
        match self {
            Parameters::Ec { crv, x, y } => {
                let mut point = vec![4];
                point.extend(coordinate(x, *crv)?);
                point.extend(coordinate(y, *crv)?);
                Ok(point)
            }
            Parameters::Okp { crv, x } => coordinate(x, *crv),
            Parameters::Rsa { .. } => Err(Error::UnsupportedKey("key type")),
        }
    }

    fn parse_ec(jwk: &Map<String, Value>) -> Result<Parameters> {
        let crv = match required(jwk, "crv")? {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            _ => return Err(Error::UnsupportedKey("curve")),
        };
        let parameters =
            Parameters::Ec { crv, x: required(jwk, "x")?.to_owned(), y: required(jwk, "y")?.to_owned() };
        let algorithm = match crv {
            Curve::P384 => &ECDSA_P384_SHA384_FIXED,
            _ => &ECDSA_P256_SHA256_FIXED,
        };
        ParsedPublicKey::new(algorithm, parameters.point()?)
            .map_err(|_| Error::Malformed("the point is not on the curve"))?;
        Ok(parameters)
    }

    fn parse_okp(jwk: &Map<String, Value>) -> Result<Parameters> {
        if required(jwk, "crv")? != Curve::Ed25519.as_str() {
            return Err(Error::UnsupportedKey("curve"));
        }
        let parameters = Parameters::Okp { crv: Curve::Ed25519, x: required(jwk, "x")?.to_owned() };
        ParsedPublicKey::new(&ED25519, parameters.point()?)
            .map_err(|_| Error::Malformed("the point is not on the curve"))?;
        Ok(parameters)
    }

    fn parse_rsa(jwk: &Map<String, Value>) -> Result<Parameters> {
        let parameters =
            Parameters::Rsa { n: required(jwk, "n")?.to_owned(), e: required(jwk, "e")?.to_owned() };
        let (n, e) = parameters.rsa_components()?;
        // An even modulus or exponent is no RSA key; an exponent past 33 bits makes verification a way to stall us.
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        if !odd(&n) || !odd(&e) || e == [1] {
            return Err(Error::Malformed("not an RSA key"));
        }
        if bits(&e) > 33 || bits(&n) > 4096 {
            return Err(Error::UnsupportedKey("size"));
        }
        if bits(&n) < 2048 {
            return Err(Error::WeakKey);
        }
        Ok(parameters)
    }

    /// An RSA key's modulus and exponent, big-endian.
    pub(crate) fn rsa_components(&self) -> Result<(Vec<u8>, Vec<u8>)> {
        match self {
            Parameters::Rsa { n, e } => Ok((unsigned(n)?, unsigned(e)?)),
            _ => Err(Error::UnsupportedKey("key type")),
        }
    }
}

/// Whether any member is private or symmetric in any registered key type (RFC 7518 §6, RFC 8037 §2, AKP).
pub(crate) fn has_private_members(jwk: &Map<String, Value>) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"].iter().any(|name| jwk.contains_key(*name))
}

/// Whether `use` and `key_ops` (RFC 7517 §4.2, §4.3), as far as they are there, permit this use of a public key.
pub(crate) fn permits(jwk: &Value, key_use: KeyUse) -> bool {
    let (name, operations): (_, &[&str]) = match key_use {
        KeyUse::Signature => ("sig", &["verify"]),
        KeyUse::Encryption => ("enc", &["encrypt", "wrapKey", "deriveKey", "deriveBits"]),
    };
    let operation_permits = match jwk.get("key_ops") {
        None => true,
        Some(Value::Array(named)) => {
            named.iter().filter_map(Value::as_str).any(|operation| operations.contains(&operation))
        }
        Some(_) => false,
    };
    operation_permits && jwk.get("use").is_none_or(|value| value == name)
}

fn text<'jwk>(jwk: &'jwk Map<String, Value>, name: &str) -> Result<Option<&'jwk str>> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::Malformed("a member of the key is not a string")),
    }
}

fn required<'jwk>(jwk: &'jwk Map<String, Value>, name: &str) -> Result<&'jwk str> {
    text(jwk, name)?.ok_or(Error::Malformed("a member of the key is missing"))
}

/// Of full length, leading zeros included (RFC 7518 §6.2.1.2).
fn coordinate(text: &str, crv: Curve) -> Result<Vec<u8>> {
    decode_base64url(text)
        .filter(|bytes| bytes.len() == crv.coordinate_length())
        .ok_or(Error::Malformed("not a coordinate of the curve"))
}

/// A Base64urlUInt (RFC 7518 §2): without leading zeros, since one key must have one thumbprint.
fn unsigned(text: &str) -> Result<Vec<u8>> {
    decode_base64url(text)
        .filter(|bytes| bytes.first().is_some_and(|first| *first != 0))
        .ok_or(Error::Malformed("not a Base64urlUInt"))
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
