//! What an address reaches (RFC 6890 and IANA's two special-purpose address registries).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The public internet.
    Public,
    /// A network of the operator's (RFC 1918, RFC 4193).
    Private,
    /// This machine.
    Loopback,
    /// What nobody publishes anything on: link-local addresses, where clouds hand out credentials, multicast,
    /// documentation and everything that is reserved.
    Nowhere,
}

/// Blocks of IPv4 that are neither public, private nor loopback.
const NOWHERE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // With it the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// All that IANA gives out as global unicast addresses. What lies outside of it is not public, whether it has
/// a name yet or not: IPv4-compatible addresses, 100::/64, 5f00::/16, fe80::/10, fec0::/10 and
/// ff00::/8 among others.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks within [`GLOBAL_V6`] that are not public.
const NOWHERE_V6: &[(Ipv6Addr, u32)] = &[
    // IETF protocol assignments, with Teredo, ORCHID and benchmarking.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

const UNIQUE_LOCAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

/// The well-known prefix of address translation (RFC 6052 §2.1); that of RFC 8215 is nowhere.
const TRANSLATED_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

const SIX_TO_FOUR_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    /// Whether a request may go there.
    pub fn is_allowed(self, allow_private_network: bool) -> bool {
        match self {
            Self::Public => true,
            Self::Private | Self::Loopback => allow_private_network,
            Self::Nowhere => false,
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if address.is_loopback() {
            Self::Loopback
        } else if PRIVATE_V4.iter().any(|block| is_in_v4(address, *block)) {
            Self::Private
        } else if NOWHERE_V4.iter().any(|block| is_in_v4(address, *block)) {
            Self::Nowhere
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let bits = address.to_bits();
        if address.is_loopback() {
            Self::Loopback
        } else if is_in_v6(address, UNIQUE_LOCAL_V6) {
            Self::Private
        } else if is_in_v6(address, TRANSLATED_V6) {
            Self::through_a_gateway(bits)
        } else if is_in_v6(address, SIX_TO_FOUR_V6) {
            Self::through_a_gateway(bits >> 80)
        } else if !is_in_v6(address, GLOBAL_V6) || NOWHERE_V6.iter().any(|block| is_in_v6(address, *block)) {
            Self::Nowhere
        } else {
            Self::Public
        }
    }

    /// A gateway takes the request to the IPv4 address in the last 32 bits. That has to be a public one
    /// (RFC 6052 §3.1, RFC 3056 §2): what a private one means there is up to the gateway.
    #[expect(clippy::cast_possible_truncation, reason = "the last 32 bits are what is wanted")]
    fn through_a_gateway(bits: u128) -> Self {
        match Self::of_v4(Ipv4Addr::from_bits(bits as u32)) {
            Self::Public => Self::Public,
            Self::Private | Self::Loopback | Self::Nowhere => Self::Nowhere,
        }
    }
}

/// Prefix lengths are 1 to 32.
fn is_in_v4(address: Ipv4Addr, (network, length): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (u32::BITS - length) == 0
}

/// Prefix lengths are 1 to 128.
fn is_in_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()) >> (u128::BITS - length) == 0
}

#[cfg(test)]
mod tests;
