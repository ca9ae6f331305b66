//! Configuration: defaults < `grantor.toml` < environment `GRANTOR_*` < flags.

mod limits;
mod mail;
mod networks;
mod sources;
mod values;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use grantor_protocol::Capabilities;
use grantor_protocol::model::RateLimits;

pub use limits::default_rate_limits;
pub use mail::{MailConfig, MailWay, SmtpUrl};
pub use networks::{Network, TrustedProxies};
pub use sources::{KEYS, Overrides, Sources};
pub use values::{LogFormat, PublicUrl, TlsClientAuth, without_port};

/// Everything an operator can choose, checked.
#[derive(Debug)]
pub struct Config {
    pub public_url: PublicUrl,
    pub listen: SocketAddr,
    pub management_listen: SocketAddr,
    pub database_url: String,
    pub data_dir: PathBuf,
    pub master_key: MasterKeySource,
    pub administrator: Option<Administrator>,
    pub tls: Option<Tls>,
    /// Whether clients' certificates count: those of the listener, and those that trusted proxies forward.
    pub tls_client_auth: TlsClientAuth,
    /// Who may say for others where a request came from and with which certificate.
    pub trusted_proxies: TrustedProxies,
    /// Whether requests of ours may go to loopback and private networks.
    pub allow_private_network: bool,
    pub mail: MailConfig,
    /// For tenants that have none of their own.
    pub rate_limits: RateLimits,
    pub log_format: LogFormat,
}

/// Where the key that encrypts private keys at rest comes from.
pub enum MasterKeySource {
    /// 32 bytes in base64 or hex, from a file.
    File(PathBuf),
    /// The same, given directly.
    Value(String),
    /// A file in the data directory, made at the first start.
    DataDirectory(PathBuf),
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Value(_) => formatter.write_str("Value(..)"),
            Self::DataDirectory(path) => formatter.debug_tuple("DataDirectory").field(path).finish(),
        }
    }
}

/// The first administrator, created at the first start.
pub struct Administrator {
    pub email: String,
    pub password: String,
}

impl std::fmt::Debug for Administrator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Administrator").field("email", &self.email).finish_non_exhaustive()
    }
}

/// Certificate chain and private key of the listener, as PEM files.
#[derive(Debug)]
pub struct Tls {
    pub certificate: PathBuf,
    pub private_key: PathBuf,
    pub client_auth: TlsClientAuth,
}

/// What is wrong with the configuration, in one line that names the setting and where it came from.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::from_sources(&Sources::read(overrides)?)
    }

    /// Checks what was read.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_sources(sources: &Sources) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(sources.text("data_dir").unwrap_or("./grantor-data"));
        let database_url = match sources.text("database_url") {
            Some(url) => url.to_owned(),
            None => format!("sqlite://{}", data_dir.join("grantor.db").display()),
        };
        let tls_client_auth = tls_client_auth(sources)?;
        let public_url: PublicUrl = sources.parsed("public_url")?.unwrap_or_default();
        Ok(Self {
            mail: mail::mail(sources, &public_url, &data_dir)?,
            public_url,
            listen: sources.parsed("listen")?.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            management_listen: sources
                .parsed("management_listen")?
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 9090))),
            master_key: master_key(sources, &database_url, &data_dir)?,
            database_url: values::database_url(sources, database_url)?,
            data_dir,
            administrator: both(sources, "admin_email", "admin_password")?
                .map(|(email, password)| values::administrator(sources, email, password))
                .transpose()?,
            tls_client_auth,
            tls: both(sources, "tls_cert", "tls_key")?.map(|(certificate, private_key)| Tls {
                certificate: certificate.into(),
                private_key: private_key.into(),
                client_auth: tls_client_auth,
            }),
            trusted_proxies: sources.parsed("trusted_proxies")?.unwrap_or_default(),
            allow_private_network: values::flag(sources, "allow_private_network")?,
            rate_limits: limits::rate_limits(sources)?,
            log_format: sources.parsed("log_format")?.unwrap_or(LogFormat::Text),
        })
    }
}

impl Config {
    /// What the tenants' policies may count on.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { client_certificates: self.tls_client_auth == TlsClientAuth::Optional }
    }
}

fn master_key(
    sources: &Sources,
    database_url: &str,
    data_dir: &Path,
) -> Result<MasterKeySource, ConfigError> {
    match (sources.text("master_key_file"), sources.text("master_key")) {
        (Some(_), Some(_)) => Err(ConfigError("set master_key_file or master_key, not both".to_owned())),
        (Some(path), None) => Ok(MasterKeySource::File(path.into())),
        (None, Some(value)) => Ok(MasterKeySource::Value(value.to_owned())),
        (None, None) if database_url.starts_with("sqlite:") => {
            Ok(MasterKeySource::DataDirectory(data_dir.join("master.key")))
        }
        (None, None) => Err(ConfigError(
            "PostgreSQL needs a master key that all nodes share: set GRANTOR_MASTER_KEY_FILE to a file with 32 \
             random bytes in base64 (openssl rand -base64 32)"
                .to_owned(),
        )),
    }
}

fn tls_client_auth(sources: &Sources) -> Result<TlsClientAuth, ConfigError> {
    let client_auth = sources.parsed("tls_client_auth")?.unwrap_or_default();
    let from_anywhere = sources.text("tls_cert").is_some() || sources.text("trusted_proxies").is_some();
    if client_auth == TlsClientAuth::Optional && !from_anywhere {
        return Err(sources.wrong(
            "tls_client_auth",
            "certificates come from a listener with tls_cert and tls_key, or from trusted_proxies: set one of them",
        ));
    }
    Ok(client_auth)
}

/// Two settings that make sense only together.
fn both<'a>(
    sources: &'a Sources,
    first: &'static str,
    second: &'static str,
) -> Result<Option<(&'a str, &'a str)>, ConfigError> {
    match (sources.text(first), sources.text(second)) {
        (Some(first), Some(second)) => Ok(Some((first, second))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError(format!("{first} is set and {second} is not"))),
        (None, Some(_)) => Err(ConfigError(format!("{second} is set and {first} is not"))),
    }
}

#[cfg(test)]
mod tests;
