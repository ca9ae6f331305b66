use grantor_api as api;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::Tag;
use super::caller::Admin;
use super::payload::{Body, Upload};
use super::responses::{Download, Stored};
use super::tenants::stored;
use crate::app::Fault;
use crate::app::admin::{AdminFault, Import};
use crate::app::portability::ImportOptions;

pub struct PortabilityApi;

#[OpenApi(tag = "Tag::Tenants")]
impl PortabilityApi {
    /// Export a tenant
    ///
    /// Everything that it has as it is at one moment, private keys included, while it goes on being used: lines of JSON
    /// whose rows are encrypted to the passphrase. The same rows under the same passphrase are the same bytes.
    #[oai(path = "/tenants/:tenant/export", method = "post", operation_id = "export_tenant")]
    async fn export(
        &self,
        admin: Admin,
        /// The tenant's slug.
        tenant: Path<String>,
        document: Body<api::TenantExport>,
    ) -> Result<Download, AdminFault> {
        let exported = admin.export_tenant(&admin.caller, &tenant.0, document.json).await?;
        Ok(Download::of(exported.file, &format!("{}.tenant", tenant.0)).await.map_err(Fault::internal)?)
    }

    /// Import a tenant
    ///
    /// The body is what an export gave. The whole of it is checked before anything is written, and the tenant is there
    /// when its last row is.
    #[oai(path = "/tenants/import", method = "post", operation_id = "import_tenant")]
    async fn import(
        &self,
        admin: Admin,
        /// What the file was encrypted with.
        #[oai(name = "X-Grantor-Passphrase", validator(max_length = 1024))]
        passphrase: Header<Option<String>>,
        /// Another slug than the tenant's own.
        as_slug: Query<Option<String>>,
        /// Take the tenant even though its issuer will be another: what was issued before ends, and clients have to
        /// learn the new one.
        #[oai(default)]
        accept_new_issuer: Query<bool>,
        upload: Upload,
    ) -> Result<Stored<api::Tenant>, AdminFault> {
        admin.may_import_tenants(&admin.caller).await?;
        let file = upload.receive().await?;
        let options = ImportOptions { as_slug: as_slug.0, accept_new_issuer: accept_new_issuer.0 };
        let import = Import { file, passphrase: passphrase.0, options };
        Ok(stored(&admin, admin.import_tenant(&admin.caller, import).await?))
    }
}
