//! Who is at the other end of a connection: an address and, with mutual TLS, a certificate.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_jose::PublicJwk;
use grantor_protocol::certificate::{CertificateNames, SubjectAttribute};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_parser::asn1_rs::{Tag, ToDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AttributeTypeAndValue, SubjectPublicKeyInfo};

/// The largest certificate that is looked at, in bytes of DER.
const LARGEST_CERTIFICATE: usize = 16 * 1024;

/// The longest chain that is looked at, leaf included.
const LONGEST_CHAIN: usize = 10;

/// The client behind a request, as the listener or a trusted reverse proxy tells of it.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// `None` where there is no network, as in tests.
    pub address: Option<IpAddr>,
    /// What the client proved in the TLS handshake to hold the private key of. Nothing else is known of it:
    /// anybody can make a certificate with any name, so whoever relies on it matches it to a registered client.
    pub certificate: Option<Arc<ClientCertificate>>,
}

impl Peer {
    /// The thumbprint of the certificate, which tokens are bound to (RFC 8705 §3.1).
    pub fn certificate_thumbprint(&self) -> Option<String> {
        self.certificate.as_ref().map(|certificate| certificate.thumbprint().to_owned())
    }
}

/// A client's certificate with what came along to build its chain from, parsed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    chain: Vec<Vec<u8>>,
    thumbprint: String,
    names: CertificateNames,
    key_thumbprint: Option<String>,
}

/// Why bytes are not a client's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedCertificate(pub &'static str);

impl ClientCertificate {
    /// Reads a chain of certificates in DER, the client's own first.
    ///
    /// # Errors
    /// An empty, overlong or oversized chain, a first certificate that is not one of X.509 (RFC 5280), or one
    /// with its alternative names twice or unreadable. The others are read when a chain is built of them.
    pub fn parse(chain: Vec<Vec<u8>>) -> Result<Self, MalformedCertificate> {
        if chain.len() > LONGEST_CHAIN || chain.iter().any(|der| der.len() > LARGEST_CERTIFICATE) {
            return Err(MalformedCertificate("the certificate or its chain is too large"));
        }
        let leaf = chain.first().ok_or(MalformedCertificate("there is no certificate"))?;
        let certificate = match X509Certificate::from_der(leaf) {
            Ok(([], certificate)) => certificate,
            Ok(_) => return Err(MalformedCertificate("something follows the certificate")),
            Err(_) => return Err(MalformedCertificate("not an X.509 certificate")),
        };
        let (names, key_thumbprint) = (names(&certificate)?, key_thumbprint(certificate.public_key()));
        Ok(Self { thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(leaf)), names, key_thumbprint, chain })
    }

    /// `x5t#S256` (RFC 8705 §3.1): SHA-256 of the certificate in DER, in base64url.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The names in the certificate, which prove nothing before its chain is verified.
    pub fn names(&self) -> &CertificateNames {
        &self.names
    }

    /// The certificates in DER, the client's own first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The thumbprint of the public key as a JWK (RFC 7638), if it is of a kind that [`PublicJwk`] knows.
    pub fn key_thumbprint(&self) -> Option<&str> {
        self.key_thumbprint.as_deref()
    }
}

fn names(certificate: &X509Certificate<'_>) -> Result<CertificateNames, MalformedCertificate> {
    let relative_names = certificate.subject().iter();
    let mut names = CertificateNames {
        subject: relative_names.map(|name| name.iter().map(subject_attribute).collect()).collect(),
        ..CertificateNames::default()
    };
    let alternative_names = certificate
        .subject_alternative_name()
        .map_err(|_| MalformedCertificate("the subject alternative names cannot be read"))?;
    for name in alternative_names.iter().flat_map(|extension| &extension.value.general_names) {
        match name {
            GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
            GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
            GeneralName::RFC822Name(mailbox) => names.emails.push((*mailbox).to_owned()),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                names.addresses.extend(v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok());
            }
            _ => {}
        }
    }
    Ok(names)
}

fn subject_attribute(attribute: &AttributeTypeAndValue<'_>) -> SubjectAttribute {
    let value = attribute.attr_value();
    let text = match value.tag() {
        Tag::BmpString => utf16(value.data),
        // T.61's letters have no agreed reading: such a value can be registered in hexadecimal.
        _ => attribute.as_str().ok().map(str::to_owned),
    };
    SubjectAttribute {
        attribute_type: attribute.attr_type().to_id_string(),
        text,
        encoded: value.to_der_vec().unwrap_or_default(),
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks() else { return None };
    char::decode_utf16(pairs.iter().map(|pair| u16::from_be_bytes(*pair))).collect::<Result<_, _>>().ok()
}

/// RFC 5480 §2, RFC 8017 Appendix A.1 and RFC 8410 §4, as RFC 7518 §6 and RFC 8037 §2 write the same keys.
fn key_thumbprint(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    let parameters = || key.algorithm.parameters.as_ref()?.as_oid().ok().map(|oid| oid.to_id_string());
    let jwk: Value = match key.parsed().ok()? {
        PublicKey::RSA(key) => {
            let unsigned = |bytes: &[u8]| {
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                URL_SAFE_NO_PAD.encode(bytes.get(zeros..).unwrap_or_default())
            };
            json!({ "kty": "RSA", "n": unsigned(key.modulus), "e": unsigned(key.exponent) })
        }
        PublicKey::EC(point) => {
            let curve = match parameters()?.as_str() {
                "1.2.840.10045.3.1.7" => "P-256",
                "1.3.132.0.34" => "P-384",
                _ => return None,
            };
            let [4, coordinates @ ..] = point.data() else { return None };
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            json!({ "kty": "EC", "crv": curve, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
        }
        PublicKey::Unknown(bytes) if key.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bytes) })
        }
        _ => return None,
    };
    PublicJwk::parse(&jwk).ok().map(|jwk| jwk.thumbprint_sha256())
}
