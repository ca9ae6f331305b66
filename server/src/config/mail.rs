use std::fmt;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lettre::Address;
use url::{Host, Url};

use super::{ConfigError, PublicUrl, Sources};

/// How messages to people leave.
#[derive(Debug)]
pub struct MailConfig {
    /// Whom they are from.
    pub from: Address,
    pub way: MailWay,
}

/// Where messages go.
#[derive(Debug)]
pub enum MailWay {
    /// Into files of this directory, for development.
    Files(PathBuf),
    Smtp(SmtpUrl),
}

/// The address of a mail server with what proves to it who we are. Does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(String);

impl SmtpUrl {
    /// The address in clear, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmtpUrl(..)")
    }
}

impl FromStr for SmtpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url =
            Url::parse(text).map_err(|_| "is not a URL such as smtps://name:password@mail.example.com")?;
        let is_near = match url.host() {
            Some(Host::Domain("localhost")) => true,
            // Of schemes that are not the web's, an address of digits is a name to the parser.
            Some(Host::Domain(name)) => name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("names no host"),
        };
        let mut tls = None;
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "required" | "opportunistic") if tls.is_none() => tls = Some(value.into_owned()),
                _ => return Err("has a query that is neither tls=required nor tls=opportunistic"),
            }
        }
        match (url.scheme(), tls) {
            ("smtps", None) | ("smtp", Some(_)) => {}
            ("smtp", None) if url.password().is_none() || is_near => {}
            ("smtp", None) => {
                return Err("would send the password in clear: use smtps:// or add ?tls=required");
            }
            ("smtps", Some(_)) => return Err("smtps:// is TLS from the first byte: leave tls= out"),
            _ => return Err("must begin with smtp:// or smtps://"),
        }
        if url.password().is_none() && !url.username().is_empty() {
            return Err("has a user name without a password");
        }
        Ok(Self(text.to_owned()))
    }
}

pub(super) fn mail(
    sources: &Sources,
    public_url: &PublicUrl,
    data_dir: &Path,
) -> Result<MailConfig, ConfigError> {
    let from = match sources.text("mail_from") {
        Some(text) => text.parse().map_err(|_| sources.wrong("mail_from", "is not an email address"))?,
        None => Address::new("no-reply", public_url.host())
            .or_else(|_| Address::new("no-reply", "localhost"))
            .map_err(|error| ConfigError(format!("mail_from: {error}")))?,
    };
    let way = match sources.parsed("smtp_url")? {
        Some(url) => MailWay::Smtp(url),
        None => MailWay::Files(data_dir.join("mail")),
    };
    Ok(MailConfig { from, way })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_that_keep_the_password_to_the_server() {
        for (text, problem) in [
            ("smtps://me:secret@mail.example.com", None),
            ("smtp://me:secret@mail.example.com:587?tls=required", None),
            ("smtp://me:secret@mail.example.com?tls=opportunistic", None),
            ("smtp://mail.example.com", None),
            ("smtp://localhost:1025", None),
            ("smtp://me:secret@localhost:1025", None),
            ("smtp://me:secret@127.0.0.1:1025", None),
            ("smtp://me:secret@mail.example.com", Some("in clear")),
            ("smtp://mail.example.com?tls=maybe", Some("tls=required")),
            ("smtp://mail.example.com?tsl=required", Some("tls=required")),
            ("smtps://mail.example.com?tls=required", Some("leave tls= out")),
            ("smtp://me@mail.example.com", Some("without a password")),
            ("https://mail.example.com", Some("must begin")),
            ("mail.example.com", Some("not a URL")),
            ("smtp:mail", Some("names no host")),
        ] {
            let parsed: Result<SmtpUrl, _> = text.parse();
            match problem {
                None => assert!(parsed.is_ok(), "{text}: {parsed:?}"),
                Some(problem) => {
                    assert!(
                        parsed.as_ref().is_err_and(|found| found.contains(problem)),
                        "{text}: {parsed:?}"
                    );
                }
            }
        }
        let secret: SmtpUrl = "smtps://me:secret@mail.example.com".parse().unwrap();
        assert_eq!(format!("{secret:?}"), "SmtpUrl(..)");
    }
}
