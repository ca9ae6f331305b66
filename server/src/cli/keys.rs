use clap::Subcommand;
use grantor_protocol::model::SigningAlgorithm;
use serde::Serialize;

use super::output::Format;
use super::{Failure, open};
use crate::config::{Config, Overrides};

#[derive(Subcommand)]
pub enum Keys {
    /// List a tenant's signing keys
    #[command(after_help = "Example: grantor keys list --tenant acme")]
    List {
        #[arg(long)]
        tenant: String,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
    /// Publish a successor, which signs once caches of the JWKS know it
    #[command(after_help = "Example: grantor keys rotate --tenant acme --algorithm ES256")]
    Rotate {
        #[arg(long)]
        tenant: String,
        #[arg(long, default_value = "ES256")]
        algorithm: SigningAlgorithm,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
}

#[derive(Serialize)]
struct Key {
    kid: String,
    algorithm: &'static str,
    state: &'static str,
    created_at: String,
    changes_at: Option<String>,
}

impl Keys {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = Config::load(overrides).map_err(Failure::because)?;
        let app = open::bootstrapped(&config).await?;
        let (slug, output) = match &self {
            Self::List { tenant, output } | Self::Rotate { tenant, output, .. } => (tenant, *output),
        };
        let context = app.any_tenant(slug).await.map_err(Failure::because)?;
        if let Self::Rotate { algorithm, .. } = self {
            app.rotate_key(context.tenant.id, algorithm).await.map_err(Failure::because)?;
        }
        let records = app.store.tenant(context.tenant.id).signing_keys().await.map_err(Failure::because)?;
        let keys: Vec<_> = records
            .into_iter()
            .map(|record| Key {
                kid: record.id.to_string(),
                algorithm: record.algorithm.as_str(),
                state: record.state.as_str(),
                created_at: record.created_at.to_string(),
                changes_at: record.changes_at.map(|at| at.to_string()),
            })
            .collect();
        output.print(&keys, |keys| {
            let line = |key: &Key| {
                let next = key.changes_at.as_deref().unwrap_or("-");
                format!("{} {:5} {:9} next change {next}", key.kid, key.algorithm, key.state)
            };
            keys.iter().map(line).collect::<Vec<_>>().join("\n")
        })
    }
}
