use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::Reach;

fn reach(address: &str) -> Reach {
    Reach::of(address.parse().unwrap())
}

/// RFC 6890 §2.2.2 and the registry as it grew: first and last address of every block, and what lies beside it.
#[test]
fn ipv4_blocks_end_where_the_registry_says() {
    for (first, last, expected) in [
        ("0.0.0.0", "0.255.255.255", Reach::Nowhere),
        ("10.0.0.0", "10.255.255.255", Reach::Private),
        ("100.64.0.0", "100.127.255.255", Reach::Nowhere),
        ("127.0.0.0", "127.255.255.255", Reach::Loopback),
        ("169.254.0.0", "169.254.255.255", Reach::Nowhere),
        ("172.16.0.0", "172.31.255.255", Reach::Private),
        ("192.0.0.0", "192.0.0.255", Reach::Nowhere),
        ("192.0.2.0", "192.0.2.255", Reach::Nowhere),
        ("192.31.196.0", "192.31.196.255", Reach::Nowhere),
        ("192.52.193.0", "192.52.193.255", Reach::Nowhere),
        ("192.88.99.0", "192.88.99.255", Reach::Nowhere),
        ("192.168.0.0", "192.168.255.255", Reach::Private),
        ("192.175.48.0", "192.175.48.255", Reach::Nowhere),
        ("198.18.0.0", "198.19.255.255", Reach::Nowhere),
        ("198.51.100.0", "198.51.100.255", Reach::Nowhere),
        ("203.0.113.0", "203.0.113.255", Reach::Nowhere),
        ("224.0.0.0", "239.255.255.255", Reach::Nowhere),
        ("240.0.0.0", "255.255.255.255", Reach::Nowhere),
    ] {
        assert_eq!((reach(first), reach(last)), (expected, expected), "{first} to {last}");
        let [first, last] = [first, last].map(|end| end.parse::<Ipv4Addr>().unwrap().to_bits());
        for beside in [first.checked_sub(1), last.checked_add(1)].into_iter().flatten() {
            let beside = Ipv4Addr::from_bits(beside);
            let is_another_block = beside.is_multicast() || beside.octets()[0] == 240;
            assert!(is_another_block || Reach::of(beside.into()) == Reach::Public, "{beside}");
        }
    }
}

/// RFC 6890 §2.2.3 and the registry as it grew.
#[test]
fn ipv6_addresses_are_judged() {
    for (address, expected) in [
        ("::", Reach::Nowhere),
        ("::1", Reach::Loopback),
        ("::2", Reach::Nowhere),
        ("::8.8.8.8", Reach::Nowhere),
        ("::127.0.0.1", Reach::Nowhere),
        ("::ffff:0:8.8.8.8", Reach::Nowhere),
        ("64:ff9b::8.8.8.8", Reach::Public),
        ("64:ff9b::127.0.0.1", Reach::Nowhere),
        ("64:ff9b::10.0.0.1", Reach::Nowhere),
        ("64:ff9b::169.254.169.254", Reach::Nowhere),
        ("64:ff9b:0:0:0:1:808:808", Reach::Nowhere),
        ("64:ff9b:1::8.8.8.8", Reach::Nowhere),
        ("64:ff9b:1:ffff::1", Reach::Nowhere),
        ("100::1", Reach::Nowhere),
        ("100:0:0:1::1", Reach::Nowhere),
        ("1fff:ffff::1", Reach::Nowhere),
        ("2000::1", Reach::Public),
        ("2001::1", Reach::Nowhere),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Reach::Nowhere),
        ("2001:2::1", Reach::Nowhere),
        ("2001:20::1", Reach::Nowhere),
        ("2001:1ff:ffff::1", Reach::Nowhere),
        ("2001:200::1", Reach::Public),
        ("2001:db7:ffff::1", Reach::Public),
        ("2001:db8::1", Reach::Nowhere),
        ("2001:db8:ffff:ffff::1", Reach::Nowhere),
        ("2001:db9::1", Reach::Public),
        ("2002:808:808::1", Reach::Public),
        ("2002:7f00:1::", Reach::Nowhere),
        ("2002:a00:1::1", Reach::Nowhere),
        ("2002:a9fe:a9fe::", Reach::Nowhere),
        ("2606:4700:4700::1111", Reach::Public),
        ("2620:4f:8000::1", Reach::Nowhere),
        ("3fff::1", Reach::Nowhere),
        ("3fff:fff:ffff::1", Reach::Nowhere),
        ("3fff:1000::1", Reach::Public),
        ("4000::1", Reach::Nowhere),
        ("5f00::1", Reach::Nowhere),
        ("fbff::1", Reach::Nowhere),
        ("fc00::1", Reach::Private),
        ("fdff:ffff::1", Reach::Private),
        ("fe00::1", Reach::Nowhere),
        ("fe80::1", Reach::Nowhere),
        ("febf:ffff::1", Reach::Nowhere),
        ("fec0::1", Reach::Nowhere),
        ("ff02::1", Reach::Nowhere),
        ("ff0e::1", Reach::Nowhere),
    ] {
        assert_eq!(reach(address), expected, "{address}");
    }
}

#[test]
fn the_private_network_is_private_and_loopback_addresses_and_no_others() {
    for (reach, otherwise, with_private_network) in [
        (Reach::Public, true, true),
        (Reach::Private, false, true),
        (Reach::Loopback, false, true),
        (Reach::Nowhere, false, false),
    ] {
        assert_eq!((reach.is_allowed(false), reach.is_allowed(true)), (otherwise, with_private_network));
    }
}

proptest! {
    #[test]
    fn a_mapped_address_is_judged_as_its_ipv4(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(Reach::of(address.to_ipv6_mapped().into()), Reach::of(address.into()));
    }

    /// RFC 6052 §3.1, RFC 3056 §2.
    #[test]
    fn a_gateway_leads_to_public_addresses_only(bits: u32, rest: u128) {
        let is_public = Reach::of(Ipv4Addr::from_bits(bits).into()) == Reach::Public;
        let translated = (0x64_ff9b_u128 << 96) | u128::from(bits);
        let six_to_four = (0x2002_u128 << 112) | (u128::from(bits) << 80) | (rest >> 48);
        for address in [translated, six_to_four] {
            let reach = Reach::of(Ipv6Addr::from_bits(address).into());
            prop_assert_eq!(reach, if is_public { Reach::Public } else { Reach::Nowhere });
        }
    }

    /// What the standard library knows of special use is a lower bound.
    #[test]
    fn every_address_has_an_answer(bits: u128) {
        for address in [Ipv6Addr::from_bits(bits), Ipv6Addr::from_bits(bits >> 96 | 0xffff << 32)] {
            let canonical = IpAddr::from(address).to_canonical();
            let is_special = canonical.is_loopback() || canonical.is_multicast() || canonical.is_unspecified();
            prop_assert!(!is_special || Reach::of(address.into()) != Reach::Public);
        }
    }
}
