use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ConfigError;

/// Every setting: its name in `grantor.toml`; `GRANTOR_` and the same in capitals is its
/// environment variable.
pub const KEYS: [&str; 27] = [
    "public_url",
    "listen",
    "management_listen",
    "database_url",
    "data_dir",
    "master_key_file",
    "master_key",
    "admin_email",
    "admin_password",
    "tls_cert",
    "tls_key",
    "tls_client_auth",
    "trusted_proxies",
    "allow_private_network",
    "smtp_url",
    "mail_from",
    "limits_sign_in",
    "limits_failed_sign_in",
    "limits_failed_sign_in_account",
    "limits_token",
    "limits_registration",
    "limits_registration_address",
    "limits_admin",
    "limits_device",
    "limits_introspection",
    "limits_authorize",
    "log_format",
];

/// Variables of the same kind that are for single commands.
const OF_COMMANDS: [&str; 5] =
    ["SERVER", "ADMIN_CLIENT_ID", "ADMIN_CLIENT_SECRET", "ADMIN_TENANT", "ADMIN_ACCESS_TOKEN"];

/// Settings that can be given as flags, with the file that holds the others.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// Configuration file [default: grantor.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address that browsers and clients use, such as https://id.example.com
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// Address to listen on
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Address for health and metrics
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub management_listen: Option<String>,
    /// sqlite://PATH or postgres://...
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Directory for the embedded database and the master key
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub data_dir: Option<String>,
    /// text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

impl Overrides {
    fn pairs(&self) -> [(&'static str, Option<&String>); 6] {
        [
            ("public_url", self.public_url.as_ref()),
            ("listen", self.listen.as_ref()),
            ("management_listen", self.management_listen.as_ref()),
            ("database_url", self.database_url.as_ref()),
            ("data_dir", self.data_dir.as_ref()),
            ("log_format", self.log_format.as_ref()),
        ]
    }
}

/// Where a value came from, for error messages.
#[derive(Clone, Debug)]
enum Source {
    File(PathBuf),
    Environment(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "in {}", path.display()),
            Self::Environment(name) => write!(formatter, "from {name}"),
            Self::Flag => formatter.write_str("from the command line"),
        }
    }
}

/// The values that were given, the strongest source of each.
#[derive(Default)]
pub struct Sources(BTreeMap<&'static str, (String, Source)>);

impl Sources {
    /// Reads the file, the environment and the flags.
    ///
    /// # Errors
    /// A file that cannot be read, or a setting that does not exist.
    pub fn read(overrides: &Overrides) -> Result<Self, ConfigError> {
        let mut sources = Self::default();
        let default_file = Path::new("grantor.toml");
        match &overrides.config {
            Some(path) => sources.add_file(path)?,
            None if default_file.exists() => sources.add_file(default_file)?,
            None => {}
        }
        sources.add_environment(std::env::vars())?;
        for (key, value) in overrides.pairs() {
            if let Some(value) = value {
                sources.0.insert(key, (value.clone(), Source::Flag));
            }
        }
        Ok(sources)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("{} cannot be read: {error}", path.display())))?;
        self.add_toml(&text, path)
    }

    pub(super) fn add_toml(&mut self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            ConfigError(format!("{}: {}", path.display(), error.message()))
        })?;
        for (name, value) in table {
            let source = Source::File(path.to_owned());
            let key = known(&name).map_err(|hint| {
                ConfigError(format!("{name} {source} is not a setting{}", did_you_mean(hint)))
            })?;
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Array(items) => items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect::<Vec<_>>()
                    .join(","),
                other => other.to_string(),
            };
            self.0.insert(key, (value, source));
        }
        Ok(())
    }

    pub(super) fn add_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables {
            let Some(key) = name.strip_prefix("GRANTOR_").filter(|key| !OF_COMMANDS.contains(key)) else {
                continue;
            };
            let key = known(&key.to_ascii_lowercase()).map_err(|hint| {
                let hint = hint.map(|hint| format!("GRANTOR_{}", hint.to_ascii_uppercase()));
                ConfigError(format!("{name} is not a setting{}", did_you_mean(hint.as_deref())))
            })?;
            if !value.is_empty() {
                self.0.insert(key, (value, Source::Environment(name)));
            }
        }
        Ok(())
    }

    /// The text of a setting, if it was given.
    pub fn text(&self, key: &'static str) -> Option<&str> {
        self.0.get(key).map(|(value, _)| value.as_str())
    }

    /// A setting read as `T`.
    ///
    /// # Errors
    /// Says what is wrong with the value and where it came from.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, key: &'static str) -> Result<Option<T>, ConfigError> {
        self.text(key)
            .map(|value| value.parse().map_err(|error: T::Err| self.wrong(key, &error.to_string())))
            .transpose()
    }

    /// An error about a setting's value. The value is not repeated: it may be a secret.
    pub fn wrong(&self, key: &'static str, problem: &str) -> ConfigError {
        let source = self.0.get(key).map(|(_, source)| format!(" {source}")).unwrap_or_default();
        ConfigError(format!("{key}{source}: {problem}"))
    }
}

/// The setting of that name, or the nearest one.
fn known(name: &str) -> Result<&'static str, Option<&'static str>> {
    if let Some(key) = KEYS.iter().find(|key| **key == name) {
        return Ok(key);
    }
    let nearest =
        KEYS.iter().map(|key| (strsim::jaro_winkler(key, name), *key)).max_by(|a, b| a.0.total_cmp(&b.0));
    Err(nearest.filter(|(similarity, _)| *similarity > 0.75).map(|(_, key)| key))
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|key| format!("; did you mean {key}?")).unwrap_or_default()
}
