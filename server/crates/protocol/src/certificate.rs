//! The subject that a client registered, and whether a certificate names it (RFC 8705 §2.1).
//!
//! A certificate's chain and signatures are not looked at here: this is about names alone.

mod distinguished_name;

use std::net::IpAddr;

use distinguished_name::DistinguishedName;

/// The names in a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The subject's relative distinguished names in the certificate's order, most of them of one attribute.
    pub subject: Vec<Vec<SubjectAttribute>>,
    /// Subject alternative names of the kinds that RFC 8705 §2.1.2 knows, as they are written.
    pub dns: Vec<String>,
    pub uris: Vec<String>,
    pub addresses: Vec<IpAddr>,
    pub emails: Vec<String>,
}

/// One attribute of a subject's distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectAttribute {
    /// The object identifier with dots, such as `2.5.4.3`.
    pub attribute_type: String,
    /// The value, if it is of a string type that has one reading.
    pub text: Option<String>,
    /// The value as it is encoded: tag, length and content.
    pub encoded: Vec<u8>,
}

/// The subject that a client of `tls_client_auth` registered: one of five (RFC 8705 §2.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSubject(Expected);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    Subject(DistinguishedName),
    Dns(String),
    Uri(String),
    Address(IpAddr),
    Email(String),
}

/// A registered subject that no certificate could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedSubject(&'static str);

impl std::fmt::Display for MalformedSubject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for MalformedSubject {}

impl ExpectedSubject {
    /// The client metadata parameters that register a subject; a client has exactly one of them.
    pub const PARAMETERS: [&str; 5] = [
        "tls_client_auth_subject_dn",
        "tls_client_auth_san_dns",
        "tls_client_auth_san_uri",
        "tls_client_auth_san_ip",
        "tls_client_auth_san_email",
    ];

    /// Reads the value of one of [`Self::PARAMETERS`].
    ///
    /// A distinguished name is a string of RFC 4514, the most specific part first. Spaces around `,`, `+` and
    /// `=` are tolerated, as in RFC 2253. Attribute types are dotted object identifiers or the short names of
    /// RFC 4514 §3 and of some more that certificates use.
    ///
    /// # Errors
    /// Another parameter, or a value that is not of its form.
    pub fn parse(parameter: &str, value: &str) -> Result<Self, MalformedSubject> {
        let expected = match parameter {
            "tls_client_auth_subject_dn" => Expected::Subject(DistinguishedName::parse(value)?),
            "tls_client_auth_san_dns" => Expected::Dns(dns_name(value)?),
            "tls_client_auth_san_uri" => Expected::Uri(uri(value)?),
            "tls_client_auth_san_ip" => {
                Expected::Address(value.parse().map_err(|_| MalformedSubject("not an IP address"))?)
            }
            "tls_client_auth_san_email" => Expected::Email(email(value)?),
            _ => return Err(MalformedSubject("not a parameter for a certificate's subject")),
        };
        Ok(Self(expected))
    }

    /// Whether the certificate with these names is the client's. A host name matches a name of the same letters
    /// and no wildcard; a host in the subject's common name is no host name.
    pub fn matches(&self, names: &CertificateNames) -> bool {
        match &self.0 {
            Expected::Subject(name) => name.matches(&names.subject),
            // RFC 5280 §7.2: host names are compared without regard to case.
            Expected::Dns(name) => names.dns.iter().any(|held| held.eq_ignore_ascii_case(name)),
            Expected::Uri(uri) => names.uris.contains(uri),
            // Of 4 or of 16 bytes, as the certificate has it: one form of an address is not the other.
            Expected::Address(address) => names.addresses.contains(address),
            Expected::Email(email) => names.emails.iter().any(|held| is_same_mailbox(held, email)),
        }
    }
}

fn dns_name(text: &str) -> Result<String, MalformedSubject> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if text.len() <= 253 && text.strip_prefix("*.").unwrap_or(text).split('.').all(is_label) {
        Ok(text.to_owned())
    } else {
        Err(MalformedSubject("not a DNS name in ASCII"))
    }
}

fn uri(text: &str) -> Result<String, MalformedSubject> {
    // Compared as it is written, and so kept as it is written.
    match url::Url::parse(text) {
        Ok(_) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err(MalformedSubject("not an absolute URI")),
    }
}

fn email(text: &str) -> Result<String, MalformedSubject> {
    match text.rsplit_once('@') {
        Some((local, host))
            if !local.is_empty()
                && local.bytes().all(|byte| byte.is_ascii_graphic())
                && dns_name(host).is_ok() =>
        {
            Ok(text.to_owned())
        }
        _ => Err(MalformedSubject("not a mailbox in ASCII")),
    }
}

/// RFC 5280 §7.5: the local part as it is, the host without regard to case.
fn is_same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((one_local, one_host)), Some((other_local, other_host))) => {
            one_local == other_local && one_host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
