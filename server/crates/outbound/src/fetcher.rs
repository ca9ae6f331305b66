use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use rustls::client::Resumption;
use rustls::pki_types::{IpAddr as CertifiedAddress, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::address::Reach;
use crate::budget::{Budget, Permit};
use crate::flights::Flights;
use crate::{
    Answered, Ask, Error, Fetched, Network, Post, Refusal, Reply, Stream, SystemNetwork, check_url, exchange,
};

/// No fetch takes longer, whatever the caller wants.
pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Addresses of one host that are tried, one after the other.
const MAX_ATTEMPTS: usize = 4;

/// What the operator decides.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether private and loopback addresses may be contacted, the latter over plain http too. Addresses of
    /// other special use, such as link-local ones, never are.
    pub allow_private_network: bool,
    pub limits: Limits,
    /// Of what is sent, which is counted apart: it never keeps anything from being fetched.
    pub post_limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        let post_limits = Limits { concurrent: 256, concurrent_by_key: 8, per_minute_by_key: 6000 };
        Self { allow_private_network: false, limits: Limits::default(), post_limits }
    }
}

/// How many fetches there may be before further ones are refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// At once, of all keys together.
    pub concurrent: usize,
    /// At once, of one key.
    pub concurrent_by_key: usize,
    /// Begun within any sixty seconds, of one key.
    pub per_minute_by_key: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrent: 64, concurrent_by_key: 8, per_minute_by_key: 60 }
    }
}

/// What a caller wants of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The value of `Accept`; `*/*` is sent instead of what no header can hold.
    pub accept: &'static str,
    /// The longest body that is taken.
    pub max_bytes: usize,
    /// For all of it, from the resolution of the name to the last byte; at most [`LONGEST_TIMEOUT`].
    pub timeout: Duration,
}

/// Fetches what strangers name. One is made for the whole program: its limits hold for what goes through it.
/// Time is the runtime's clock, which tests stop and turn.
pub struct Fetcher {
    allow_private_network: bool,
    network: Arc<dyn Network>,
    tls: TlsConnector,
    budget: Budget,
    posts: Budget,
    flights: Flights,
}

impl Fetcher {
    /// A fetcher that trusts the certificate authorities of the system, or those of the files that
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name, read once, here.
    ///
    /// # Errors
    /// When there is none of them.
    pub fn new(options: Options) -> Result<Self, Error> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(found.certs);
        if added == 0 {
            let causes = found.errors.iter().map(|error| format!("; {error}")).collect();
            return Err(Error::NoAuthorities(causes));
        }
        Self::with(options, Arc::new(SystemNetwork), roots)
    }

    /// A fetcher on another network, with other authorities.
    ///
    /// # Errors
    /// When TLS cannot be had.
    pub fn with(options: Options, network: Arc<dyn Network>, roots: RootCertStore) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would tell a server that two tenants live in one house.
        tls.resumption = Resumption::disabled();
        Ok(Self {
            allow_private_network: options.allow_private_network,
            network,
            tls: TlsConnector::from(Arc::new(tls)),
            budget: Budget::new(options.limits),
            posts: Budget::new(options.post_limits),
            flights: Flights::default(),
        })
    }

    /// [`check_url`] with this fetcher's own options: whether the URL could be fetched at all.
    ///
    /// # Errors
    /// What whoever wrote the URL must change.
    pub fn check(&self, url: &str) -> Result<(), Refusal> {
        check_url(url, self.allow_private_network).map(|_| ())
    }

    /// Fetches `url` at the cost of `key`, the tenant on whose behalf it is. Who wants the same for the same key
    /// at the same time shares one request and its answer, also when that is a refusal. Nothing is kept.
    ///
    /// Boxed: few requests fetch, but this would be the greater part of the state of each that may.
    ///
    /// # Errors
    /// Why not, with what is to be changed; [`Refusal::Busy`] at once where a limit is reached.
    #[boxed]
    pub async fn get(&self, key: [u8; 16], url: &str, wanted: Wanted) -> Result<Fetched, Refusal> {
        let url = check_url(url, self.allow_private_network)?;
        let deadline = Instant::now() + wanted.timeout.min(LONGEST_TIMEOUT);
        let flight = (key, url.clone(), wanted);
        self.flights.share(flight, self.fetch(key, url, wanted, deadline)).await
    }

    /// Sends to `url` once, on behalf of `key`, whose budget is another one than that of what is fetched.
    /// Whatever status the server answers with is an answer, but no redirect is followed.
    ///
    /// # Errors
    /// As [`Self::get`].
    #[boxed]
    pub async fn post(&self, key: [u8; 16], url: &str, post: Post) -> Result<Answered, Refusal> {
        let url = check_url(url, self.allow_private_network)?;
        let deadline = Instant::now() + post.timeout.min(LONGEST_TIMEOUT);
        let permit = Arc::new(self.posts.take(key, Instant::now())?);
        let send = async {
            let stream = self.reach(&url, &permit, deadline).await?;
            exchange::post(stream, &url, post).await
        };
        timeout_at(deadline, send).await.unwrap_or(Err(Refusal::TimedOut))
    }

    /// Asks `url` once, on behalf of `key`, at the cost of the budget of what is sent. Whatever status the server
    /// answers with is an answer, but no redirect is followed.
    ///
    /// # Errors
    /// As [`Self::get`].
    #[boxed]
    pub async fn ask(&self, key: [u8; 16], url: &str, ask: Ask) -> Result<Reply, Refusal> {
        let url = check_url(url, self.allow_private_network)?;
        let deadline = Instant::now() + ask.wanted.timeout.min(LONGEST_TIMEOUT);
        let permit = Arc::new(self.posts.take(key, Instant::now())?);
        let asked = async {
            let stream = self.reach(&url, &permit, deadline).await?;
            exchange::ask(stream, &url, ask).await
        };
        timeout_at(deadline, asked).await.unwrap_or(Err(Refusal::TimedOut))
    }

    async fn fetch(
        &self,
        key: [u8; 16],
        url: Url,
        wanted: Wanted,
        deadline: Instant,
    ) -> Result<Fetched, Refusal> {
        let permit = Arc::new(self.budget.take(key, Instant::now())?);
        let fetch = async {
            let stream = self.reach(&url, &permit, deadline).await?;
            exchange::get(stream, &url, wanted).await
        };
        timeout_at(deadline, fetch).await.unwrap_or(Err(Refusal::TimedOut))
    }

    /// A connection to the URL's host, at an address that was checked.
    async fn reach(
        &self,
        url: &Url,
        permit: &Arc<Permit>,
        deadline: Instant,
    ) -> Result<Box<dyn Stream>, Refusal> {
        let addresses = self.addresses(url, permit).await?;
        let stream = self.connect(&addresses, deadline).await?;
        self.secure(stream, url).await
    }

    /// The addresses of the URL's host, each of them checked.
    async fn addresses(&self, url: &Url, permit: &Arc<Permit>) -> Result<Vec<SocketAddr>, Refusal> {
        let found = match url.host() {
            Some(Host::Domain(name)) => self.resolve(name, permit).await?,
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            None => return Err(Refusal::Host),
        };
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        // One bad address is enough: a name that leads outside and inside is an attempt to get inside.
        for address in &found {
            let reach = Reach::of(*address);
            let is_allowed = reach.is_allowed(self.allow_private_network)
                && (url.scheme() == "https" || reach == Reach::Loopback);
            if !is_allowed {
                let host = url.host_str().unwrap_or_default();
                return Err(Refusal::SpecialUse(format!("{host} has the address {address}").into()));
            }
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address.to_canonical(), port)).collect())
    }

    /// A lookup cannot be stopped once it is under way, only left alone. It holds its permit until it ends, so
    /// that names whose servers do not answer use up their tenant's budget and not the threads of all.
    async fn resolve(&self, name: &str, permit: &Arc<Permit>) -> Result<Vec<IpAddr>, Refusal> {
        let (network, held) = (Arc::clone(&self.network), Arc::clone(permit));
        let lookup = {
            let name = name.to_owned();
            tokio::spawn(async move {
                let found = network.resolve(&name).await;
                drop(held);
                found
            })
        };
        let found = match lookup.await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(Refusal::Unresolvable(format!("{name}: {error}").into())),
            Err(error) => return Err(Refusal::Unresolvable(format!("{name}: {error}").into())),
        };
        if found.is_empty() {
            return Err(Refusal::Unresolvable(format!("{name} has no address").into()));
        }
        Ok(found)
    }

    /// Connects to the first address that answers. Each attempt has its share of the time left, so that one
    /// address that swallows packets does not use up all of it.
    async fn connect(&self, addresses: &[SocketAddr], deadline: Instant) -> Result<Box<dyn Stream>, Refusal> {
        let mut causes = Vec::new();
        let mut attempts_left = u32::try_from(addresses.len().min(MAX_ATTEMPTS)).unwrap_or(1);
        for address in addresses.iter().take(MAX_ATTEMPTS) {
            let share = deadline.saturating_duration_since(Instant::now()) / attempts_left.max(1);
            attempts_left = attempts_left.saturating_sub(1);
            match timeout(share, self.network.connect(*address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => causes.push(format!("{address}: {error}")),
                Err(_) => causes.push(format!("{address}: no answer")),
            }
        }
        Err(Refusal::Unreachable(causes.join("; ").into()))
    }

    async fn secure(&self, stream: Box<dyn Stream>, url: &Url) -> Result<Box<dyn Stream>, Refusal> {
        if url.scheme() == "http" {
            return Ok(stream);
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| Refusal::Host)?,
            Some(Host::Ipv4(address)) => ServerName::IpAddress(CertifiedAddress::from(IpAddr::V4(address))),
            Some(Host::Ipv6(address)) => ServerName::IpAddress(CertifiedAddress::from(IpAddr::V6(address))),
            None => return Err(Refusal::Host),
        };
        let handshake = self.tls.connect(name, stream).await;
        Ok(Box::new(handshake.map_err(|error| Refusal::Tls(error.to_string().into()))?))
    }
}
