use serde::{Deserialize, Serialize};

use crate::SecretText;

/// How to export a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct TenantExport {
    /// What the file is encrypted with: 15 to 1024 printable ASCII characters, with no space at either
    /// end. Whoever has the file and the passphrase has the tenant's private keys.
    #[cfg_attr(feature = "openapi", oai(write_only))]
    pub passphrase: SecretText,
}
