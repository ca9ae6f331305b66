//! Which URLs may be fetched at all.

use rustls::pki_types::DnsName;
use url::{Host, Url};

use crate::Refusal;
use crate::address::Reach;

/// The longest URL, in bytes.
pub const MAX_URL_LENGTH: usize = 2048;

/// What RFC 3986 §2 allows in a URI beside letters and digits. Anything else, a backslash or a line break, is
/// what programs disagree about.
const PUNCTUATION: &[u8] = b"-._~:/?#[]@!$&'()*+,;=%";

/// The rules that a URL keeps whatever its name resolves to: https, a host on the public internet, port 443 or
/// one from 1024 up, neither user name nor fragment. With `allow_private_network` the host may be private too,
/// and plain http may be spoken with this machine.
///
/// The URL given is normalised, and an address in it stands for itself, however it was spelt. Where a
/// specification compares URLs as strings, compare the text.
///
/// # Errors
/// What whoever wrote the URL must change.
pub fn check_url(text: &str, allow_private_network: bool) -> Result<Url, Refusal> {
    if text.len() > MAX_URL_LENGTH {
        return Err(Refusal::UrlTooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte)) {
        return Err(Refusal::Malformed);
    }
    let (_, after_scheme) = text.split_once("://").ok_or(Refusal::Malformed)?;
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(Refusal::Host);
    }
    if authority.contains('@') {
        return Err(Refusal::UserInformation);
    }
    let url = Url::parse(text).map_err(|_| Refusal::Malformed)?;
    if url.fragment().is_some() {
        return Err(Refusal::Fragment);
    }
    check_scheme(&url, allow_private_network)?;
    check_host(&url, allow_private_network)?;
    // A known service's port would let strangers speak to that service through us.
    if url.port().is_some_and(|port| port < 1024) {
        return Err(Refusal::Port);
    }
    Ok(url)
}

fn check_scheme(url: &Url, allow_private_network: bool) -> Result<(), Refusal> {
    let is_this_machine = || match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => Reach::of(address.into()) == Reach::Loopback,
        Some(Host::Ipv6(address)) => Reach::of(address.into()) == Reach::Loopback,
        None => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if allow_private_network && is_this_machine() => Ok(()),
        _ => Err(Refusal::Scheme),
    }
}

fn check_host(url: &Url, allow_private_network: bool) -> Result<(), Refusal> {
    let literal = match url.host() {
        Some(Host::Domain(name)) => return check_name(name, allow_private_network),
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        None => return Err(Refusal::Host),
    };
    if Reach::of(literal).is_allowed(allow_private_network) {
        Ok(())
    } else {
        Err(Refusal::SpecialUse(format!("{literal} in the URL").into()))
    }
}

fn check_name(name: &str, allow_private_network: bool) -> Result<(), Refusal> {
    if name.ends_with('.') || DnsName::try_from(name).is_err() {
        return Err(Refusal::Host);
    }
    // RFC 6761 §6.3: such names are this machine whatever a resolver says.
    let is_local = name == "localhost" || name.ends_with(".localhost");
    if is_local && !allow_private_network {
        return Err(Refusal::SpecialUse(format!("{name} in the URL").into()));
    }
    Ok(())
}
