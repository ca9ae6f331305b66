//! Passwords: argon2id on threads of their own, with a bounded queue, so that sign-ins can never
//! stall tokens (RFC 9106 §4, OWASP's second recommended setting).

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{self, Output, ParamsString, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use grantor_protocol::Entropy;
use grantor_protocol::model::PasswordHash;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use super::Fault;

/// Hashes that wait for a thread; further ones are refused at once.
const QUEUE: usize = 64;

/// Longest password taken, in bytes; hashing is not the place to find out about a long one.
pub const MAX_LENGTH: usize = 1024;

/// Shortest password accepted for a new one, in characters (NIST SP 800-63B-4 §3.1.1.2 wants 15 for
/// a password alone and at least 8 otherwise).
pub const MIN_LENGTH: usize = 12;

/// Hash that a password of an unknown user is compared with, so that it takes as long as for a known
/// one. Its parameters are those of [`parameters`]; nothing matches it.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hashing threads.
pub struct PasswordPool {
    queue: SyncSender<Job>,
}

struct Job {
    password: String,
    against: Against,
    answer: oneshot::Sender<Result<Outcome, Fault>>,
}

enum Against {
    Hash(PasswordHash),
    NewSalt([u8; 16]),
}

enum Outcome {
    Matches(bool),
    Hashed(PasswordHash),
}

/// Whether a new password is acceptable.
///
/// # Errors
/// What is wrong with it, for the person who chose it.
pub fn check_new(password: &str) -> Result<(), String> {
    if password.chars().count() < MIN_LENGTH {
        return Err(format!("a password needs at least {MIN_LENGTH} characters"));
    }
    if password.len() > MAX_LENGTH {
        return Err(format!("a password can have at most {MAX_LENGTH} bytes"));
    }
    Ok(())
}

impl PasswordPool {
    /// Starts `threads` hashing threads, which end with the pool.
    ///
    /// # Errors
    /// A thread that the system refuses.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            std::thread::Builder::new().name(format!("argon2-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue })
    }

    /// Whether `password` is the one hashed; with no hash it takes as long and is false.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, Fault> {
        if password.len() > MAX_LENGTH {
            return Ok(false);
        }
        let against = Against::Hash(hash.cloned().unwrap_or_else(|| PasswordHash::from_phc(NOBODY)));
        match self.run(password, against).await? {
            Outcome::Matches(matches) => Ok(matches && hash.is_some()),
            Outcome::Hashed(_) => Err(Fault::internal("a comparison gave a hash")),
        }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full.
    pub async fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<PasswordHash, Fault> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        match self.run(password, Against::NewSalt(salt)).await? {
            Outcome::Hashed(hash) => Ok(hash),
            Outcome::Matches(_) => Err(Fault::internal("a hash gave a comparison")),
        }
    }

    async fn run(&self, password: &str, against: Against) -> Result<Outcome, Fault> {
        let (answer, answered) = oneshot::channel();
        let job = Job { password: password.to_owned(), against, answer };
        match self.queue.try_send(job) {
            Ok(()) => answered.await.map_err(Fault::internal)?,
            Err(TrySendError::Full(_)) => Err(Fault::Busy("too many sign-ins at once")),
            Err(TrySendError::Disconnected(_)) => Err(Fault::internal("the hashing threads are gone")),
        }
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // Whoever asked may have hung up while the job waited.
        if job.answer.is_closed() {
            continue;
        }
        let outcome = match &job.against {
            Against::Hash(hash) => compare(&job.password, hash, &mut memory).map(Outcome::Matches),
            Against::NewSalt(salt) => hash_with(&job.password, salt, &mut memory).map(Outcome::Hashed),
        };
        // Nobody to tell is no loss.
        drop(job.answer.send(outcome.map_err(|error| Fault::internal(error.to_string()))));
    }
}

/// Recomputes the hash with the parameters and the salt that it names.
fn compare(
    password: &str,
    hash: &PasswordHash,
    memory: &mut Vec<Block>,
) -> Result<bool, password_hash::Error> {
    let parsed = password_hash::PasswordHash::new(hash.as_phc())?;
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else {
        return Err(password_hash::Error::Password);
    };
    let mut salt_bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut salt_bytes)?;
    let algorithm = Algorithm::try_from(parsed.algorithm)?;
    let version = parsed.version.map_or(Ok(Version::V0x13), Version::try_from)?;
    let parameters = Params::try_from(&parsed)?;
    let mut computed = vec![0; expected.len()];
    fill(&Argon2::new(algorithm, version, parameters), password, salt, &mut computed, memory)?;
    Ok(computed.ct_eq(expected.as_bytes()).into())
}

fn hash_with(
    password: &str,
    salt: &[u8; 16],
    memory: &mut Vec<Block>,
) -> Result<PasswordHash, password_hash::Error> {
    let parameters = Params::default();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters.clone());
    fill(&argon2, password, salt, &mut output, memory)?;
    let salt = SaltString::encode_b64(salt)?;
    let hash = password_hash::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&parameters)?,
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(&output)?),
    };
    Ok(PasswordHash::from_phc(hash.to_string()))
}

/// Hashes in memory that the thread keeps: 19 MiB from the allocator for every sign-in would stay
/// with it.
fn fill(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> Result<(), password_hash::Error> {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::default());
    }
    let memory = &mut memory[..blocks];
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory).map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::entropy::SystemEntropy;

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let pool = PasswordPool::start(1).unwrap();
        let hash = pool.hash("correct horse battery", &SystemEntropy::new()).await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(pool.verify("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!pool.verify("correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!pool.verify("", Some(&hash)).await.unwrap());
    }

    /// An unknown user costs the same hash: the parameters of the stand-in are the real ones.
    #[tokio::test]
    async fn nobody_has_a_password() {
        let stand_in = password_hash::PasswordHash::new(NOBODY).unwrap();
        let parameters = Params::try_from(&stand_in).unwrap();
        assert_eq!(parameters.block_count(), Params::default().block_count());
        assert_eq!(parameters.t_cost(), Params::default().t_cost());
        assert!(!PasswordPool::start(1).unwrap().verify("anything", None).await.unwrap());
    }

    /// What does not fit into the queue is refused at once instead of piling up.
    #[tokio::test]
    async fn sheds_load() {
        let pool = PasswordPool::start(1).unwrap();
        let callers = (0..QUEUE * 2).map(|_| pool.verify("x", None));
        let outcomes = futures_util::future::join_all(callers).await;
        let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Fault::Busy(_)))).count();
        assert!(busy > 0 && busy < QUEUE * 2, "{busy}");
    }
}
