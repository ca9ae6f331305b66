//! What bounds the server, measured alone: each is the least that one answer can cost.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use argon2::password_hash;
use argon2::{Algorithm as Argon2Algorithm, Argon2, Block, Params, Version};
use grantor_jose::{Algorithm, SigningKey};
use grantor_protocol::claims::AccessTokenClaims;
use grantor_protocol::model::{PasswordHash, TenantId};
use grantor_protocol::{Effect, Id, Scope, SecretHash, Timestamp};
use grantor_store::testing::TestDatabase;
use tokio::task::JoinSet;

use crate::cpu;
use crate::histogram::Histogram;
use crate::load::Sample;

/// Keys and a database that last for the whole run.
pub struct Bounds {
    es256: SigningKey,
    es256_token: String,
    rs256: SigningKey,
    claims: AccessTokenClaims,
    database: TestDatabase,
    rows: Arc<AtomicU64>,
}

impl Bounds {
    /// `database` is one of the bounds' own, of the kind that the server has.
    ///
    /// # Errors
    /// Keys that cannot be made.
    pub fn new(database: TestDatabase) -> anyhow::Result<Self> {
        let claims = claims();
        let (es256, _) = SigningKey::generate(Algorithm::ES256, KID)?;
        let (rs256, _) = SigningKey::generate(Algorithm::RS256, KID)?;
        Ok(Self {
            es256_token: es256.sign("at+jwt", &claims)?,
            es256,
            rs256,
            claims,
            database,
            rows: Arc::default(),
        })
    }

    /// Signs access tokens with ES256, as the server does.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub fn es256_signatures(&self, length: Duration) -> anyhow::Result<Sample> {
        alone(cores(), length, || || Ok(self.es256.sign("at+jwt", &self.claims)?))
    }

    /// Verifies an access token, as introspection does.
    ///
    /// # Errors
    /// As [`Self::es256_signatures`].
    pub fn es256_verifications(&self, length: Duration) -> anyhow::Result<Sample> {
        let key = self.es256.verification_key();
        let verify = || Ok(key.verify::<AccessTokenClaims>(&self.es256_token, &[Algorithm::ES256])?);
        alone(cores(), length, || verify)
    }

    /// Signs access tokens with RS256 and a key of 2048 bits.
    ///
    /// # Errors
    /// As [`Self::es256_signatures`].
    pub fn rs256_signatures(&self, length: Duration) -> anyhow::Result<Sample> {
        alone(cores(), length, || || Ok(self.rs256.sign("at+jwt", &self.claims)?))
    }

    /// Hashes passwords with argon2id, at the cost of a hash that the server stored, on so many threads.
    ///
    /// # Errors
    /// A fault of the library, a hash of another kind.
    pub fn argon2id_hashes(
        &self,
        stored: &PasswordHash,
        threads: usize,
        length: Duration,
    ) -> anyhow::Result<Sample> {
        let failed = |error| anyhow::anyhow!("argon2id: {error}");
        let parsed = password_hash::PasswordHash::new(stored.as_phc()).map_err(failed)?;
        ensure!(parsed.algorithm == Argon2Algorithm::Argon2id.ident(), "a hash of {}", parsed.algorithm);
        let parameters = Params::try_from(&parsed).map_err(failed)?;
        let argon2 = Argon2::new(Argon2Algorithm::Argon2id, Version::V0x13, parameters.clone());
        alone(threads, length, || {
            let mut memory = vec![Block::default(); parameters.block_count()];
            let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
            let argon2 = &argon2;
            move || {
                argon2
                    .hash_password_into_with_memory(b"a password", &[7; 16], &mut hash, &mut memory)
                    .map_err(|error| anyhow::anyhow!("argon2id: {error}"))
            }
        })
    }

    /// Writes 4 KiB to a file and waits until it is on the disk, one after the other.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn syncs(&self, length: Duration) -> anyhow::Result<Sample> {
        let file = &tempfile::tempfile()?;
        let mut place = 0;
        let write = move || {
            place = (place + 1) % 1024;
            file.write_all_at(&[7; 4096], place * 4096)?;
            Ok(file.sync_data()?)
        };
        // Once around, so that the file does not grow any more.
        file.set_len(1024 * 4096)?;
        file.sync_all()?;
        alone(1, length, || write)
    }

    /// Lets `writers` tasks store one small row after the other, each durable before the next.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn rows(
        &self,
        writers: usize,
        length: Duration,
        database_servers: &[u32],
    ) -> anyhow::Result<Sample> {
        let store = self.database.store();
        let commits_before = store.write_statistics().commits;
        let cpu_of_all =
            || Ok::<_, anyhow::Error>(cpu::of_this_process()? + cpu::of_trees(database_servers)?);
        let (before, began) = (cpu_of_all()?, Instant::now());
        let mut running = JoinSet::new();
        for _ in 0..writers {
            let (store, numbers, until) = (store.clone(), Arc::clone(&self.rows), began + length);
            running.spawn(async move {
                let (mut stored, mut latency, mut began) = (0, Histogram::default(), Instant::now());
                while began < until {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    store.tenant(TENANT).apply(vec![row(number)]).await?;
                    stored += 1;
                    latency.record(began.elapsed());
                    began = Instant::now();
                }
                Ok::<_, grantor_store::ApplyError>((stored, latency))
            });
        }
        let (mut count, mut latency) = (0, Histogram::default());
        while let Some(ended) = running.join_next().await {
            let (stored, latencies) = ended?.context("storing a row")?;
            count += stored;
            latency.merge(&latencies);
        }
        let commits = store.write_statistics().commits - commits_before;
        let cpu = cpu_of_all()?.saturating_sub(before);
        // PostgreSQL does not say.
        let per_commit = (commits > 0).then(|| count as f64 / commits as f64);
        Ok(sample(count, began.elapsed(), cpu, latency, per_commit))
    }
}

const KID: &str = "01234567-89ab-7def-8123-456789abcdef";
const TENANT: TenantId = Id::from_bytes([1; 16]);

/// What the access token of a client with a short name says.
fn claims() -> AccessTokenClaims {
    let issuer = "http://127.0.0.1:8080/t/bench".to_owned();
    AccessTokenClaims {
        aud: vec![issuer.clone()].into(),
        iss: issuer,
        exp: 1_800_000_600,
        sub: "service".to_owned(),
        client_id: "service".to_owned(),
        iat: 1_800_000_000,
        jti: Id::from_bytes([7; 16]),
        scope: Scope::default(),
        auth_time: None,
        acr: None,
        grant_id: None,
        cnf: None,
        act: None,
    }
}

/// The least that a decision can write.
fn row(number: u64) -> Effect {
    let mut jti = [0; 32];
    jti[..8].copy_from_slice(&number.to_be_bytes());
    Effect::SpendProof {
        key: KID.to_owned(),
        jti: SecretHash::from_bytes(jti),
        expires_at: Timestamp::from_unix_microseconds(i64::MAX),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does the same for `length` on so many threads, each of which makes its work first. Under load all cores are
/// busy, and a core whose neighbour is busy may be a slower one: a bound must be measured as its workload is.
fn alone<T, W: FnMut() -> anyhow::Result<T>>(
    threads: usize,
    length: Duration,
    make: impl Fn() -> W + Sync,
) -> anyhow::Result<Sample> {
    let (before, began) = (cpu::of_this_process()?, Instant::now());
    let repeat = || {
        let mut work = make();
        let (mut count, mut latency, mut began_one) = (0, Histogram::default(), Instant::now());
        while began.elapsed() < length {
            work()?;
            count += 1;
            latency.record(began_one.elapsed());
            began_one = Instant::now();
        }
        Ok::<_, anyhow::Error>((count, latency))
    };
    let (mut count, mut latency) = (0, Histogram::default());
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(repeat)).collect();
        for thread in running {
            let (done, latencies) = thread.join().map_err(|_| anyhow::anyhow!("a bound panicked"))??;
            count += done;
            latency.merge(&latencies);
        }
        Ok::<_, anyhow::Error>(())
    })?;
    let cpu = cpu::of_this_process()?.saturating_sub(before);
    Ok(sample(count, began.elapsed(), cpu, latency, None))
}

fn sample(count: u64, wall: Duration, cpu: Duration, latency: Histogram, per_commit: Option<f64>) -> Sample {
    Sample { count, wall, cpu, client_cpu: Duration::ZERO, latency, per_commit, sign_ins: None }
}
