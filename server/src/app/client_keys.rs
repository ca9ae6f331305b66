//! Keys that clients, issuers of software statements and identity providers publish: in what is registered of them, or at
//! their `jwks_uri` (OpenID Connect Core §10.1), from where they are fetched when they are needed and
//! kept for a while.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grantor_jose::{Algorithm, KeySet, Verified};
use grantor_outbound::Wanted;
use grantor_protocol::model::{ClientId, TenantId, TrustedSoftwareStatementIssuer};
use grantor_protocol::{Lifetime, Timestamp};
use grantor_store::{Change, ChangeKind};
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{App, LoadedClient};

/// Clients and issuers whose fetched keys are kept, of all tenants together.
const OWNERS: usize = 10_000;

/// Fetched keys are used without another look for as long as their server says, within these bounds.
const SHORTEST_LIFE: Lifetime = Lifetime::from_seconds(60);
const LONGEST_LIFE: Lifetime = Lifetime::from_seconds(86_400);

/// Keys that cannot be fetched again are used for so long after they were fetched.
const LONGEST_USE: Lifetime = Lifetime::from_seconds(2 * 86_400);

/// The time between two fetches of one owner's keys: whoever invents key identifiers must not make us
/// hammer the owner's server.
const PAUSE: Lifetime = Lifetime::from_seconds(10);

const WANTED: Wanted = Wanted {
    accept: "application/jwk-set+json, application/json",
    max_bytes: 64 * 1024,
    timeout: Duration::from_secs(5),
};

/// Whether a key set can be registered: public keys only, and one at least that verifies signatures.
///
/// # Errors
/// What is wrong with it, for whoever registers it.
pub(super) fn check_jwks(jwks: &Value) -> Result<(), String> {
    // PostgreSQL cannot keep it.
    if jwks.to_string().contains("\\u0000") {
        return Err("must not hold NUL characters".to_owned());
    }
    let keys = KeySet::parse(jwks).map_err(|error| error.to_string())?;
    if keys.keys().is_empty() { Err("holds no key that can verify a signature".to_owned()) } else { Ok(()) }
}

/// Why nothing of the owner's is proven.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    #[error("there is no readable jwks")]
    NoKeys,
    #[error("the jwks_uri cannot be used: {0}")]
    NotFetched(String),
    /// The last of what was tried, with the newest keys.
    #[error(transparent)]
    Refused(#[from] grantor_jose::Error),
}

/// Keys that were fetched from a `jwks_uri`.
pub struct FetchedKeys(Cache<Address, Arc<Source>>);

/// Whose keys they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Client(ClientId),
    /// By its `iss`.
    StatementIssuer(String),
    /// By its name.
    IdentityProvider(String),
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(client_id) => write!(formatter, "client {client_id}"),
            Self::StatementIssuer(issuer) => write!(formatter, "software statement issuer {issuer}"),
            Self::IdentityProvider(name) => write!(formatter, "identity provider {name}"),
        }
    }
}

/// One owner's `jwks_uri`.
type Address = (TenantId, Owner, String);

/// What is at one `jwks_uri`.
#[derive(Default)]
struct Source {
    /// One fetch at a time; whoever needs the keys meanwhile waits for that one.
    fetching: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<Keys>>,
    attempted_at: Option<Timestamp>,
}

struct Keys {
    set: KeySet,
    jwks: Value,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

impl Default for FetchedKeys {
    fn default() -> Self {
        Self(Cache::new(OWNERS))
    }
}

impl FetchedKeys {
    /// Forgets what a change made wrong.
    pub(super) fn forget(&self, change: &Change) {
        let Change::In { tenant_id, kind } = change else { return };
        match kind {
            ChangeKind::Client(client_id) => {
                let owner = Owner::Client(client_id.clone());
                self.0.retain(|(tenant, held, _), _| (tenant, held) != (tenant_id, &owner));
            }
            ChangeKind::Tenant => {
                self.0.retain(|(tenant, held, _), _| tenant != tenant_id || matches!(held, Owner::Client(_)))
            }
            ChangeKind::Keys | ChangeKind::RoleAssignments | ChangeKind::AuditTrail => {}
        }
    }

    fn source(&self, address: &Address) -> Arc<Source> {
        let made = self.0.get_or_insert_with(address, || Ok::<_, Infallible>(Arc::default()));
        made.unwrap_or_else(|never| match never {})
    }
}

impl Source {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> Option<Arc<Keys>> {
        self.state().keys.clone()
    }

    /// Whether the keys may be fetched now. Who asks has to.
    fn begin(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let allowed = state.attempted_at.is_none_or(|attempted_at| attempted_at + PAUSE <= now);
        if allowed {
            state.attempted_at = Some(now);
        }
        allowed
    }
}

impl App {
    /// Verifies what the client signed with one of its keys. Keys of a `jwks_uri` are fetched again if
    /// none of those that are known did it, so that new ones are found at once.
    ///
    /// # Errors
    /// No keys, or none that signed the token.
    pub async fn verify_by_client<C: DeserializeOwned>(
        &self,
        loaded: &LoadedClient,
        token: &str,
        allowed: &[Algorithm],
    ) -> Result<Verified<C>, Unproven> {
        self.try_keys(loaded, |set, _| set.verify(token, allowed)).await
    }

    /// Verifies what an issuer of software statements signed with one of its keys, found as a client's.
    ///
    /// # Errors
    /// As [`Self::verify_by_client`].
    pub(super) async fn verify_by_statement_issuer<C: DeserializeOwned>(
        &self,
        tenant_id: TenantId,
        issuer: &TrustedSoftwareStatementIssuer,
        token: &str,
        allowed: &[Algorithm],
    ) -> Result<Verified<C>, Unproven> {
        if let Some(uri) = &issuer.jwks_uri {
            let owner = Owner::StatementIssuer(issuer.issuer.clone());
            let attempt = |set: &KeySet, _: &Value| set.verify(token, allowed);
            return self.try_fetched_keys((tenant_id, owner, uri.clone()), attempt).await;
        }
        let jwks = issuer.jwks.as_ref().ok_or(Unproven::NoKeys)?;
        let set = KeySet::parse(jwks).map_err(|_| Unproven::NoKeys)?;
        Ok(set.verify(token, allowed)?)
    }

    /// Verifies what an identity provider signed with one of the keys at its `jwks_uri`, found as a client's.
    ///
    /// # Errors
    /// As [`Self::verify_by_client`].
    pub(super) async fn verify_by_provider<C: DeserializeOwned>(
        &self,
        (tenant_id, name, uri): (TenantId, &str, &str),
        token: &str,
        allowed: &[Algorithm],
    ) -> Result<Verified<C>, Unproven> {
        let owner = Owner::IdentityProvider(name.to_owned());
        let attempt = |set: &KeySet, _: &Value| set.verify(token, allowed);
        self.try_fetched_keys((tenant_id, owner, uri.to_owned()), attempt).await
    }

    /// Gives the client's keys, and its JWK Set as it is written, to an attempt that may not find the right
    /// one among them.
    pub(super) async fn try_keys<T>(
        &self,
        loaded: &LoadedClient,
        attempt: impl Fn(&KeySet, &Value) -> grantor_jose::Result<T>,
    ) -> Result<T, Unproven> {
        let metadata = &loaded.client.metadata;
        let Some(uri) = &metadata.jwks_uri else {
            let keys = loaded.keys.as_ref().zip(metadata.jwks.as_ref());
            let (set, jwks) = keys.ok_or(Unproven::NoKeys)?;
            return Ok(attempt(set, jwks)?);
        };
        let owner = Owner::Client(loaded.client.client_id.clone());
        self.try_fetched_keys((loaded.client.tenant_id, owner, uri.clone()), attempt).await
    }

    /// Attempts it with the keys that are there, and once more with newer ones where none was the right one.
    async fn try_fetched_keys<T>(
        &self,
        address: Address,
        attempt: impl Fn(&KeySet, &Value) -> grantor_jose::Result<T>,
    ) -> Result<T, Unproven> {
        let source = self.fetched_keys.source(&address);
        let keys = self.keys_at(&address, &source, None).await?;
        match attempt(&keys.set, &keys.jwks) {
            Err(grantor_jose::Error::NoMatchingKey | grantor_jose::Error::BadSignature) => {
                let newer = self.keys_at(&address, &source, Some(&keys)).await?;
                Ok(attempt(&newer.set, &newer.jwks)?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// The keys there: those that are kept while they are fresh, and others than `unfit` if there are.
    async fn keys_at(
        &self,
        (tenant_id, owner, uri): &Address,
        source: &Source,
        unfit: Option<&Arc<Keys>>,
    ) -> Result<Arc<Keys>, Unproven> {
        let good = |keys: &Arc<Keys>| {
            self.now() < keys.fresh_until && unfit.is_none_or(|unfit| !Arc::ptr_eq(unfit, keys))
        };
        if let Some(keys) = source.keys().filter(good) {
            return Ok(keys);
        }
        let _one_at_a_time = source.fetching.lock().await;
        let held = source.keys();
        if let Some(keys) = held.clone().filter(good) {
            return Ok(keys);
        }
        let mut why = "it failed a moment ago".to_owned();
        if source.begin(self.now()) {
            match self.fetch_keys(*tenant_id, uri).await {
                Ok(keys) => {
                    let keys = Arc::new(keys);
                    source.state().keys = Some(Arc::clone(&keys));
                    return Ok(keys);
                }
                Err(error) => {
                    tracing::warn!(%owner, error, "a jwks_uri");
                    why = error;
                }
            }
        }
        held.filter(|keys| self.now() < keys.fetched_at + LONGEST_USE).ok_or(Unproven::NotFetched(why))
    }

    async fn fetch_keys(&self, tenant_id: TenantId, uri: &str) -> Result<Keys, String> {
        let fetched = self.fetcher.get(*tenant_id.as_bytes(), uri, WANTED).await;
        let fetched = fetched.map_err(|refusal| match refusal.detail() {
            None => refusal.to_string(),
            Some(detail) => format!("{refusal} ({detail})"),
        })?;
        let jwks: Value = serde_json::from_slice(&fetched.body).map_err(|_| "not JSON".to_owned())?;
        let set = KeySet::parse(&jwks).map_err(|error| error.to_string())?;
        let seconds = u32::try_from(fetched.freshness.max_age.as_secs()).unwrap_or(u32::MAX);
        let fetched_at = self.now();
        let life = Lifetime::from_seconds(seconds).clamp(SHORTEST_LIFE, LONGEST_LIFE);
        Ok(Keys { set, jwks, fetched_at, fresh_until: fetched_at + life })
    }
}
