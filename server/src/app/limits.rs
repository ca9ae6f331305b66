//! Rate limits: how often a tenant, or one network at a tenant, is answered.
//!
//! Each node counts on its own and in memory, so that a refusal costs neither a query nor a hash. A
//! bucket is one number, changed without a lock; what is kept is bounded, and a bucket that had to
//! leave begins full.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use grantor_protocol::model::{Metric, Rate, RateKind, RateLimits, TenantId, UserId};
use grantor_protocol::rate::{self, Exhausted};
use grantor_protocol::{SecretHash, Timestamp};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::authorize::Browser;
use super::fault::WRONG_PASSWORDS;
use super::{App, Fault, TenantContext};

/// Tenants whose buckets are kept; the least used ones leave.
const TENANTS: usize = 20_000;

/// Networks and accounts whose buckets are kept, of all tenants together.
const BUCKETS: usize = 100_000;

/// Where requests come from, as far as that can be told apart: an IPv4 address, or the network of 64 bits
/// that one subscriber has of IPv6 (RFC 4291 §2.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// There is no network, as in tests.
    Unknown,
    V4(u32),
    V6(u64),
}

impl From<Option<IpAddr>> for Network {
    fn from(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Unknown,
            Some(IpAddr::V4(address)) => Self::V4(address.to_bits()),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => formatter.write_str("nowhere"),
            Self::V4(bits) => write!(formatter, "address {}", Ipv4Addr::from_bits(*bits)),
            Self::V6(bits) => {
                let [a, b, c, d] = [48, 32, 16, 0].map(|shift| (bits >> shift) & 0xffff);
                write!(formatter, "network {a:x}:{b:x}:{c:x}:{d:x}")
            }
        }
    }
}

/// What is counted apart from the rest of its tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Network(Network),
    /// A digest of the name, and of the browser where the account knows it.
    Account([u8; 32]),
}

/// How far a limit is used up.
#[derive(Debug)]
struct Bucket(AtomicI64);

impl Default for Bucket {
    fn default() -> Self {
        Self(AtomicI64::new(rate::FULL))
    }
}

impl Bucket {
    fn take(&self, rate: Rate, now: Timestamp) -> Result<(), Exhausted> {
        let mut held = self.0.load(Ordering::Relaxed);
        loop {
            let (after, outcome) = rate::take(held, rate, now);
            // A refusal mostly changes nothing, and costs no write then.
            if after == held {
                return outcome;
            }
            match self.0.compare_exchange_weak(held, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return outcome,
                Err(present) => held = present,
            }
        }
    }

    fn give_back(&self, rate: Rate) {
        let given_back = |held| Some(rate::give_back(held, rate));
        // It never fails: there is always a number to put there.
        let _before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, given_back);
    }
}

/// What a tenant may do, and how far it has used that up. It outlives changes to the tenant.
#[derive(Debug)]
pub struct TenantLimits {
    rates: RateLimits,
    buckets: Arc<[Bucket; RateKind::ALL.len()]>,
}

/// The limits of the installation and everybody's buckets.
pub struct RateLimiter {
    defaults: RateLimits,
    tenants: Cache<TenantId, Arc<[Bucket; RateKind::ALL.len()]>>,
    buckets: Cache<(TenantId, RateKind, Whose), Arc<Bucket>>,
}

/// What was taken and can be given back.
#[derive(Default)]
pub struct Taken(Vec<(Arc<Bucket>, Rate)>);

impl Taken {
    /// It was taken for nothing.
    pub fn give_back(self) {
        for (bucket, rate) in self.0 {
            bucket.give_back(rate);
        }
    }
}

impl RateLimiter {
    /// `defaults` are for tenants that have no limits of their own.
    pub fn new(defaults: RateLimits) -> Self {
        Self { defaults, tenants: Cache::new(TENANTS), buckets: Cache::new(BUCKETS) }
    }

    /// The limits of a tenant whose own are `rates`.
    pub fn of_tenant(&self, id: TenantId, rates: &RateLimits) -> TenantLimits {
        let made = self.tenants.get_or_insert_with(&id, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(buckets) = made;
        TenantLimits { rates: rates.or(&self.defaults), buckets }
    }

    fn take_of(
        &self,
        context: &TenantContext,
        kind: RateKind,
        whose: Whose,
        now: Timestamp,
    ) -> Result<Taken, Exhausted> {
        let Some(rate) = context.limits.rates.of(kind) else { return Ok(Taken::default()) };
        let key = (context.tenant.id, kind, whose);
        let made =
            self.buckets.get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(bucket): Result<Arc<Bucket>, _> = made;
        bucket.take(rate, now)?;
        Ok(Taken(vec![(bucket, rate)]))
    }
}

impl TenantLimits {
    fn take(&self, kind: RateKind, now: Timestamp) -> Result<(), Exhausted> {
        match self.rates.of(kind) {
            None => Ok(()),
            Some(rate) => self.buckets[kind as usize].take(rate, now),
        }
    }
}

impl App {
    /// Counts a request of the tenant, and of where it comes from if that has a limit of its own.
    ///
    /// # Errors
    /// [`Fault::TooMany`]: it is not to be answered.
    pub fn limit(
        &self,
        context: &TenantContext,
        kind: RateKind,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> Result<(), Fault> {
        if kind == RateKind::Registration {
            self.limit_network(context, RateKind::RegistrationAddress, address())?;
        }
        let taken = context.limits.take(kind, self.now());
        taken.map_err(|exhausted| self.too_many(context, kind, exhausted))
    }

    /// Counts a request of one network at the tenant.
    ///
    /// # Errors
    /// [`Fault::TooMany`]: it is not to be answered.
    pub fn limit_network(
        &self,
        context: &TenantContext,
        kind: RateKind,
        address: Option<IpAddr>,
    ) -> Result<Taken, Fault> {
        let taken = self.rates.take_of(context, kind, Whose::Network(address.into()), self.now());
        taken.map_err(|exhausted| self.too_many(context, kind, exhausted))
    }

    /// Counts a password that is tried at an account, besides what its network has `taken`. `name` is whatever was
    /// typed, whether anybody is called that or not. A browser that `user` has signed in with is counted by itself:
    /// whoever else tries passwords does not keep them out of their account (NIST SP 800-63B-4 §3.2.2).
    ///
    /// # Errors
    /// [`Fault::TooMany`]: it is not to be tried.
    pub(super) async fn limit_account(
        &self,
        context: &TenantContext,
        (name, user): (&str, Option<UserId>),
        browser: &Browser,
        mut taken: Taken,
    ) -> Result<Taken, Fault> {
        let known = match &browser.known {
            None => None,
            Some(cookie) => {
                let cookie = cookie.hash();
                // A name that nobody has takes as long.
                let user = user.unwrap_or_else(|| UserId::from_bytes([0; 16]));
                let store = self.store.tenant(context.tenant.id);
                store.known_browser(user, &cookie, self.now()).await?.map(|_| cookie)
            }
        };
        let (kind, now) = (RateKind::FailedSignInAccount, self.now());
        let of_account = self.rates.take_of(context, kind, account(name, known.as_ref()), now);
        taken.0.extend(of_account.map_err(|exhausted| self.too_many(context, kind, exhausted))?.0);
        Ok(taken)
    }

    fn too_many(&self, context: &TenantContext, kind: RateKind, exhausted: Exhausted) -> Fault {
        self.count(context.tenant.id, Metric::Limited);
        Fault::TooMany { what: what(kind), retry_after: exhausted.retry_after }
    }
}

fn account(name: &str, browser: Option<&SecretHash>) -> Whose {
    let mut digest = Sha256::new().chain_update(name.trim().to_lowercase()).chain_update([0]);
    if let Some(browser) = browser {
        digest.update(browser.as_bytes());
    }
    Whose::Account(digest.finalize().into())
}

/// Worded to follow "too many".
const fn what(kind: RateKind) -> &'static str {
    match kind {
        RateKind::SignIn => "sign-ins",
        RateKind::FailedSignIn | RateKind::FailedSignInAccount => WRONG_PASSWORDS,
        RateKind::Token => "requests with or for tokens",
        RateKind::Registration | RateKind::RegistrationAddress => "registrations",
        RateKind::Admin => "calls of the admin API",
        RateKind::Device => "requests of devices",
        RateKind::Introspection => "introspections",
        RateKind::Authorize => "requests",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn network(address: &str) -> Network {
        Network::from(Some(address.parse().unwrap()))
    }

    #[test]
    fn a_network_is_its_subscribers() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1").to_string(), "address 192.0.2.1");
        assert_eq!(network("2001:db8:0:1::1").to_string(), "network 2001:db8:0:1");
    }

    #[test]
    fn a_crowd_gets_no_more_than_the_burst() {
        let (bucket, rate) = (Bucket::default(), "1/hour burst 100".parse().unwrap());
        let taken = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if bucket.take(rate, NOW).is_ok() {
                            taken.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 100);
        bucket.give_back(rate);
        assert!(bucket.take(rate, NOW).is_ok() && bucket.take(rate, NOW).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let limiter = RateLimiter::new(RateLimits::default());
        let key = |number: u32| {
            let id = TenantId::from_bytes(u128::from(number % 7).to_be_bytes());
            (id, RateKind::FailedSignIn, Whose::Network(Network::V6(number.into())))
        };
        for number in 0..300_000 {
            limiter.buckets.insert(key(number), Arc::default());
        }
        assert!(limiter.buckets.len() <= BUCKETS, "{}", limiter.buckets.len());
        for number in 0..50_000_u32 {
            limiter.of_tenant(TenantId::from_bytes(u128::from(number).to_be_bytes()), &RateLimits::default());
        }
        assert!(limiter.tenants.len() <= TENANTS, "{}", limiter.tenants.len());
    }

    #[test]
    fn a_changed_tenant_keeps_what_it_has_used() {
        let limiter = RateLimiter::new(RateLimits { token: "1/hour".parse().ok(), ..RateLimits::default() });
        let id = TenantId::from_bytes([7; 16]);
        let before = limiter.of_tenant(id, &RateLimits::default());
        assert!(before.take(RateKind::Token, NOW).is_ok());
        assert!(before.take(RateKind::Admin, NOW).is_ok(), "nothing limits it");
        let after = limiter.of_tenant(id, &RateLimits::default());
        assert_eq!(after.take(RateKind::Token, NOW), Err(Exhausted { retry_after: 3600 }));
        let other = limiter.of_tenant(TenantId::from_bytes([8; 16]), &RateLimits::default());
        assert!(other.take(RateKind::Token, NOW).is_ok());
    }
}
