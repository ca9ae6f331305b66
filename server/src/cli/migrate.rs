use clap::Args;
use serde::Serialize;

use super::output::Format;
use super::{Failure, open};
use crate::config::{Config, Overrides};

/// Bring a database to this version's schema
#[derive(Args)]
#[command(after_help = "Example: grantor migrate --database-url postgres://grantor@db.internal/grantor")]
pub struct Migrate {
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Migrated {
    applied: Vec<String>,
}

impl Migrate {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = Config::load(overrides).map_err(Failure::because)?;
        let store = open::store(&config).await?;
        let applied = store.migrate().await.map_err(Failure::because)?;
        self.output.print(&Migrated { applied }, |migrated| match migrated.applied.as_slice() {
            [] => "The database is up to date.".to_owned(),
            applied => format!("Applied {}.", applied.join(", ")),
        })
    }
}
