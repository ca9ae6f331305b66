//! The load: a fixed number of connections, each of which asks, waits for the answer and asks again.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout_at};

use crate::cpu;
use crate::histogram::Histogram;
use crate::http::{Answer, Connection};

/// How long the last answers may take after the end before the run is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one connection asks.
pub trait Flow: Send + 'static {
    /// Writes the next request; false if there is nothing left to ask.
    fn request(&mut self, into: &mut Vec<u8>) -> bool;

    /// Takes from an answer what the next request needs, and says whether something is done that counts: a
    /// flow may need several requests for it.
    ///
    /// # Errors
    /// An answer that is not the one wanted: whatever it was, the round does not count.
    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool>;
}

/// When requests are sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The next one as soon as the last one is answered: for capacity.
    Closed,
    /// So many per second over all connections, however long the answers take: for latency.
    PerSecond(f64),
}

/// What a measurement counted.
pub struct Sample {
    pub count: u64,
    pub wall: Duration,
    /// CPU time of whatever did the work.
    pub cpu: Duration,
    /// CPU time of the load client.
    pub client_cpu: Duration,
    pub latency: Histogram,
    /// How many of them one commit made durable, where that was counted.
    pub per_commit: Option<f64>,
    /// Sign-ins per second of a crowd beside it, where there was one.
    pub sign_ins: Option<f64>,
}

impl Sample {
    /// CPU seconds for one.
    pub fn cost(&self) -> f64 {
        self.cpu.as_secs_f64() / self.count as f64
    }

    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }
}

/// A connection and what it asks.
struct Lane<F> {
    connection: Connection,
    request: Vec<u8>,
    flow: F,
}

#[derive(Default)]
struct Tally {
    count: u64,
    latency: Histogram,
}

/// Warms up, then lets every flow ask on a connection of its own for `length`, and measures that.
///
/// # Errors
/// The first answer that was not wanted.
pub async fn measure<F: Flow>(
    address: SocketAddr,
    servers: &[u32],
    flows: Vec<F>,
    length: Duration,
    pace: Pace,
) -> anyhow::Result<Sample> {
    let mut lanes = Vec::with_capacity(flows.len());
    for flow in flows {
        let connection = Connection::open(address).await?;
        lanes.push(Lane { connection, request: Vec::with_capacity(4096), flow });
    }
    let (lanes, _) = drive_all(lanes, length / 8, pace).await?;
    let (client_before, before) = (cpu::of_this_process()?, cpu::of_trees(servers)?);
    let began = Instant::now();
    let (_, tally) = drive_all(lanes, length, pace).await?;
    Ok(Sample {
        count: tally.count,
        wall: began.elapsed(),
        cpu: cpu::of_trees(servers)?.saturating_sub(before),
        client_cpu: cpu::of_this_process()?.saturating_sub(client_before),
        latency: tally.latency,
        per_commit: None,
        sign_ins: None,
    })
}

/// Measures another load at the same time, on a thread of its own: what it waits for keeps the other load waiting
/// for nothing. It is over when the thread has ended.
pub fn beside<F: Flow>(
    address: SocketAddr,
    flows: Vec<F>,
    length: Duration,
    pace: Pace,
) -> JoinHandle<anyhow::Result<Sample>> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(measure(address, &[], flows, length, pace))
    })
}

async fn drive_all<F: Flow>(
    lanes: Vec<Lane<F>>,
    length: Duration,
    pace: Pace,
) -> anyhow::Result<(Vec<Lane<F>>, Tally)> {
    let count = lanes.len();
    let began = Instant::now();
    let until = began + length;
    let mut running = JoinSet::new();
    for (index, lane) in lanes.into_iter().enumerate() {
        match pace {
            Pace::Closed => running.spawn(drive(lane, until)),
            Pace::PerSecond(rate) => {
                let every = Duration::from_secs_f64(count as f64 / rate);
                let first = began + every.mul_f64(index as f64 / count as f64);
                running.spawn(drive_at_pace(lane, first, every, until))
            }
        };
    }
    let (mut lanes, mut total) = (Vec::with_capacity(count), Tally::default());
    while let Some(ended) =
        timeout_at((until + PATIENCE).into(), running.join_next()).await.context("no answer")?
    {
        let (lane, tally) = ended??;
        total.count += tally.count;
        total.latency.merge(&tally.latency);
        lanes.push(lane);
    }
    Ok((lanes, total))
}

async fn drive<F: Flow>(mut lane: Lane<F>, until: Instant) -> anyhow::Result<(Lane<F>, Tally)> {
    let mut tally = Tally::default();
    let mut began = Instant::now();
    while began < until && lane.complete().await? {
        let answered = Instant::now();
        tally.count += 1;
        tally.latency.record(answered - began);
        began = answered;
    }
    Ok((lane, tally))
}

/// A request that had to wait for the answer before it is measured from when it was due. One that found its
/// connection idle is measured from when it was sent: a timer that is late is not the server's fault.
async fn drive_at_pace<F: Flow>(
    mut lane: Lane<F>,
    first: Instant,
    every: Duration,
    until: Instant,
) -> anyhow::Result<(Lane<F>, Tally)> {
    let mut tally = Tally::default();
    let mut ticks = interval_at(first.into(), every);
    loop {
        let idle_since = Instant::now();
        let due = ticks.tick().await.into_std();
        let from = if due < idle_since { due } else { Instant::now() };
        if from >= until || !lane.complete().await? {
            return Ok((lane, tally));
        }
        tally.count += 1;
        tally.latency.record(from.elapsed());
    }
}

impl<F: Flow> Lane<F> {
    /// Asks until something is done that counts; false if there is nothing left to ask.
    async fn complete(&mut self) -> anyhow::Result<bool> {
        loop {
            self.request.clear();
            if !self.flow.request(&mut self.request) {
                return Ok(false);
            }
            let answer = self.connection.exchange(&self.request).await?;
            if self.flow.answer(&answer)? {
                return Ok(true);
            }
        }
    }
}
