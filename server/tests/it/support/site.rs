use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Somebody's web site on this machine.
pub struct Site {
    address: SocketAddr,
    pages: Arc<Mutex<HashMap<String, String>>>,
    requests: Arc<AtomicUsize>,
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (pages, requests) = (Arc::<Mutex<HashMap<_, _>>>::default(), Arc::<AtomicUsize>::default());
        let (served, counted) = (Arc::clone(&pages), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(answer(stream, Arc::clone(&served)));
            }
        });
        Self { address, pages, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers `path` with this JSON from now on.
    pub fn serve(&self, path: &str, cache_control: &str, document: &Value) {
        let head = format!("200 OK\r\nContent-Type: application/json\r\nCache-Control: {cache_control}");
        self.answer(path, &head, &document.to_string());
    }

    /// Answers `path` with this status line and these header lines from now on.
    pub fn answer(&self, path: &str, head: &str, body: &str) {
        let answer =
            format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        self.pages.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, pages: Arc<Mutex<HashMap<String, String>>>) {
    let mut request = vec![];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let page = pages.lock().unwrap().get(path).cloned();
    let page = page.unwrap_or_else(|| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned());
    // Whoever asked may have gone.
    let _sent = stream.write_all(page.as_bytes()).await;
}
