//! Host names that a tenant's issuer can be at.

use std::net::IpAddr;

use url::Host;

/// What stands before a domain in the name of the TXT record that proves whose it is.
const CHALLENGE_LABEL: &str = "_grantor-challenge";

/// The longest name that DNS has, in letters (RFC 1035 §2.3.4, less the length and the root).
const MAX_NAME_LENGTH: usize = 253;

/// The longest domain: the name of its challenge has to fit into DNS too.
pub const MAX_DOMAIN_LENGTH: usize = MAX_NAME_LENGTH - CHALLENGE_LABEL.len() - 1;

/// Most domains of a tenant.
pub const MAX_DOMAINS: usize = 20;

/// The longest label of a name (RFC 1035 §2.3.4).
const MAX_LABEL_LENGTH: usize = 63;

/// The issuer of a tenant whose primary domain this is.
pub fn issuer(domain: &str) -> String {
    format!("{ISSUER_SCHEME}{domain}")
}

/// The domain of [`issuer`]; None for an issuer that no domain has, be it one with a path or a port.
pub fn of_issuer(issuer: &str) -> Option<&str> {
    issuer.strip_prefix(ISSUER_SCHEME).filter(|domain| is_possible(domain))
}

const ISSUER_SCHEME: &str = "https://";

/// The name of the TXT record that proves whose a domain is.
pub fn challenge_name(domain: &str) -> String {
    format!("{CHALLENGE_LABEL}.{domain}")
}

/// Whether a host could be somebody's domain: a host name of at least two labels (RFC 1123 §2.1) in the form
/// in which it is kept, without a port. Cheap: anybody can send any host.
pub fn is_possible(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_LENGTH).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.len() <= MAX_DOMAIN_LENGTH
        && host.contains('.')
        && host.split('.').all(is_label)
        && host.parse::<IpAddr>().is_err()
}

/// Whether a tenant may have this domain: a host name in lower-case ASCII (RFC 5890 §2.3.2.1), compared byte
/// for byte as the issuer is that is made of it. `public_host` is where the server itself is.
///
/// # Errors
/// What is wrong with it, for the person who names it.
pub fn check(domain: &str, public_host: &str) -> Result<(), String> {
    if domain.len() > MAX_DOMAIN_LENGTH {
        return Err(format!(
            "has more than {MAX_DOMAIN_LENGTH} letters, too many for the name of its challenge"
        ));
    }
    if domain.ends_with('.') {
        return Err("must not end with a dot".to_owned());
    }
    match Host::parse(domain) {
        Ok(Host::Domain(normal)) if normal == domain => {}
        Ok(Host::Domain(normal)) => return Err(format!("must be written as {normal}")),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) => {
            return Err("is an IP address: it must be a host name".to_owned());
        }
        Err(_) => return Err("must be a host name alone, such as login.example.com".to_owned()),
    }
    if !is_possible(domain) {
        return Err("must be a host name of several labels, each of letters, digits and hyphens".to_owned());
    }
    if domain.ends_with(".localhost") {
        return Err("names the machine that asks, whoever it is".to_owned());
    }
    let is_below = |host: &str| domain.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'));
    if domain == public_host || is_below(public_host) {
        return Err("belongs to the server's own address".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PUBLIC: &str = "id.example";

    #[test]
    fn a_domain_is_a_host_name_in_the_one_form_that_it_is_kept_in() {
        let longest = format!("{}.example", ["a".repeat(63), "b".repeat(63), "c".repeat(63)].join("."));
        for domain in [
            "login.acme.example",
            "acme.example",
            "xn--bcher-kva.example",
            "1.example",
            "a-b.example",
            "id.example.org",
            "myid.example",
            "localhost.example",
            &longest,
        ] {
            assert_eq!(check(domain, PUBLIC), Ok(()), "{domain}");
            assert!(is_possible(domain), "{domain}");
        }
    }

    #[test]
    fn what_is_no_such_name_is_refused_with_what_to_write() {
        for (domain, reason) in [
            ("", "host name alone"),
            ("Login.acme.example", "must be written as login.acme.example"),
            ("b\u{fc}cher.example", "must be written as xn--bcher-kva.example"),
            ("login\u{3002}example", "must be written as login.example"),
            ("login%2eexample", "must be written as login.example"),
            ("xn--a.example", "host name alone"),
            ("acme.example.", "end with a dot"),
            ("acme", "several labels"),
            ("localhost", "several labels"),
            ("acme.localhost", "the machine that asks"),
            ("192.0.2.1", "IP address"),
            ("0x7f.1", "IP address"),
            ("2130706433", "IP address"),
            ("[2001:db8::1]", "IP address"),
            ("1.2.3.4.5", "host name alone"),
            ("acme.example:443", "host name alone"),
            ("https://acme.example", "host name alone"),
            ("acme.example/", "host name alone"),
            ("user@acme.example", "host name alone"),
            ("*.acme.example", "several labels"),
            ("_acme.example", "several labels"),
            ("-a.example", "several labels"),
            ("a-.example", "several labels"),
            ("a..example", "several labels"),
            (".example", "several labels"),
            ("a b.example", "host name alone"),
            ("acme.example\0", "host name alone"),
            ("id.example", "the server's own"),
            ("acme.id.example", "the server's own"),
        ] {
            let refused = check(domain, PUBLIC).unwrap_err();
            assert!(refused.contains(reason), "{domain}: {refused}");
        }
        let long_label = format!("{}.example", "a".repeat(64));
        assert!(check(&long_label, PUBLIC).is_err());
        let long = format!("{}.example", vec!["a".repeat(60); 4].join("."));
        assert!(long.len() > MAX_DOMAIN_LENGTH && check(&long, PUBLIC).unwrap_err().contains("letters"));
    }

    #[test]
    fn an_issuer_is_a_domains_only_if_it_is_nothing_else() {
        assert_eq!(of_issuer(&issuer("login.acme.example")), Some("login.acme.example"));
        for issuer in [
            "https://id.example/t/acme",
            "https://acme.example:8443",
            "https://acme.example/",
            "https://Acme.example",
            "http://acme.example",
            "acme.example",
            "https://",
            "https://192.0.2.1",
        ] {
            assert_eq!(of_issuer(issuer), None, "{issuer}");
        }
    }

    proptest! {
        /// What is looked up for strangers is never more than what administrators can add, and never less.
        #[test]
        fn whatever_can_be_added_can_be_asked_for(domain in "[a-zA-Z0-9.:_-]{0,40}|\\PC{0,20}") {
            if check(&domain, PUBLIC).is_ok() {
                prop_assert!(is_possible(&domain));
                prop_assert!(challenge_name(&domain).len() <= MAX_NAME_LENGTH);
                let issuer = issuer(&domain);
                prop_assert_eq!(of_issuer(&issuer), Some(domain.as_str()));
            }
        }
    }
}
