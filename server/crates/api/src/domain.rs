use serde::{Deserialize, Serialize};

/// A host name that a tenant's issuer can be at, instead of the server's own address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct Domain {
    /// The host name, in lower-case ASCII (`xn--` for other letters), without a port. It is no IP address
    /// and not the server's own host nor below it. With PUT it is the one in the path; it cannot be
    /// changed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 253)))]
    pub domain: String,
    /// Whether the tenant's issuer is `https://{domain}`. Only a verified domain can be primary, and only
    /// one of the tenant's: it takes the place of the one that was. Access tokens of the issuer that the
    /// tenant had before end at once, and clients have to be set to the new one. A PUT without it leaves
    /// it as it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub primary: bool,
    /// Whether the domain is shown to be the tenant's.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub state: DomainState,
    /// What to publish in DNS, while the domain is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only, skip_serializing_if_is_none))]
    pub challenge: Option<DomainChallenge>,
    /// When the challenge was found. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only, skip_serializing_if_is_none))]
    pub verified_at: Option<String>,
    /// Counts changes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub version: i64,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub updated_at: String,
}

/// How far a domain has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "lowercase"))]
pub enum DomainState {
    /// The tenant wants it. Others may want it too.
    #[default]
    Pending,
    /// It is shown to be the tenant's, and no other tenant can have it verified.
    Verified,
}

/// A DNS record that shows whose a domain is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DomainChallenge {
    /// The record's type: `TXT`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub record_type: String,
    /// The record's name, without a dot at the end.
    pub name: String,
    /// What the record says. Every tenant has another one.
    pub value: String,
}
