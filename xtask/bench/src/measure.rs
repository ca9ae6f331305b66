//! Measures every step, round after round.

use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use grantor_protocol::model::PasswordHash;
use grantor_store::Backend;
use grantor_store::testing::TestDatabase;

use crate::bounds::Bounds;
use crate::cpu::{self, Memory};
use crate::flows::{Codes, Fixed};
use crate::load::{Flow, Pace, Sample, beside, measure};
use crate::processes::{EmptyHandler, PostgresServer, Server};
use crate::rounds::{Round, Step};
use crate::site::Site;

/// Connections of every workload but sign-ins.
pub const CONNECTIONS: usize = 64;

/// A sign-in costs a password hash; more at a time than this would only wait for each other.
pub const SIGN_IN_CONNECTIONS: usize = 16;

/// Requests per second whose latency is held against that beside sign-ins: a few per cent of what the server
/// can do, and thousands of samples for a 99th percentile.
const MODEST_RATE: f64 = 1000.0;

/// How much is measured.
pub struct Plan {
    pub rounds: usize,
    /// Of a workload; a bound takes half as long.
    pub length: Duration,
    /// In the order of a round.
    pub steps: Vec<Step>,
}

/// A step that was left out of its round.
pub struct Dropped {
    /// Counted from 1.
    pub round: usize,
    pub step: Step,
    pub reason: String,
}

/// What a run gave.
pub struct Measured {
    pub rounds: Vec<Round>,
    pub dropped: Vec<Dropped>,
    /// The share of the machine's busy CPU time that went to something else.
    pub disturbance: f64,
}

/// Everything that runs while it is measured.
pub struct Bench {
    bounds: Bounds,
    empty: EmptyHandler,
    site: Site,
    server: Server,
    /// A password's hash as the server stores it, and the threads on which it hashes.
    stored_hash: PasswordHash,
    hashing_threads: usize,
    /// On PostgreSQL, its processes cost the server's answers.
    postgres: Option<PostgresServer>,
}

impl Bench {
    /// Starts everything and proves that the tokens are what they should be.
    ///
    /// # Errors
    /// Whatever does not start or answers wrongly.
    pub async fn start(program: &std::path::Path, backend: Backend) -> anyhow::Result<Self> {
        let database = match backend {
            Backend::Sqlite => TestDatabase::sqlite().await,
            Backend::Postgres => TestDatabase::postgres().await,
        };
        let postgres = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(PostgresServer::of(TestDatabase::empty(backend).await)?),
        };
        let bounds = Bounds::new(database)?;
        let empty = EmptyHandler::start()?;
        let server = Server::start(program, postgres.as_ref().map(PostgresServer::url)).await?;
        let site = Site::build(&server).await.context("setting the server up")?;
        site.verify_tokens().await?;
        let stored_hash = site.stored_hash(&server).await.context("reading a password's hash")?;
        let hashing_threads = cpu::threads_named(server.process_id(), "argon2-")?;
        ensure!(hashing_threads > 0, "the server has no threads for hashes");
        Ok(Self { bounds, empty, site, server, stored_hash, hashing_threads, postgres })
    }

    /// Measures all rounds; `tell` hears of every step before it begins.
    ///
    /// # Errors
    /// When a process that is measured has ended.
    pub async fn run(&mut self, plan: &Plan, mut tell: impl FnMut(usize, Step)) -> anyhow::Result<Measured> {
        let (mut rounds, mut dropped) = (vec![], vec![]);
        let (machine, own) = (cpu::of_the_machine()?, self.own_cpu()?);
        for number in 1..=plan.rounds {
            let mut round = Round::default();
            for step in plan.steps.iter().copied() {
                tell(number, step);
                match self.step(step, plan.length, &round).await {
                    Ok(sample) if sample.count > 0 => {
                        round.0.insert(step, sample);
                    }
                    Ok(_) => dropped.push(Dropped { round: number, step, reason: "nothing was done".into() }),
                    Err(error) => dropped.push(Dropped { round: number, step, reason: format!("{error:#}") }),
                }
            }
            rounds.push(round);
        }
        let machine = cpu::of_the_machine()?.saturating_sub(machine);
        let others = machine.saturating_sub(self.own_cpu()?.saturating_sub(own));
        let disturbance = others.as_secs_f64() / machine.as_secs_f64().max(f64::MIN_POSITIVE);
        Ok(Measured { rounds, dropped, disturbance })
    }

    fn own_cpu(&self) -> anyhow::Result<Duration> {
        cpu::of_trees(&[vec![std::process::id()], self.database_processes()].concat())
    }

    /// The server's memory.
    ///
    /// # Errors
    /// When it has ended.
    pub fn server_memory(&self) -> anyhow::Result<Memory> {
        cpu::memory(self.server.process_id())
    }

    async fn step(&mut self, step: Step, length: Duration, round: &Round) -> anyhow::Result<Sample> {
        let alone = length / 2;
        match step {
            Step::Es256Signature => self.bounds.es256_signatures(alone),
            Step::Es256Verification => self.bounds.es256_verifications(alone),
            Step::Rs256Signature => self.bounds.rs256_signatures(alone),
            Step::Argon2idHash => self.bounds.argon2id_hashes(&self.stored_hash, self.hashing_threads, alone),
            Step::DiskSync => self.bounds.syncs(alone),
            Step::DurableRow => self.bounds.rows(CONNECTIONS, alone, &self.database_processes()).await,
            Step::EmptyHandler => {
                let ask = Fixed(crate::http::request("GET", "/", "127.0.0.1", "", "").into());
                let (address, processes) = (self.empty.address, self.empty.process_ids());
                measure(address, &processes, vec![ask; CONNECTIONS], length, Pace::Closed).await
            }
            Step::Jwks => self.load(vec![self.site.jwks(); CONNECTIONS], length, Pace::Closed).await,
            Step::ClientCredentialsEs256 => {
                self.load(vec![self.site.client_credentials("ES256"); CONNECTIONS], length, Pace::Closed)
                    .await
            }
            Step::ClientCredentialsRs256 => {
                self.load(vec![self.site.client_credentials("RS256"); CONNECTIONS], length, Pace::Closed)
                    .await
            }
            Step::Introspection => {
                let flow = self.site.introspections().await?;
                self.load(vec![flow; CONNECTIONS], length, Pace::Closed).await
            }
            Step::Authorization => {
                let flow = self.site.authorizations(&Codes::default());
                self.load(vec![flow; CONNECTIONS], length, Pace::Closed).await
            }
            Step::CodeExchange => self.code_exchange(length).await,
            Step::Refresh => {
                let (commits, jobs) = self.commits().await?;
                let sample = self.load(self.site.refreshes(CONNECTIONS).await?, length, Pace::Closed).await?;
                let (commits_after, jobs_after) = self.commits().await?;
                let per_commit = match commits_after - commits {
                    0 => None,
                    commits => Some((jobs_after - jobs) as f64 / commits as f64),
                };
                Ok(Sample { per_commit, ..sample })
            }
            Step::RefreshAtHalfLoad => {
                let capacity = round.0.get(&Step::Refresh).context("needs the capacity")?.per_second();
                let flows = self.site.refreshes(CONNECTIONS).await?;
                self.load(flows, length, Pace::PerSecond(capacity / 2.0)).await
            }
            Step::SignIn => {
                self.load(vec![self.site.sign_ins(); SIGN_IN_CONNECTIONS], length, Pace::Closed).await
            }
            Step::TokenIdle => self.at_modest_rate(self.site.client_credentials("ES256"), length).await,
            Step::TokenBesideSignIns => {
                self.beside_sign_ins(self.site.client_credentials("ES256"), length).await
            }
            Step::IntrospectionIdle => self.at_modest_rate(self.site.introspections().await?, length).await,
            Step::IntrospectionBesideSignIns => {
                self.beside_sign_ins(self.site.introspections().await?, length).await
            }
        }
    }

    async fn at_modest_rate<F: Flow + Clone>(&self, flow: F, length: Duration) -> anyhow::Result<Sample> {
        self.load(vec![flow; CONNECTIONS], length, Pace::PerSecond(MODEST_RATE)).await
    }

    /// The same while so many people sign in that the hashing threads are always busy. They begin with the
    /// other load's warm-up, and their last hashes are computed after its end.
    async fn beside_sign_ins<F: Flow + Clone>(&self, flow: F, length: Duration) -> anyhow::Result<Sample> {
        let people = vec![self.site.sign_ins(); SIGN_IN_CONNECTIONS];
        let people = beside(self.server.address, people, length, Pace::Closed);
        let sample = self.at_modest_rate(flow, length).await;
        let people = people.join().map_err(|_| anyhow!("the sign-ins' load panicked"))??;
        Ok(Sample { sign_ins: Some(people.per_second()), ..sample? })
    }

    /// Codes live for a minute: they are made right before they are redeemed, as many as last.
    async fn code_exchange(&self, length: Duration) -> anyhow::Result<Sample> {
        let codes = Codes::default();
        self.load(vec![self.site.authorizations(&codes); CONNECTIONS], length, Pace::Closed).await?;
        self.load(vec![self.site.exchanges(&codes); CONNECTIONS], length, Pace::Closed).await
    }

    async fn load<F: Flow>(&self, flows: Vec<F>, length: Duration, pace: Pace) -> anyhow::Result<Sample> {
        let processes = [vec![self.server.process_id()], self.database_processes()].concat();
        measure(self.server.address, &processes, flows, length, pace).await
    }

    fn database_processes(&self) -> Vec<u32> {
        self.postgres.iter().map(PostgresServer::process_id).collect()
    }

    /// Commits of the server's own database so far, and the writes that they carried; zero on PostgreSQL.
    async fn commits(&self) -> anyhow::Result<(u64, u64)> {
        let commits = self.server.counter("grantor_store_commits_total").await?;
        Ok((commits, self.server.counter("grantor_store_jobs_total").await?))
    }
}
