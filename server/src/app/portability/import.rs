use std::fs::File;
use std::io::{Seek, SeekFrom};

use grantor_jose::SecretBytes;
use grantor_protocol::model::{AuditEvent, Tenant, TenantId};
use grantor_protocol::{Id, domain};
use grantor_store::{Cell, Claim, Job, JobKind, NewImport, PortableRow};
use tokio::sync::mpsc;

use super::arrival::{Arrival, Domains, set, text, verified_domain, without_limits};
use super::file::{Reader, TenantName};
use super::{Passphrase, Refusal, STOPPED, TransferError, WAITING_PAGES, tenant_name};
use crate::app::admin::check_slug;
use crate::app::{App, Fault};

/// What may differ from where the tenant comes from.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Another slug than the one that the tenant has.
    pub as_slug: Option<String>,
    /// Whether it may have another issuer here.
    pub accept_new_issuer: bool,
}

/// A file that was read once and found good.
struct Checked {
    tenant: PortableRow,
    name: TenantName,
    status: String,
    rows: u64,
}

impl App {
    /// Takes in a tenant. Nothing is written before the whole file was read and found good; the
    /// tenant is in service when its last row is there. `event` makes the trail's entry, which goes
    /// into that of the system tenant, so that the tenant's own stays as it came. Quotas and rate limits stay
    /// behind.
    ///
    /// # Errors
    /// [`TransferError`]; nothing stays of what failed.
    pub async fn import_tenant_from(
        &self,
        file: File,
        passphrase: &Passphrase,
        options: ImportOptions,
        domains: Domains,
        event: impl FnOnce(&TenantName) -> AuditEvent,
    ) -> Result<Tenant, TransferError> {
        let _one_of_few = self.transfers.begin()?;
        let app = self.this.upgrade().ok_or(STOPPED)?;
        let passphrase = passphrase.0.clone();
        let checking = {
            let (mut file, passphrase) = (file.try_clone().map_err(Fault::internal)?, passphrase.clone());
            tokio::task::spawn_blocking(move || app.check_file(&mut file, &passphrase, &options, domains))
        };
        let checked = checking.await.map_err(Fault::internal)??;
        let (id, now) = (checked.name.id, self.now());
        let entropy = self.entropy.as_ref();
        let job = Job {
            total: i64::try_from(checked.rows).ok(),
            ..Job::new(Id::generate(now, entropy), JobKind::TenantImport, (id, &checked.name.slug), now)
        };
        let event = event(&checked.name);
        let import = NewImport { job, tenant: checked.tenant };
        let claim = self.store.begin_import(import, Id::generate(now, entropy), now).await?;
        let written = match self.write_rows(&claim, file, passphrase, domains).await {
            Ok(()) => self.finish(&claim, &checked.status, event).await,
            Err(error) => Err(error),
        };
        self.changed(&grantor_store::Change::In { tenant_id: id, kind: grantor_store::ChangeKind::Tenant });
        if let Err(error) = written {
            self.undo(claim, &error).await;
            return Err(error);
        }
        let tenant = self.store.tenants().by_id(id).await.map_err(Fault::from)?;
        Ok(tenant.ok_or(Fault::UnknownTenant)?)
    }

    /// Puts the tenant into service.
    async fn finish(&self, claim: &Claim, status: &str, event: AuditEvent) -> Result<(), TransferError> {
        let trail = (self.system_id().await?, vec![event]);
        self.store.finish_import(claim, status, trail, self.now()).await.map_err(refused_rows)
    }

    /// Deletes what was written. If that fails, too, the job goes on with it later.
    async fn undo(&self, mut claim: Claim, error: &TransferError) {
        claim.job.error = Some(error.to_string());
        let undone = self.delete_rows_of(&claim, || false).await;
        if let Err(error) = undone {
            tracing::error!(%error, job = %claim.job.id, "what a failed import has written is not deleted yet");
            let released = self.store.release_job(&claim, claim.job.error.clone(), self.now()).await;
            // Nothing is lost: the claim expires.
            drop(released);
        }
    }

    async fn system_id(&self) -> Result<TenantId, Fault> {
        Ok(self.any_tenant(crate::app::bootstrap::SYSTEM_TENANT).await?.tenant.id)
    }

    /// Reads the file from its first to its last line.
    fn check_file(
        &self,
        file: &mut File,
        passphrase: &SecretBytes,
        options: &ImportOptions,
        domains: Domains,
    ) -> Result<Checked, TransferError> {
        file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
        let mut reader = Reader::begin(file, passphrase)?;
        if !self.store.knows_schema(&reader.header.schema) {
            let schema = &reader.header.schema;
            return Err(
                Refusal::new(format!("a newer version made it: schema {schema} is not known here")).into()
            );
        }
        let first = reader.read_row()?.ok_or_else(|| Refusal::new("it has no rows"))?;
        let (mut rows, mut primary_is_verified) = (1, false);
        let arrival = Arrival::new(self, reader.header.tenant.id, domains);
        while let Some(mut row) = reader.read_row()? {
            if row.table() == first.table() {
                return Err(Refusal::new("it has more than one tenant").into());
            }
            primary_is_verified |=
                verified_domain(&row).is_some_and(|name| text(&first, "domain") == Some(name));
            arrival.take(&mut row)?;
            rows += 1;
        }
        let Some(name) = tenant_name(&first).filter(|name| *name == reader.header.tenant) else {
            return Err(Refusal::new("its first row is not the tenant that its first line names").into());
        };
        let status = match first.cell("status") {
            Some(Cell::Text(status)) if ["active", "suspended"].contains(&status.as_str()) => status.clone(),
            _ => return Err(Refusal::new("the tenant's status is not known here").into()),
        };
        if domains == Domains::Kept && text(&first, "domain").is_some() && !primary_is_verified {
            return Err(Refusal::new("its issuer is at a domain that is not verified").into());
        }
        let (tenant, name) = self.moved(first, name, options, domains)?;
        Ok(Checked { tenant, name, status, rows })
    }

    /// The tenant as it will be here.
    fn moved(
        &self,
        mut row: PortableRow,
        from: TenantName,
        options: &ImportOptions,
        domains: Domains,
    ) -> Result<(PortableRow, TenantName), TransferError> {
        let slug = options.as_slug.as_deref().unwrap_or(&from.slug);
        if let Some(problem) = check_slug(slug) {
            return Err(Refusal::new(format!("the slug {slug} {problem}")).into());
        }
        let own = self.addresses.issuer(slug);
        let had = text(&row, "domain").map_or_else(|| from.issuer.clone(), domain::issuer);
        let issuer = match text(&row, "domain").filter(|_| domains == Domains::Kept) {
            Some(primary) => domain::issuer(primary),
            None => own.clone(),
        };
        if issuer != had && !options.accept_new_issuer {
            return Err(Refusal::new(format!(
                "its issuer is {had}, here it would be {issuer}: clients that know the old one refuse what the new one \
                 issues, and access tokens, ID tokens and sessions that were issued before end; accept a new issuer \
                 to import it all the same"
            ))
            .into());
        }
        let name = TenantName { slug: slug.to_owned(), issuer, ..from };
        without_limits(&mut row)?;
        set(&mut row, "slug", Cell::Text(name.slug.clone()));
        set(&mut row, "issuer", Cell::Text(own));
        if domains == Domains::Unverified {
            set(&mut row, "domain", Cell::Null);
        }
        Ok((row, name))
    }

    /// Reads the file once more and writes all rows but the first, the tenant's own.
    async fn write_rows(
        &self,
        claim: &Claim,
        mut file: File,
        passphrase: SecretBytes,
        domains: Domains,
    ) -> Result<(), TransferError> {
        let (batches, mut received) = mpsc::channel::<Vec<PortableRow>>(WAITING_PAGES);
        let app = self.this.upgrade().ok_or(STOPPED)?;
        let tenant = claim.job.tenant_id;
        let reading = tokio::task::spawn_blocking(move || -> Result<(), TransferError> {
            file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
            let mut reader = Reader::begin(file, &passphrase)?;
            let _tenants_own = reader.read_row()?;
            let arrival = Arrival::new(&app, tenant, domains);
            loop {
                let mut batch = reader.read_batch()?;
                batch.iter_mut().try_for_each(|row| arrival.take(row))?;
                // Whoever takes the batches is gone only after an error of its own.
                if batch.is_empty() || batches.blocking_send(batch).is_err() {
                    return Ok(());
                }
            }
        });
        while let Some(batch) = received.recv().await {
            self.store.import_rows(claim, batch, self.now()).await.map_err(refused_rows)?;
        }
        reading.await.map_err(Fault::internal)?
    }
}

/// Rows that pass every check of the file and that the database does not take after all.
fn refused_rows(error: grantor_store::WriteError) -> TransferError {
    use grantor_store::{Error, WriteError};
    match error {
        // Its columns are named, what they hold is not: it may be a secret.
        WriteError::Store(Error::Corrupt { column, .. }) => {
            Refusal::new(format!("{column} cannot be read")).into()
        }
        // Verified by a tenant that is here.
        WriteError::Conflict { field: "domain" } => TransferError::Taken("domain"),
        WriteError::Conflict { .. } | WriteError::NotFound | WriteError::Store(Error::Database(_)) => {
            tracing::warn!(%error, "rows of an import are refused by the database");
            Refusal::new("its rows do not fit together").into()
        }
        error => Fault::internal(error).into(),
    }
}
