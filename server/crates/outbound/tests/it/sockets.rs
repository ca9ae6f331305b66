//! The system's own resolver and sockets, with servers on this machine.

use std::process::Command;
use std::sync::Arc;

use grantor_outbound::{Error, Fetcher, Options, Refusal, SystemNetwork};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::{Authority, FINE, Script, Seen, TENANT, WANTED, serve};

/// What the program under `SSL_CERT_FILE` is told to fetch.
const URL_VARIABLE: &str = "OUTBOUND_TEST_URL";

const PRIVATE: fn() -> Options = || Options { allow_private_network: true, ..Options::default() };

/// Serves on a port of 127.0.0.1 that the system chooses.
async fn listen(tls: Option<TlsAcceptor>, text: &str) -> (u16, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (seen, script) = (Arc::new(Seen::default()), Script::Says(text.to_owned()));
    let given = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, tls.clone(), script.clone(), Arc::clone(&seen)));
        }
    });
    (port, given)
}

#[tokio::test]
async fn a_server_of_this_machine_is_reached_when_that_is_allowed_and_only_then() {
    let authority = Authority::new();
    let (port, seen) = listen(Some(authority.server(&["localhost", "127.0.0.1"])), FINE).await;
    let fetcher = |options| Fetcher::with(options, Arc::new(SystemNetwork), authority.roots()).unwrap();
    let (private, public) = (fetcher(PRIVATE()), fetcher(Options::default()));
    for (number, host) in ["localhost", "127.0.0.1", "2130706433"].into_iter().enumerate() {
        let url = format!("https://{host}:{port}/");
        assert_eq!(private.get(TENANT, &url, WANTED).await.unwrap().body, "{}");
        assert_eq!(seen.requests(), number + 1);
        let answer = public.get(TENANT, &url, WANTED).await;
        assert!(matches!(answer, Err(Refusal::SpecialUse(_))), "{answer:?}");
    }
    assert_eq!(seen.requests(), 3);
}

#[tokio::test]
async fn plain_http_is_spoken_with_this_machine_when_that_is_allowed_and_only_then() {
    let (port, seen) = listen(None, FINE).await;
    let fetcher =
        |options| Fetcher::with(options, Arc::new(SystemNetwork), Authority::new().roots()).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{port}/");
        fetcher(PRIVATE()).get(TENANT, &url, WANTED).await.unwrap();
        assert_eq!(fetcher(Options::default()).get(TENANT, &url, WANTED).await, Err(Refusal::Scheme));
    }
    assert_eq!(seen.requests(), 2);

    // Who says https to it does not get to speak http.
    let url = format!("https://localhost:{port}/");
    let answer = fetcher(PRIVATE()).get(TENANT, &url, WANTED).await;
    assert!(matches!(answer, Err(Refusal::Tls(_))), "{answer:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let (port, seen) = listen(Some(Authority::new().server(&["localhost"])), FINE).await;
    let fetcher = Fetcher::with(PRIVATE(), Arc::new(SystemNetwork), Authority::new().roots()).unwrap();
    let answer = fetcher.get(TENANT, &format!("https://localhost:{port}/"), WANTED).await;
    assert!(matches!(answer, Err(Refusal::Tls(_))), "{answer:?}");
    assert_eq!(seen.requests(), 0);
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let fetcher = Fetcher::with(PRIVATE(), Arc::new(SystemNetwork), Authority::new().roots()).unwrap();
    let answer = fetcher.get(TENANT, &format!("https://127.0.0.1:{port}/"), WANTED).await;
    assert!(matches!(answer, Err(Refusal::Unreachable(_))), "{answer:?}");
}

/// The variable belongs to a process, so the fetching is done by one of its own.
#[tokio::test]
async fn the_systems_authorities_are_those_of_ssl_cert_file() {
    // The same test again, in a process of its own: there it only fetches.
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return fetch_and_tell(&url).await;
    }
    let authority = Authority::new();
    let (port, seen) = listen(Some(authority.server(&["localhost"])), FINE).await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other, none) =
        (folder.path().join("ours.pem"), folder.path().join("other.pem"), folder.path().join("none.pem"));
    std::fs::write(&ours, authority.pem()).unwrap();
    std::fs::write(&other, Authority::new().pem()).unwrap();
    std::fs::write(&none, "").unwrap();
    for (file, expected) in
        [(ours, "fetched {}"), (other, "refused: TLS failed"), (none, "no fetcher: no certificate")]
    {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "--nocapture", "sockets::the_systems_authorities_are_those_of_ssl_cert_file"])
            .env("SSL_CERT_FILE", file)
            .env_remove("SSL_CERT_DIR")
            .env(URL_VARIABLE, format!("https://localhost:{port}/"));
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains(expected), "{output}");
    }
    assert_eq!(seen.requests(), 1);
}

async fn fetch_and_tell(url: &str) {
    match Fetcher::new(PRIVATE()) {
        Err(error @ Error::NoAuthorities(_)) => println!("no fetcher: {error}"),
        Err(error) => panic!("{error}"),
        Ok(fetcher) => match fetcher.get(TENANT, url, WANTED).await {
            Ok(fetched) => println!("fetched {}", String::from_utf8_lossy(&fetched.body)),
            Err(refusal) => println!("refused: {refusal}"),
        },
    }
}
