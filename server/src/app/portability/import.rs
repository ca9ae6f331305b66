use std::fs::File;
use std::io::{Seek, SeekFrom};

use grantor_jose::SecretBytes;
use grantor_protocol::Id;
use grantor_protocol::model::{AuditEvent, Tenant, TenantId};
use grantor_store::{Cell, Claim, Job, JobKind, NewImport, PortableRow};
use tokio::sync::mpsc;

use super::file::{Reader, TenantName};
use super::{Passphrase, Refusal, STOPPED, TransferError, WAITING_PAGES, sealed, tenant_name};
use crate::app::admin::check_slug;
use crate::app::{App, Fault};

/// Rows that are written in one transaction.
const BATCH: usize = 200;

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
    /// into that of the system tenant, so that the tenant's own stays as it came.
    ///
    /// # Errors
    /// [`TransferError`]; nothing stays of what failed.
    pub async fn import_tenant_from(
        &self,
        file: File,
        passphrase: &Passphrase,
        options: ImportOptions,
        event: impl FnOnce(&TenantName) -> AuditEvent,
    ) -> Result<Tenant, TransferError> {
        let _one_of_few = self.transfers.begin()?;
        let app = self.this.upgrade().ok_or(STOPPED)?;
        let passphrase = passphrase.0.clone();
        let checking = {
            let (mut file, passphrase) = (file.try_clone().map_err(Fault::internal)?, passphrase.clone());
            tokio::task::spawn_blocking(move || app.check_file(&mut file, &passphrase, &options))
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
        let written = match self.write_rows(&claim, file, passphrase).await {
            Ok(()) => {
                let trail = (self.system_id().await?, vec![event]);
                let finished = self.store.finish_import(&claim, &checked.status, trail, self.now()).await;
                finished.map_err(TransferError::from)
            }
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
        let mut rows = 1;
        while let Some(mut row) = reader.read_row()? {
            if row.table() == first.table() {
                return Err(Refusal::new("it has more than one tenant").into());
            }
            sealed::seal(&mut row, reader.header.tenant.id, &self.master, self.entropy.as_ref())
                .map_err(|fault| Refusal::new(fault.to_string()))?;
            rows += 1;
        }
        let Some(name) = tenant_name(&first).filter(|name| *name == reader.header.tenant) else {
            return Err(Refusal::new("its first row is not the tenant that its first line names").into());
        };
        let status = match first.cell("status") {
            Some(Cell::Text(status)) if ["active", "suspended"].contains(&status.as_str()) => status.clone(),
            _ => return Err(Refusal::new("the tenant's status is not known here").into()),
        };
        let (tenant, name) = self.moved(first, name, options)?;
        Ok(Checked { tenant, name, status, rows })
    }

    /// The tenant as it will be here.
    fn moved(
        &self,
        mut row: PortableRow,
        from: TenantName,
        options: &ImportOptions,
    ) -> Result<(PortableRow, TenantName), TransferError> {
        let slug = options.as_slug.as_deref().unwrap_or(&from.slug);
        if let Some(problem) = check_slug(slug) {
            return Err(Refusal::new(format!("the slug {slug} {problem}")).into());
        }
        let issuer = self.addresses.issuer(slug);
        if issuer != from.issuer && !options.accept_new_issuer {
            return Err(Refusal::new(format!(
                "its issuer is {}, here it would be {issuer}: clients that know the old one refuse what the new one \
                 issues, and access tokens, ID tokens and sessions that were issued before end; accept a new issuer \
                 to import it all the same",
                from.issuer
            ))
            .into());
        }
        let name = TenantName { slug: slug.to_owned(), issuer, ..from };
        for (column, text) in [("slug", &name.slug), ("issuer", &name.issuer)] {
            if let Some(cell) = row.cell_mut(column) {
                *cell = Cell::Text(text.clone());
            }
        }
        Ok((row, name))
    }

    /// Reads the file once more and writes all rows but the first, the tenant's own.
    async fn write_rows(
        &self,
        claim: &Claim,
        mut file: File,
        passphrase: SecretBytes,
    ) -> Result<(), TransferError> {
        let (batches, mut received) = mpsc::channel::<Vec<PortableRow>>(WAITING_PAGES);
        let app = self.this.upgrade().ok_or(STOPPED)?;
        let tenant = claim.job.tenant_id;
        let reading = tokio::task::spawn_blocking(move || -> Result<(), TransferError> {
            file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
            let mut reader = Reader::begin(file, &passphrase)?;
            let _tenants_own = reader.read_row()?;
            let mut batch = vec![];
            while let Some(mut row) = reader.read_row()? {
                sealed::seal(&mut row, tenant, &app.master, app.entropy.as_ref())?;
                batch.push(row);
                // Whoever takes the batches is gone only after an error of its own.
                if batch.len() == BATCH && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                    return Ok(());
                }
            }
            let _receiver_gone = batches.blocking_send(batch);
            Ok(())
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
        WriteError::Conflict { .. } | WriteError::NotFound | WriteError::Store(Error::Database(_)) => {
            tracing::warn!(%error, "rows of an import are refused by the database");
            Refusal::new("its rows do not fit together").into()
        }
        error => Fault::internal(error).into(),
    }
}
