//! `cargo xtask bench --neighbour`: whether a tenant that asks for far more than it may have slows another. Two
//! tenants of one server ask for tokens at fixed rates; one of them stays within its limit, comes at ten times
//! its limit, or sends the same flood to the empty handler beside the server, which tells what the flood costs
//! the machine and what it costs the tenant.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{anyhow, ensure};
use serde_json::json;

use crate::flows::Fixed;
use crate::histogram::Histogram;
use crate::http::{Answer, Connection, request};
use crate::load::{Flow, Pace, beside, measure};
use crate::processes::{EmptyHandler, Server};
use crate::site::{Admin, CLIENT_CREDENTIALS, SERVICE, administrator, basic};

/// Connections of each tenant.
const CONNECTIONS: usize = 16;
/// The share of what the server can do that the quiet tenant asks for, and that the other one may have.
const SHARE: f64 = 0.04;
/// How many times its limit the other one asks for.
const FLOOD: f64 = 10.0;

const QUIET: &str = "quiet";
const NOISY: &str = "noisy";

/// What the other tenant does meanwhile.
#[derive(Clone, Copy)]
enum Neighbour {
    Silent,
    AtItsLimit,
    FloodElsewhere,
    Flood,
}

const NEIGHBOURS: [(Neighbour, &str); 4] = [
    (Neighbour::Silent, "is silent"),
    (Neighbour::AtItsLimit, "asks for what it may have"),
    (Neighbour::FloodElsewhere, "floods the empty handler"),
    (Neighbour::Flood, "asks for ten times its limit"),
];

/// Takes what it gets, and counts it and what it was refused.
#[derive(Clone)]
struct Greedy {
    flow: Fixed,
    answered: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Flow for Greedy {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        self.flow.request(into)
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        if answer.status == 429 {
            ensure!(answer.headers("retry-after").next().is_some(), "no Retry-After: {}", answer.summary());
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Ok(true);
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.flow.answer(answer)
    }
}

/// What was seen while the neighbour did one thing.
#[derive(Default)]
struct Seen {
    latency: Histogram,
    /// Requests of the neighbour that were answered with a token, and those that were refused.
    answered: u64,
    refused: u64,
}

/// Measures and prints.
///
/// # Errors
/// What does not work: a request of the quiet tenant that is not answered with a token, a flood that is not
/// refused.
pub async fn run(program: &Path, rounds: usize, length: Duration) -> anyhow::Result<()> {
    let server = Server::start(program, None).await?;
    let empty = EmptyHandler::start()?;
    let site = Site::build(&server).await?;
    let flows = vec![site.quiet.clone(); CONNECTIONS];
    let all = measure(site.address, &[], flows, length, Pace::Closed).await?.per_second();
    let rate = (all * SHARE).round();
    site.limit(rate).await?;
    println!(
        "A tenant asks for {rate} tokens per second; the server gives {all:.0} when all are asked for at once."
    );
    println!(
        "{:32}{:>11}{:>11}{:>9}{:>9}{:>9}",
        "its neighbour", "tokens/s", "refused/s", "p50 ms", "p99 ms", "ratio"
    );
    let mut seen = NEIGHBOURS.map(|_| Seen::default());
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for ((neighbour, _), seen) in NEIGHBOURS.into_iter().zip(&mut seen) {
            site.beside(neighbour, rate, length, empty.address, seen).await?;
        }
    }
    ensure!(seen[3].refused > 0, "ten times the limit was not refused");
    let within = seen[1].latency.quantile(0.99).as_secs_f64();
    // The neighbour's are counted from the warm-up on.
    let seconds = (length + length / 8).as_secs_f64() * rounds as f64;
    for ((_, name), Seen { latency, answered, refused }) in NEIGHBOURS.into_iter().zip(&seen) {
        let [median, high] = [0.5, 0.99].map(|share| latency.quantile(share).as_secs_f64());
        println!(
            "{name:32}{:11.0}{:11.0}{:9.2}{:9.2}{:9.2}",
            *answered as f64 / seconds,
            *refused as f64 / seconds,
            median * 1000.0,
            high * 1000.0,
            high / within
        );
    }
    Ok(())
}

/// Both tenants, with a client each.
struct Site {
    address: SocketAddr,
    admin: Admin,
    quiet: Fixed,
    noisy: Fixed,
}

impl Site {
    async fn build(server: &Server) -> anyhow::Result<Self> {
        let authority = server.address.to_string();
        let admin = Admin { token: administrator(server).await?, authority };
        let mut connection = Connection::open(server.address).await?;
        let mut flows = vec![];
        for tenant in [QUIET, NOISY] {
            let path = format!("/tenants/{tenant}");
            admin.send(&mut connection, "PUT", &path, &json!({ "name": tenant })).await?;
            let client = json!({ "client_name": SERVICE, "grant_types": ["client_credentials"] });
            let created =
                admin.send(&mut connection, "PUT", &format!("{path}/clients/{SERVICE}"), &client).await?;
            let credentials = basic(SERVICE, created["client_secret"].as_str().unwrap_or_default());
            let target = format!("/t/{tenant}/token");
            let ask = request("POST", &target, &admin.authority, &credentials, CLIENT_CREDENTIALS);
            flows.push(Fixed(ask.into()));
        }
        let [quiet, noisy] = flows.try_into().map_err(|_| anyhow!("there are two tenants"))?;
        Ok(Self { address: server.address, admin, quiet, noisy })
    }
    /// What the noisy tenant may have.
    async fn limit(&self, rate: f64) -> anyhow::Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let limit = json!({ "requests": rate as u32, "per": "second", "burst": rate as u32 });
        let settings = json!({ "name": NOISY, "settings": { "rate_limits": { "token": limit } } });
        self.admin.send(&mut connection, "PUT", &format!("/tenants/{NOISY}"), &settings).await?;
        Ok(())
    }

    /// The quiet tenant asks while its neighbour does something.
    async fn beside(
        &self,
        neighbour: Neighbour,
        rate: f64,
        length: Duration,
        empty: SocketAddr,
        seen: &mut Seen,
    ) -> anyhow::Result<()> {
        let [answered, refused] = [(); 2].map(|()| Arc::new(AtomicU64::new(0)));
        let noisy = match neighbour {
            Neighbour::Silent => None,
            Neighbour::AtItsLimit => Some((self.address, self.noisy.clone(), rate)),
            Neighbour::Flood => Some((self.address, self.noisy.clone(), rate * FLOOD)),
            Neighbour::FloodElsewhere => {
                Some((empty, Fixed(request("GET", "/", &empty.to_string(), "", "").into()), rate * FLOOD))
            }
        };
        let noise = noisy.map(|(address, flow, rate)| {
            let greedy = Greedy { flow, answered: Arc::clone(&answered), refused: Arc::clone(&refused) };
            beside(address, vec![greedy; CONNECTIONS], length, Pace::PerSecond(rate))
        });
        let flows = vec![self.quiet.clone(); CONNECTIONS];
        let quiet = measure(self.address, &[], flows, length, Pace::PerSecond(rate)).await?;
        seen.latency.merge(&quiet.latency);
        if let Some(noise) = noise {
            noise.join().map_err(|_| anyhow!("the neighbour's load panicked"))??;
            seen.answered += answered.load(Ordering::Relaxed);
            seen.refused += refused.load(Ordering::Relaxed);
        }
        Ok(())
    }
}
