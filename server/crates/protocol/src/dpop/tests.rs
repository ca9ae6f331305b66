use proptest::prelude::*;

use super::*;
use crate::testing::{ISSUER, NOW};

const TOKEN: &str = "https://id.example/t/acme/token";

fn proof() -> Proof {
    Proof {
        typ: Some("dpop+jwt".to_owned()),
        key: "thumbprint".to_owned(),
        jti: "j1".to_owned(),
        htm: "POST".to_owned(),
        htu: TOKEN.to_owned(),
        iat: NOW,
        ath: None,
        nonce: ProofNonce::Valid,
    }
}

fn request() -> ProvenRequest<'static> {
    ProvenRequest { method: "POST", uri: TOKEN, access_token: None }
}

fn seconds(count: u32) -> Lifetime {
    Lifetime::from_seconds(count)
}

/// RFC 9449 §4.3.
#[test]
fn every_claim_counts() {
    assert!(matches!(check(&proof(), request(), true, false, NOW), Ok(Effect::SpendProof { .. })));
    type Case = (&'static str, fn(&mut Proof));
    let cases: [Case; 19] = [
        ("no typ", |proof| proof.typ = None),
        ("another typ", |proof| proof.typ = Some("JWT".to_owned())),
        ("typ in capitals", |proof| proof.typ = Some("DPOP+JWT".to_owned())),
        ("typ with prefix", |proof| proof.typ = Some("application/dpop+jwt".to_owned())),
        ("no jti", |proof| proof.jti = String::new()),
        ("long jti", |proof| proof.jti = "j".repeat(MAX_JTI_LENGTH + 1)),
        ("another htm", |proof| proof.htm = "GET".to_owned()),
        ("htm in small letters", |proof| proof.htm = "post".to_owned()),
        ("no htm", |proof| proof.htm = String::new()),
        ("another endpoint", |proof| proof.htu = format!("{ISSUER}/par")),
        ("another tenant", |proof| proof.htu = TOKEN.replace("acme", "beta")),
        ("another host", |proof| proof.htu = TOKEN.replace("id.", "evil.")),
        ("another scheme", |proof| proof.htu = TOKEN.replace("https", "http")),
        ("no htu", |proof| proof.htu = String::new()),
        ("ath without token", |proof| proof.ath = Some(access_token_hash("t"))),
        ("too old", |proof| proof.iat = NOW - seconds(61)),
        ("of the future", |proof| proof.iat = NOW + seconds(11)),
        ("of long ago", |proof| proof.iat = Timestamp::from_unix_seconds(0)),
        ("of the end of time", |proof| proof.iat = Timestamp::from_unix_seconds(i64::MAX)),
    ];
    for (name, change) in cases {
        let mut proof = proof();
        change(&mut proof);
        let error = check(&proof, request(), true, false, NOW).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidDpopProof, "{name}");
    }
    let again = check(&proof(), request(), true, true, NOW).unwrap_err();
    assert_eq!(again.code, ErrorCode::InvalidDpopProof, "replayed");
}

/// RFC 9449 §11.1: within the window, and remembered for longer than it is.
#[test]
fn a_proof_is_remembered_while_it_would_be_taken() {
    for iat in [NOW - seconds(60), NOW, NOW + seconds(10)] {
        let spent = check(&Proof { iat, ..proof() }, request(), true, false, NOW);
        let Ok(Effect::SpendProof { expires_at, key, .. }) = spent else { panic!("{iat:?}: {spent:?}") };
        assert_eq!(key, "thumbprint");
        assert!(check(&Proof { iat, ..proof() }, request(), true, false, expires_at).is_err());
    }
}

/// RFC 9449 §7: bound to the access token that it comes with.
#[test]
fn at_a_resource_it_names_the_access_token() {
    let at_resource = ProvenRequest { access_token: Some("token"), ..request() };
    let with = |ath: Option<&str>| Proof { ath: ath.map(str::to_owned), ..proof() };
    let good = access_token_hash("token");
    assert!(check(&with(Some(&good)), at_resource, true, false, NOW).is_ok());
    for ath in [None, Some(""), Some("token"), Some(access_token_hash("other").as_str())] {
        assert!(check(&with(ath), at_resource, true, false, NOW).is_err(), "{ath:?}");
    }
}

/// RFC 9449 §8.
#[test]
fn a_nonce_is_ours_and_there_where_it_is_demanded() {
    for (required, nonce, expected) in [
        (true, ProofNonce::Valid, None),
        (true, ProofNonce::Absent, Some(ErrorCode::UseDpopNonce)),
        (true, ProofNonce::Unknown, Some(ErrorCode::UseDpopNonce)),
        (false, ProofNonce::Valid, None),
        (false, ProofNonce::Absent, None),
        (false, ProofNonce::Unknown, Some(ErrorCode::UseDpopNonce)),
    ] {
        let checked = check(&Proof { nonce, ..proof() }, request(), required, false, NOW);
        assert_eq!(checked.err().map(|error| error.code), expected, "{required} {nonce:?}");
    }
}

/// RFC 9449 §4.3: syntax-based and scheme-based normalisation, and no more than that.
#[test]
fn addresses_are_compared_after_normalisation() {
    for same in [
        "HTTPS://ID.Example:443/t/acme/token",
        "https://id.example/t/acme/token?a=b#c",
        "https://id.example/t/./x/../acme/token",
        "https://id.example/t/%61cme/tok%65n",
    ] {
        assert!(is_same_target(same, TOKEN), "{same}");
    }
    for other in [
        "",
        "token",
        "/t/acme/token",
        "//id.example/t/acme/token",
        "https:id.example/t/acme/token",
        "https:///id.example/t/acme/token",
        "https:\\\\id.example/t/acme/token",
        " https://id.example/t/acme/token",
        "https://id.example/t/acme/token ",
        "https://id.example/t/acme/to\tken",
        "https://ada@id.example/t/acme/token",
        "https://id.example:8443/t/acme/token",
        "https://id.example/t/acme/token/",
        "https://id.example/t/acme/Token",
        "https://id.example/t/acme%2Ftoken",
        "https://id.example./t/acme/token",
        "ftp://id.example/t/acme/token",
    ] {
        assert!(!is_same_target(other, TOKEN), "{other}");
    }
    assert!(is_same_target("https://a.example/%c3%a9", "https://a.example/%C3%A9"));
    assert!(!is_same_target("", ""));
}

proptest! {
    #[test]
    fn no_address_panics_or_matches_by_chance(htu in ".*") {
        prop_assert_eq!(is_same_target(&htu, TOKEN), normalized(&htu).as_deref() == Some(TOKEN));
    }

    #[test]
    fn escapes_change_nothing(path in "/t/acme/[%0-9a-zA-Z~]{0,20}") {
        let once = normalized_path(&path);
        prop_assert_eq!(normalized_path(&once).len() <= path.len(), true);
    }
}
