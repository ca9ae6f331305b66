//! What names resolve to (RFC 6890; RFC 9101 §10.4): every address is checked, and a checked one is connected
//! to.

use std::net::Ipv4Addr;

use grantor_outbound::Refusal;
use proptest::prelude::*;

use crate::support::{FINE, PUBLIC, PUBLIC_V6, TENANT, WANTED, World};

const URL: &str = "https://client.example/client.json";

fn is_special_use<T>(answer: &Result<T, Refusal>) -> bool {
    matches!(answer, Err(Refusal::SpecialUse(_)))
}

#[tokio::test]
async fn one_address_inside_is_enough_to_refuse() {
    for addresses in [
        &["127.0.0.1"][..],
        &["0.0.0.0"],
        &["10.0.0.5"],
        &["100.64.0.1"],
        &["169.254.169.254"],
        &["172.20.0.1"],
        &["192.168.0.10"],
        &["192.0.0.192"],
        &["198.18.0.1"],
        &["224.0.0.251"],
        &["255.255.255.255"],
        &["::1"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["::ffff:169.254.169.254"],
        &["::127.0.0.1"],
        &["64:ff9b::10.0.0.1"],
        &["64:ff9b:1::8.8.8.8"],
        &["2002:a00:1::1"],
        &["2001::7f00:1"],
        &["2001:db8::1"],
        &["fd00:ec2::254"],
        &["fe80::1"],
        &["ff02::1"],
        &[PUBLIC, "10.0.0.5"],
        &["10.0.0.5", PUBLIC],
        &[PUBLIC, PUBLIC_V6, "8.8.8.8", "1.1.1.1", "9.9.9.9", "8.8.4.4", "::1"],
    ] {
        let world = World::saying(FINE);
        world.name("client.example", &[addresses]);
        let answer = world.get(URL).await;
        assert!(is_special_use(&answer), "{addresses:?}: {answer:?}");
        assert_eq!(world.reached(), [""; 0], "{addresses:?}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_answer_is_asked_once_and_does_not_get_inside() {
    let world = World::saying(FINE);
    world.server("127.0.0.1", &["client.example"]);
    world.name("client.example", &[&[PUBLIC], &["127.0.0.1"]]);
    let fetcher = world.fetcher();
    fetcher.get(TENANT, URL, WANTED).await.unwrap();
    assert_eq!((world.lookups(), world.reached()), (1, vec![format!("{PUBLIC}:443")]));

    assert!(is_special_use(&fetcher.get(TENANT, URL, WANTED).await));
    assert_eq!((world.lookups(), world.reached().len()), (2, 1));
}

#[tokio::test]
async fn an_address_in_the_url_is_connected_to_without_a_lookup() {
    let world = World::saying(FINE);
    world.get(&format!("https://{PUBLIC}:8443/")).await.unwrap();
    assert_eq!((world.lookups(), world.reached()), (0, vec![format!("{PUBLIC}:8443")]));

    for url in
        ["https://2130706433/", "https://0xa9fea9fe/", "https://[::ffff:10.0.0.1]/", "https://localhost/"]
    {
        assert!(is_special_use(&world.get(url).await), "{url}");
    }
    assert_eq!((world.lookups(), world.reached().len()), (0, 1));
}

#[tokio::test]
async fn a_mapped_address_is_connected_to_as_its_ipv4() {
    let world = World::saying(FINE);
    world.name("client.example", &[&[&format!("::ffff:{PUBLIC}")]]);
    world.get(URL).await.unwrap();
    assert_eq!(world.reached(), [format!("{PUBLIC}:443")]);
}

#[tokio::test]
async fn names_without_addresses_are_refused() {
    let world = World::saying(FINE);
    world.name("empty.example", &[&[]]);
    for url in ["https://unknown.example/", "https://empty.example/"] {
        let answer = world.get(url).await;
        assert!(matches!(answer, Err(Refusal::Unresolvable(_))), "{answer:?}");
    }
    assert_eq!(world.reached(), [""; 0]);
}

#[tokio::test]
async fn the_private_network_is_reached_when_it_is_allowed_and_link_local_addresses_never() {
    let world = World::saying(FINE);
    world.name("client.example", &[&["10.0.0.5"]]);
    world.server("10.0.0.5", &["client.example"]);
    let fetcher = world.fetcher_for_private_networks();
    fetcher.get(TENANT, URL, WANTED).await.unwrap();
    assert_eq!(world.reached(), ["10.0.0.5:443"]);

    for addresses in [&["169.254.169.254"][..], &["fe80::1"], &["10.0.0.5", "169.254.169.254"], &["0.0.0.0"]]
    {
        world.name("client.example", &[addresses]);
        assert!(is_special_use(&fetcher.get(TENANT, URL, WANTED).await), "{addresses:?}");
    }
    assert_eq!(world.reached().len(), 1);
}

/// Plain http never leaves the machine, even where a resolver thinks otherwise.
#[tokio::test]
async fn plain_http_goes_to_loopback_addresses_only() {
    let world = World::saying(FINE);
    for addresses in [&[PUBLIC][..], &["10.0.0.5"], &["127.0.0.1", "10.0.0.5"]] {
        world.name("localhost", &[addresses]);
        let answer = world.fetcher_for_private_networks().get(TENANT, "http://localhost:8080/", WANTED).await;
        assert!(is_special_use(&answer), "{addresses:?}: {answer:?}");
    }
    assert_eq!(world.reached(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_next_address_is_tried_when_one_swallows_packets() {
    let world = World::saying(FINE);
    world.name("client.example", &[&[PUBLIC_V6, PUBLIC]]);
    world.get(URL).await.unwrap();
    assert_eq!(world.reached(), [format!("[{PUBLIC_V6}]:443"), format!("{PUBLIC}:443")]);
}

#[tokio::test(start_paused = true)]
async fn four_addresses_are_tried_and_no_more() {
    let world = World::saying(FINE);
    let dead = ["8.8.8.1", "8.8.8.2", "8.8.8.3", "8.8.8.4", "8.8.8.5", PUBLIC];
    world.name("client.example", &[&dead]);
    let answer = world.get(URL).await;
    assert!(matches!(answer, Err(Refusal::Unreachable(_) | Refusal::TimedOut)), "{answer:?}");
    assert_eq!(world.reached().len(), 4);
}

#[tokio::test]
async fn the_public_text_names_no_address_and_the_detail_does() {
    let world = World::saying(FINE);
    world.name("client.example", &[&[PUBLIC, "10.11.12.13"]]);
    let refusal = world.get(URL).await.unwrap_err();
    for public in [refusal.to_string(), format!("{refusal:?}")] {
        assert!(!public.contains("10.11"), "{public}");
    }
    assert!(refusal.detail().unwrap().contains("10.11.12.13"), "{:?}", refusal.detail());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Nothing but what [`grantor_outbound::check_url`] lets through as a literal is ever connected to.
    #[test]
    fn a_name_reaches_what_a_literal_may(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let is_allowed = grantor_outbound::check_url(&format!("https://{address}/"), false).is_ok();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let world = World::saying(FINE);
            world.name("client.example", &[&[&address.to_string()]]);
            prop_assert_eq!(is_special_use(&world.get(URL).await), !is_allowed);
            prop_assert_eq!(world.reached().len(), usize::from(is_allowed));
            Ok(())
        })?;
    }
}
