//! Redirection endpoints (OAuth 2.1 §2.3, RFC 9700 §4.1, RFC 8252 §7).

use url::{Host, Url};

/// Hosts of this machine; RFC 8252 §7.3 speaks of the two addresses, and MCP clients of the name.
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// Whether the redirect URI of a request is the registered one: byte for byte (OAuth 2.1 §2.3.1),
/// except that a loopback address may have any port (RFC 8252 §7.3).
pub fn matches(registered: &str, presented: &str) -> bool {
    registered == presented
        || without_loopback_port(registered)
            .is_some_and(|registered| without_loopback_port(presented) == Some(registered))
}

/// Splits `http://127.0.0.1:49152/callback` into the loopback origin without its port and the rest.
fn without_loopback_port(uri: &str) -> Option<(&'static str, &str)> {
    let (origin, rest) =
        LOOPBACK.iter().find_map(|origin| uri.strip_prefix(origin).map(|rest| (*origin, rest)))?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(port_and_rest) => {
            let end =
                port_and_rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(port_and_rest.len());
            let (port, rest) = port_and_rest.split_at(end);
            port.parse::<u16>().ok()?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((origin, rest))
}

/// Where a redirect URI leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An application on the person's own machine that listens there (RFC 8252 §7.3).
    Loopback,
    /// An application on the person's own device that owns a scheme (RFC 8252 §7.1).
    PrivateUse,
    Host(String),
}

/// Where the redirect URI leads; none for what is no absolute URI.
pub fn target(uri: &str) -> Option<Target> {
    let parsed = Url::parse(uri).ok()?;
    if !matches!(parsed.scheme(), "https" | "http") {
        return Some(Target::PrivateUse);
    }
    if is_loopback(&parsed) {
        return Some(Target::Loopback);
    }
    parsed.host_str().map(|host| Target::Host(host.to_owned()))
}

/// Checks a redirect URI at registration.
///
/// # Errors
/// What is wrong with it, for the person who registers it.
pub fn check_registration(uri: &str) -> Result<(), &'static str> {
    let parsed = Url::parse(uri).map_err(|_| "is not an absolute URI")?;
    if uri.contains('#') {
        return Err("must not have a fragment");
    }
    if uri.bytes().any(|byte| byte.is_ascii_control() || byte == b' ' || byte == b'\\' || byte == b'*') {
        return Err("must not hold spaces, control characters, backslashes or wildcards");
    }
    match parsed.scheme() {
        "https" => without_credentials(&parsed),
        "http" if is_loopback(&parsed) => without_credentials(&parsed),
        "http" => Err("must use https unless it is a loopback address"),
        // RFC 8252 §7.1: a private-use scheme is a domain name in reverse order.
        scheme if scheme.contains('.') => Ok(()),
        _ => {
            Err("must use https, http on a loopback address, or a private-use scheme such as com.example.app")
        }
    }
}

fn without_credentials(uri: &Url) -> Result<(), &'static str> {
    if uri.username().is_empty() && uri.password().is_none() && uri.host().is_some() {
        Ok(())
    } else {
        Err("must not hold a user name or a password")
    }
}

fn is_loopback(uri: &Url) -> bool {
    match uri.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// OAuth 2.1 §2.3.1, RFC 9700 §4.1.3.
    #[test]
    fn matches_byte_for_byte_but_for_the_loopback_port() {
        let same = [
            ("https://a.example/cb", "https://a.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"),
            ("http://127.0.0.1:8000/cb", "http://127.0.0.1/cb"),
            ("http://localhost/callback", "http://localhost:3118/callback"),
            ("http://[::1]/cb?x=1", "http://[::1]:1/cb?x=1"),
            ("com.example.app:/cb", "com.example.app:/cb"),
        ];
        for (registered, presented) in same {
            assert!(matches(registered, presented), "{registered} {presented}");
        }
        let different = [
            ("https://a.example/cb", "https://a.example/cb/"),
            ("https://a.example/cb", "https://a.example/CB"),
            ("https://a.example/cb", "https://a.example/cb?x"),
            ("https://a.example/cb", "https://a.example:443/cb"),
            ("https://a.example/cb", "https://A.example/cb"),
            ("https://a.example/cb", "https://a.example/x/../cb"),
            ("https://localhost/cb", "https://localhost:8443/cb"),
            ("http://127.0.0.1/cb", "http://localhost/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://localhost", "http://localhostevil"),
            ("http://localhost", "http://localhost:1evil"),
        ];
        for (registered, presented) in different {
            assert!(!matches(registered, presented), "{registered} {presented}");
        }
    }

    #[test]
    fn registration_takes_only_what_is_safe() {
        for uri in [
            "https://a.example/cb",
            "http://localhost/cb",
            "http://127.0.0.1:1/",
            "http://[::1]/",
            "com.example.app:/cb",
        ] {
            assert_eq!(check_registration(uri), Ok(()), "{uri}");
        }
        for uri in [
            "",
            "/cb",
            "a.example",
            "http://a.example/cb",
            "https://a.example/cb#x",
            "https://a.example/cb#",
            "https://u:p@a.example/",
            "https://*.a.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/cb",
            "https://a.example/a b",
            "https://a.example\\@evil.example/",
            "http://127.0.0.2/",
            "file:///etc/passwd",
        ] {
            assert!(check_registration(uri).is_err(), "{uri}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_matches(presented in "\\PC{0,60}") {
            prop_assume!(presented != "https://a.example/cb");
            prop_assert!(!matches("https://a.example/cb", &presented));
        }

        #[test]
        fn a_match_stays_on_the_loopback(rest in "[:@a-z0-9./?%-]{0,30}") {
            let presented = format!("http://127.0.0.1{rest}");
            if matches("http://127.0.0.1/cb", &presented) {
                let host = Url::parse(&presented).unwrap().host_str().map(str::to_owned);
                prop_assert_eq!(host.as_deref(), Some("127.0.0.1"));
            }
        }
    }
}
