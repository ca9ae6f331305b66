use clap::Subcommand;
use grantor_protocol::model::Tenant;
use grantor_store::{Page, TenantFilter, Verification};
use serde::Serialize;

use super::output::Format;
use super::{Failure, open};
use crate::app::App;
use crate::config::{Config, Overrides};

/// Tenants read at a time.
const PAGE: u32 = 100;

#[derive(Subcommand)]
pub enum Audit {
    /// Compare audit trails with their chains of hashes, and name the first event that was changed or removed
    #[command(after_help = "Example: grantor audit verify --tenant acme")]
    Verify {
        /// The tenant's slug [default: every tenant]
        #[arg(long)]
        tenant: Option<String>,
        #[arg(long, value_enum, default_value_t)]
        output: Format,
    },
}

#[derive(Serialize)]
struct Verified {
    tenant: String,
    /// Events that are what was recorded.
    events: u64,
    /// Events from before there was a chain.
    unchained: u64,
    /// The newest event that retention deleted.
    pruned_to: i64,
    /// Number and hash of the newest event.
    head: i64,
    head_hash: String,
    /// What is wrong.
    broken: Option<String>,
}

impl Verified {
    fn new(tenant: &Tenant, verification: Verification) -> Self {
        let (head, hash) = verification.head;
        Self {
            tenant: tenant.slug.clone(),
            events: verification.events,
            unchained: verification.unchained,
            pruned_to: verification.pruned_to,
            head,
            head_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            broken: verification.broken.map(|broken| broken.to_string()),
        }
    }

    fn line(&self) -> String {
        let Self { tenant, events, head, head_hash, .. } = self;
        let mut line = match &self.broken {
            Some(broken) => format!("{tenant}: {broken}; the {events} before it are whole"),
            None => {
                format!("{tenant}: {events} events are whole, the newest is {head} with hash {head_hash}")
            }
        };
        if self.unchained > 0 {
            line.push_str(&format!("; {} are from before the chain", self.unchained));
        }
        line
    }
}

impl Audit {
    pub async fn run(self, overrides: &Overrides) -> Result<(), Failure> {
        let Self::Verify { tenant, output } = self;
        let config = Config::load(overrides).map_err(Failure::because)?;
        let app = open::app(&config).await?;
        let verified = match tenant {
            Some(slug) => {
                let context = app.any_tenant(&slug).await.map_err(Failure::because)?;
                vec![verify(&app, &context.tenant).await?]
            }
            None => verify_all(&app).await?,
        };
        output.print(&verified, |verified| {
            verified.iter().map(Verified::line).collect::<Vec<_>>().join("\n")
        })?;
        match verified.iter().filter(|verified| verified.broken.is_some()).count() {
            0 => Ok(()),
            1 => Err(Failure("an audit trail is not what was recorded".to_owned())),
            broken => Err(Failure(format!("{broken} audit trails are not what was recorded"))),
        }
    }
}

async fn verify(app: &App, tenant: &Tenant) -> Result<Verified, Failure> {
    let verification = app.store.tenant(tenant.id).verify_audit_trail().await.map_err(Failure::because)?;
    Ok(Verified::new(tenant, verification))
}

async fn verify_all(app: &App) -> Result<Vec<Verified>, Failure> {
    let mut verified = vec![];
    let mut page = Page { limit: PAGE, ..Page::default() };
    loop {
        let listing =
            app.store.tenants().list(&page, TenantFilter::default()).await.map_err(Failure::because)?;
        for tenant in &listing.items {
            verified.push(verify(app, tenant).await?);
        }
        match listing.next {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(verified),
        }
    }
}
