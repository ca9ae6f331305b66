//! What commands open before they work.

use std::sync::Arc;
use std::thread::available_parallelism;

use grantor_outbound::{Fetcher, Options as FetchOptions, SystemNetwork, SystemTxtRecords};
use grantor_store::{Backend, Options, SchemaState, Store};

use rustls::RootCertStore;

use super::Failure;
use crate::app::mail::Mailer;
use crate::app::{App, Parts, SystemClock, SystemEntropy, bootstrap};
use crate::config::Config;

/// Opens the database of a configuration.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    Store::open(Options::new(config.database_url.as_str())).await.map_err(Failure::because)
}

/// Opens the database and everything that use cases need. An embedded database is brought to this
/// version's schema; PostgreSQL, which other nodes may be using, has to be there already.
pub async fn app(config: &Config) -> Result<Arc<App>, Failure> {
    let store = store(config).await?;
    if store.backend() == Backend::Sqlite {
        store.migrate().await.map_err(Failure::because)?;
    }
    match store.schema_state().await.map_err(Failure::because)? {
        SchemaState::Current => {}
        state @ SchemaState::Behind { .. } => {
            return Err(Failure(format!("{state}; run `grantor migrate` first")));
        }
        state @ SchemaState::Ahead { .. } => {
            return Err(Failure(format!("{state}; run the newer version that made it")));
        }
    }
    let entropy = SystemEntropy::new();
    let master = bootstrap::master_key(&config.master_key, &entropy).map_err(Failure)?;
    let cores = available_parallelism().map_or(1, usize::from);
    let parts = Parts {
        store,
        addresses: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        master,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(entropy),
        // Half of the cores: the other half goes on answering token requests.
        hashing_threads: (cores / 2).max(1),
        capabilities: config.capabilities(),
        fetcher: fetcher(config)?,
        txt_records: Arc::new(SystemTxtRecords::new()),
        mailer: Mailer::new(&config.mail).map_err(Failure::because)?,
        rate_limits: config.rate_limits,
    };
    App::new(parts).await.map_err(Failure::because)
}

/// The fetcher. A system without certificate authorities runs without what needs it: every fetch of an
/// https address fails there.
fn fetcher(config: &Config) -> Result<Fetcher, Failure> {
    let options =
        FetchOptions { allow_private_network: config.allow_private_network, ..FetchOptions::default() };
    match Fetcher::new(options) {
        Err(error @ grantor_outbound::Error::NoAuthorities(_)) => {
            tracing::warn!(%error, "https addresses that clients name cannot be fetched");
            Fetcher::with(options, Arc::new(SystemNetwork), RootCertStore::empty()).map_err(Failure::because)
        }
        other => other.map_err(Failure::because),
    }
}

/// [`app`] for a command: the system tenant is there, too.
pub async fn bootstrapped(config: &Config) -> Result<Arc<App>, Failure> {
    let app = app(config).await?;
    app.ensure_installed().await.map_err(Failure::because)?;
    Ok(app)
}
