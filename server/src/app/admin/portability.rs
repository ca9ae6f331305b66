use std::fs::File;

use grantor_api as api;
use grantor_protocol::model::AuditKind;
use serde_json::{Value, json};

use super::document::read;
use super::tenants::versioned;
use super::{Action, AdminFault, Caller, Domain, Resource, Saved};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::portability::{Domains, ExportedFile, ImportOptions, Passphrase, TransferError};
use crate::app::{App, Fault};

/// A tenant's file, gone when it is closed.
pub struct Exported {
    pub file: ExportedFile,
}

/// A file that somebody sent, and how to take it.
pub struct Import {
    pub file: File,
    pub passphrase: Option<String>,
    pub options: ImportOptions,
}

impl App {
    /// Everything that a tenant has, as a file that the passphrase encrypts. The tenant's trail says
    /// that it left, before it does.
    ///
    /// # Errors
    /// A passphrase that is too weak; the system tenant stays; [`Fault::Busy`] while the file of another
    /// export of the tenant is on its way.
    pub async fn export_tenant(
        &self,
        caller: &Caller,
        slug: &str,
        wanted: Value,
    ) -> Result<Exported, AdminFault> {
        let context = self.administered(caller, slug, Resource::Tenant, Action::Export).await?;
        let wanted: api::TenantExport = read(wanted)?;
        let passphrase = Passphrase::parse(wanted.passphrase.expose())
            .map_err(|detail| AdminFault::invalid("/passphrase", detail))?;
        if slug == SYSTEM_TENANT {
            return Err(AdminFault::Protected("the system tenant is its installation's and does not move"));
        }
        let file = tempfile::tempfile().map_err(Fault::internal)?;
        let id = context.tenant.id;
        let file = self.export_tenant_to(id, &passphrase, file).await?;
        let event = self.admin_event(caller, AuditKind::TenantExported, slug, json!({}));
        self.record(id, event).await?;
        Ok(Exported { file })
    }

    /// Whether the caller may import tenants, to be asked before a file is received.
    ///
    /// # Errors
    /// What [`App::authorize_caller`] refuses.
    pub async fn may_import_tenants(&self, caller: &Caller) -> Result<(), AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Import).await
    }

    /// Takes in a tenant that was exported here or elsewhere.
    ///
    /// # Errors
    /// A file that cannot be taken; a slug or an identifier that is taken.
    pub async fn import_tenant(
        &self,
        caller: &Caller,
        import: Import,
    ) -> Result<Saved<api::Tenant>, AdminFault> {
        self.may_import_tenants(caller).await?;
        let Import { file, passphrase, options } = import;
        let passphrase = Passphrase::parse(&passphrase.unwrap_or_default())
            .map_err(|detail| AdminFault::BadRequest(format!("X-Grantor-Passphrase {detail}")))?;
        let event = |name: &crate::app::portability::TenantName| {
            let detail = json!({ "imported": { "slug": name.slug, "issuer": name.issuer } });
            self.admin_event(caller, AuditKind::TenantChanged, &name.slug, detail)
        };
        let tenant = self.import_tenant_from(file, &passphrase, options, Domains::Unverified, event).await?;
        Ok(Saved { now: versioned(&tenant), created: true })
    }
}

impl From<TransferError> for AdminFault {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Refused(refusal) => Self::BadRequest(format!("the file is not taken: {refusal}")),
            TransferError::Taken(field) => Self::Taken(field),
            TransferError::Fault(fault) => fault.into(),
        }
    }
}
