//! `Forwarded` (RFC 7239) and `X-Forwarded-For`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use poem::http::header::{FORWARDED, HeaderName};
use poem::http::{HeaderMap, HeaderValue};

use crate::config::TrustedProxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client that a trusted proxy passed a request on for.
///
/// Each proxy adds at the right whom it was called by, and only what trusted ones added is true. So the client is
/// the rightmost address that is not a trusted proxy; where a proxy gives no address, it is that proxy's own.
///
/// A proxy writes one of the two fields and often lets the other through as the client sent it. Nobody can tell
/// here which is which: if both are there and disagree, neither is believed.
pub(super) fn client_address(headers: &HeaderMap, proxy: IpAddr, trusted: &TrustedProxies) -> IpAddr {
    let told = |field: &HeaderName, nodes: fn(&str) -> Option<Vec<Option<IpAddr>>>| {
        let read = |line: &HeaderValue| line.to_str().ok().and_then(nodes).unwrap_or_else(|| vec![None]);
        let nodes: Vec<_> = headers.get_all(field).iter().flat_map(read).collect();
        (!nodes.is_empty()).then(|| rightmost_stranger(&nodes, proxy, trusted))
    };
    match (told(&FORWARDED, forwarded), told(&X_FORWARDED_FOR, x_forwarded_for)) {
        (None, None) => proxy,
        (Some(address), None) | (None, Some(address)) => address,
        (Some(one), Some(other)) if one == other => one,
        (Some(_), Some(_)) => {
            tracing::warn!(%proxy, "Forwarded and X-Forwarded-For disagree: the proxy has to remove one of them");
            proxy
        }
    }
}

fn rightmost_stranger(nodes: &[Option<IpAddr>], proxy: IpAddr, trusted: &TrustedProxies) -> IpAddr {
    let mut nearest = proxy;
    for node in nodes.iter().rev() {
        let Some(address) = *node else { break };
        nearest = address;
        if !trusted.contains(address) {
            break;
        }
    }
    nearest
}

/// The addresses of one line, `None` for those that are none.
fn x_forwarded_for(line: &str) -> Option<Vec<Option<IpAddr>>> {
    Some(line.split(',').map(|node| address(node.trim())).collect())
}

/// The `for` of each element of one line (RFC 7239 §4), or nothing for a line whose quotes do not close.
fn forwarded(line: &str) -> Option<Vec<Option<IpAddr>>> {
    let elements = split_outside_quotes(line, ',')?;
    elements.into_iter().map(|element| split_outside_quotes(element, ';').map(|pairs| node(&pairs))).collect()
}

fn node(pairs: &[&str]) -> Option<IpAddr> {
    let mut nodes = pairs.iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    });
    match (nodes.next(), nodes.next()) {
        (Some(node), None) => {
            address(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
        }
        _ => None,
    }
}

/// The parts of a text between separators that are not in a quoted string (RFC 9110 §5.6.4).
fn split_outside_quotes(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (vec![], 0, false, false);
    for (position, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if letter == separator && !quoted => {
                parts.push(text.get(start..position)?);
                start = position + letter.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

/// An address with or without a port (RFC 7239 §6); not a name that hides one, and not `unknown`.
fn address(node: &str) -> Option<IpAddr> {
    if let Ok(address) = node.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            (IpAddr::V6(address), if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => {
            let (address, port) = node.split_once(':')?;
            let address: Ipv4Addr = address.parse().ok()?;
            (IpAddr::V4(address), Some(port))
        }
    };
    port.is_none_or(is_port).then(|| address.to_canonical())
}

/// RFC 7239 §6: a number, or a name that hides it.
fn is_port(port: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    port.strip_prefix('_').map_or_else(|| port.parse::<u16>().is_ok(), is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// The client when the proxy 10.0.0.1, one of 10.0.0.0/8 and 2001:db8:1::/48, sends these headers.
    fn client(fields: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = "10.0.0.0/8,2001:db8:1::/48".parse().unwrap();
        client_address(&headers, PROXY.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_trusted_proxy() {
        for (told, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            // What the client itself sent stands further left.
            ("198.51.100.1, 192.0.2.1", "192.0.2.1"),
            ("127.0.0.1, 10.0.0.9, 192.0.2.1", "192.0.2.1"),
            ("garbage, 192.0.2.1", "192.0.2.1"),
            // Over several proxies of ours.
            ("198.51.100.1, 192.0.2.1, 10.0.0.3,10.0.0.2", "192.0.2.1"),
            ("192.0.2.1, 2001:db8:1::5", "192.0.2.1"),
            // A client on the proxies' own network.
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // With ports, in brackets, in the other family's form.
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, ::ffff:10.0.0.2", "192.0.2.1"),
        ] {
            assert_eq!(client(&[("x-forwarded-for", told)]), expected, "{told}");
        }
    }

    #[test]
    fn a_proxy_that_gives_no_address_is_as_far_as_anybody_knows() {
        for told in [
            "",
            "unknown",
            "192.0.2.1, garbage",
            "192.0.2.1,",
            "192.0.2.1:port",
            "192.0.2.1:99999",
            "[2001:db8::1",
            "[2001:db8::1]4711",
            "[192.0.2.1]",
            "192.0.2.01",
            "fe80::1%eth0",
            "client.example",
            "192.0.2.1;10.0.0.2",
            "müller",
        ] {
            assert_eq!(client(&[("x-forwarded-for", told)]), PROXY, "{told}");
        }
        assert_eq!(client(&[("x-forwarded-for", "192.0.2.1, unknown, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(client(&[]), PROXY);
    }

    #[test]
    fn the_standards_field_means_the_same() {
        for (told, expected) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("FOR=192.0.2.1;proto=https;by=10.0.0.1", "192.0.2.1"),
            ("proto=https; for=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\"", "2001:db8::1"),
            ("for=\"192.0.2.1:_hidden\"", "192.0.2.1"),
            ("for=198.51.100.1, for=192.0.2.1;host=\"a,for=203.0.113.1\", for=10.0.0.2", "192.0.2.1"),
            ("for=192.0.2.1;host=\"a\\\";for=203.0.113.1,\"", "192.0.2.1"),
            ("for=\"_hidden\", for=10.0.0.2", "10.0.0.2"),
        ] {
            assert_eq!(client(&[("forwarded", told)]), expected, "{told}");
        }
        for told in [
            "for=_hidden",
            "for=unknown",
            "for=192.0.2.1, proto=https",
            "for=192.0.2.1, ",
            "for=192.0.2.1;for=198.51.100.1",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=\"192.0.2.1:_\"",
            "for=",
            "for",
            "192.0.2.1",
            "by=192.0.2.1",
            "",
        ] {
            assert_eq!(client(&[("forwarded", told)]), PROXY, "{told}");
        }
    }

    #[test]
    fn a_clients_own_line_cannot_swallow_the_proxys() {
        assert_eq!(client(&[("forwarded", "for=\"1"), ("forwarded", "for=192.0.2.1")]), "192.0.2.1");
        assert_eq!(client(&[("x-forwarded-for", "\"1"), ("x-forwarded-for", "192.0.2.1")]), "192.0.2.1");
        assert_eq!(client(&[("forwarded", "for=192.0.2.1"), ("forwarded", "for=10.0.0.2")]), "192.0.2.1");
    }

    #[test]
    fn fields_that_disagree_are_not_believed() {
        for (forwarded, x_forwarded_for, expected) in [
            ("for=192.0.2.1", "192.0.2.1", "192.0.2.1"),
            ("for=198.51.100.9", "192.0.2.1", PROXY),
            ("for=192.0.2.1", "198.51.100.9", PROXY),
            ("for=_hidden", "192.0.2.1", PROXY),
        ] {
            let fields = [("forwarded", forwarded), ("x-forwarded-for", x_forwarded_for)];
            assert_eq!(client(&fields), expected, "{fields:?}");
        }
    }
}
