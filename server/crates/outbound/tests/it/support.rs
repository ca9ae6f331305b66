//! A network made of names, addresses and one server, in memory; and servers on this machine's sockets.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use grantor_outbound::{Answered, Fetched, Fetcher, Limits, Network, Options, Post, Refusal, Stream, Wanted};
use http::HeaderValue;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

pub const TENANT: [u8; 16] = [1; 16];
pub const OTHER: [u8; 16] = [2; 16];

/// A public address, at which the network in memory has its server.
pub const PUBLIC: &str = "93.184.215.14";
pub const PUBLIC_V6: &str = "2606:2800:21f:cb07:6820:80da:af6b:8b2c";

pub const WANTED: Wanted =
    Wanted { accept: "application/json", max_bytes: 5 * 1024, timeout: Duration::from_secs(5) };

/// A JSON document with a header of its own, which is given five seconds.
pub fn post(body: &'static str) -> Post {
    Post {
        content_type: "application/json",
        headers: vec![("webhook-id", HeaderValue::from_static("msg_1"))],
        body: body.into(),
        timeout: Duration::from_secs(5),
    }
}

pub const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// A certificate authority of a test's own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate()).unwrap();
        roots
    }

    /// A server with a certificate for these names and addresses.
    pub fn server(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        self.server_with(CertificateParams::new(names).unwrap())
    }

    pub fn server_with(&self, params: CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What the server does once it has read a request.
#[derive(Clone)]
pub enum Script {
    /// Says this and closes.
    Says(String),
    /// Says the first and then the second for as long as somebody reads.
    GoesOn(String, String),
    /// Says this, and nothing more.
    Hangs(String),
    /// Says this after a permit.
    Waits(Arc<Semaphore>, String),
    /// Says this, a byte each second.
    Drips(String),
}

/// What the server saw and did.
#[derive(Default)]
pub struct Seen {
    pub requests: Mutex<Vec<String>>,
    /// Bytes that it could write.
    pub written: AtomicUsize,
    /// Connections that the client closed while the server hung.
    pub left: AtomicUsize,
}

impl Seen {
    pub fn requests(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Serves one connection; what goes wrong on it is the client's to notice.
pub async fn serve(stream: impl Stream + 'static, tls: Option<TlsAcceptor>, script: Script, seen: Arc<Seen>) {
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
    };
    let Ok(request) = read_request(&mut stream).await else { return };
    seen.requests.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    drop(act(&mut stream, script, &seen).await);
}

/// The head, and as much of a body as it announces.
async fn read_request(stream: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let is_one_of = |request: &[u8]| {
        [&b"GET "[..], b"POST "]
            .iter()
            .any(|method| request.starts_with(&method[..request.len().min(method.len())]))
    };
    while is_one_of(&request) && !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&request).to_lowercase();
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    request.extend(body);
    Ok(request)
}

async fn act(stream: &mut Box<dyn Stream>, script: Script, seen: &Seen) -> io::Result<()> {
    match script {
        Script::Says(text) => say(stream, &text, seen).await?,
        Script::GoesOn(head, piece) => {
            say(stream, &head, seen).await?;
            loop {
                say(stream, &piece, seen).await?;
            }
        }
        Script::Hangs(text) => {
            say(stream, &text, seen).await?;
            if stream.read_u8().await.is_err() {
                seen.left.fetch_add(1, Ordering::SeqCst);
            }
        }
        Script::Waits(permits, text) => {
            permits.acquire().await.unwrap().forget();
            say(stream, &text, seen).await?;
        }
        Script::Drips(text) => {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            for byte in text.chars() {
                second.tick().await;
                say(stream, &byte.to_string(), seen).await?;
            }
        }
    }
    stream.shutdown().await
}

async fn say(stream: &mut Box<dyn Stream>, text: &str, seen: &Seen) -> io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await?;
    seen.written.fetch_add(text.len(), Ordering::SeqCst);
    Ok(())
}

/// A network in memory, and what was asked of it.
pub struct World {
    /// What a name resolves to, the first time, the second time, and from the last one on for ever.
    names: Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>,
    /// A name in here resolves only after a permit.
    slow: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// What answers; at any other address nothing does, and packets get lost.
    servers: Mutex<HashMap<IpAddr, TlsAcceptor>>,
    script: Mutex<Script>,
    pub lookups: AtomicUsize,
    pub reached: Mutex<Vec<SocketAddr>>,
    pub seen: Arc<Seen>,
    authority: Authority,
}

impl World {
    /// A world in which `client.example` is at a public address, with a certificate.
    pub fn new(script: Script) -> Arc<Self> {
        let world = Self {
            names: Mutex::default(),
            slow: Mutex::default(),
            servers: Mutex::default(),
            script: Mutex::new(script),
            lookups: AtomicUsize::new(0),
            reached: Mutex::default(),
            seen: Arc::default(),
            authority: Authority::new(),
        };
        world.name("client.example", &[&[PUBLIC]]);
        world.server(PUBLIC, &["client.example", PUBLIC]);
        Arc::new(world)
    }

    pub fn saying(text: &str) -> Arc<Self> {
        Self::new(Script::Says(text.to_owned()))
    }

    pub fn name(&self, name: &str, answers: &[&[&str]]) {
        let parse = |addresses: &&[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        self.names.lock().unwrap().insert(name.to_owned(), answers.iter().map(parse).collect());
    }

    pub fn slow_name(&self, name: &str, permits: &Arc<Semaphore>) {
        self.slow.lock().unwrap().insert(name.to_owned(), Arc::clone(permits));
    }

    pub fn server(&self, address: &str, names: &[&str]) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        self.server_with(address, CertificateParams::new(names).unwrap());
    }

    pub fn server_with(&self, address: &str, params: CertificateParams) {
        let server = self.authority.server_with(params);
        self.servers.lock().unwrap().insert(address.parse().unwrap(), server);
    }

    pub fn reached(&self) -> Vec<String> {
        self.reached.lock().unwrap().iter().map(ToString::to_string).collect()
    }

    pub fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }

    pub fn fetcher(self: &Arc<Self>) -> Arc<Fetcher> {
        self.fetcher_with(Options::default())
    }

    pub fn fetcher_for_private_networks(self: &Arc<Self>) -> Arc<Fetcher> {
        self.fetcher_with(Options { allow_private_network: true, ..Options::default() })
    }

    pub fn fetcher_with_limits(self: &Arc<Self>, limits: Limits) -> Arc<Fetcher> {
        self.fetcher_with(Options { limits, ..Options::default() })
    }

    pub fn fetcher_with(self: &Arc<Self>, options: Options) -> Arc<Fetcher> {
        let network = Arc::clone(self) as Arc<dyn Network>;
        Arc::new(Fetcher::with(options, network, self.authority.roots()).unwrap())
    }

    /// Sends once, with a fetcher of its own.
    pub async fn post(self: &Arc<Self>, url: &str) -> Result<Answered, Refusal> {
        self.fetcher().post(TENANT, url, post("{}")).await
    }

    /// Fetches once, with a fetcher of its own.
    pub async fn get(self: &Arc<Self>, url: &str) -> Result<Fetched, Refusal> {
        self.fetcher().get(TENANT, url, WANTED).await
    }
}

#[async_trait]
impl Network for World {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let slow = self.slow.lock().unwrap().get(name).cloned();
        if let Some(permits) = slow {
            permits.acquire().await.unwrap().forget();
        }
        let mut names = self.names.lock().unwrap();
        let answers = names.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(answer.unwrap_or_default())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        self.reached.lock().unwrap().push(address);
        let server = self.servers.lock().unwrap().get(&address.ip()).cloned();
        let Some(server) = server else { std::future::pending().await };
        let (ours, theirs) = tokio::io::duplex(16 * 1024);
        let script = self.script.lock().unwrap().clone();
        tokio::spawn(serve(theirs, Some(server), script, Arc::clone(&self.seen)));
        Ok(Box::new(ours))
    }
}
