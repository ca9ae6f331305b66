use std::fmt;
use std::str::FromStr;

use grantor_protocol::model::PasswordPolicy;
use grantor_protocol::password;
use url::{Host, Url};

use super::{Administrator, ConfigError, Sources};

/// The address that browsers and clients use, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether cookies can be `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The host without its port; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        without_port(self.0.split_once("://").map_or(self.0.as_str(), |(_, authority)| authority))
    }

    /// The issuer of the tenant with this slug, unless it is at a domain of the tenant's own.
    pub fn issuer(&self, slug: &str) -> String {
        format!("{}/t/{slug}", self.0)
    }

    /// The resource that the admin API is (RFC 8707): audience of the tokens that it takes.
    pub fn admin_api(&self) -> String {
        format!("{}/admin/v1", self.0)
    }
}

/// The host of an authority that names no user (RFC 3986 §3.2).
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl Default for PublicUrl {
    fn default() -> Self {
        Self("http://localhost:8080".to_owned())
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(
                    "must be https: tokens and passwords would be sent in clear (http is for loopback only)"
                        .to_owned(),
                );
            }
            scheme => return Err(format!("{scheme} is neither https nor http")),
        }
        if url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
        {
            return Err("must be an origin: scheme, host and port only".to_owned());
        }
        if url.origin().ascii_serialization() != text {
            return Err(format!("write it as {}", url.origin().ascii_serialization()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("must be text or json".to_owned()),
        }
    }
}

/// Whether the TLS listener asks clients for certificates (RFC 8705).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsClientAuth {
    /// It does not ask.
    #[default]
    None,
    /// It asks, and goes on without one.
    Optional,
}

impl FromStr for TlsClientAuth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "optional" => Ok(Self::Optional),
            _ => Err("must be none or optional".to_owned()),
        }
    }
}

/// A setting that is off unless it is `true`.
pub(super) fn flag(sources: &Sources, key: &'static str) -> Result<bool, ConfigError> {
    match sources.text(key) {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(sources.wrong(key, "must be true or false")),
    }
}

pub(super) fn database_url(sources: &Sources, url: String) -> Result<String, ConfigError> {
    let known = ["sqlite://", "postgres://", "postgresql://"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        Ok(url)
    } else {
        Err(sources.wrong("database_url", "must start with sqlite:// or postgres://"))
    }
}

pub(super) fn administrator(
    sources: &Sources,
    email: &str,
    password: &str,
) -> Result<Administrator, ConfigError> {
    if !email.contains('@') {
        return Err(sources.wrong("admin_email", "is not an email address"));
    }
    password::check(password, &PasswordPolicy::default(), [email])
        .map_err(|weakness| sources.wrong("admin_password", &weakness.to_string()))?;
    Ok(Administrator { email: email.to_owned(), password: password.to_owned() })
}
