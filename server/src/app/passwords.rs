//! Passwords: argon2id on threads of their own, with a bounded queue, so that sign-ins can never
//! stall tokens (RFC 9106 §4, OWASP's second recommended setting). Tenants take turns, so that one's
//! crowd makes another wait for a single hash of its.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{self, Output, ParamsString, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use grantor_protocol::Entropy;
use grantor_protocol::model::{PasswordHash, TenantId};
use grantor_protocol::password::MAX_LENGTH;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use super::Fault;

/// Hashes that wait for a thread; further ones are refused at once. One tenant can have at most as many
/// of the places as are left, so there is always one for somebody new until many share them.
const QUEUE: usize = 128;

/// The most that a stored hash may cost. A hash says itself what it costs, and one may come from elsewhere:
/// without bounds it could ask for more memory than there is, or for a thread until the server stops.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 8;

/// Hash that a password of an unknown user is compared with, so that it takes as long as for a known
/// one. Its parameters are those of [`parameters`]; nothing matches it.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hashing threads.
pub struct PasswordPool {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    hashed: AtomicU64,
    /// Whether the log has it that a hash costs too much: whoever signs in can repeat it at will.
    told_of_cost: AtomicBool,
}

#[derive(Default)]
struct Queue {
    jobs: HashMap<TenantId, VecDeque<Job>>,
    /// Tenants that have jobs, in the order in which they are served.
    turns: VecDeque<TenantId>,
    waiting: usize,
    closed: bool,
}

impl Queue {
    /// Gives the job back if there is no place for it.
    fn push(&mut self, tenant: TenantId, job: Job) -> Result<(), Job> {
        let own = self.jobs.entry(tenant).or_default();
        if own.len() >= QUEUE - self.waiting {
            if own.is_empty() {
                self.jobs.remove(&tenant);
            }
            return Err(job);
        }
        if own.is_empty() {
            self.turns.push_back(tenant);
        }
        own.push_back(job);
        self.waiting += 1;
        Ok(())
    }

    /// The next job of the tenant whose turn it is.
    fn pop(&mut self) -> Option<Job> {
        let tenant = self.turns.pop_front()?;
        let own = self.jobs.get_mut(&tenant)?;
        let job = own.pop_front()?;
        self.waiting -= 1;
        if own.is_empty() {
            self.jobs.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        Some(job)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; None when the pool is gone.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.pop() {
                return Some(job);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for PasswordPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
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

impl PasswordPool {
    /// Starts `threads` hashing threads, which end with the pool.
    ///
    /// # Errors
    /// A thread that the system refuses.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let pool = Self { shared: Arc::default() };
        for number in 0..threads.max(1) {
            let shared = Arc::clone(&pool.shared);
            std::thread::Builder::new().name(format!("argon2-{number}")).spawn(move || work(&shared))?;
        }
        Ok(pool)
    }

    /// Hashes computed so far.
    pub fn hashed(&self) -> u64 {
        self.shared.hashed.load(Ordering::Relaxed)
    }

    /// Whether `password` is the one hashed; with no hash it takes as long and is false.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full, or as much of it as the tenant may have.
    pub async fn verify(
        &self,
        tenant: TenantId,
        password: &str,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, Fault> {
        if password.len() > MAX_LENGTH {
            return Ok(false);
        }
        let against = Against::Hash(hash.cloned().unwrap_or_else(|| PasswordHash::from_phc(NOBODY)));
        match self.run(tenant, password, against).await? {
            Outcome::Matches(matches) => Ok(matches && hash.is_some()),
            Outcome::Hashed(_) => Err(Fault::internal("a comparison gave a hash")),
        }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn hash(
        &self,
        tenant: TenantId,
        password: &str,
        entropy: &dyn Entropy,
    ) -> Result<PasswordHash, Fault> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        match self.run(tenant, password, Against::NewSalt(salt)).await? {
            Outcome::Hashed(hash) => Ok(hash),
            Outcome::Matches(_) => Err(Fault::internal("a hash gave a comparison")),
        }
    }

    async fn run(&self, tenant: TenantId, password: &str, against: Against) -> Result<Outcome, Fault> {
        let (answer, answered) = oneshot::channel();
        let job = Job { password: password.to_owned(), against, answer };
        let queued = self.shared.lock().push(tenant, job).is_ok();
        if !queued {
            return Err(Fault::Busy("too many sign-ins at once"));
        }
        self.shared.changed.notify_one();
        answered.await.map_err(Fault::internal)?
    }
}

fn work(shared: &Shared) {
    let mut memory = Vec::new();
    while let Some(job) = shared.next() {
        // Whoever asked may have hung up while the job waited.
        if job.answer.is_closed() {
            continue;
        }
        let outcome = match &job.against {
            Against::Hash(hash) if costs_too_much(hash) => {
                if !shared.told_of_cost.swap(true, Ordering::Relaxed) {
                    tracing::warn!("a stored password hash costs more than is computed: nothing matches it");
                }
                Ok(Outcome::Matches(false))
            }
            Against::Hash(hash) => compare(&job.password, hash, &mut memory).map(Outcome::Matches),
            Against::NewSalt(salt) => hash_with(&job.password, salt, &mut memory).map(Outcome::Hashed),
        };
        shared.hashed.fetch_add(1, Ordering::Relaxed);
        // Nobody to tell is no loss.
        drop(job.answer.send(outcome.map_err(|error| Fault::internal(error.to_string()))));
    }
}

/// Whether a stored hash can be compared with: one of argon2 that does not cost too much.
pub fn is_usable(hash: &PasswordHash) -> bool {
    let parsed = password_hash::PasswordHash::new(hash.as_phc());
    parsed.is_ok_and(|parsed| {
        parsed.salt.is_some()
            && parsed.hash.is_some()
            && Algorithm::try_from(parsed.algorithm).is_ok()
            && parsed.version.is_none_or(|version| Version::try_from(version).is_ok())
            && Params::try_from(&parsed).is_ok_and(|parameters| is_affordable(&parameters))
    })
}

fn costs_too_much(hash: &PasswordHash) -> bool {
    let parsed = password_hash::PasswordHash::new(hash.as_phc());
    let parameters = parsed.and_then(|parsed| Params::try_from(&parsed));
    parameters.is_ok_and(|parameters| !is_affordable(&parameters))
}

fn is_affordable(parameters: &Params) -> bool {
    parameters.m_cost() <= MOST_MEMORY_KIB
        && parameters.t_cost() <= MOST_PASSES
        && parameters.p_cost() <= MOST_LANES
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
/// with it. What a hash from elsewhere needs beyond that is given back.
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
    let hashed =
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut memory[..blocks]);
    memory.truncate(Params::default().block_count());
    memory.shrink_to_fit();
    hashed.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::entropy::SystemEntropy;

    #[tokio::test]
    async fn a_hash_matches_its_password_only() {
        let pool = PasswordPool::start(1).unwrap();
        let hash = pool.hash(TENANT, "correct horse battery", &SystemEntropy::new()).await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(pool.verify(TENANT, "correct horse battery", Some(&hash)).await.unwrap());
        assert!(!pool.verify(TENANT, "correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!pool.verify(TENANT, "", Some(&hash)).await.unwrap());
    }

    /// An unknown user costs the same hash: the parameters of the stand-in are the real ones.
    #[tokio::test]
    async fn nobody_has_a_password() {
        let stand_in = password_hash::PasswordHash::new(NOBODY).unwrap();
        let parameters = Params::try_from(&stand_in).unwrap();
        assert_eq!(parameters.block_count(), Params::default().block_count());
        assert_eq!(parameters.t_cost(), Params::default().t_cost());
        assert!(!PasswordPool::start(1).unwrap().verify(TENANT, "anything", None).await.unwrap());
    }

    /// A hash with these parameters, whatever it is of.
    fn costing(m: u32, t: u32, p: u32) -> PasswordHash {
        let (salt, output) = ("A".repeat(22), "A".repeat(43));
        PasswordHash::from_phc(format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${output}"))
    }

    /// It would take more memory than there is, or years; it is answered, and the thread goes on.
    #[tokio::test]
    async fn a_hash_that_costs_too_much_matches_nothing() {
        let pool = PasswordPool::start(1).unwrap();
        for (m, t, p) in
            [(u32::MAX, 2, 1), (256 * 1024 + 1, 1, 1), (64, u32::MAX, 1), (64, 17, 1), (1024, 1, 9)]
        {
            let hash = costing(m, t, p);
            assert!(!is_usable(&hash), "{m} {t} {p}");
            assert!(!pool.verify(TENANT, "x", Some(&hash)).await.unwrap(), "{m} {t} {p}");
        }
        for hash in [costing(256 * 1024, 16, 8), costing(19_456, 2, 1), costing(8, 1, 1)] {
            assert!(is_usable(&hash), "{}", hash.as_phc());
        }
        for other in
            ["", "x", "$argon2id$stand-in", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t=1,p=1"]
        {
            assert!(!is_usable(&PasswordHash::from_phc(other)), "{other}");
        }
        let hash = pool.hash(TENANT, "correct horse battery", &SystemEntropy::new()).await.unwrap();
        assert!(is_usable(&hash) && pool.verify(TENANT, "correct horse battery", Some(&hash)).await.unwrap());
    }

    const TENANT: TenantId = TenantId::from_bytes([0; 16]);

    fn tenant(number: u8) -> TenantId {
        TenantId::from_bytes([number; 16])
    }

    fn job(password: String) -> Job {
        Job { password, against: Against::NewSalt([0; 16]), answer: oneshot::channel().0 }
    }

    /// Whatever one tenant wants, another's turn comes after one of its jobs.
    #[test]
    fn tenants_take_turns() {
        let mut queue = Queue::default();
        let mut push = |number, name: &str| queue.push(tenant(number), job(name.to_owned())).is_ok();
        let taken = (0..QUEUE * 10).filter(|number| push(1, &format!("noisy {number}"))).count();
        assert_eq!(taken, QUEUE / 2);
        assert!(push(2, "quiet 0") && push(2, "quiet 1") && push(3, "other 0"));
        assert!(!push(1, "noisy"));
        let mut served = std::iter::from_fn(|| queue.pop().map(|job| job.password));
        let first: Vec<_> = served.by_ref().take(6).collect();
        assert_eq!(first, ["noisy 0", "quiet 0", "other 0", "noisy 1", "quiet 1", "noisy 2"]);
        assert_eq!(served.count(), QUEUE / 2 - 3);
        assert!(queue.jobs.is_empty() && queue.turns.is_empty() && queue.waiting == 0);
    }

    /// Several noisy ones leave room too, and a place that becomes free can be taken again.
    #[test]
    fn a_few_tenants_do_not_fill_the_queue() {
        let mut queue = Queue::default();
        for number in 0..6 {
            while queue.push(tenant(number), job(String::new())).is_ok() {}
        }
        assert!(queue.push(tenant(99), job(String::new())).is_ok());
        while queue.push(tenant(99), job(String::new())).is_ok() {}
        for number in 100..200 {
            while queue.push(tenant(number), job(String::new())).is_ok() {}
        }
        assert_eq!(queue.waiting, QUEUE);
        assert!(!queue.jobs.contains_key(&tenant(199)), "who was refused leaves nothing");
        assert!(queue.pop().is_some());
        assert!(queue.push(tenant(200), job(String::new())).is_ok());
    }

    /// What does not fit into the queue is refused at once instead of piling up.
    #[tokio::test]
    async fn sheds_load() {
        let pool = PasswordPool::start(1).unwrap();
        let callers = (0..QUEUE * 2).map(|_| pool.verify(TENANT, "x", None));
        let outcomes = futures_util::future::join_all(callers).await;
        let busy = outcomes.iter().filter(|outcome| matches!(outcome, Err(Fault::Busy(_)))).count();
        assert!(busy > 0 && busy < QUEUE * 2, "{busy}");
    }
}
