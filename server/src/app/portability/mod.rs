//! A tenant leaves an installation, or arrives in one: everything that it has, in one file that only
//! a passphrase opens.

mod arrival;
mod file;
mod import;
mod sealed;
mod transfers;

use std::fs::File;

use grantor_jose::SecretBytes;
use grantor_protocol::Effect;
use grantor_protocol::model::{AuditEvent, TenantId};
use grantor_store::{Cell, PortableRow, WriteError};
use tokio::sync::mpsc;

pub use arrival::Domains;
pub use file::TenantName;
pub use import::ImportOptions;
pub use transfers::{Place, Transfers};

use super::{App, Fault};
use file::Writer;

/// Pages of rows that wait to be written.
const WAITING_PAGES: usize = 2;

/// A passphrase has to resist whoever finds the file (NIST SP 800-63B-4 §3.1.1.2 wants 15 characters
/// for a password that stands alone).
const SHORTEST_PASSPHRASE: usize = 15;
const LONGEST_PASSPHRASE: usize = 1024;

/// What a tenant's file is encrypted with. Never printed.
#[derive(Clone, Debug)]
pub struct Passphrase(SecretBytes);

impl Passphrase {
    /// ASCII only, so that it is the same bytes however it was typed and can be sent in a header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let spaced = text.starts_with(' ') || text.ends_with(' ');
        if !printable || spaced || !(SHORTEST_PASSPHRASE..=LONGEST_PASSPHRASE).contains(&text.len()) {
            return Err("must be 15 to 1024 printable ASCII characters, with no space at either end");
        }
        Ok(Self(SecretBytes::new(text.as_bytes().to_vec())))
    }
}

/// A tenant's file, and its place among the transfers for as long as somebody reads it.
pub struct ExportedFile {
    pub file: File,
    pub place: Place,
}

/// Why a file is not taken: for whoever gave it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Why an import did not succeed. Nothing of it stays.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file is not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A tenant here has what the file's has, too: its `slug`, `domain` or `id`.
    #[error("a tenant with this {0} is here already")]
    Taken(&'static str),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<WriteError> for TransferError {
    fn from(error: WriteError) -> Self {
        match error {
            // The issuer is built on the slug: who has the one has the other.
            WriteError::Conflict { field: "issuer" } => Self::Taken("slug"),
            WriteError::Conflict { field: field @ ("slug" | "domain" | "id") } => Self::Taken(field),
            WriteError::Store(error) => Self::Fault(error.into()),
            error => Self::Fault(Fault::internal(error)),
        }
    }
}

impl App {
    /// Puts into a tenant's trail what is no part of anything that is written.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn record(&self, tenant: TenantId, event: AuditEvent) -> Result<(), Fault> {
        Ok(self.apply(tenant, vec![Effect::RecordAudit(Box::new(event))]).await?)
    }

    /// Writes everything that a tenant has, as it is at one moment, and gives the file back, at its
    /// end. The caller records that it left.
    ///
    /// # Errors
    /// [`Fault::UnknownTenant`]; [`Fault::Busy`] as [`Transfers::begin_export`]; faults of the store and of
    /// the file.
    pub async fn export_tenant_to(
        &self,
        tenant: TenantId,
        passphrase: &Passphrase,
        out: File,
    ) -> Result<ExportedFile, Fault> {
        let place = self.transfers.begin_export(tenant)?;
        let (pages, mut received) = mpsc::channel::<Vec<PortableRow>>(WAITING_PAGES);
        let (app, passphrase) = (self.this.upgrade().ok_or(STOPPED)?, passphrase.clone());
        let writing = tokio::task::spawn_blocking(move || {
            let Some(first) = received.blocking_recv() else { return Err(Fault::UnknownTenant) };
            let name = first.first().and_then(tenant_name).ok_or(Fault::UnknownTenant)?;
            let mut writer = Writer::begin(out, &passphrase.0, app.store.schema_name(), name)?;
            let mut page = Some(first);
            while let Some(rows) = page {
                for mut row in rows {
                    sealed::unseal(&mut row, tenant, &app.master)?;
                    writer.row(&row)?;
                }
                page = received.blocking_recv();
            }
            Ok(writer)
        });
        let read = self.store.tenant(tenant).export(pages).await;
        let writer = writing.await.map_err(Fault::internal)??;
        // Without its last line nobody takes for whole what ended early.
        read?;
        Ok(ExportedFile { file: writer.finish()?, place })
    }
}

const STOPPED: Fault = Fault::Busy("the server is stopping");

/// What the row of a tenant says of it.
fn tenant_name(row: &PortableRow) -> Option<TenantName> {
    let text = |column| arrival::text(row, column).map(str::to_owned);
    let id = match row.cell("id") {
        Some(Cell::Bytes(bytes)) => bytes.as_slice().try_into().ok().map(TenantId::from_bytes),
        _ => None,
    };
    Some(TenantName { id: id?, slug: text("slug")?, issuer: text("issuer")? })
}
