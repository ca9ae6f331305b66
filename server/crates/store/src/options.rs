use std::fmt;
use std::time::Duration;

use crate::OpenError;

/// Where the database is and how many may use it at a time.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://path`, or `postgres://user:password@host,host/database?parameters`.
    pub database_url: String,
    /// Threads that read a SQLite database.
    pub readers: usize,
    /// Writes that may wait for SQLite's writer; more are refused with [`Error::Busy`](crate::Error::Busy).
    pub write_queue: usize,
    /// Connections to PostgreSQL.
    pub pool_size: usize,
    /// How long to wait for one of them before [`Error::Busy`](crate::Error::Busy), and for a new
    /// one to be established.
    pub patience: Duration,
}

pub(crate) enum Address {
    Sqlite(String),
    Postgres(String),
}

impl Options {
    /// The usual numbers for this database.
    pub fn new(database_url: impl Into<String>) -> Self {
        Self {
            database_url: database_url.into(),
            readers: 2,
            write_queue: 1024,
            pool_size: 16,
            patience: Duration::from_secs(5),
        }
    }

    pub(crate) fn address(&self) -> Result<Address, OpenError> {
        let url = self.database_url.as_str();
        if let Some(path) = url.strip_prefix("sqlite://") {
            return match path {
                "" => Err(OpenError::Url("has no path after sqlite://")),
                _ if path.starts_with(':') || path.starts_with("file:") => {
                    Err(OpenError::Url("must name a file: every connection would have its own memory"))
                }
                _ => Ok(Address::Sqlite(path.to_owned())),
            };
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Url("must begin with sqlite:// or postgres://"));
        }
        let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
        let encrypted = parameters
            .split('&')
            .filter_map(|parameter| parameter.strip_prefix("sslmode="))
            .any(|mode| mode != "disable");
        match encrypted {
            // Silence would be worse: the operator would think that the connection is encrypted.
            true => Err(OpenError::Url(
                "asks for TLS (sslmode), which is not supported: use sslmode=disable on a private \
                 network, a Unix socket, or a local TLS tunnel",
            )),
            false => Ok(Address::Postgres(url.to_owned())),
        }
    }
}

impl fmt::Debug for Options {
    /// Without the URL, which may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("readers", &self.readers)
            .field("write_queue", &self.write_queue)
            .field("pool_size", &self.pool_size)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_what_they_say_are_refused() {
        for url in [
            "mysql://host/db",
            "grantor.db",
            "sqlite://",
            "sqlite://:memory:",
            "sqlite://file:x?mode=memory",
            "postgres://host/db?sslmode=require",
            "postgres://host/db?connect_timeout=3&sslmode=prefer",
        ] {
            assert!(Options::new(url).address().is_err(), "{url}");
        }
        for url in ["sqlite://data/grantor.db", "postgres://a,b/db?sslmode=disable", "postgresql:///db"] {
            assert!(Options::new(url).address().is_ok(), "{url}");
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        let options = Options::new("postgres://user:hunter2@host/db");
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
