//! A client for HTTP/1.1 (RFC 9112) that keeps its connection and its buffers: just what the load needs.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest answer that is taken.
const INPUT: usize = 64 * 1024;

/// One connection. Its buffers are made once.
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

/// An answer, as long as the next one is not read.
pub struct Answer<'a> {
    pub status: u16,
    head: &'a str,
    pub body: &'a [u8],
}

impl Connection {
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, input: vec![0; INPUT] })
    }

    /// Sends a request and reads its answer, which must say its length.
    ///
    /// # Errors
    /// A connection that breaks, an answer that is not understood.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (head, length) = loop {
            filled += self.receive(filled).await?;
            if let Some(head) = end_of_head(&self.input[..filled]) {
                break (head, body_length(&self.input[..head])?);
            }
        };
        let end = head + length;
        ensure!(end <= self.input.len(), "an answer of {end} bytes");
        while filled < end {
            filled += self.receive(filled).await?;
        }
        ensure!(filled == end, "more was answered than asked");
        let head = std::str::from_utf8(&self.input[..head])?;
        let status = head.get(9..12).context("no status")?.parse()?;
        Ok(Answer { status, head, body: &self.input[head.len()..end] })
    }

    async fn receive(&mut self, filled: usize) -> anyhow::Result<usize> {
        match self.stream.read(&mut self.input[filled..]).await? {
            0 => bail!("the server closed the connection"),
            count => Ok(count),
        }
    }
}

impl Answer<'_> {
    /// The values of a header.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(self.body).unwrap_or("(not text)")
    }

    /// What to tell of an answer that was not the one expected.
    pub fn summary(&self) -> String {
        let shown: String = self.text().chars().take(300).collect();
        format!("{} {shown}", self.status)
    }
}

/// Writes a request. A body is a form's unless `headers` name another type.
pub fn request(method: &str, target: &str, authority: &str, headers: &str, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: {authority}\r\n{headers}");
    if method != "GET" {
        if !headers.contains("content-type:") {
            text.push_str("content-type: application/x-www-form-urlencoded\r\n");
        }
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

fn end_of_head(input: &[u8]) -> Option<usize> {
    // Lines are skipped whole: only those that begin with a line's end can end the head.
    let mut from = 0;
    loop {
        let line = input[from..].iter().position(|byte| *byte == b'\n')?;
        if line <= 1 && from > 0 {
            return Some(from + line + 1);
        }
        from += line + 1;
    }
}

fn body_length(head: &[u8]) -> anyhow::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    for line in head.split(|byte| *byte == b'\n') {
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            return Ok(std::str::from_utf8(&line[NAME.len()..])?.trim().parse()?);
        }
    }
    bail!("an answer without Content-Length: {}", String::from_utf8_lossy(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn finds_the_end_of_the_head_and_the_length_of_the_body() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        let head = end_of_head(text).unwrap();
        assert_eq!(&text[head..], b"hello");
        assert_eq!(body_length(&text[..head]).unwrap(), 5);
        assert_eq!(end_of_head(&text[..head - 1]), None);
        assert!(body_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn an_answer_may_come_in_pieces() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..2 {
                let mut asked = [0; 256];
                let read = stream.read(&mut asked).await.unwrap();
                assert!(asked[..read].starts_with(b"GET /x HTTP/1.1\r\nhost: here\r\n"));
                let answer = b"HTTP/1.1 303 See Other\r\nlocation: /y\r\ncontent-length: 4\r\n\r\nbody";
                for piece in answer.chunks(7) {
                    stream.write_all(piece).await.unwrap();
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        for _ in 0..2 {
            let answer = connection.exchange(&request("GET", "/x", "here", "", "")).await.unwrap();
            assert_eq!((answer.status, answer.text()), (303, "body"));
            assert_eq!(answer.headers("Location").collect::<Vec<_>>(), ["/y"]);
        }
        server.await.unwrap();
        assert!(connection.exchange(b"GET /x HTTP/1.1\r\n\r\n").await.is_err());
    }
}
