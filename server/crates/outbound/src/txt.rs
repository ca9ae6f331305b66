//! TXT records (RFC 1035 §3.3.14): how somebody shows that a domain is theirs.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::ResolveHosts;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use tokio::time::{Instant, timeout};

use crate::budget::Budget;
use crate::refusal::Detail;
use crate::{Limits, Refusal};

/// For all of a lookup, with the attempts at other name servers.
const TIMEOUT: Duration = Duration::from_secs(10);

/// For one question to one name server.
const ATTEMPT: Duration = Duration::from_secs(3);

/// Records of one name that are looked at; a message of 64 KiB could hold thousands.
const MAX_RECORDS: usize = 64;

/// A lookup is a few packets, but strangers say whose name servers get them.
const LIMITS: Limits = Limits { concurrent: 32, concurrent_by_key: 4, per_minute_by_key: 30 };

/// Where TXT records are: with the name servers in the program, anywhere in tests.
#[async_trait]
pub trait TxtRecords: Send + Sync {
    /// The records that a name has now, each with its strings put together. None where there is no such name,
    /// or no such record.
    ///
    /// # Errors
    /// Why nobody could say, for the log.
    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, String>;
}

/// Why a lookup has no answer, in words for whoever published the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TxtRefusal {
    #[error("the domain's name servers do not answer, or answer with an error")]
    Failed(Detail),
    #[error("the domain's name servers did not answer in time")]
    TimedOut,
    #[error("too many records are being looked up: try again in a minute")]
    Busy,
}

impl TxtRefusal {
    /// What an operator may know beyond the public text. For logs only.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Failed(detail) => Some(detail.text()),
            Self::TimedOut | Self::Busy => None,
        }
    }
}

/// Looks TXT records up, bounded in time, size and number. One is made for the whole program.
pub struct TxtLookup {
    records: Arc<dyn TxtRecords>,
    budget: Budget,
}

impl TxtLookup {
    #[must_use]
    pub fn new(records: Arc<dyn TxtRecords>) -> Self {
        Self { records, budget: Budget::new(LIMITS) }
    }

    /// The records that `name` has now, at the cost of `key`, the tenant on whose behalf it is asked. Nothing is
    /// kept, so that a record counts as soon as it can be seen.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn get(&self, key: [u8; 16], name: &str) -> Result<Vec<Vec<u8>>, TxtRefusal> {
        let _permit = self.budget.take(key, Instant::now()).map_err(|_: Refusal| TxtRefusal::Busy)?;
        match timeout(TIMEOUT, self.records.txt(name)).await {
            Ok(Ok(mut found)) => {
                found.truncate(MAX_RECORDS);
                Ok(found)
            }
            Ok(Err(error)) => Err(TxtRefusal::Failed(error.into())),
            Err(_) => Err(TxtRefusal::TimedOut),
        }
    }
}

/// The name servers that the operating system is configured with.
pub struct SystemTxtRecords(Result<TokioResolver, String>);

impl SystemTxtRecords {
    /// Reads the system's configuration once, here. A system without one has lookups that fail and say so.
    #[must_use]
    pub fn new() -> Self {
        Self(resolver().map_err(|error| format!("this server has no name servers: {error}")))
    }
}

impl Default for SystemTxtRecords {
    fn default() -> Self {
        Self::new()
    }
}

fn resolver() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    let options = builder.options_mut();
    // Whoever publishes a record tries again at once; an absence that is remembered would last for minutes.
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = ATTEMPT;
    builder.build()
}

#[async_trait]
impl TxtRecords for SystemTxtRecords {
    async fn txt(&self, name: &str) -> Result<Vec<Vec<u8>>, String> {
        let resolver = self.0.as_ref().map_err(String::clone)?;
        // The dot at the end keeps the system's search domains out.
        match resolver.txt_lookup(format!("{name}.")).await {
            Ok(found) => Ok(found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::TXT(txt) => Some(txt.txt_data.concat()),
                    _ => None,
                })
                .collect()),
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => Ok(vec![]),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with so many records.
    struct Many(usize);

    #[async_trait]
    impl TxtRecords for Many {
        async fn txt(&self, _: &str) -> Result<Vec<Vec<u8>>, String> {
            Ok(vec![b"value".to_vec(); self.0])
        }
    }

    /// A name server that never answers.
    struct Silent;

    #[async_trait]
    impl TxtRecords for Silent {
        async fn txt(&self, _: &str) -> Result<Vec<Vec<u8>>, String> {
            std::future::pending().await
        }
    }

    /// A name server that nobody answers for.
    struct Broken;

    #[async_trait]
    impl TxtRecords for Broken {
        async fn txt(&self, _: &str) -> Result<Vec<Vec<u8>>, String> {
            Err("SERVFAIL from 192.0.2.53".to_owned())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_ends_in_time_and_takes_no_more_than_it_looks_at() {
        let lookup = TxtLookup::new(Arc::new(Silent));
        assert_eq!(lookup.get([1; 16], "a.example").await, Err(TxtRefusal::TimedOut));
        let lookup = TxtLookup::new(Arc::new(Many(1000)));
        assert_eq!(lookup.get([1; 16], "a.example").await.unwrap().len(), MAX_RECORDS);
    }

    #[tokio::test(start_paused = true)]
    async fn one_tenant_does_not_use_up_anothers_lookups() {
        let lookup = TxtLookup::new(Arc::new(Many(1)));
        for _ in 0..LIMITS.per_minute_by_key {
            assert!(lookup.get([1; 16], "a.example").await.is_ok());
        }
        assert_eq!(lookup.get([1; 16], "a.example").await, Err(TxtRefusal::Busy));
        assert!(lookup.get([2; 16], "a.example").await.is_ok());
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(lookup.get([1; 16], "a.example").await.is_ok());
    }

    #[tokio::test]
    async fn what_a_name_server_said_is_for_the_log_alone() {
        let refused = TxtLookup::new(Arc::new(Broken)).get([1; 16], "a.example").await.unwrap_err();
        assert!(!refused.to_string().contains("192.0.2.53"));
        assert_eq!(refused.detail(), Some("SERVFAIL from 192.0.2.53"));
    }
}
