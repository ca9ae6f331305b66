//! URLs, before anything is resolved (draft-ietf-oauth-client-id-metadata-document §3, RFC 6890).

use std::net::Ipv4Addr;

use grantor_outbound::{MAX_URL_LENGTH, Refusal, check_url};
use proptest::prelude::*;
use url::Host;

/// Refusals without their details.
fn kind(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UrlTooLong => "length",
        Refusal::Malformed => "form",
        Refusal::Scheme => "scheme",
        Refusal::Host => "host",
        Refusal::UserInformation => "user",
        Refusal::Fragment => "fragment",
        Refusal::Port => "port",
        Refusal::SpecialUse(_) => "address",
        other => panic!("{other:?}"),
    }
}

#[test]
fn urls_that_lead_astray_are_refused() {
    for (url, expected) in [
        ("", "form"),
        ("client.example", "form"),
        ("/path", "form"),
        ("//client.example/", "form"),
        ("https:client.example/", "form"),
        ("https:/client.example/", "form"),
        ("https:\\\\client.example\\", "form"),
        ("javascript:alert(1)", "form"),
        ("data:application/json,{}", "form"),
        (" https://client.example/", "form"),
        ("https://client.example/ ", "form"),
        ("\thttps://client.example/", "form"),
        ("ht\ntps://client.example/", "form"),
        ("https://client.exa\tmple/", "form"),
        ("https://client.example/\r\nHost: inside", "form"),
        ("https://client.example/\0", "form"),
        ("https://client.example/\u{7f}", "form"),
        ("https://client.example\\@inside.example/", "form"),
        ("https://inside.example\\.client.example/", "form"),
        ("https://client.example/\\..\\", "form"),
        ("https://cl\u{131}ent.example/", "form"),
        ("https://127\u{3002}0\u{3002}0\u{3002}1/", "form"),
        ("https://\u{2460}27.0.0.1/", "form"),
        ("https://client.example/{id}", "form"),
        ("https://client.example/a|b", "form"),
        ("https://[::1", "form"),
        ("https://[::1%25lo]/", "form"),
        ("https://[fe80::1%lo]/", "form"),
        ("https://[v1.a]/", "form"),
        ("https://client.example:port/", "form"),
        ("https://client.example:65536/", "form"),
        ("https://1.2.3.4.5/", "form"),
        ("https://256.256.256.256/", "form"),
        ("https://0x1ffffffff/", "form"),
        ("https://client%00.example/", "form"),
        ("https://client%2f.example/", "form"),
        ("http://client.example/", "scheme"),
        ("HTTP://client.example/", "scheme"),
        ("http://localhost/", "scheme"),
        ("http://127.0.0.1/", "scheme"),
        ("ftp://client.example/", "scheme"),
        ("file://client.example/etc/passwd", "scheme"),
        ("gopher://client.example/", "scheme"),
        ("wss://client.example/", "scheme"),
        ("unix://run/postgresql/", "scheme"),
        ("https+unix://run/", "scheme"),
        ("https://", "host"),
        ("https:///client.example/", "host"),
        ("https:////client.example/", "host"),
        ("https://?client.example", "host"),
        ("https://#client.example", "host"),
        ("file:///etc/passwd", "host"),
        ("https://client.example./", "host"),
        ("https://localhost./", "host"),
        ("https://./", "host"),
        ("https://.client.example/", "host"),
        ("https://client..example/", "host"),
        ("https://client!.example/", "host"),
        ("https://-client-.example/", "host"),
        ("https://good.example@inside.example/", "user"),
        ("https://good.example:443@inside.example/", "user"),
        ("https://@client.example/", "user"),
        ("https://:@client.example/", "user"),
        ("https://user:password@client.example/", "user"),
        ("https://good.example%2f@inside.example/", "user"),
        ("https://a@b@client.example/", "user"),
        ("https://client.example/#", "fragment"),
        ("https://client.example/#part", "fragment"),
        ("https://client.example#@inside.example/", "fragment"),
        ("https://client.example:0/", "port"),
        ("https://client.example:22/", "port"),
        ("https://client.example:25/", "port"),
        ("https://client.example:80/", "port"),
        ("https://client.example:1023/", "port"),
    ] {
        assert_eq!(check_url(url, false).as_ref().map_err(kind), Err(expected), "{url:?}");
    }
}

/// RFC 6890: an address stands for itself, however it is spelt.
#[test]
fn literals_of_special_use_are_refused_in_every_spelling() {
    for host in [
        "localhost",
        "LOCALHOST",
        "inside.localhost",
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0x7f.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.0x1",
        "%31%32%37.0.0.1",
        "127.%30.0.1",
        "0",
        "0.0.0.0",
        "0x0",
        "10.0.0.1",
        "10.1",
        "167772161",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.1",
        "3232235521",
        "100.64.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "4294967295",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[0000::0001]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::FFFF:a9fe:a9fe]",
        "[::ffff:10.0.0.1]",
        "[0:0:0:0:0:ffff:c0a8:1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::8.8.8.8]",
        "[100::1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[3fff::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
    ] {
        let url = format!("https://{host}/");
        let expected = if host == "127.0.0.1." { ["address", "host"] } else { ["address"; 2] };
        let refused = check_url(&url, false).as_ref().map_err(kind).unwrap_err();
        assert!(expected.contains(&refused), "{url}: {refused}");
    }
}

#[test]
fn urls_of_the_public_internet_are_taken_as_they_are() {
    for url in [
        "https://client.example/",
        "https://client.example/oauth/client.json",
        "https://client.example/jwks?tenant=a%20b&v=1",
        "https://client.example:1024/",
        "https://client.example:8443/a@b/c:d",
        "https://client.example:65535/",
        "https://xn--clent-q4a.example/",
        "https://under_score.example/",
        "https://93.184.215.14/",
        "https://[2606:4700:4700::1111]/",
        "https://[64:ff9b::808:808]/",
    ] {
        assert_eq!(check_url(url, false).unwrap().as_str(), url);
    }
    for (url, normalised) in [
        ("HTTPS://Client.Example", "https://client.example/"),
        ("https://client.example:443/", "https://client.example/"),
        ("https://0x08080808/", "https://8.8.8.8/"),
        ("https://client.example/a/../b", "https://client.example/b"),
    ] {
        assert_eq!(check_url(url, false).unwrap().as_str(), normalised);
    }
}

#[test]
fn the_private_network_may_be_named_when_it_is_allowed() {
    for url in [
        "https://10.0.0.1/",
        "https://192.168.1.1:8443/",
        "https://172.16.0.1/",
        "https://[fd12::1]/",
        "https://127.0.0.1:8443/",
        "https://localhost/",
        "https://[::1]/",
        "http://localhost/",
        "http://localhost:8080/",
        "http://127.0.0.1:8080/",
        "http://127.255.0.1/",
        "http://[::1]:8080/",
    ] {
        assert_eq!(check_url(url, true).unwrap().as_str(), url);
        assert!(check_url(url, false).is_err(), "{url}");
    }
    for (url, expected) in [
        ("http://10.0.0.1/", "scheme"),
        ("http://192.168.1.1/", "scheme"),
        ("http://client.example/", "scheme"),
        ("http://localhost.client.example/", "scheme"),
        ("http://client.localhost/", "scheme"),
        ("http://0.0.0.0/", "scheme"),
        ("http://localhost:443/", "port"),
        ("http://localhost:25/", "port"),
        ("http://user@localhost/", "user"),
        ("ftp://localhost/", "scheme"),
        ("https://0.0.0.0/", "address"),
        ("https://169.254.169.254/", "address"),
        ("https://100.100.100.200/", "address"),
        ("https://[fe80::1]/", "address"),
        ("https://[64:ff9b::10.0.0.1]/", "address"),
        ("https://[2002:a00:1::]/", "address"),
    ] {
        assert_eq!(check_url(url, true).as_ref().map_err(kind), Err(expected), "{url:?}");
    }
}

#[test]
fn a_url_has_so_many_bytes_at_most() {
    let start = "https://client.example/";
    let longest = format!("{start}{}", "a".repeat(MAX_URL_LENGTH - start.len()));
    check_url(&longest, false).unwrap();
    assert_eq!(check_url(&format!("{longest}a"), false), Err(Refusal::UrlTooLong));
}

/// What parsers of URLs disagree about.
const PIECES: &[&str] = &[
    "https",
    "http",
    ":",
    "/",
    "//",
    "://",
    "\\",
    "@",
    "#",
    "?",
    "%",
    "%2f",
    "%40",
    "%00",
    ".",
    "..",
    "[",
    "]",
    "::1",
    "::ffff:",
    "127.0.0.1",
    "0x7f",
    "2130706433",
    "localhost",
    "client.example",
    "xn--",
    "443",
    "22",
    " ",
    "\t",
    "\n",
    "\u{3002}",
    "\u{ff0f}",
    "\u{200d}",
    "a",
    "0",
];

/// Strings out of these pieces.
fn nearly_a_url() -> impl Strategy<Value = String> {
    let tail = prop::collection::vec(prop::sample::select(PIECES), 0..12).prop_map(|tail| tail.concat());
    (prop::sample::select(&["", "https://", "http://", "https://client.example"][..]), tail)
        .prop_map(|(head, tail)| format!("{head}{tail}"))
}

/// What holds for every URL that is let through.
fn assert_harmless(text: &str, allow_private_network: bool) -> Result<(), TestCaseError> {
    let Ok(url) = check_url(text, allow_private_network) else { return Ok(()) };
    prop_assert!(url.scheme() == "https" || (allow_private_network && url.scheme() == "http"));
    prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    prop_assert!(url.port().is_none_or(|port| port >= 1024));
    prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
    match url.host() {
        Some(Host::Domain(name)) => {
            prop_assert!(!name.is_empty() && !name.ends_with('.'));
            let is_local = name == "localhost" || name.ends_with(".localhost");
            prop_assert!(allow_private_network || !is_local);
        }
        Some(Host::Ipv4(address)) => {
            prop_assert!(!address.is_unspecified() && !address.is_link_local() && !address.is_multicast());
            prop_assert!(allow_private_network || !(address.is_loopback() || address.is_private()));
        }
        Some(Host::Ipv6(address)) => {
            prop_assert!(!address.is_unspecified() && !address.is_multicast());
            prop_assert!(allow_private_network || !address.to_canonical().is_loopback());
        }
        None => prop_assert!(false, "{url} has no host"),
    }
    prop_assert_eq!(check_url(url.as_str(), allow_private_network), Ok(url.clone()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nearly_urls_are_refused_or_harmless(text in nearly_a_url(), allow_private_network: bool) {
        assert_harmless(&text, allow_private_network)?;
    }

    #[test]
    fn any_text_is_refused_or_harmless(text in ".{0,100}", allow_private_network: bool) {
        assert_harmless(&text, allow_private_network)?;
        assert_harmless(&format!("https://{text}"), allow_private_network)?;
    }

    #[test]
    fn an_address_is_judged_alike_in_every_spelling(bits: u32, allow_private_network: bool) {
        let [a, b, c, d] = Ipv4Addr::from_bits(bits).octets();
        let dotted = check_url(&format!("https://{a}.{b}.{c}.{d}/"), allow_private_network);
        for host in [
            format!("{bits}"),
            format!("{bits:#x}"),
            format!("0{bits:o}"),
            format!("{a:#x}.0{b:o}.{}", bits & 0xffff),
            format!("{a}.{}", bits & 0xff_ffff),
        ] {
            prop_assert_eq!(&check_url(&format!("https://{host}/"), allow_private_network), &dotted);
        }
        for host in [
            format!("[::ffff:{a}.{b}.{c}.{d}]"),
            format!("[0:0:0:0:0:FFFF:{:x}:{:x}]", bits >> 16, bits & 0xffff),
        ] {
            let mapped = check_url(&format!("https://{host}/"), allow_private_network);
            prop_assert_eq!(mapped.is_ok(), dotted.is_ok(), "{}", host);
        }
    }
}
