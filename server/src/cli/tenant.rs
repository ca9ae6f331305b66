use clap::Subcommand;
use grantor_protocol::model::{Actor, TenantSettings};
use grantor_store::{Cursor, Page, TenantFilter};
use serde::Serialize;

use super::output::Format;
use super::portability::{Delete, Export, Import};
use super::{Failure, open};
use crate::config::{Config, Overrides};

#[derive(Subcommand)]
pub enum Tenant {
    /// Create a tenant
    #[command(after_help = "Example: grantor tenant create acme --name \"Acme Inc.\"")]
    Create {
        /// The tenant's name in addresses
        slug: String,
        /// The tenant's name on pages [default: the slug]
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
    /// List tenants, oldest first
    #[command(after_help = "Example: grantor tenant list --q ac --output json")]
    List {
        /// Only those whose slug or name begins so
        #[arg(long)]
        q: Option<String>,
        /// Most tenants to print
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// `next` of the page before
        #[arg(long)]
        cursor: Option<Cursor>,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
    /// Write everything that a tenant has into a file that a passphrase encrypts
    #[command(
        after_help = "Example: grantor tenant export acme --output acme.tenant --passphrase-file passphrase"
    )]
    Export(Export),
    /// Take in a tenant that was exported
    #[command(after_help = "Example: grantor tenant import acme.tenant --passphrase-file passphrase")]
    Import(Import),
    /// Delete a tenant with everything it has
    #[command(after_help = "Example: grantor tenant delete acme --yes")]
    Delete(Delete),
}

#[derive(Serialize)]
pub struct Listed {
    slug: String,
    name: String,
    pub issuer: String,
    status: &'static str,
}

#[derive(Serialize)]
struct Tenants {
    items: Vec<Listed>,
    next: Option<String>,
}

impl From<grantor_protocol::model::Tenant> for Listed {
    fn from(tenant: grantor_protocol::model::Tenant) -> Self {
        Self { slug: tenant.slug, name: tenant.name, issuer: tenant.issuer, status: tenant.status.as_str() }
    }
}

impl Tenant {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let config = Config::load(overrides).map_err(Failure::because)?;
        let app = open::bootstrapped(&config).await?;
        match self {
            Self::Create { slug, name, output } => {
                if let Some(problem) = crate::app::admin::check_slug(&slug) {
                    return Err(Failure(format!("the slug {problem}")));
                }
                let name = name.unwrap_or_else(|| slug.clone());
                let tenant = app
                    .new_tenant(&slug, &name, TenantSettings::default(), Actor::System)
                    .await
                    .map_err(Failure::because)?;
                output.print(&Listed::from(tenant), |tenant| tenant.issuer.clone())
            }
            Self::List { q, limit, cursor, output } => {
                let page = Page { limit, cursor, q, ..Page::default() };
                let listing = app
                    .store
                    .tenants()
                    .list(&page, TenantFilter::default())
                    .await
                    .map_err(Failure::because)?;
                let tenants = Tenants {
                    items: listing.items.into_iter().map(Listed::from).collect(),
                    next: listing.next.map(|cursor| cursor.to_string()),
                };
                output.print(&tenants, |tenants| {
                    let line = |tenant: &Listed| {
                        format!("{:24} {:10} {}", tenant.slug, tenant.status, tenant.issuer)
                    };
                    let more = tenants.next.iter().map(|next| format!("More: --cursor {next}"));
                    tenants.items.iter().map(line).chain(more).collect::<Vec<_>>().join("\n")
                })
            }
            Self::Export(export) => export.run(&app).await,
            Self::Import(import) => import.run(&app).await,
            Self::Delete(delete) => delete.run(&app).await,
        }
    }
}
