//! Logos of clients (RFC 7591 §2, `logo_uri`): fetched by the server, shown only when they are harmless images, and no
//! way for anybody to make the server fetch something else (draft-ietf-oauth-client-id-metadata-document).

use std::sync::{Arc, Mutex};

use grantor_protocol::model::{Client, TenantSettings, TenantStatus};
use poem::http::{Method, header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::support::{Answer, Browser, TestApp, TestTenant, client, encode, request};

pub(super) const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
const WEBP: &[u8] = b"RIFF\x10\0\0\0WEBPVP8 ";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";

/// The largest logo, in bytes.
const MOST: usize = 256 * 1024;

/// A client's own server, which counts what it is asked.
pub(super) struct Stranger {
    pub(super) logo_uri: String,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: watch::Receiver<usize>,
    /// Answers that it may give.
    may_answer: Arc<Semaphore>,
}

impl Stranger {
    pub(super) async fn answering(answer: Vec<u8>) -> Self {
        let stranger = Self::silent(answer).await;
        stranger.may_answer.add_permits(1000);
        stranger
    }

    /// One that keeps its answer to itself until it may give it.
    async fn silent(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let logo_uri = format!("http://{}/logo", listener.local_addr().unwrap());
        let (answer, may_answer) = (Arc::new(Mutex::new(answer)), Arc::new(Semaphore::new(0)));
        let (count, asked) = watch::channel(0);
        let stranger =
            Self { logo_uri, answer: Arc::clone(&answer), asked, may_answer: Arc::clone(&may_answer) };
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                read_request(&mut connection).await;
                count.send_modify(|count| *count += 1);
                let (answer, may_answer) = (answer.lock().unwrap().clone(), Arc::clone(&may_answer));
                tokio::spawn(async move {
                    may_answer.acquire().await.unwrap().forget();
                    // Whoever has seen enough hangs up.
                    let _ = connection.write_all(&answer).await;
                });
            }
        });
        stranger
    }

    pub(super) fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    fn answers_from_now_on(&self, answer: Vec<u8>) {
        *self.answer.lock().unwrap() = answer;
    }
}

async fn read_request(connection: &mut TcpStream) {
    let mut read = vec![];
    while !read.ends_with(b"\r\n\r\n") {
        read.push(connection.read_u8().await.unwrap());
    }
}

/// An HTTP response; `head` is what comes after the status line's version.
fn response(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn image(media_type: &str, body: &[u8]) -> Vec<u8> {
    response(&format!("200 OK\r\nContent-Type: {media_type}"), body)
}

pub(super) fn gif() -> Vec<u8> {
    image("image/gif", GIF)
}

impl TestTenant {
    /// Registers a client with this logo.
    async fn add_client_with_logo(&mut self, app: &TestApp, client_id: &str, logo_uri: &str) -> Client {
        let mut client = client(&self.tenant, client_id);
        client.metadata.logo_uri = Some(logo_uri.to_owned());
        self.add_client(app, client.clone()).await;
        client
    }

    /// Where pages have the client's logo.
    fn logo(&self, app: &TestApp, client: &Client) -> String {
        let proof = app.app.logo_proof(client).unwrap();
        self.path(&logo_path(client.client_id.as_str(), &proof))
    }
}

fn logo_path(client_id: &str, proof: &str) -> String {
    format!("/client-logo?{}", encode(&[("client_id", client_id), ("v", proof)]))
}

#[track_caller]
fn expect_none(name: &str, answer: &Answer) {
    assert_eq!(answer.status, 404, "{name}: {answer:?}");
    assert_eq!(answer.body, "", "{name}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
}

#[tokio::test]
async fn images_are_shown_as_what_they_are() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let largest = [PNG, &vec![0; MOST - PNG.len()]].concat();
    for (name, sent, body, shown) in [
        ("png", "image/png", PNG, "image/png"),
        ("jpeg", "image/jpeg", JPEG, "image/jpeg"),
        ("webp", "image/webp", WEBP, "image/webp"),
        ("gif", "image/gif", GIF, "image/gif"),
        ("old-gif", "image/gif", b"GIF87a", "image/gif"),
        ("spelling", "Image/PNG ; charset=binary", PNG, "image/png"),
        ("largest", "image/png", &largest, "image/png"),
    ] {
        let stranger = Stranger::answering(image(sent, body)).await;
        let client = acme.add_client_with_logo(&app, name, &stranger.logo_uri).await;
        let proof = app.app.logo_proof(&client).unwrap();
        let context = acme.context(&app).await;
        let logo = app.app.logo(&context, &client.client_id, &proof).await.unwrap().unwrap();
        assert_eq!((logo.media_type, &logo.body[..]), (shown, body), "{name}");
    }
}

#[tokio::test]
async fn an_image_cannot_do_anything() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let stranger = Stranger::answering(gif()).await;
    let client = acme.add_client_with_logo(&app, "drawn", &stranger.logo_uri).await;
    let shown = app.get(&acme.logo(&app, &client)).await;
    assert_eq!((shown.status.as_u16(), shown.body.as_bytes()), (200, GIF), "{shown:?}");
    assert_eq!(shown.header("content-type"), Some("image/gif"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    assert_eq!(shown.header("cache-control"), Some("private, max-age=3600"));
    assert_eq!(shown.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn nothing_else_is_shown() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let elsewhere = Stranger::answering(gif()).await;
    let redirect = format!("302 Found\r\nLocation: {}\r\nContent-Type: image/gif", elsewhere.logo_uri);
    let too_large = [GIF, &vec![0; MOST + 1 - GIF.len()]].concat();
    let endless =
        [b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nConnection: close\r\n\r\n", &too_large[..]].concat();
    for (name, answer) in [
        ("html", image("text/html", b"<!doctype html>")),
        ("svg", image("image/svg+xml", SVG)),
        ("svg as png", image("image/png", SVG)),
        ("html as png", image("image/png", b"<!doctype html><script>alert(1)</script>")),
        ("png as jpeg", image("image/jpeg", PNG)),
        ("wav as webp", image("image/webp", b"RIFF\x10\0\0\0WAVEfmt ")),
        ("a beginning", image("image/webp", b"RIFF")),
        ("empty", image("image/png", b"")),
        ("another image", image("image/bmp", b"BM")),
        ("png as bytes", image("application/octet-stream", PNG)),
        ("two types", response("200 OK\r\nContent-Type: image/gif\r\nContent-Type: text/html", GIF)),
        ("no type", response("200 OK", GIF)),
        ("too large", image("image/gif", &too_large)),
        ("too large, of no known length", endless),
        ("compressed", response("200 OK\r\nContent-Type: image/gif\r\nContent-Encoding: gzip", GIF)),
        ("redirect", response(&redirect, GIF)),
        ("not found", response("404 Not Found\r\nContent-Type: image/gif", GIF)),
        ("broken", b"\0\0\0".to_vec()),
    ] {
        let stranger = Stranger::answering(answer).await;
        let client = acme.add_client_with_logo(&app, name, &stranger.logo_uri).await;
        expect_none(name, &app.get(&acme.logo(&app, &client)).await);
        assert_eq!(stranger.asked(), 1, "{name}");
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect was followed");
}

/// Whoever has no address from a page of ours makes the server fetch nothing.
#[tokio::test]
async fn only_registered_logos_are_fetched() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let mut other = app.tenant_with("other", TenantSettings::default()).await;
    let stranger = Stranger::answering(gif()).await;
    let drawn = acme.add_client_with_logo(&app, "drawn", &stranger.logo_uri).await;
    let foreign = other.add_client_with_logo(&app, "drawn", &stranger.logo_uri).await;
    let neighbour = acme.add_client_with_logo(&app, "neighbour", &stranger.logo_uri).await;
    other.add_client_with_logo(&app, "only-there", &stranger.logo_uri).await;
    let proof = |client: &Client| app.app.logo_proof(client).unwrap();
    for (name, path) in [
        ("no such client", logo_path("nobody", &proof(&drawn))),
        ("no client identifier", logo_path("dr\u{fc}wn", &proof(&drawn))),
        ("a client without a logo", logo_path("app", &proof(&drawn))),
        ("a foreign tenant's client", logo_path("only-there", &proof(&foreign))),
        ("a foreign tenant's proof", logo_path("drawn", &proof(&foreign))),
        ("another client's proof", logo_path("drawn", &proof(&neighbour))),
        ("half a proof", logo_path("drawn", &proof(&drawn)[..21])),
        ("no base64url", logo_path("drawn", "?")),
    ] {
        expect_none(name, &app.get(&acme.path(&path)).await);
    }
    for query in ["", "?client_id=drawn", "?client_id=drawn&v=", &format!("?v={}", proof(&drawn))] {
        assert_eq!(app.get(&acme.path(&format!("/client-logo{query}"))).await.status, 400, "{query}");
    }
    let address = acme.logo(&app, &drawn);
    assert_eq!(app.get(&address.replace("acme", "nobody")).await.status, 404);
    assert!(app.app.logo_proof(&client(&acme.tenant, "app")).is_none());

    acme.change_client(&app, "drawn", |client| client.enabled = false).await;
    expect_none("a disabled client", &app.get(&address).await);
    acme.change_client(&app, "drawn", |client| {
        client.enabled = true;
        client.metadata.logo_uri = Some(format!("{}-2", stranger.logo_uri));
    })
    .await;
    expect_none("a logo of before", &app.get(&address).await);
    acme.change_tenant(&app, |tenant| tenant.status = TenantStatus::Suspended).await;
    assert_eq!(app.get(&acme.logo(&app, &neighbour)).await.status, 403);
    assert_eq!(stranger.asked(), 0);
}

/// A client that is disabled loses its logo although it is still in memory.
#[tokio::test]
async fn what_is_kept_is_not_shown_for_ever() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let stranger = Stranger::answering(gif()).await;
    let client = acme.add_client_with_logo(&app, "drawn", &stranger.logo_uri).await;
    let address = acme.logo(&app, &client);
    assert_eq!(app.get(&address).await.status, 200);
    acme.change_client(&app, "drawn", |client| client.enabled = false).await;
    expect_none("a disabled client", &app.get(&address).await);
}

#[tokio::test]
async fn a_failure_costs_one_fetch_a_minute() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let stranger = Stranger::answering(response("500 Internal Server Error", b"")).await;
    let client = acme.add_client_with_logo(&app, "drawn", &stranger.logo_uri).await;
    let address = acme.logo(&app, &client);
    for _ in 0..3 {
        expect_none("broken", &app.get(&address).await);
    }
    stranger.answers_from_now_on(gif());
    app.clock.advance(59);
    expect_none("remembered", &app.get(&address).await);
    assert_eq!(stranger.asked(), 1);
    app.clock.advance(1);
    assert_eq!(app.get(&address).await.status, 200);
    assert_eq!(stranger.asked(), 2);
}

/// Between an hour and a day, whatever the client's server says: it must not learn of every look.
#[tokio::test]
async fn a_logo_is_kept() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    for (name, cache_control, fresh) in [
        ("nothing said", "", 3600),
        ("no-store", "Cache-Control: no-store", 3600),
        ("a minute", "Cache-Control: max-age=60", 3600),
        ("two hours", "Cache-Control: max-age=7200", 7200),
        ("a year", "Cache-Control: max-age=31536000", 86_400),
    ] {
        let answer =
            response(format!("200 OK\r\nContent-Type: image/gif\r\n{cache_control}").trim_end(), GIF);
        let stranger = Stranger::answering(answer).await;
        let client = acme.add_client_with_logo(&app, name, &stranger.logo_uri).await;
        let address = acme.logo(&app, &client);
        let shown = app.get(&address).await;
        let max_age = |seconds: u32| format!("private, max-age={seconds}");
        assert_eq!(shown.header("cache-control"), Some(max_age(fresh).as_str()), "{name}");
        app.clock.advance(fresh - 1);
        let etag = shown.header("etag").unwrap();
        let held = request(Method::GET, &address).header(header::IF_NONE_MATCH, etag).finish();
        let again = app.send(held).await;
        assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{name}");
        assert_eq!(again.header("cache-control"), Some(max_age(1).as_str()), "{name}");
        assert_eq!(stranger.asked(), 1, "{name}");
        app.clock.advance(1);
        assert_eq!(app.get(&address).await.status, 200, "{name}");
        assert_eq!(stranger.asked(), 2, "{name}");
    }
}

/// Who reloads a page whose image is slow does not send the client's server one request after the other.
#[tokio::test]
async fn hanging_up_starts_no_second_fetch() {
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let stranger = Stranger::silent(gif()).await;
    let client = acme.add_client_with_logo(&app, "slow", &stranger.logo_uri).await;
    let address = acme.logo(&app, &client);
    let mut asked = stranger.asked.clone();
    tokio::select! {
        answer = app.get(&address) => panic!("nothing was answered yet: {answer:?}"),
        _ = asked.wait_for(|count| *count == 1) => {}
    }
    stranger.may_answer.add_permits(1);
    assert_eq!(app.get(&address).await.status, 200);
    assert_eq!(stranger.asked(), 1);
}

/// The page names this server only, and asks nobody for the image before the browser does.
#[tokio::test]
async fn the_consent_page_shows_the_logo() {
    const CLIENT_ID: &str = "https://app.example/client?a=1&b=%20\"'";
    let app = TestApp::sqlite().await;
    let mut acme = app.acme().await;
    let stranger = Stranger::answering(gif()).await;
    acme.add_client_with_logo(&app, CLIENT_ID, &stranger.logo_uri).await;
    let mut browser = Browser::default();
    let consent = async |browser: &mut Browser, client_id: &'static str| {
        let mut page = browser.get(&app, &acme.authorize(&acme.authorization(client_id))).await;
        while page.header("location").is_some() {
            page = browser.follow(&app, &page).await;
            if page.body.contains("name=\"password\"") {
                page = acme.sign_in(&app, browser, &page).await;
            }
        }
        page
    };
    let page = consent(&mut browser, CLIENT_ID).await;
    assert_eq!(stranger.asked(), 0);
    assert!(!page.body.contains(&stranger.logo_uri), "{page:?}");
    assert!(page.header("content-security-policy").unwrap().contains("img-src 'self';"), "{page:?}");
    let (_, image) = page.body.split_once("<img src=\"").unwrap();
    let address = image.split('"').next().unwrap().replace("&#38;", "&");
    let shown = browser.get(&app, &address).await;
    assert_eq!((shown.status.as_u16(), shown.body.as_bytes()), (200, GIF), "{shown:?}");
    assert_eq!(stranger.asked(), 1);

    let page = consent(&mut browser, "app").await;
    assert!(page.body.contains("name=\"decision\"") && !page.body.contains("<img"), "{page:?}");
}
