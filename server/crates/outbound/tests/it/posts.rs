//! What is sent goes only where it may, once, and is bounded as what is fetched is.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use grantor_outbound::{Answered, Limits, Options, Refusal};
use tokio::sync::Semaphore;

use crate::support::{FINE, OTHER, Script, TENANT, WANTED, World, post};

const URL: &str = "https://client.example/hook?a=b";

fn answered(status: u16) -> Answered {
    Answered { status, retry_after: None }
}

#[tokio::test]
async fn sends_the_document_and_its_headers() {
    let world = World::saying(FINE);
    assert_eq!(world.post(URL).await, Ok(answered(200)));
    let request = world.seen.requests.lock().unwrap()[0].to_lowercase();
    assert!(request.starts_with("post /hook?a=b http/1.1\r\n"), "{request}");
    for line in
        ["host: client.example", "content-type: application/json", "user-agent: grantor", "webhook-id: msg_1"]
    {
        assert!(request.contains(&format!("\r\n{line}\r\n")), "{line}: {request}");
    }
    assert!(request.ends_with("\r\n\r\n{}"), "{request}");
    for header in ["authorization", "cookie"] {
        assert!(!request.contains(header), "{request}");
    }
}

#[tokio::test]
async fn whatever_status_is_an_answer() {
    for status in [200, 204, 400, 404, 410, 500] {
        let world = World::saying(&format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n"));
        assert_eq!(world.post(URL).await, Ok(answered(status)));
    }
    let world = World::saying("HTTP/1.1 503 X\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n");
    let retry_after = Some(Duration::from_secs(120));
    assert_eq!(world.post(URL).await, Ok(Answered { status: 503, retry_after }));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} X\r\nlocation: https://client.example/b\r\n\r\n");
        let world = World::saying(&head);
        assert!(matches!(world.post(URL).await, Err(Refusal::Redirect(_))), "{status}");
        assert_eq!(world.seen.requests(), 1);
    }
}

/// RFC 6890: what is checked of addresses holds for what is sent too.
#[tokio::test]
async fn nothing_is_sent_into_the_operators_network() {
    let world = World::saying(FINE);
    world.name("inside.example", &[&["10.0.0.1"]]);
    world.name("metadata.example", &[&["169.254.169.254"]]);
    world.name("both.example", &[&["93.184.215.14", "127.0.0.1"]]);
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://192.168.1.1/",
        "https://inside.example/",
        "https://metadata.example/",
        "https://both.example/",
    ] {
        assert!(matches!(world.post(url).await, Err(Refusal::SpecialUse(_))), "{url}");
    }
    assert_eq!(world.post("http://client.example/").await, Err(Refusal::Scheme));
    assert_eq!((world.reached().len(), world.seen.requests()), (0, 0));
}

/// The head is the answer: a body without end is nobody's time but its server's.
#[tokio::test]
async fn the_body_of_an_answer_is_left_unread() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let world = World::new(Script::GoesOn(head, format!("400\r\n{}\r\n", "x".repeat(1024))));
    assert_eq!(world.post(URL).await, Ok(answered(200)));
    assert!(world.seen.written.load(Ordering::SeqCst) < 1024 * 1024);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_left() {
    let world = World::new(Script::Hangs("HTTP/1.1 200 OK\r\n".to_owned()));
    assert_eq!(world.post(URL).await, Err(Refusal::TimedOut));
}

/// Whoever sends much can still fetch, and the other way round.
#[tokio::test]
async fn what_is_sent_has_a_budget_of_its_own() {
    let one = Limits { concurrent: 1, concurrent_by_key: 1, per_minute_by_key: 1 };
    let permits = Arc::new(Semaphore::new(0));
    let world = World::new(Script::Waits(Arc::clone(&permits), FINE.to_owned()));
    let fetcher = world.fetcher_with(Options { limits: one, post_limits: one, ..Options::default() });
    let (sender, getter) = (Arc::clone(&fetcher), Arc::clone(&fetcher));
    let sent = tokio::spawn(async move { sender.post(TENANT, URL, post("{}")).await });
    let fetched = tokio::spawn(async move { getter.get(TENANT, URL, WANTED).await });
    while world.seen.requests() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fetcher.post(OTHER, URL, post("{}")).await, Err(Refusal::Busy), "in all one at a time");
    permits.add_permits(2);
    assert_eq!(sent.await.unwrap(), Ok(answered(200)));
    assert!(fetched.await.unwrap().is_ok());
    assert_eq!(fetcher.post(TENANT, URL, post("{}")).await, Err(Refusal::Busy), "one in a minute");
}
