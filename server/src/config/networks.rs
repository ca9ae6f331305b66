use std::net::IpAddr;
use std::str::FromStr;

/// An IP network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// Leading bits that members share with `address`.
    prefix: u32,
}

impl Network {
    /// Whether the address belongs to it. An IPv4 address in IPv6 form (RFC 4291 §2.5.5.2), as sockets for
    /// both give it, is that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && first_address(address, self.prefix) == first_address(self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text} is neither an IP address nor a network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        if address != address.to_canonical() {
            return Err(format!("{text}: write the IPv4 address without ::ffff:"));
        }
        let prefix = match prefix {
            None => width(address),
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= width(address)).ok_or_else(malformed)?
            }
            Some(_) => return Err(malformed()),
        };
        if prefix == 0 {
            return Err(format!("{text} is everybody: anyone could claim any address and any certificate"));
        }
        let first = first_address(address, prefix);
        if first != address {
            return Err(format!("{text} is an address inside a network: write {first}/{prefix}"));
        }
        Ok(Self { address, prefix })
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with all bits after the prefix cleared.
fn first_address(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    }
}

/// The reverse proxies whose forwarding and client-certificate headers are believed. Nobody by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// From addresses and networks with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',').map(|network| network.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn membership_is_decided_by_the_leading_bits() {
        for (text, members, others) in [
            (
                "10.0.0.0/8",
                vec!["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
                vec!["11.0.0.0", "9.255.255.255"],
            ),
            ("192.0.2.7", vec!["192.0.2.7", "::ffff:192.0.2.7"], vec!["192.0.2.6", "::192.0.2.7"]),
            ("192.0.2.128/25", vec!["192.0.2.128", "192.0.2.255"], vec!["192.0.2.127"]),
            ("128.0.0.0/1", vec!["128.0.0.0", "255.255.255.255"], vec!["127.255.255.255", "8000::"]),
            ("2001:db8::/32", vec!["2001:db8::1", "2001:db8:ffff::"], vec!["2001:db9::", "32.1.13.184"]),
            ("::1", vec!["::1"], vec!["::2", "127.0.0.1"]),
            ("fe80::/10", vec!["fe80::1", "febf::1"], vec!["fec0::1"]),
        ] {
            for member in members {
                assert!(network(text).contains(member.parse().unwrap()), "{member} in {text}");
            }
            for other in others {
                assert!(!network(text).contains(other.parse().unwrap()), "{other} in {text}");
            }
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "::/129",
            "010.0.0.1",
            "10.0.0.0/ 8",
            "localhost",
            "[::1]",
            "10.0.0.1:80",
            "fe80::1%eth0",
        ] {
            let refused = text.parse::<Network>().unwrap_err();
            assert!(refused.contains("neither an IP address nor a network"), "{text}: {refused}");
        }
    }

    #[test]
    fn what_means_something_else_than_it_says_is_refused() {
        for (text, problem) in [
            ("10.0.0.1/8", "10.0.0.1/8 is an address inside a network: write 10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::1/32 is an address inside a network: write 2001:db8::/32"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1: write the IPv4 address without ::ffff:"),
            ("0.0.0.0/0", "0.0.0.0/0 is everybody: anyone could claim any address and any certificate"),
            ("::/0", "::/0 is everybody: anyone could claim any address and any certificate"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap_err(), problem);
        }
    }

    #[test]
    fn nobody_is_trusted_unless_named() {
        let address: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(!TrustedProxies::default().contains(address));
        let some: TrustedProxies = "10.0.0.0/8, 127.0.0.1".parse().unwrap();
        assert!(some.contains(address) && !some.contains("127.0.0.2".parse().unwrap()));
        assert!("10.0.0.0/8,".parse::<TrustedProxies>().is_err());
    }
}
