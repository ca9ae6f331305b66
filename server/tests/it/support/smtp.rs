use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::mail::decoded;

/// A mail server (RFC 5321) that takes messages, or refuses recipients as it is told.
pub struct MailServer {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<VecDeque<&'static str>>>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, taken: Arc::default(), refusals: Arc::default() };
        let (taken, refusals) = (Arc::clone(&server.taken), Arc::clone(&server.refusals));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&taken), Arc::clone(&refusals)));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Answers the next recipient so.
    pub fn refuse(&self, answer: &'static str) {
        self.refusals.lock().unwrap().push_back(answer);
    }

    /// The messages that were taken so far.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

async fn talk(
    stream: TcpStream,
    taken: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<VecDeque<&'static str>>>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut answer = "220 mail.example ESMTP".to_owned();
    loop {
        stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        answer = match line.split([' ', ':', '\r']).next().unwrap_or_default() {
            "RCPT" => {
                let refusal = refusals.lock().unwrap().pop_front();
                refusal.unwrap_or("250 recipient taken").to_owned()
            }
            "DATA" => {
                stream.get_mut().write_all(b"354 go on\r\n").await.ok()?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut message).await.ok()? == 0 {
                        return None;
                    }
                }
                taken.lock().unwrap().push(decoded(&message));
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 mail.example".to_owned(),
        };
    }
}
