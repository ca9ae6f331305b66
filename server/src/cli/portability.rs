//! Tenants leave and arrive as files, and are deleted.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, IsTerminal, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use grantor_protocol::model::{Actor, AuditKind};
use serde_json::json;

use super::Failure;
use super::output::Format;
use super::tenant::Listed;
use crate::app::App;
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::portability::{Domains, ImportOptions, Passphrase, TenantName};

#[derive(Args)]
pub struct Export {
    /// The tenant's name in addresses
    slug: String,
    /// Where to write; a file that is there is left alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
}

#[derive(Args)]
pub struct Import {
    /// The exported file
    file: PathBuf,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: PathBuf,
    /// Another name in addresses than the tenant's own
    #[arg(long, value_name = "SLUG")]
    as_slug: Option<String>,
    /// Import it even though its issuer will be another: what was issued before ends
    #[arg(long)]
    accept_new_issuer: bool,
    /// Take its verified domains and its issuer as they are, without asking DNS
    #[arg(long)]
    keep_domains: bool,
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Args)]
pub struct Delete {
    /// The tenant's name in addresses
    slug: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Export {
    pub async fn run(self, app: &Arc<App>) -> Result<(), Failure> {
        let passphrase = passphrase(&self.passphrase_file)?;
        if self.slug == SYSTEM_TENANT {
            return Err(Failure("the system tenant is its installation's and does not move".to_owned()));
        }
        let context = app.any_tenant(&self.slug).await.map_err(Failure::because)?;
        let tenant = context.tenant.id;
        let out =
            match &self.output {
                // Readable by its owner only, like everything that holds keys.
                Some(path) => OpenOptions::new()
                    .read(true)
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(|error| Failure(format!("{} cannot be written: {error}", path.display())))?,
                None => tempfile::tempfile().map_err(Failure::because)?,
            };
        let exported = app.export_tenant_to(tenant, &passphrase, out).await;
        let recorded = async {
            let mut file = exported?.file;
            let event = app.event(AuditKind::TenantExported, Actor::System, self.slug.clone());
            app.record(tenant, event).await?;
            if self.output.is_none() {
                file.rewind().map_err(crate::app::Fault::internal)?;
                std::io::copy(&mut file, &mut std::io::stdout()).map_err(crate::app::Fault::internal)?;
            }
            file.sync_all().map_err(crate::app::Fault::internal)
        };
        if let Err(fault) = recorded.await {
            if let Some(path) = &self.output {
                // What is left of it is refused anyway.
                drop(std::fs::remove_file(path));
            }
            return Err(Failure::because(fault));
        }
        Ok(())
    }
}

impl Import {
    pub async fn run(self, app: &Arc<App>) -> Result<(), Failure> {
        let passphrase = passphrase(&self.passphrase_file)?;
        let file = File::open(&self.file)
            .map_err(|error| Failure(format!("{} cannot be read: {error}", self.file.display())))?;
        let options = ImportOptions { as_slug: self.as_slug, accept_new_issuer: self.accept_new_issuer };
        let event = |name: &TenantName| {
            let mut event = app.event(AuditKind::TenantChanged, Actor::System, name.slug.clone());
            event.detail = json!({ "imported": { "slug": name.slug, "issuer": name.issuer } });
            event
        };
        let domains = if self.keep_domains { Domains::Kept } else { Domains::Unverified };
        let imported = app.import_tenant_from(file, &passphrase, options, domains, event).await;
        let tenant = imported.map_err(Failure::because)?;
        self.output.print(&Listed::from(tenant), |tenant| tenant.issuer.clone())
    }
}

impl Delete {
    pub async fn run(self, app: &Arc<App>) -> Result<(), Failure> {
        if !self.yes {
            self.ask()?;
        }
        let job = app.delete_tenant_by_operator(&self.slug).await.map_err(Failure::because)?;
        app.run_jobs(|| false).await.map_err(Failure::because)?;
        let job = app.store.job(job.id).await.map_err(Failure::because)?;
        match job.filter(|job| job.finished_at.is_none()) {
            None => println!("{} is deleted.", self.slug),
            Some(job) => println!("{} is out of service; job {} goes on deleting it.", self.slug, job.id),
        }
        Ok(())
    }

    fn ask(&self) -> Result<(), Failure> {
        if !std::io::stdin().is_terminal() {
            return Err(Failure("nobody can be asked: say --yes".to_owned()));
        }
        eprint!(
            "This deletes {slug} with all its users, clients and keys. Type {slug} to go on: ",
            slug = self.slug
        );
        std::io::stderr().flush().map_err(Failure::because)?;
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(Failure::because)?;
        match line.trim() == self.slug {
            true => Ok(()),
            false => Err(Failure("nothing was deleted".to_owned())),
        }
    }
}

fn passphrase(path: &Path) -> Result<Passphrase, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure(format!("{} cannot be read: {error}", path.display())))?;
    let line = text.lines().next().unwrap_or_default();
    Passphrase::parse(line).map_err(|problem| Failure(format!("the passphrase {problem}")))
}
