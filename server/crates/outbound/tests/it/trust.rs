//! Whose certificates are believed (RFC 9525), over TLS in memory.

use std::sync::Arc;

use grantor_outbound::{Fetcher, Network, Options, Refusal};
use rcgen::{CertificateParams, date_time_ymd};
use rustls::RootCertStore;

use crate::support::{Authority, FINE, PUBLIC, TENANT, WANTED, World};

const URL: &str = "https://client.example/";

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    for names in [&["other.example"][..], &["*.client.example"], &["example"], &[PUBLIC]] {
        let world = World::saying(FINE);
        world.server(PUBLIC, names);
        let answer = world.get(URL).await;
        assert!(matches!(answer, Err(Refusal::Tls(_))), "{names:?}: {answer:?}");
        assert_eq!(world.seen.requests(), 0);
    }
    let world = World::saying(FINE);
    world.server(PUBLIC, &["client.example"]);
    let answer = world.get(&format!("https://{PUBLIC}/")).await;
    assert!(matches!(answer, Err(Refusal::Tls(_))), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_that_is_over_or_not_begun_is_refused() {
    for (begin, end) in [(2000, 2001), (4000, 4001)] {
        let world = World::saying(FINE);
        let mut params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(begin, 1, 1);
        params.not_after = date_time_ymd(end, 1, 1);
        world.server_with(PUBLIC, params);
        let answer = world.get(URL).await;
        assert!(matches!(answer, Err(Refusal::Tls(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let world = World::saying(FINE);
    let network = || Arc::clone(&world) as Arc<dyn Network>;
    for roots in [Authority::new().roots(), RootCertStore::empty()] {
        let fetcher = Fetcher::with(Options::default(), network(), roots).unwrap();
        let answer = fetcher.get(TENANT, URL, WANTED).await;
        assert!(matches!(answer, Err(Refusal::Tls(_))), "{answer:?}");
    }
    assert_eq!(world.seen.requests(), 0);
}
