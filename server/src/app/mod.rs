//! Use cases: load -> decide -> mint -> apply. No HTTP here: bytes are the edge's business.

pub mod account;
pub mod admin;
pub mod authenticators;
pub mod authorize;
pub mod bootstrap;
pub mod certificates;
pub mod client_auth;
mod client_id_document;
pub mod client_keys;
mod client_secrets;
pub mod clock;
pub mod console;
mod console_client;
pub mod device;
pub mod dpop;
pub mod entropy;
pub mod fault;
mod forms;
pub mod interaction;
pub mod introspect;
mod jobs;
mod key_life;
pub mod keyring;
pub mod limits;
pub mod logo;
pub mod logout;
pub mod magic_link;
pub mod mail;
pub mod origin;
pub mod par;
pub mod passwords;
pub mod peer;
pub mod portability;
pub mod recovery;
pub mod registration;
mod request_object;
pub mod revoke;
pub mod second_factor;
pub mod setup;
pub mod sign_in;
pub mod stats;
pub mod tenants;
pub mod token;
pub mod token_issues;
pub mod tokens;
pub mod totp;
pub mod upstream;
pub mod userinfo;
mod verified_tokens;
pub mod webauthn;
mod webhooks;

use std::sync::{Arc, Weak};

use grantor_jose::MasterKey;
use grantor_outbound::{Fetcher, TxtLookup, TxtRecords};
use grantor_protocol::device::UserCodeKey;
use grantor_protocol::model::{RateLimits, TenantId};
use grantor_protocol::token::refresh::SuccessorKey;
use grantor_protocol::{Capabilities, Decision, Effect, Entropy, ParamLimits, Timestamp};
use grantor_store::{ApplyError, Store};
use tokio::sync::{Notify, Semaphore};

use crate::config::{PublicUrl, TrustedProxies};

pub use clock::{Clock, SystemClock};
pub use entropy::SystemEntropy;
pub use fault::Fault;
pub use forms::FormKey;
pub use passwords::PasswordPool;
pub use peer::{ClientCertificate, Peer};
pub use tenants::{Caches, LoadedClient, TenantContext};

use verified_tokens::VerifiedTokens;

/// Everything that use cases work with, built once and handed down.
pub struct App {
    pub store: Store,
    pub addresses: PublicUrl,
    pub trusted_proxies: TrustedProxies,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub passwords: PasswordPool,
    pub caches: Caches,
    pub forms: FormKey,
    pub limits: ParamLimits,
    pub enforcers: admin::Enforcers,
    pub capabilities: Capabilities,
    /// Fetches what strangers name. Whoever uses it gives the tenant's identifier as the key of its
    /// budget, or one made of it for what has a budget of its own.
    pub fetcher: Arc<Fetcher>,
    txt_records: TxtLookup,
    pub mailer: mail::Mailer,
    links: mail::LinkKey,
    rates: limits::RateLimiter,
    counters: stats::Counters,
    logos: logo::Logos,
    flow_key: upstream::FlowKey,
    providers: upstream::Providers,
    master: Arc<MasterKey>,
    successor_key: SuccessorKey,
    verified: VerifiedTokens,
    nonces: dpop::NonceKey,
    fetched_keys: client_keys::FetchedKeys,
    user_codes: UserCodeKey,
    polls: device::Polls,
    key_making: Semaphore,
    token_issues: token_issues::TokenIssues,
    audit_followers: Semaphore,
    transfers: portability::Transfers,
    /// Told when there is a job to work on.
    pub jobs_due: Notify,
    /// For work that goes on after the request that asked for it.
    this: Weak<App>,
}

/// What [`App::new`] cannot make itself.
pub struct Parts {
    pub store: Store,
    pub addresses: PublicUrl,
    pub trusted_proxies: TrustedProxies,
    pub master: MasterKey,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub hashing_threads: usize,
    pub capabilities: Capabilities,
    pub fetcher: Fetcher,
    pub txt_records: Arc<dyn TxtRecords>,
    pub mailer: mail::Mailer,
    /// For tenants that have none of their own.
    pub rate_limits: RateLimits,
}

/// How often a decision is made anew when what it relied on has changed meanwhile. The second time
/// it sees the change; a third is needed only while somebody changes the same rows again.
const ATTEMPTS: usize = 4;

impl App {
    /// Puts the parts together.
    ///
    /// # Errors
    /// Hashing threads that the system refuses, role definitions that do not parse.
    pub async fn new(parts: Parts) -> Result<Arc<Self>, Fault> {
        let master = parts.master;
        let passwords = PasswordPool::start(parts.hashing_threads).map_err(Fault::internal)?;
        let enforcers = admin::Enforcers::new().await?;
        Ok(Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            store: parts.store,
            addresses: parts.addresses,
            trusted_proxies: parts.trusted_proxies,
            clock: parts.clock,
            entropy: parts.entropy,
            passwords,
            caches: Caches::default(),
            forms: FormKey::new(&master.derive("grantor form csrf")),
            limits: ParamLimits { count: 64, value_length: 8192 },
            enforcers,
            capabilities: parts.capabilities,
            fetcher: Arc::new(parts.fetcher),
            txt_records: TxtLookup::new(parts.txt_records),
            mailer: parts.mailer,
            links: mail::LinkKey::new(&master.derive("grantor one-time link")),
            rates: limits::RateLimiter::new(parts.rate_limits),
            counters: stats::Counters::default(),
            logos: logo::Logos::new(&master.derive("grantor logo address")),
            flow_key: upstream::FlowKey::new(&master.derive("grantor upstream sign-in")),
            providers: upstream::Providers::default(),
            successor_key: SuccessorKey::new(master.derive("grantor refresh token successor")),
            fetched_keys: client_keys::FetchedKeys::default(),
            nonces: dpop::NonceKey::new(&master.derive("grantor dpop nonce")),
            user_codes: UserCodeKey::new(master.derive("grantor device user code")),
            polls: device::Polls::default(),
            master: Arc::new(master),
            verified: VerifiedTokens::default(),
            key_making: Semaphore::new(1),
            token_issues: token_issues::TokenIssues::default(),
            audit_followers: Semaphore::new(admin::AUDIT_FOLLOWERS),
            transfers: portability::Transfers::default(),
            jobs_due: Notify::new(),
        }))
    }

    /// The key that encrypts private keys at rest.
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Decides, applies the decision's effects and gives its outcome; when what it relied on has
    /// changed meanwhile, everything is loaded and decided once more. Effects stand even when the
    /// outcome is an error.
    async fn settle<T, Deciding>(
        &self,
        tenant_id: TenantId,
        mut decide: impl FnMut() -> Deciding,
    ) -> Result<T, Fault>
    where
        Deciding: Future<Output = Result<Decision<T>, Fault>>,
    {
        for _ in 0..ATTEMPTS {
            let Decision { effects, outcome } = decide().await?;
            match self.apply(tenant_id, effects).await {
                Ok(()) => return Ok(outcome?),
                Err(ApplyError::Conflict) => {}
                Err(ApplyError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Busy("the same state is being changed elsewhere"))
    }

    /// Rules know no request, so their audit events get its origin here.
    async fn apply(&self, tenant_id: TenantId, mut effects: Vec<Effect>) -> Result<(), ApplyError> {
        if effects.is_empty() {
            return Ok(());
        }
        for effect in &mut effects {
            if let Effect::RecordAudit(event) = effect
                && event.origin.is_none()
            {
                event.origin = origin::current();
            }
        }
        self.store.tenant(tenant_id).apply(effects).await
    }
}
