//! What servers answer, and what of it is taken.

use std::sync::atomic::Ordering;
use std::time::Duration;

use grantor_outbound::{Refusal, Wanted};

use crate::support::{FINE, Script, TENANT, WANTED, World};

const URL: &str = "https://client.example/oauth/client.json?v=1";

#[tokio::test]
async fn a_document_comes_with_its_type_and_freshness() {
    let world = World::saying(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: max-age=300\r\n\
         ETag: \"a\"\r\nContent-Encoding: identity\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}",
    );
    let fetched = world.get(URL).await.unwrap();
    assert_eq!(fetched.body, "{}");
    assert_eq!(fetched.content_type.as_deref(), Some("application/json; charset=utf-8"));
    assert_eq!(fetched.freshness.max_age, Duration::from_secs(300));
    assert!(fetched.freshness.storable);
    assert_eq!(fetched.freshness.etag.as_deref(), Some("\"a\""));
}

#[tokio::test]
async fn the_request_carries_nothing_of_ours() {
    let world = World::saying(&FINE.replace("\r\n\r\n", "\r\nset-cookie: a=b\r\n\r\n"));
    let fetcher = world.fetcher();
    for _ in 0..2 {
        fetcher.get(TENANT, URL, WANTED).await.unwrap();
    }
    fetcher.get(TENANT, "https://client.example:8443", WANTED).await.unwrap();
    let sent = |target: &str, host: &str| {
        format!(
            "GET {target} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n\
             accept-encoding: identity\r\nuser-agent: Grantor\r\nconnection: close\r\n\r\n"
        )
    };
    let first = sent("/oauth/client.json?v=1", "client.example");
    let requests = world.seen.requests.lock().unwrap().clone();
    assert_eq!(requests, [first.clone(), first, sent("/", "client.example:8443")]);
}

/// draft-ietf-oauth-client-id-metadata-document §4: only 200 is success, and redirects are not followed.
#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [300, 301, 302, 303, 304, 305, 307, 308] {
        for location in
            ["https://10.0.0.1/", "http://169.254.169.254/latest", "/other", "//localhost/", "\u{e4}"]
        {
            let world = World::saying(&format!(
                "HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
            ));
            let refusal = world.get(URL).await.unwrap_err();
            assert!(matches!(refusal, Refusal::Redirect(_)), "{status}: {refusal:?}");
            assert!(!refusal.to_string().contains("169.254"));
            assert_eq!((world.lookups(), world.reached().len()), (1, 1));
        }
    }
}

#[tokio::test]
async fn no_other_status_than_200_is_success() {
    for status in [201, 202, 203, 204, 205, 206, 226, 299, 400, 401, 403, 404, 410, 429, 500, 503, 599, 999] {
        let world = World::saying(&format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\n\r\n"));
        assert_eq!(world.get(URL).await, Err(Refusal::Status(status)));
    }
}

#[tokio::test]
async fn content_codings_are_refused() {
    for fields in [
        "content-encoding: gzip",
        "content-encoding: br",
        "content-encoding: identity, gzip",
        "content-encoding: identity\r\ncontent-encoding: gzip",
        "content-encoding: ",
        "content-encoding: \u{e4}",
    ] {
        let world = World::saying(&format!("HTTP/1.1 200 OK\r\n{fields}\r\ncontent-length: 2\r\n\r\n{{}}"));
        let answer = world.get(URL).await;
        assert!(matches!(answer, Err(Refusal::ContentEncoding(_))), "{fields}: {answer:?}");
    }
}

#[tokio::test]
async fn a_body_of_the_longest_length_is_taken_however_it_is_framed() {
    let body = "a".repeat(WANTED.max_bytes);
    let chunks: String = body
        .as_bytes()
        .chunks(100)
        .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), "a".repeat(chunk.len())))
        .collect();
    for text in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{body}"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\ntrailer: a\r\n\r\n"),
        format!(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    ] {
        assert_eq!(World::saying(&text).get(URL).await.unwrap().body, body, "{text:.60}");
    }
}

#[tokio::test]
async fn a_longer_body_is_refused_however_it_is_framed() {
    let body = "a".repeat(WANTED.max_bytes + 1);
    for text in [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        format!("HTTP/1.1 200 OK\r\n\r\n{body}"),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\na".to_owned(),
    ] {
        let answer = World::saying(&text).get(URL).await;
        assert_eq!(answer, Err(Refusal::TooLarge(WANTED.max_bytes)), "{text:.60}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_read_to_its_end() {
    let piece = "a".repeat(1024);
    let chunk = format!("400\r\n{piece}\r\n");
    for (head, piece) in [
        ("HTTP/1.1 200 OK\r\n\r\n", &piece),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n", &piece),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunk),
        ("HTTP/1.1 404 Not Found\r\n\r\n", &piece),
        ("HTTP/1.1 302 Found\r\n\r\n", &piece),
    ] {
        let world = World::new(Script::GoesOn(head.to_owned(), piece.clone()));
        world.get(URL).await.unwrap_err();
        let written = world.seen.written.load(Ordering::SeqCst);
        assert!(written < 200 * 1024, "{head}: {written} bytes");
    }
}

/// The head may be long, and be without end, but it is not kept for ever.
#[tokio::test]
async fn heads_are_bounded() {
    let field = |length: usize| format!("a: {}\r\n", "b".repeat(length));
    let fits = format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}", field(8 * 1024));
    World::saying(&fits).get(URL).await.unwrap();
    for script in [
        Script::Says(format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}", field(20 * 1024))),
        Script::Says(format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\n{{}}", field(1).repeat(120))),
        Script::GoesOn("HTTP/1.1 200 OK\r\n".to_owned(), field(100)),
        Script::GoesOn("HTTP/1.1 200 OK\r\na: ".to_owned(), "b".repeat(100)),
        Script::GoesOn("HTTP/1.1 200 ".to_owned(), "b".repeat(100)),
        Script::GoesOn(String::new(), "b".repeat(100)),
        Script::GoesOn(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n".to_owned(),
            field(100),
        ),
        Script::GoesOn("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;".to_owned(), "b".repeat(100)),
    ] {
        let world = World::new(script);
        let answer = world.get(URL).await;
        assert!(matches!(answer, Err(Refusal::Broken(_))), "{answer:?}");
        assert!(world.seen.written.load(Ordering::SeqCst) < 200 * 1024);
    }
}

#[tokio::test]
async fn what_is_no_http_or_ends_too_early_is_refused() {
    for text in [
        "",
        "\r\n\r\n",
        "{}",
        "HTTP/1.1",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
        "HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551614\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n{}",
        "HTTP/2 200\r\n\r\n{}",
        "HTTP/1.1 20 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nname without colon\r\n\r\n{}",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail ESMTP\r\n",
    ] {
        let answer = World::saying(text).get(URL).await;
        assert!(matches!(answer, Err(Refusal::Broken(_))), "{text:?}: {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_answers_end_at_the_deadline() {
    for script in [
        Script::Hangs(String::new()),
        Script::Hangs("HTTP/1.1 200 OK\r\n".to_owned()),
        Script::Hangs("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{".to_owned()),
        Script::Drips(FINE.to_owned()),
        Script::GoesOn(String::new(), "HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
    ] {
        let forever = matches!(script, Script::GoesOn(..));
        let world = World::new(script);
        let began = tokio::time::Instant::now();
        let answer = if forever {
            // The clock stands still while somebody is busy: here something else has to say stop.
            tokio::time::resume();
            let wanted = Wanted { timeout: Duration::from_millis(50), ..WANTED };
            let answer = world.fetcher().get(TENANT, URL, wanted).await;
            tokio::time::pause();
            answer
        } else {
            world.get(URL).await
        };
        assert_eq!(answer, Err(Refusal::TimedOut));
        assert!(began.elapsed() < WANTED.timeout + Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_when_its_fetch_has_ended() {
    for text in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n", FINE] {
        let world = World::new(Script::Hangs(text.to_owned()));
        assert_eq!(world.get(URL).await.is_ok(), text == FINE);
        while world.seen.left.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_caller_waits_longer_than_the_longest_timeout() {
    let world = World::new(Script::Hangs(String::new()));
    let began = tokio::time::Instant::now();
    let wanted = Wanted { timeout: Duration::MAX, ..WANTED };
    assert_eq!(world.fetcher().get(TENANT, URL, wanted).await, Err(Refusal::TimedOut));
    assert_eq!(began.elapsed().as_secs(), grantor_outbound::LONGEST_TIMEOUT.as_secs());
}
