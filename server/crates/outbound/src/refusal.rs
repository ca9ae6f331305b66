use std::fmt;
use std::sync::Arc;

use crate::MAX_URL_LENGTH;

/// Why something was not fetched, in words for whoever published it. The text names no address and nothing of
/// what was answered; that is in [`Refusal::detail`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("the URL is longer than {MAX_URL_LENGTH} bytes: publish under a shorter one")]
    UrlTooLong,
    #[error(
        "this is not an absolute URL of ASCII characters: write it as https://host/path, all else percent-encoded"
    )]
    Malformed,
    #[error("the URL must begin with https://")]
    Scheme,
    #[error(
        "the URL must name a host, by its DNS name without a dot at the end, in Punycode where it is not ASCII"
    )]
    Host,
    #[error("the URL must not contain a user name or a password")]
    UserInformation,
    #[error("the URL must not contain a fragment")]
    Fragment,
    #[error("the URL's port must be 443 or at least 1024")]
    Port,
    /// RFC 6890. The setting is the operator's, so that the text says what a client's developer can do.
    #[error("the URL's host is not on the public internet: all its addresses must be public ones")]
    SpecialUse(Detail),
    #[error("the URL's host name cannot be resolved: check the name and its DNS records")]
    Unresolvable(Detail),
    #[error(
        "the URL's host accepts no connection: check that its server runs and can be reached from the internet"
    )]
    Unreachable(Detail),
    #[error(
        "TLS failed: the server needs TLS 1.2 or 1.3 and a valid certificate for this host, with its chain, from a \
         trusted authority"
    )]
    Tls(Detail),
    #[error("the server answered with a redirect, and none is followed: give the URL that it leads to")]
    Redirect(Detail),
    #[error("the server answered with status {0}: it must be 200")]
    Status(u16),
    #[error("the answer has a content coding: send it as it is when Accept-Encoding is identity")]
    ContentEncoding(Detail),
    #[error("the answer is larger than {0} bytes: make it smaller")]
    TooLarge(usize),
    #[error("the answer was not complete in time: make the server faster")]
    TimedOut,
    #[error("the answer is not HTTP/1.1, ends too early or has too many header fields: check the server")]
    Broken(Detail),
    #[error("too many URLs are being fetched: try again in a minute")]
    Busy,
}

impl Refusal {
    /// What an operator may know beyond the public text: addresses, causes, what a server said. For logs only.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::SpecialUse(detail)
            | Self::Unresolvable(detail)
            | Self::Unreachable(detail)
            | Self::Tls(detail)
            | Self::Redirect(detail)
            | Self::ContentEncoding(detail)
            | Self::Broken(detail) => Some(&detail.0),
            Self::UrlTooLong
            | Self::Malformed
            | Self::Scheme
            | Self::Host
            | Self::UserInformation
            | Self::Fragment
            | Self::Port
            | Self::Status(_)
            | Self::TooLarge(_)
            | Self::TimedOut
            | Self::Busy => None,
        }
    }

    /// An answer that is no HTTP, with what hyper says about it.
    pub(crate) fn broken(error: &dyn std::error::Error) -> Self {
        Self::Broken(with_causes(error).into())
    }
}

/// What strangers must not read; it has no public text.
#[derive(Clone, PartialEq, Eq)]
pub struct Detail(Arc<str>);

impl Detail {
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl From<String> for Detail {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Detail(..)")
    }
}

/// An error with its sources, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Why there is no fetcher, for the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no certificate authorities are found: install the system's (ca-certificates), or let SSL_CERT_FILE name \
         a file of them{0}"
    )]
    NoAuthorities(String),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}
